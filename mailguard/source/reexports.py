"""Names of mail libraries that a file of the project passes on: ``from .compat import send_mail``.

Such a file need not name a mail library itself. It is found over bytes: it holds the name, and an import of a file that
binds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mailguard.source.importing import bound_by
from mailguard.source.project import Module

__all__ = ["passed_on"]

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
                bound = set(bound_by(module.imports(), module.package, name, stems[name]))
                if bound := bound.difference(found.get(module, ()), imported.get(module, ())):
                    level.setdefault(module, set()).update(bound)
        for module, names in level.items():
            found.setdefault(module, set()).update(names)
        if not level:
            break
    return found
