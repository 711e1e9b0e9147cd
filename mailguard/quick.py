"""A tree that names no mail library, answered at once: nothing of the rest of mailguard is loaded for it.

The answer is the one that the whole of mailguard would give. Wherever something is out of the ordinary (settings, a
baseline, a plugin, an exception beside the code, a file that cannot be read or whose letters a search may miss, a folder of
another repository) there is none, and the whole of it is asked.
"""

from __future__ import annotations

import os
import stat
import sys

from mailguard.filenames import INSTALLED, MACHINE_FOLDERS, PYTHON_SUFFIXES, SHEBANG_SUFFIXES, is_test_code
from mailguard.search import Search
from mailguard.tokens import MODULES, TOKENS

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Final

__all__ = ["Tree", "answer"]

COMMAND: Final = "check"
PLAIN: Final = ("--no-cache", "--isolated", ".")
"""What may stand on the command line besides ``--jobs`` and ``--color``: it changes nothing where no mail is sent."""

MARKS: Final = ("pyproject.toml", "mailguard.toml", "setup.py", "setup.cfg")
"""What lies in the folder of a project."""

EXCEPTION: Final = b"mailguard: allow"
"""What a file with an exception beside the code holds."""

METADATA: Final = (".dist-info", ".egg-info")
GROUPS: Final = (b"mailguard.providers", b"mailguard.captures", b"mailguard.reporters")
"""The entry points by which other packages add to mailguard, and the folders that tell of them."""

LARGE: Final = 32 * 1024 * 1024
"""Bytes: files above this are looked at by the whole of mailguard."""

WIDTH: Final = 100
"""Columns where there is no terminal."""

MANY: Final = 1200
"""So many files are searched by two processes where there are two processors: below, starting one takes longer."""


class _NotPlainError(Exception):
    """Something that the whole of mailguard has to look at."""


class Tree:
    """A tree that names no mail library."""

    __slots__ = ("files", "root", "text")

    def __init__(self, root: str, files: list[str], text: str) -> None:
        self.root = root
        self.files = files
        """The Python files in it."""
        self.text = text
        """What is printed. The exit code is 0."""

    def shown(self) -> dict[str, str] | None:
        """The files, each with its path from the root as it is printed; None where a name cannot be printed as it is."""
        start = len(os.path.join(self.root, ""))
        found = {file: file[start:].replace(os.sep, "/") for file in self.files}
        return found if all(path.isascii() for path in found.values()) else None

    def tests(self) -> list[str]:
        """The paths of test code."""
        return [path for path in (self.shown() or {}).values() if is_test_code(path)]


def answer(arguments: Sequence[str], jobs: int = 0) -> Tree | None:
    """The tree that is asked about, if the answer is that it names no mail library; else None. Never raises.

    ``jobs`` is how many processes search; 0 for as many as there are processors, two at most.
    """
    try:
        chosen = _chosen(arguments)
        if chosen is None or sys.stdout.isatty() or os.environ.get("CLICOLOR_FORCE", "0") != "0" or _plugins():
            return None
        root = os.path.realpath(os.getcwd())
        if not _is_plain_root(root):
            return None
        found = list(_in_repository(root) if os.path.lexists(os.path.join(root, ".git")) else _below(root))
        # Where mail is sent, one look is enough.
        files = sorted(found, key=lambda file: "mail" not in file)
        if not found or not _are_quiet(files, chosen or jobs):
            return None
    except (OSError, ValueError, UnicodeError, _NotPlainError):
        return None
    text = _text(len(found))
    return Tree(root, sorted(found), text) if text else None


def _chosen(arguments: Sequence[str]) -> int | None:
    """How many processes a plain command line asks for, 0 if it does not say; None for any other command line."""
    jobs = 0
    rest = iter(arguments)
    if next(rest, "") != COMMAND:
        return None
    for one in rest:
        if one == "--jobs":
            number = next(rest, "")
            if not (number.isascii() and number.isdigit() and 1 <= int(number) <= 64):
                return None
            jobs = int(number)
        elif one == "--color":
            if next(rest, "") not in ("auto", "never"):
                return None
        elif one not in PLAIN:
            return None
    return jobs


def _text(count: int) -> str:
    """What is said of so many files; empty where it would not fit in a line."""
    files = "1 Python file, it names no" if count == 1 else f"{count:,} Python files, none names a"
    line = f"No mail is sent from this code: {files} mail API that mailguard knows."
    step = "Do you send through a helper of another package? Name it under [tool.mailguard.senders]."
    return f"{line}\n{step}\n" if len(line) <= WIDTH else ""


# --------------------------------------------------------------------------------------------------
# Whether nothing is out of the ordinary


def _plugins() -> bool:
    """Whether another package may add to mailguard, or mailguard itself has modules of which the tokens are not known."""
    package = os.path.dirname(os.path.abspath(__file__))
    for shelf, known in MODULES:
        names = {name.removesuffix(".py") for name in os.listdir(os.path.join(package, shelf))}
        if names - {"__pycache__"} != known:
            return True
    for place in sys.path:
        try:
            with os.scandir(place) as entries:
                metadata = [entry.name for entry in entries if entry.name.lower().endswith(METADATA)]
        except FileNotFoundError:
            continue
        except NotADirectoryError:
            return True  # an archive
        if place.lower().endswith(".egg"):
            return True
        for name in metadata:
            try:
                with open(os.path.join(place, name, "entry_points.txt"), "rb") as stream:
                    data = stream.read()
            except (FileNotFoundError, NotADirectoryError):
                continue
            if any(group in data for group in GROUPS):
                return True
    # Finders of other packages may know of plugins that lie nowhere.
    return sum(hasattr(finder, "find_distributions") for finder in sys.meta_path) != 1


