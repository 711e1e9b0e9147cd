"""Settings: ``[tool.mailguard]`` of a ``pyproject.toml``, or a ``mailguard.toml``.

The nearest file wins, upward from what is checked to the root of the repository. A setting that does not exist is an error that
names the line and the nearest right name: a misspelled key must never leave a gate open. No setting names a file outside the tree.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeAlias

from mailguard.model.finding import Severity
from mailguard.rulebook.policies import Audience

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "AT_ONCE",
    "NEXT_CHANGE",
    "CaptureFiles",
    "Sender",
    "Settings",
    "SettingsError",
    "find",
    "load",
    "nearest_name",
    "with_inline",
]

SETTINGS_LIMIT: Final = 1 << 20
"""Bytes of a settings file. A larger one is refused: settings are read before anything else is bounded."""

FILE_NAMES: Final = ("mailguard.toml", "pyproject.toml")
"""In one folder the first of these that holds settings counts."""

MAPPED_FIELDS: Final = (
    "method", "url", "scheme", "host", "path", "headers", "body", "data", "body_encoding", "mail_from", "rcpt_to", "time", "status",
)  # fmt: skip
"""What a log in a shape of its own can be asked for: a request, or a message with its envelope."""

KeyPath: TypeAlias = tuple[str, ...]
"""The keys that lead to a setting, without ``tool.mailguard``."""


class SettingsError(Exception):
    """Settings that are wrong, or cannot be read. The text names file and line, and what to write instead."""

    def __init__(self, message: str, file: str = "", line: int = 0) -> None:
        self.message, self.file, self.line = message, file, line
        place = f"{file}:{line}: " if line else f"{file}: " if file else ""
        super().__init__(place + message)


AT_ONCE: Final = "at-once"
NEXT_CHANGE: Final = "next-change"


@dataclass(frozen=True, slots=True)
class Sender:
    """A function of another package that sends mail."""

    name: str
    """Its dotted name, as it is imported: ``acme.mail.send_bulk``."""
    parameters: tuple[str, ...]
    """Its parameters in order, so that positional arguments are understood."""
    to: tuple[str, ...] = ()
    """The parameters whose people are printed in To."""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    one_each: bool = False
    """Whether it writes one message for each person."""


@dataclass(frozen=True, slots=True)
class CaptureFiles:
    """Recorded mail requests that belong to the project."""

    name: str
    files: tuple[str, ...]
    """Globs, relative to the folder of the settings."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """For a log in a shape of one's own: which of its fields holds what (``url = "req.uri"``)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run goes by. The defaults are a useful run without any settings file."""

    internal_domains: tuple[str, ...] = ()
    """Domains whose people are inside; subdomains are included."""
    audiences: tuple[Audience, ...] = ()
    """People who may see each other; each is a promise with a limit."""
    audience_ends: Mapping[str, date] = field(default_factory=dict)
    """The last day on which an audience counts, for those that have one."""
    senders: tuple[Sender, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    """The limit of a rule, where it is not the rule's own."""
    select: tuple[str, ...] = ()
    """The rules that count; empty for those that are on by default."""
    extend_select: tuple[str, ...] = ()
    """Rules that count besides those that are on by default."""
    ignore: tuple[str, ...] = ()
    per_path_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Rules that do not count in files that match a glob."""
    captures: tuple[CaptureFiles, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Hosts that stand for a mail service (proxies, mocks), with or without a path, and the service."""
    exclude: tuple[str, ...] = ()
    """Globs of files that are not read, also when they are named on the command line."""
    gate: Severity = Severity.WARNING
    """The least severity that closes the gate."""
    rules: str = ""
    """A folder of further rules, relative to the folder of the settings."""
    tests: bool = False
    """Whether test code closes the gate too."""
    exceptions: str = AT_ONCE
    """When an exception counts that a change brings beside the code: at once, or from the next change on."""
    file: Path | None = None
    """The file these settings were read from; None for the defaults."""
    folder: Path | None = None
    """What relative names in the settings are relative to; None for the root of the run."""
    lines: Mapping[KeyPath, int] = field(default_factory=dict, compare=False)
    """The line of each setting, for messages about it."""

    def line(self, *path: str) -> int:
        """The line of a setting, or of the nearest thing around it; 0 if it is not in a file."""
        while path:
            for spelled in (path, (*path[:-1], path[-1].replace("_", "-"))):
                if spelled in self.lines:
                    return self.lines[spelled]
            path = path[:-1]
        return 0

    def error(self, message: str, *path: str) -> SettingsError:
        """An error about the setting at ``path``."""
        return SettingsError(message, self.file.name if self.file else "", self.line(*path))

    def shown(self) -> Iterator[tuple[str, object]]:
        """Every setting with its value, as ``--show-settings`` prints them. No value holds an address."""
        for item in fields(self):
            if item.name in ("file", "folder", "lines"):
                continue
            value = getattr(self, item.name)
            yield item.name.replace("_", "-"), value.name.lower() if isinstance(value, Severity) else value


def nearest_name(name: str, names: Collection[str], *, otherwise: str = "") -> str:
    """``Did you mean "x"?`` with the nearest of ``names``, or ``otherwise``, or the list of them; one sentence."""
    close = difflib.get_close_matches(name, names, 1, 0.6)
    if close:
        return f'Did you mean "{close[0]}"?'
    return otherwise or "There are: " + ", ".join(sorted(names)) + "."


def find(start: Path, root: Path) -> Path | None:
    """The settings file for what is at ``start``: the nearest one upward, not above ``root``.

    A ``pyproject.toml`` without ``[tool.mailguard]`` is none. Both are absolute and
    free of symlinks. Raises :class:`SettingsError` for a file that holds settings and cannot be read.
    """
    folder = start if start.is_dir() else start.parent
    if not folder.is_relative_to(root):
        folder = root
    while True:
        for name in FILE_NAMES:
            file = folder / name
            _held_to_be_settings(file, root)
            # A link may lead out of the tree; somebody else's settings are not this tree's.
            if _is_file(file) and file.resolve().is_relative_to(root) and _table(file) is not None:
                return file
        if folder == root:
            return None
        folder = folder.parent


def _held_to_be_settings(file: Path, root: Path) -> None:
    """Raise :class:`SettingsError` where a file of our own stands and is not read: what it would have set is not known."""
    own_link = file.name == "mailguard.toml" and file.is_symlink()
    if own_link and not (_is_file(file) and file.resolve().is_relative_to(root)):
        whither = "out of the tree that is checked" if _is_file(file) else "nowhere"
        raise SettingsError(f"a link leads {whither}", file.name)


def _is_file(file: Path) -> bool:
    with contextlib.suppress(OSError):  # in a folder that is closed to this user
        return file.is_file()
    return False


def load(file: Path, root: Path, *, trusted: bool = False) -> Settings:
    """The settings in ``file``, for a run whose root is ``root``.

    ``trusted`` says that a person named the file for this run (``--config``): it may lie
    anywhere, and name files outside the tree. Raises :class:`SettingsError`.
    """
    found = _table(file, named=trusted)
    if found is None:
        raise SettingsError("there is no [tool.mailguard] in it", file.name)
    table, prefix = found
    lines = _lines(_read(file), prefix)
    folder = root if trusted and not file.resolve().is_relative_to(root) else file.parent
    return _Reader(file, lines, folder, None if trusted else root).settings(table)


def with_inline(settings: Settings, text: str) -> Settings:
    """``settings`` with one more line of TOML over them (``--config 'internal-domains = ["example.com"]'``)."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"this is no setting in TOML: {text}", "--config") from error
    read = _Reader(None, {}, settings.folder or Path(), None).settings(table)
    names = {key.replace("-", "_") for key in table} | ({"audience_ends"} if "audiences" in table else set())
    return replace(settings, **{name: getattr(read, name) for name in names})


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(SETTINGS_LIMIT + 1)
    except OSError as error:
        raise SettingsError(f"cannot be read ({error.strerror})", file.name) from error
    if len(data) > SETTINGS_LIMIT:
        raise SettingsError("larger than 1 MiB", file.name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError("not UTF-8 text, as TOML has to be", file.name) from error


def _table(file: Path, *, named: bool = False) -> tuple[Mapping[str, Any], KeyPath] | None:
    # The table of settings and the keys that lead to it, or None where the file holds none. A broken
    # pyproject.toml that never mentions mailguard is somebody else's to complain about.
    text = _read(file)
    if file.name == "pyproject.toml" and "mailguard" not in text:
        return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The parser's own words may quote the file; only its line is taken.
        line = re.search(r"at line (\d+)", str(error))
        raise SettingsError("not valid TOML", file.name, int(line[1]) if line else text.count("\n") + 1) from error
    except RecursionError as error:
        raise SettingsError("nested too deep", file.name) from error
    tool = data.get("tool")
    inner = tool.get("mailguard") if isinstance(tool, dict) else None
    if isinstance(inner, dict):
        return inner, ("tool", "mailguard")
    if file.name == "pyproject.toml":
        return None
    return (data, ()) if file.name == "mailguard.toml" or named else None


_HEADER = re.compile(r"\s*\[\[?(?P<keys>[^\[\]]+)\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(
    r"""\s*(?P<keys>(?:"[^"]*"|'[^']*'|[A-Za-z0-9_\-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_\-]+))*)\s*=(?!=)"""
)
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^\s."']+))\s*(?:\.|$)""")


