"""Two more opinions on how many people a text holds: a count that knows no grammar, and flanker."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import re
import warnings
from collections.abc import Callable

from mailguard.addresses.words import at_pieces


def lower_bound(source: str) -> int:
    """How many people are there at least, counted in another way than the reader does."""
    if "@" not in source:
        return 0
    plain = re.sub(r"\\.", "__", source) if "\\" in source else source
    runs = plain.split('"')
    if len(runs) % 2:
        plain = "q".join(runs[::2])
    if "(" in plain:
        level = 0
        kept: list[str] = []
        for piece in re.split(r"([()])", plain):
            if piece == "(":
                level += 1
            elif piece == ")":
                level -= 1
                if level < 0:
                    break
            elif not level:
                kept.append(piece)
        if not level:
            plain = " ".join(kept)
    return len(at_pieces(plain))


@functools.cache
def _flanker() -> Callable[[str], int] | None:
    """flanker's count of mailboxes in one member; None where it cannot be imported."""
    logger = logging.getLogger("flanker")
    logger.propagate = False
    logger.disabled = True
    logger.addHandler(logging.NullHandler())
    # The grammar module logs its own warnings while it is imported; later, the lexer logs pieces of
    # the header, which are addresses. Nothing of either may reach an output.
    for name in ("addresslib", "addresslib._parser.parser", "addresslib._parser.lexer", "addresslib.address"):
        child = logging.getLogger(f"flanker.{name}")
        child.propagate = False
        child.disabled = True
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            from flanker.addresslib import address  # noqa: PLC0415  # 0.2 s; only odd texts pay it
    except Exception:  # noqa: BLE001  # whatever breaks in it, the reader stands alone
        return None
    for name, later in list(logging.root.manager.loggerDict.items()):
        if name.startswith("flanker") and isinstance(later, logging.Logger):
            later.propagate = False
            later.disabled = True

    def count(member: str) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return sum(isinstance(item, address.EmailAddress) for item in address.parse_list(member))

    return count


@functools.lru_cache(maxsize=512)
def second_opinion(member: str) -> int:
    """How many mailboxes flanker sees in one odd member. Its silence means nothing, so 0 says nothing."""
    count = _flanker()
    if count is None:
        return 0
    try:
        return count(member)
    except Exception:  # noqa: BLE001  # a parser that breaks has no opinion
        return 0
