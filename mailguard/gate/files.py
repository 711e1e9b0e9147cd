"""Which files a run looks at, and with which eye."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mailguard import discover
from mailguard.changes.stored import Stored
from mailguard.config import Settings
from mailguard.discover import Files, Tree
from mailguard.globs import Globs

__all__ = ["BOTH", "CAPTURES", "CODE", "files_of", "remarks"]

CODE: Final = "code"
CAPTURES: Final = "captures"
BOTH: Final = frozenset({CODE, CAPTURES})
"""The two eyes of a run: the code, and recorded requests."""


def files_of(tree: Tree, settings: Settings, eyes: frozenset[str], stored: Stored | None) -> Files:
    """The files of a tree: on disk, or as git has them."""
    where = discover.folder_of(settings.file, tree.root)
    exclude = Globs(settings.exclude, where)
    captures = Globs([glob for one in settings.captures for glob in one.files], where)
    find_files = discover.files_of if stored is None else stored.files_of
    code, requests = CODE in eyes, CAPTURES in eyes
    return find_files(tree, exclude, captures, code=code, requests=requests, sniff_all=CODE not in eyes)


def remarks(tree: Tree, files: Files, settings: Settings, eyes: frozenset[str]) -> Iterator[str]:
    """What is to be said of settings that leave nothing to look at."""
    source = settings.file.name if settings.file is not None else "the settings"
    where = discover.folder_of(settings.file, tree.root)
    if files.excluded and not files.python and not files.captures:
        yield f"What was named is excluded by {source}."
    for one in settings.captures if CAPTURES in eyes and tree.whole else ():
        globs = Globs(one.files, where)
        if not any(globs.match(file.path) for file in files.captures):
            yield f'No file is named by captures "{one.name}" of {source}: {", ".join(one.files)}.'