def _keys(text: str) -> KeyPath:
    return tuple(next(part for part in match.groups() if part is not None) for match in _KEY.finditer(text.strip()))


def _lines(text: str, prefix: KeyPath) -> dict[KeyPath, int]:
    # tomllib tells no positions. This finds the line of every key and of every text inside an array;
    # a file that is written so oddly that it is not found gets messages without a line.
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    current: KeyPath = ()
    quotes = ""
    for number, line in enumerate(text.splitlines(), 1):
        if quotes:
            if line.count(quotes) % 2:
                quotes = ""
            continue
        header = _HEADER.match(line) if not current or not line.startswith((" ", "\t")) else None
        assignment = _ASSIGNMENT.match(line)
        if header and "=" not in line.split("#")[0]:
            table, current = _keys(header["keys"]), ()
            lines.setdefault(table, number)
        elif assignment:
            current = table + _keys(assignment["keys"])
            lines.setdefault(current, number)
        if current:
            rest = line[assignment.end() :] if assignment else line
            for double, single in re.findall(r'"([^"]*)"|\'([^\']*)\'', rest):
                lines.setdefault((*current, double or single), number)
            for key in re.findall(r"[{,]\s*([A-Za-z0-9_\-]+)\s*=", rest):
                lines.setdefault((*current, key), number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                quotes = mark
    size = len(prefix)
    return {path[size:]: number for path, number in lines.items() if path[:size] == prefix}


@dataclass(frozen=True, slots=True)
class _Reader:
    """One table of settings on its way to :class:`Settings`, with complaints that name the line."""

    file: Path | None
    lines: Mapping[KeyPath, int]
    folder: Path
    inside: Path | None
    """The tree that the settings may name files of; None where any file may be named."""

    def error(self, message: str, *path: str) -> SettingsError:
        return Settings(file=self.file, lines=self.lines).error(message, *path)

    def settings(self, table: Mapping[str, Any]) -> Settings:
        readers: dict[str, Callable[[Any], object]] = {
            "internal-domains": self.domains,
            "audiences": lambda value: self.named(value, "audiences", self.audience),
            "senders": lambda value: self.named(value, "senders", self.sender),
            "limits": self.limits,
            "select": lambda value: self.texts(value, "select"),
            "extend-select": lambda value: self.texts(value, "extend-select"),
            "ignore": lambda value: self.texts(value, "ignore"),
            "per-path-ignores": self.path_ignores,
            "captures": self.captures,
            "hosts": self.hosts,
            "exclude": lambda value: self.texts(value, "exclude"),
            "gate": self.gate,
            "rules": self.rules,
            "tests": lambda value: self.flag(value, "tests"),
            "exceptions": self.exceptions,
        }
        self.check_keys(table, readers, ())
        values: dict[str, Any] = {key.replace("-", "_"): readers[key](value) for key, value in table.items()}
        if "audiences" in values:
            values["audience_ends"] = self.audience_ends(table["audiences"])
        return Settings(**values, file=self.file, folder=self.folder, lines=self.lines)

    def check_keys(self, table: Mapping[str, Any], names: Collection[str], path: KeyPath) -> None:
        for key in table:
            if key not in names:
                raise self.error(f'there is no "{key}". {nearest_name(key, names)}', *path, key)

    def texts(self, value: Any, *path: str) -> tuple[str, ...]:
        if isinstance(value, str) and path[-1] in ("files", "to", "cc", "bcc", "at"):
            return (value,)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(f'"{path[-1]}" is a list of texts, as in {path[-1]} = ["..."]', *path)
        return tuple(value)

    def flag(self, value: Any, *path: str) -> bool:
        if not isinstance(value, bool):
            raise self.error(f'"{path[-1]}" is true or false', *path)
        return value

    def number(self, value: Any, *path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.error(f'"{path[-1]}" is a number of people', *path)
        return value

    def text(self, value: Any, *path: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.error(f'"{path[-1]}" is a text', *path)
        return value

    def table(self, value: Any, *path: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.error(f'"{path[-1]}" is a table: [tool.mailguard.{".".join(path)}]', *path)
        return value

    def named(self, value: Any, key: str, one: Callable[[str, Mapping[str, Any]], Any]) -> tuple[Any, ...]:
        table = self.table(value, key)
        return tuple(one(name, self.table(inner, key, name)) for name, inner in table.items())

    def domains(self, value: Any) -> tuple[str, ...]:
        from mailguard.addresses.inside import inside_domain_problem  # noqa: PLC0415  # loads a public suffix list, which most runs need not

        names = self.texts(value, "internal-domains")
        result = []
        for name in names:
            problem = inside_domain_problem(name)
            if problem is not None and "public suffix" in problem:
                problem = "is not one organisation's domain: half the world would be inside."
            if problem is not None:
                raise self.error(f'"{name}" {problem}', "internal-domains", name)
            result.append(name.rstrip(".").lower())
        return tuple(dict.fromkeys(result))

    def audience(self, name: str, table: Mapping[str, Any]) -> Audience:
        path = ("audiences", name)
        table = {key.replace("-", "_"): value for key, value in table.items()}
        self.check_keys(table, ("at", "at_most", "one_domain", "reason", "until"), path)
        if "reason" not in table:
            raise self.error(f'the audience "{name}" has no reason: say why they may see each other', *path)
        return Audience(
            name,
            self.texts(table.get("at", []), *path, "at"),
            self.number(table["at_most"], *path, "at_most") if "at_most" in table else None,
            self.flag(table.get("one_domain", False), *path, "one_domain"),
            self.text(table["reason"], *path, "reason"),
        )

    def audience_ends(self, table: Mapping[str, Any]) -> dict[str, date]:
        ends = {}
        for name, audience in table.items():
            until = audience.get("until")
            if isinstance(until, str):
                with contextlib.suppress(ValueError):
                    until = date.fromisoformat(until)
            if until is None:
                continue
            if type(until) is not date:
                raise self.error('"until" is a date, as in 2027-01-31', "audiences", name, "until")
            ends[name] = until
        return ends

    def sender(self, name: str, table: Mapping[str, Any]) -> Sender:
        path = ("senders", name)
        table = {key.replace("-", "_"): value for key, value in table.items()}
        self.check_keys(table, ("parameters", "to", "cc", "bcc", "one_each"), path)
        parameters = self.texts(table.get("parameters", []), *path, "parameters")
        people = {key: self.texts(table.get(key, []), *path, key) for key in ("to", "cc", "bcc")}
        if not any(people.values()):
            raise self.error(f'"{name}" has no "to": name the parameter that holds the people', *path)
        for key, names in people.items():
            for parameter in names:
                if parameters and parameter not in parameters:
                    raise self.error(f'"{parameter}" is not among the parameters of {name}', *path, key)
        for parameter in parameters:
            if not parameter.isidentifier():
                raise self.error(f'"{parameter}" is no name of a parameter', *path, "parameters")
        if not all(part.isidentifier() for part in name.split(".")) or "." not in name:
            raise self.error(
                f'"{name}" is no dotted name: write [tool.mailguard.senders."package.module.function"]', *path
            )
        return Sender(name, parameters, **people, one_each=self.flag(table.get("one_each", False), *path, "one_each"))

    def limits(self, value: Any) -> dict[str, int]:
        return {rule: self.number(number, "limits", rule) for rule, number in self.table(value, "limits").items()}

    def path_ignores(self, value: Any) -> dict[str, tuple[str, ...]]:
        key = "per-path-ignores"
        return {glob: self.texts(rules, key, glob) for glob, rules in self.table(value, key).items()}

    def captures(self, value: Any) -> tuple[CaptureFiles, ...]:
        if isinstance(value, list):
            value = {"captures": {"files": value}}

        def one(name: str, table: Mapping[str, Any]) -> CaptureFiles:
            path = ("captures", name)
            self.check_keys(table, ("files", "fields"), path)
            if "files" not in table:
                raise self.error(f'"{name}" names no files: files = "logs/*.jsonl"', *path)
            files = self.texts(table["files"], *path, "files")
            for glob in files:
                self.stay_inside(glob, *path, "files")
            mapping = self.table(table.get("fields", {}), *path, "fields")
            self.check_keys(mapping, MAPPED_FIELDS, (*path, "fields"))
            return CaptureFiles(name, files, {key: self.text(mapping[key], *path, "fields", key) for key in mapping})

        return self.named(value, "captures", one)

    def hosts(self, value: Any) -> dict[str, str]:
        return {host: self.text(service, "hosts", host) for host, service in self.table(value, "hosts").items()}

    def gate(self, value: Any) -> Severity:
        names = {"warning": Severity.WARNING, "error": Severity.ERROR}
        if value not in names:
            raise self.error('"gate" is "warning" or "error"', "gate")
        return names[value]

    def exceptions(self, value: Any) -> str:
        if value not in (AT_ONCE, NEXT_CHANGE):
            raise self.error(f'"exceptions" is "{AT_ONCE}" or "{NEXT_CHANGE}"', "exceptions")
        return str(value)

    def rules(self, value: Any) -> str:
        folder = self.text(value, "rules")
        self.stay_inside(folder, "rules")
        if not (self.folder / folder).is_dir():
            raise self.error(f'there is no folder "{folder}"', "rules")
        return folder

    def stay_inside(self, name: str, *path: str) -> None:
        """Refuse a name that leads out of the tree, by its words or by a link on its way."""
        if self.inside is None:
            return
        fixed = re.split(r"[*?\[]", name)[0]
        outside = Path(name).is_absolute() or re.match(r"[A-Za-z]:|[\\/~]", name)
        if (
            outside
            or not (self.folder / fixed).resolve().is_relative_to(self.inside.resolve())
            or ".." in Path(name).parts
        ):
            raise self.error(f'"{name}" leads out of this tree; settings of a tree stay inside it', *path)
