"""Names that lead to mail calls in some files only."""

from __future__ import annotations

from mailguard.source.nearby import Nearby
from mailguard.source.project import Project, SourceFile


def _project(**files: str) -> Project:
    return Project([SourceFile(path.replace("__", "/") + ".py", lambda text=text: text.encode()) for path, text in files.items()])
