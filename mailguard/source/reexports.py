"""Names of mail libraries that a file of the project passes on: ``from .compat import send_mail``.

Such a file need not name a mail library itself. It is found over bytes: it holds the name, and an import of a file that
binds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mailguard.source.project import Module

__all__ = ["passed_on"]

_FROM: Final = re.compile(rb"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)", re.MULTILINE)
_ROUNDS: Final = 3
"""So many files in a row that pass a name on."""
_MAIL: Final = re.compile(r"a?send|deliver|mail_admins|mail_managers|\w*mail|\w*message|\w*alternatives", re.IGNORECASE)
"""Names that are looked for elsewhere: of functions that send, and of classes of messages."""


def passed_on(imported: Mapping[Module, set[str]], naming: Callable[[str], Sequence[Module]]) -> dict[Module, set[str]]:
    """The files that import such names from files of the project, with the names that these bind.

    ``imported``: the names that files import from mail libraries; ``naming`` gives the files that hold a name.
    """
    found: dict[Module, set[str]] = {}
    level = {module: {name for name in names if _MAIL.match(name)} for module, names in imported.items()}
    for _ in range(_ROUNDS):
        stems: dict[str, set[bytes]] = {}
        for module, names in level.items():
            for name in names:
                stems.setdefault(name, set()).add(module.name.rpartition(".")[2].encode())
        level = {}
        for name in sorted(stems):
            for module in naming(name):
                bound = _bound(module, name, stems[name])
                if bound and bound not in found.get(module, ()) and bound not in imported.get(module, ()):
                    level.setdefault(module, set()).add(bound)
        for module, names in level.items():
            found.setdefault(module, set()).update(names)
        if not level:
            break
    return found


def _bound(module: Module, name: str, stems: set[bytes]) -> str:
    """What a file calls ``name`` that it imports from a file called one of ``stems``; empty if it does not."""
    here = module.package.rstrip("/").rpartition("/")[2].encode()
    pattern = re.compile(rb"\b%b\b(?:[ \t]+as[ \t]+(\w+))?" % re.escape(name.encode()))
    for source, names in _FROM.findall(module.names()):
        stem = source.rpartition(b".")[2] or here
        if stem not in stems:
            continue
        if names.strip() == b"*":
            return name
        match = pattern.search(names)
        if match is not None:
            return (match[1] or name.encode()).decode("utf-8", "replace")
    return ""
