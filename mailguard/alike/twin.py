"""The twin of a request: stand-ins take the places of its people, and its mappings note which of their texts are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from mailguard.addresses.plain import plain_named
from mailguard.alike.mail_form import FREE, is_packed, packed
from mailguard.alike.outline import NAME, PAIRS, as_person, is_pair, is_running
from mailguard.model.exchange import Form

__all__ = ["FORM", "WHOLE", "Twin", "Watched", "stand_in"]


WHOLE: Final = "\0whole"
"""The key over a body that is one text, or a list."""
FORM: Final = "\0form"
"""The key over the parts of a form, each a mapping of its name."""


class Watched(dict[Any, Any]):
    """A mapping that notes which of its texts are read. Whatever may read all of them does."""

    __slots__ = ("_places", "_read")

    def __init__(self, items: Mapping[Any, Any], places: Mapping[Any, int], read: set[int]) -> None:
        """``places``: the number of the text under a key; ``read``: the numbers of those that were read."""
        super().__init__(items)
        self._places = places
        self._read = read

    def _all(self) -> None:
        self._read.update(self._places.values())

    def __getitem__(self, key: Any) -> Any:
        if key in self._places:
            self._read.add(self._places[key])
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """Like that of any mapping."""
        if key in self._places:
            self._read.add(self._places[key])
        return super().get(key, default)

    def __iter__(self) -> Iterator[Any]:
        # Of its own, so that {**this} and dict(this) come by __getitem__.
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self._all()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        self._all()
        return super().__ne__(other)

    __hash__ = None  # like that of any mapping

    def __repr__(self) -> str:
        self._all()
        return super().__repr__()

    def __or__(self, other: Any) -> Any:
        self._all()
        return super().__or__(other)

    def __ror__(self, other: Any) -> Any:
        self._all()
        return super().__ror__(other)

    def __reversed__(self) -> Iterator[Any]:
        return super().__reversed__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._all()
        return super().__reduce_ex__(protocol)

    def items(self) -> Any:
        """Like that of any mapping; whoever asks may read all of them. So with the others."""
        self._all()
        return super().items()

    def values(self) -> Any:
        """See :meth:`items`."""
        self._all()
        return super().values()

    def copy(self) -> Any:
        """See :meth:`items`."""
        self._all()
        return super().copy()

    def pop(self, *arguments: Any) -> Any:
        """See :meth:`items`."""
        self._all()
        return super().pop(*arguments)

    def popitem(self) -> Any:
        """See :meth:`items`."""
        self._all()
        return super().popitem()

    def setdefault(self, *arguments: Any) -> Any:
        """See :meth:`items`."""
        self._all()
        return super().setdefault(*arguments)


def stand_in(number: int) -> str:
    """The plain address that stands for somebody."""
    return f"q{number}.twin@q{number}.example"


def _none(key: str) -> bool:
    """Say that no merge data stands under a key."""
    del key
    return False


class Twin:
    """Builds the twin of a body, in the order of :func:`~mailguard.alike.outline.lay`."""

    def __init__(
        self,
        people: Sequence[str],
        first: int,
        read: set[int],
        marks: Mapping[int, str] = MappingProxyType({}),
        deciding: Callable[[str, str], bool] | None = None,
        merges: Callable[[str], bool] = _none,
    ) -> None:
        """Begin a twin.

        Args:
            people: for each address of the body its stand-in.
            first: the number of the first text of the body.
            read: takes the numbers of the texts that are read.
            marks: what stands in the places of texts, by their numbers.
            deciding: see :attr:`~mailguard.alike.look.Look.deciding`; the texts that it says yes to count as read.
            merges: see :attr:`~mailguard.alike.look.Look.merges`.

        """
        self._people = iter(people)
        self._place = first
        self._read = read
        self._marks = marks
        self._deciding = deciding
        self._merges = merges
        self._merging = False
        self.data: set[int] | None = None
        """The numbers of the texts of merge data; None where there is none."""
        self.names_in_data = False
        """Whether there are names beside addresses in it, which are no texts of their own."""

    def next_place(self) -> int:
        """The number of the next text."""
        self._place += 1
        return self._place - 1

    def _is_person(self, item: str) -> bool:
        return "@" in item and (not is_running(item) or plain_named(item) is not None)

    def mapping(self, value: Mapping[str, Any], above: str = "") -> Watched:
        """The twin of a mapping."""
        items: dict[str, Any] = {}
        places: dict[str, int] = {}
        merging = self._merging
        for key, item in value.items():
            self._merging = merging or self._merges(key)
            if self._merging and self.data is None:
                self.data = set()
            if type(item) is str and self._is_person(item):
                items[key] = as_person(item, next(self._people))
            elif type(item) in (str, int, float):
                place = places[key] = self.next_place()
                items[key] = self._marks.get(place, item)
                if self._deciding is not None and self._deciding(key, above):
                    self._read.add(place)
                if self.data is not None and self._merging and type(item) is str:
                    self.data.add(place)
            else:
                items[key] = self.inner(item, key)
        self._merging = merging
        return Watched(items, places, self._read)

    def body(self, value: Mapping[str, Any], free: Callable[[str], bool] | None = None) -> Any:
        """The twin of a whole body, which may be a text that is no data, or a form.

        ``free``: see :attr:`~mailguard.alike.look.Look.free`; the texts of a form that it says no to count as read.
        """
        if FORM in value:
            return Form(tuple([self._pair(part, free) for part in value[FORM]]))
        twin = self.mapping(value)
        return twin[WHOLE] if WHOLE in value else twin

    def _pair(self, part: Mapping[str, Any], free: Callable[[str], bool] | None) -> tuple[str, str]:
        """The twin of a part of a form. Whoever reads a form reads all of it: nothing is noted then."""
        first, read = self._place, self._read
        self._read = set()
        ((name, text),) = self.mapping(part).items()
        self._read = read
        if free is None or not free(name):
            read.update(range(first, self._place))
        return name, text or ""

    def _packed(self, packing: str, mail: Mapping[str, Any]) -> str:
        """The twin of a text that holds a message: written anew, with all but those texts counted as read by which nobody decides anything."""
        read, self._read = self._read, set()  # writing it reads all of them
        twin: dict[str, Any] = {}
        for name, item in mail.items():
            first = self._place
            twin[name] = self.inner(item)
            if name == "headers":
                texts = [key for key, text in item.items() if not self._is_person(text)]
                read.update(first + place for place, key in enumerate(texts) if key.lower() not in FREE)
        self._read = read
        return packed(packing, twin)

    def inner(self, item: Any, above: str = "") -> Any:
        """The twin of a mapping or a list that stands inside, under the key ``above``."""
        if is_packed(item):
            ((packing, mail),) = item.items()
            return self._packed(packing, mail)
        if type(item) is dict:
            spelled = tuple(item)
            if len(item) < 3 and spelled in PAIRS and is_pair(item, spelled, [], []):
                address, name = PAIRS[spelled]
                self.names_in_data = self.names_in_data or (self._merging and len(spelled) > 1)
                twin = {address: next(self._people), name: NAME}
                # There is nothing in it to note; as it is, many of them are read at once.
                return {key: twin[key] for key in spelled}
            return self.mapping(item, above)
        if type(item) is list:
            result: list[Any] = []
            for member in item:
                if type(member) is str and self._is_person(member):
                    result.append(as_person(member, next(self._people)))
                elif type(member) in (str, int, float):
                    place = self.next_place()
                    self._read.add(place)  # a list notes nothing, so all of it counts as read
                    if self.data is not None and self._merging and type(member) is str:
                        self.data.add(place)
                    result.append(self._marks.get(place, member))
                else:
                    result.append(self.inner(member, above))
            return result
        return item
