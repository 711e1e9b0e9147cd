"""Which new file is an old one under another name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from mailguard.changes.stored import Stored, suffix_of
from mailguard.discover import PYTHON_SUFFIXES

LIKE: Final = 0.6
"""How much of two files must be equal for one to be the other under a new name."""

RENAMES: Final = 200
"""New files that are compared with files that are gone; a change that moves more is compared by equal content only."""


def is_code(path: str) -> bool:
    """Whether a file is Python by its name."""
    return suffix_of(path) in PYTHON_SUFFIXES


def moved_files(
    gone: list[str],
    come: list[str],
    before: Mapping[str, str],
    now: Mapping[str, str],
    stored: Stored,
    read: Callable[[str], bytes | None],
) -> dict[str, str]:
    """Which of the files that are gone is which of those that have come: by equal content, else by most equal lines."""
    moved: dict[str, str] = {}
    waiting = sorted(come)
    for path in sorted(gone):
        same = next((new for new in waiting if now[new] == before[path]), None)
        if same is not None:
            moved[path] = same
            waiting.remove(same)
    left = [path for path in sorted(gone) if path not in moved]
    if not waiting or not left or len(waiting) * len(left) > RENAMES * RENAMES:
        return moved
    stored.fetch(left)
    lines = {path: _lines_of(stored.read(path)) for path in left}
    alike = []
    for new in waiting:
        own = _lines_of(read(new))
        for old in left:
            common = sum(min(count, lines[old][line]) for line, count in own.items())
            total = max(sum(own.values()), sum(lines[old].values()))
            if total and common / total >= LIKE:
                alike.append((-common / total, old, new))
    for _, old, new in sorted(alike):
        if old not in moved and new in waiting:
            moved[old] = new
            waiting.remove(new)
    return moved


def _lines_of(data: bytes | None) -> Counter[bytes]:
    """How often each line stands in a file."""
    return Counter(line.strip() for line in (data or b"").splitlines() if line.strip())