def _is_plain_root(root: str) -> bool:
    """Whether the current folder is the root of what is checked, without settings of mailguard and without a baseline."""
    nearest = _nearest(root, (".git",), os.path.exists) or _nearest(root, MARKS, os.path.isfile)
    if nearest not in ("", root):
        return False
    if any(os.path.lexists(os.path.join(root, name)) for name in ("mailguard.toml", "mailguard-baseline.json")):
        return False
    settings = os.path.join(root, "pyproject.toml")
    if not os.path.lexists(settings):
        return True
    if not os.path.isfile(settings):
        return False  # a pipe would be waited for
    with open(settings, "rb") as stream:
        data = stream.read(1024 * 1024 + 1)
    return len(data) <= 1024 * 1024 and b"mailguard" not in data and bool(data.decode("utf-8") or True)


def _nearest(place: str, names: Sequence[str], there: Callable[[str], bool]) -> str:
    """The nearest folder upward that holds one of ``names``; empty for none."""
    while not any(there(os.path.join(place, name)) for name in names):
        up = os.path.dirname(place)
        if up == place:
            return ""
        place = up
    return place


# --------------------------------------------------------------------------------------------------
# The files


def _below(root: str) -> Iterator[str]:
    """The Python files below a folder, and those that may be Python by their first line."""
    stack = [root]
    while stack:
        place = stack.pop()
        with os.scandir(place) as entries:
            found = list(entries)
        if place != root and any(entry.name == "pyvenv.cfg" for entry in found):
            if not os.path.exists(os.path.join(place, "pyvenv.cfg")):
                raise _NotPlainError
            continue
        for entry in found:
            if entry.is_dir():
                if entry.name not in MACHINE_FOLDERS and entry.name not in INSTALLED and not entry.is_symlink():
                    stack.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                if _may_be_python(entry.path):
                    yield entry.path
            elif entry.is_symlink():
                _pass_over(entry.path, root)


def _in_repository(root: str) -> Iterator[str]:
    """The same for a repository, as git lists them."""
    from pathlib import Path  # noqa: PLC0415  # only in a repository

    from mailguard import git  # noqa: PLC0415  # the same

    entries = git.files(Path(root))
    if entries is None:
        raise _NotPlainError
    for tag, name in entries:
        folders = name.split("/")[:-1]
        if not INSTALLED.isdisjoint(folders) or (tag == "?" and not MACHINE_FOLDERS.isdisjoint(folders)):
            continue
        path = os.path.join(root, name)
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            if tag == "S":
                raise _NotPlainError from None
            continue
        if stat.S_ISDIR(mode):
            raise _NotPlainError
        if stat.S_ISLNK(mode):
            _pass_over(path, root)
        elif stat.S_ISREG(mode) and _may_be_python(path):
            yield path


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _may_be_python(path: str) -> bool:
    suffix = _suffix(path)
    if suffix in PYTHON_SUFFIXES:
        return True
    if suffix not in SHEBANG_SUFFIXES:
        return False
    with open(path, "rb") as stream:
        head = stream.read(256)
    if not head.startswith(b"#!"):
        return False
    import re  # noqa: PLC0415  # for scripts

    return re.match(rb"#![^\n]{0,200}\bpython", head) is not None


def _pass_over(link: str, root: str) -> None:
    """Pass over a link behind which nothing is read. Raises :class:`_NotPlainError` for any other one."""
    suffix = _suffix(link)
    if suffix not in PYTHON_SUFFIXES and suffix not in SHEBANG_SUFFIXES:
        return
    real = os.path.realpath(link)
    inside = real == root or real.startswith(os.path.join(root, ""))
    if not inside and suffix not in PYTHON_SUFFIXES:
        return
    if not inside or (os.path.isfile(real) and _suffix(real) not in PYTHON_SUFFIXES):
        raise _NotPlainError


# --------------------------------------------------------------------------------------------------
# The search


def _are_quiet(files: list[str], jobs: int) -> bool:
    """Whether no file names a mail library, or holds what a search may miss."""
    if jobs != 1 and len(files) >= MANY and hasattr(os, "fork") and _processors() > 1:
        return _are_quiet_to_two(files)
    return _search(files)


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _are_quiet_to_two(files: list[str]) -> bool:
    """The same, one half in a process of its own, which says so with a single byte."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.close(reader)
            if _search(files[1::2]):
                os.write(writer, b"q")
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    try:
        mine = _search(files[::2])
        theirs = os.read(reader, 1) == b"q"
    finally:
        os.close(reader)
        os.waitpid(child, 0)
    return mine and theirs


def _search(files: list[str]) -> bool:
    matters = Search([*TOKENS, (EXCEPTION,)]).matters
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    for file in files:
        handle = os.open(file, flags)
        try:
            about = os.fstat(handle)
            size = about.st_size
            if not stat.S_ISREG(about.st_mode) or size > LARGE:
                return False
            data = os.read(handle, size + 1)
            if len(data) != size:
                return False
        finally:
            os.close(handle)
        if matters(data):
            return False
    return True
