"""What requests of one form are looked at with, and what hears of them; the neck, which knows the wings, hands it over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mailguard.model.exchange import Exchange
from mailguard.model.links import Token
from mailguard.model.message import Decoded
from mailguard.model.place import Place

__all__ = ["Decision", "Hearing", "Look", "Memory"]


class Decision(Protocol):
    """What is said of an exchange: whose it is, and which messages it makes."""

    @property
    def provider(self) -> object:
        """The service."""

    @property
    def operation(self) -> str:
        """The operation of the service."""

    @property
    def decoded(self) -> Decoded:
        """The messages, or why not."""


class Memory(Protocol):
    """What remembers to whom a capture wrote."""

    def wrote(self, people: str, count: int) -> None:
        """Take note of the readers of one request, in their comparing form, one a line."""

    def hears(
        self,
        heard: Sequence[tuple[str, bool, Sequence[str]]],
        senders: Collection[str],
        everybody: Collection[str],
        seen: Collection[str],
        place: Callable[[], Place],
    ) -> bool:
        """Whether texts show nobody to anybody; then their links are taken note of."""

    def linked(self, plan: Any, values: Sequence[bytes], owner: str, line: int) -> None:
        """Take note of the links of a request with one reader, of which ``values`` are the tokens."""

    def is_fixed(self, people: Collection[str]) -> bool:
        """Whether all addresses are known to belong to a template."""


class Hearing(Protocol):
    """What a text is in which addresses or links may stand."""

    @property
    def owners(self) -> frozenset[str]:
        """Whose it is; empty: everybody's."""

    @property
    def running(self) -> bool:
        """Whether links in it are looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """How requests are looked at; handed over by the neck, which knows the wings."""

    decide: Callable[[Exchange], Decision | None]
    """What the service says, without what readers find in texts; None for what is no mail."""
    settled: Callable[[object], bool]
    """Whether a body has no part but texts in which people may stand besides its addresses."""
    loud: Callable[[str], bool]
    """Whether a text without an ``@`` has to be looked at all the same."""
    deciding: Callable[[str, str], bool]
    """Whether what stands under a key, in what stands under another, may decide what a text beside it is."""
    hearing: Callable[[Exchange, Collection[str], Collection[str]], Mapping[str, Sequence[Hearing]] | None]
    """What readers get the texts as in whose places some stand; None where that cannot be told."""
    senders: Callable[[Exchange], frozenset[str]]
    """Who a request is from, in their comparing form."""
    found_in: Callable[[str], list[str]]
    """The addresses in a text, in their comparing form."""
    tokens_in: Callable[[str], list[Token]]
    """The tokens in the links of a text."""
    inside: frozenset[str] = frozenset()
