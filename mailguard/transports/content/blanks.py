"""Merge tags in the texts of a request that nothing fills for somebody who reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from mailguard.model.message import Field
from mailguard.transports.content.texts import Piece
from mailguard.transports.tags import name_of, tags

__all__ = ["Blanks"]

_ASKED = 64
"""Texts that are remembered with what came of them: a letter goes out many times with the same ones."""


def _is_literal(name: str) -> bool:
    return 2 < len(name) < 80 and name[0] in "-%[{*#:<$" and name[-1] in "-%]}*#:>"


class Blanks:
    """What a request has for its readers, against the tags in its texts."""

    def __init__(self, data: Sequence[Piece], everybody: Collection[str]) -> None:
        """``data``: the merge data of the request; ``everybody``: who reads it, in their comparing form."""
        self._data = data
        self._everybody = everybody
        # What others have data for is a tag, however it is written.
        self._literal = frozenset(name for piece in data for name in piece.names if _is_literal(name))
        self._common: frozenset[str] = frozenset()
        self._own: dict[str, frozenset[str]] | None = None
        self._asked: dict[tuple[str, frozenset[str]], bool] = {}

    @property
    def alone(self) -> bool:
        """Whether all of it is one reader's, and there is no other: then whatever it is called he has it, and nobody else does."""
        return len(self._everybody) == 1 and all(piece.owners.issubset(self._everybody) for piece in self._data)

    def _owned(self) -> dict[str, frozenset[str]]:
        """The names that each of the readers has data of his own for."""
        if self._own is None:
            self._common = frozenset().union(*(piece.names for piece in self._data if not piece.owners))
            own = self._own = {}
            for piece in self._data:
                for owner in piece.owners:
                    own[owner] = own.get(owner, frozenset()) | piece.names
        return self._own

    def left(self, texts: Iterable[Piece]) -> dict[str, bool]:
        """Who reads a tag that nothing fills, and whether that is sure."""
        found: list[tuple[Piece, dict[str, bool], frozenset[str]]] = []
        for piece in texts:
            named = dict(tags(piece.text))
            spelled = frozenset([name for name in self._literal if name in piece.text])
            if named or spelled:
                found.append((piece, named, spelled))
        if not found:
            return {}
        own = self._owned()
        result: dict[str, bool] = {}
        cache: dict[frozenset[str], tuple[bool, bool]] = {}
        for reader in self._everybody:
            mine = self._common | own.get(reader, frozenset())
            for piece, named, spelled in found:
                if piece.owners and reader not in piece.owners:
                    continue
                known = cache.get(mine) if len(found) == 1 else None
                if known is None:
                    names = {name_of(name) for name in mine}
                    missing = [sure for name, sure in named.items() if name_of(name) not in names]
                    bare = bool(spelled - mine)
                    known = cache[mine] = (bool(missing) or bare, any(missing) or bare)
                if known[0]:
                    result[reader] = result.get(reader, False) or known[1]
        return result

    @staticmethod
    def adds_none(names: Iterable[str]) -> bool:
        """Whether more names of merge data, of whomever, make no more tags of what stands in the texts."""
        return not any(map(_is_literal, names))

    def filled(self, text: str, owners: frozenset[str]) -> bool:
        """Whether nobody of those whose it is (empty: of all) reads a tag in a text that nothing fills."""
        known = self._asked.get((text, owners))
        if known is None:
            if len(self._asked) >= _ASKED:
                self._asked.clear()
            known = self._asked[text, owners] = not self.left([Piece(Field.TEXT, text, owners)])
        return known
