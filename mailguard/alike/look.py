"""What requests of one form are looked at with, and what hears of them; the neck, which knows the wings, hands it over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mailguard.model.exchange import Exchange
from mailguard.model.links import Token
from mailguard.model.message import Decoded
from mailguard.model.place import Place

__all__ = ["Blanks", "Data", "Decision", "Hearing", "Look", "Memory", "Personal"]


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

    @property
    def template(self) -> object:
        """Stands for what belongs to a template: another one as soon as less does."""

    def wrote(self, people: str, count: int) -> None:
        """Take note of the readers of one request, in their comparing form, one a line."""

    def hears(
        self,
        heard: Sequence[tuple[str, bool, Sequence[str]]],
        senders: Collection[str],
        everybody: Collection[str],
        seen: Collection[str],
        place: Callable[[], Place],
        *,
        filled: bool = False,
    ) -> bool:
        """Whether texts show nobody to anybody; then their links are taken note of. ``filled``: their merge tags are."""

    def linked(self, plan: Any, values: Sequence[bytes], owner: str, where: int | Place) -> None:
        """Take note of the links of a request with one reader, of which ``values`` are the tokens; ``where`` it is, or in which line."""

    def is_fixed(self, people: Collection[str]) -> bool:
        """Whether all addresses are known to belong to a template."""

    def knows_fixed(self, people: Iterable[str]) -> bool:
        """Whether one of the addresses is known to belong to a template."""


class Hearing(Protocol):
    """What a text is in which addresses or links may stand."""

    @property
    def owners(self) -> frozenset[str]:
        """Whose it is; empty: everybody's."""

    @property
    def running(self) -> bool:
        """Whether links in it are looked at."""


class Blanks(Protocol):
    """What a request has for the merge tags in its texts."""

    @property
    def alone(self) -> bool:
        """Whether all of it is one reader's, and there is no other."""

    def adds_none(self, names: Iterable[str]) -> bool:
        """Whether more names, of whomever, make no more tags of what stands in the texts."""

    def filled(self, text: str, owners: frozenset[str]) -> bool:
        """Whether nobody of those whose it is reads a tag in a text that nothing fills."""


class Personal(Protocol):
    """A field of merge data that belongs to one person, with marks in the places of its values."""

    @property
    def marks(self) -> Sequence[str]:
        """These."""

    def apart(self, values: Sequence[str]) -> bool:
        """Whether, with ``values`` in the places of the marks, nobody has what is somebody else's."""


class Data(Protocol):
    """The merge data of a request, with marks in the places of its texts."""

    @property
    def personal(self) -> Sequence[Personal]:
        """The fields that belong to one person each."""

    @property
    def blanks(self) -> Blanks:
        """What it has for the tags in texts."""

    @property
    def names(self) -> frozenset[str]:
        """Marks of texts that are names of it, or may be."""

    @property
    def decided(self) -> bool:
        """Whether what the texts are does not depend on those that the marks stand for, as far as can be seen here."""


class Heard(Protocol):
    """What readers get the texts of a request as."""

    @property
    def roles(self) -> Mapping[str, Sequence[Hearing]]:
        """For each text that stands in the place of another."""

    @property
    def data(self) -> Data:
        """The merge data."""


class Hear(Protocol):
    """Tells what readers get the texts of a request as."""

    def __call__(
        self,
        exchange: Exchange,
        marks: Mapping[str, str],
        texts: Collection[str],
        data: Collection[str] = (),
        everybody: Collection[str] = (),
        plain: Exchange | None = None,
    ) -> Heard | None:
        """None where that cannot be told.

        Args:
            exchange: the request.
            marks: texts that stand in the places of others, and these.
            texts: the other texts of the request.
            data: those of ``marks`` that stand in merge data.
            everybody: who reads the request, in their comparing form.
            plain: the request without marks; only where there is merge data.

        """


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
    hearing: Hear
    """What readers get the texts as in whose places some stand; None where that cannot be told."""
    alike: Callable[[Exchange, Exchange], bool]
    """Whether readers get the texts of two requests as the same, whatever they are and whatever merge data is called."""
    raw: Callable[[str], bool]
    """Whether a message may stand under a key, in MIME."""
    merges: Callable[[str], bool]
    """Whether merge data stands under a key."""
    plain_data: Callable[[Sequence[str]], bool]
    """Whether texts of merge data are nothing but texts in which nobody can be."""
    free: Callable[[str], bool]
    """Whether a part of a form with a name is a text for readers, by which no service decides anything."""
    shows_nobody: Callable[[Exchange, Decoded], bool]
    """Whether readers of what was decoded find nobody in the texts, whoever was written to before."""
    senders: Callable[[Exchange], frozenset[str]]
    """Who a request is from, in their comparing form."""
    found_in: Callable[[str], list[str]]
    """The addresses in a text, in their comparing form."""
    tokens_in: Callable[[str], list[Token]]
    """The tokens in the links of a text."""
    inside: frozenset[str] = frozenset()
