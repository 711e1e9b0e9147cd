"""Write ``mailguard/tokens.py`` anew: ``python tests/write_tokens.py``, after a provider was added or names something new."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "mailguard" / "tokens.py"
SHELVES = ("providers", "transports")

TEXT = '''\
"""What files that use a mail library hold; written by ``python tests/write_tokens.py``, as loading all of them takes long."""

from __future__ import annotations

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from typing import Final

__all__ = ["MODULES", "TOKENS"]

MODULES: Final = (
{modules})
"""The modules that were asked; where there are others, the tokens are not known."""

TOKENS: Final = (
{tokens})
"""All parts of one of these."""
'''


def tokens() -> list[tuple[bytes, ...]]:
    """Those of all libraries that come with mailguard."""
    from mailguard import gate  # loads the shelves

    return sorted(
        {tuple(part.encode() for part in each.split(" & ")) for one in gate.libraries() for each in one.tokens}
    )


def modules() -> list[tuple[str, list[str]]]:
    """The names of the modules on each shelf."""
    folder = ROOT / "mailguard"
    return [(shelf, sorted({one.stem for one in (folder / shelf).iterdir()} - {"__pycache__"})) for shelf in SHELVES]


def text() -> str:
    """What the file holds."""

    def row(token: tuple[bytes, ...]) -> str:
        parts = ", ".join(repr(part) for part in token)
        return f"    ({parts},),\n" if len(token) == 1 else f"    ({parts}),\n"

    def shelf(name: str, found: list[str]) -> str:
        listed = "".join(f'                "{one}",\n' for one in found)
        return f'    (\n        "{name}",\n        frozenset(\n            {{\n{listed}            }}\n        ),\n    ),\n'

    return TEXT.format(
        modules="".join(shelf(name, found) for name, found in modules()),
        tokens="".join(row(token) for token in tokens()),
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    FILE.write_text(text(), encoding="utf-8", newline="\n")
