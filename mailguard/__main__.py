"""The first milliseconds: a safe place to import from, and answers that need nothing.

``python -m mailguard`` puts the current folder first on the path. In a scanned tree
that would run a stranger's ``click.py``, so it leaves the path before anything else
is imported. What Python itself imports to start a module (``runpy``) comes before that:
in a tree that nobody trusts the command ``mailguard`` or ``python -P -m mailguard`` is
for that. ``--version`` is answered with builtins alone.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from mailguard.quick import Tree


def _leave_current_folder() -> None:
    """Take the current folder, and what ``PYTHONPATH`` names of its tree, off the import path.

    The package's own modules are found by its own path. Where the current folder is Python's own library, or one that
    packages are installed into, only the first place on the path is given up, which stands for the current folder:
    what Python itself put there is what everything else is imported from.
    """
    try:
        import os  # noqa: PLC0415  # always loaded by the interpreter itself, so no file of the tree can stand in for it

        here = tree = os.path.realpath(os.curdir)  # os.path, as pathlib is not loaded yet
        own = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
        while not os.path.exists(os.path.join(tree, ".git")) and os.path.dirname(tree) != tree:
            tree = os.path.dirname(tree)
        if os.path.dirname(tree) == tree:
            tree = here
        # PYTHONPATH=src is a habit of those who work in the tree; what lies there is a stranger's here.
        named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        foreign = {place for entry in named if entry and (place := os.path.realpath(entry)) != own}
        foreign = {place for place in foreign if os.path.join(place, "").startswith(os.path.join(tree, ""))}
        library = os.path.dirname(os.path.realpath(os.__file__))
        needed = {own, library, os.path.join(library, "lib-dynload")}
        prefixes = tuple(os.path.join(os.path.realpath(prefix), "") for prefix in (sys.prefix, sys.base_prefix))
        if os.path.basename(here) in {"site-packages", "dist-packages"} and here.startswith(prefixes):
            needed.add(here)
        left = {here, *foreign}
        sys.path[:] = [
            entry
            for position, entry in enumerate(sys.path)
            if entry not in ("", ".")
            and ((place := os.path.realpath(entry)) not in left or (position > 0 and place in needed))
        ]
    except OSError:
        # The current folder is gone; then nothing can be imported from it.
        sys.path[:] = [entry for entry in sys.path if entry not in ("", ".")]


def _quiet() -> None:
    """Silence parsers of other packages, which log and warn with the text that they could not parse: addresses."""
    import logging  # noqa: PLC0415  # see the module's own text
    import warnings  # noqa: PLC0415  # the same

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def main() -> int:
    """Run the command line; returns the exit code."""
    _leave_current_folder()
    from mailguard import streams  # noqa: PLC0415  # see the module's own text

    streams.open_closed()
    if sys.argv[1:] in (["--version"], ["-V"]):
        from mailguard import __version__  # noqa: PLC0415  # see the module's own text

        return _say(f"mailguard {__version__}\n", 0)
    from time import time_ns  # noqa: PLC0415  # built in

    from mailguard.cache.answering import answer  # noqa: PLC0415  # see the module's own text

    started = time_ns()
    known = answer(sys.argv[1:])
    if known is not None:
        return _say(*known)
    from mailguard import quick  # noqa: PLC0415  # see the module's own text

    tree = quick.answer(sys.argv[1:])
    if tree is not None:
        code = _say(tree.text, 0)
        _keep(tree, started)
        return code
    import gc  # noqa: PLC0415  # built in

    if sys.argv[1:2] in (["check"], ["scan"]):
        # What a look at code makes hardly ever refers to itself: to search all of it for what does takes a second and more.
        gc.set_threshold(200_000, 20, 100)
    from mailguard.cli import run  # noqa: PLC0415  # see the module's own text

    _quiet()
    code = run(sys.argv[1:], started)
    # Nor need it be searched where the process ends.
    gc.freeze()
    return code


def _keep(tree: Tree, started: int) -> None:
    """Remember a tree that names no mail library, as the whole of mailguard would."""
    from mailguard import tokens  # noqa: PLC0415  # loaded already
    from mailguard.cache.keeping import Kept, Watched, keep  # noqa: PLC0415  # see the module's own text

    files = tree.shown()
    if files is not None:
        watched = Watched((), tree.tests(), tokens.TOKENS)
        kept = Kept(
            root=tree.root, out=tree.text, code=0, files=files, rules="", watched=watched, staged=False, clean=False
        )
        keep(sys.argv[1:], kept, started)


def _say(text: str, code: int) -> int:
    """Print what an earlier run came to, as that run did; returns its exit code."""
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a stream of text, unless somebody replaced it
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        from mailguard import streams  # noqa: PLC0415  # loaded already

        streams.drop_output()
        if isinstance(error, BrokenPipeError):
            return 3
        sys.stderr.write(f"mailguard: cannot write the report: {error.strerror}\n")
        return 2
    return code


if __name__ == "__main__":
    sys.exit(main())
