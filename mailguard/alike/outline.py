"""The form of a request: all of its JSON but who is in it and what its texts say.

A form is a sequence of steps: the keys, the lengths of lists, of which kind the other things are. Two bodies of one form
differ in their addresses, texts and numbers only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from mailguard.addresses.pairs import plain_pairs
from mailguard.addresses.plain import plain_named

__all__ = ["NAME", "PAIRS", "FormlessError", "as_person", "is_pair", "is_running", "lay"]

_DEPTH: Final = 24
"""Mappings and lists inside each other; no mail API nests deeper than ten."""
_LEVELS: Final = 6
"""The same in a member that is looked at together with others."""
_FEW: Final = 2
"""Members of a list in there: of more, runs are counted."""


class _Mark:
    """A step of a form that is no key; equal to itself only."""

    __slots__ = ()


_AT, _NAMED, _RUNNING, _ALL, _TEXT, _INTEGER, _FLOAT, _TRUE, _FALSE, _NONE, _OPEN, _CLOSE = (_Mark() for _ in range(12))
_SCALARS: Final[Mapping[object, _Mark]] = {True: _TRUE, False: _FALSE, None: _NONE}

PAIRS: Final[Mapping[tuple[str, ...], tuple[str, str]]] = {
    spelled: (address, name)
    for address, name in (("email", "name"), ("Email", "Name"), ("address", "name"))
    for spelled in ((address,), (address, name), (name, address))
}
"""How an address and the name beside it are spelled: the key of the one, and of the other."""


NAME: Final = "N"
"""The name that stands for every plain one."""


def is_running(text: str) -> bool:
    """Whether a text with an ``@`` is more than one address: a name with it, several of them, or words around it."""
    return " " in text or ":" in text or "<" in text


def as_person(text: str, person: str) -> str:
    """A text that :func:`lay` takes for one person, with ``person`` as the address in it."""
    return person if not is_running(text) else f"{NAME} <{person}>"


class FormlessError(Exception):
    """The request has no form."""


def lay(value: dict[str, Any], form: list[Any], addresses: list[Any], texts: list[Any], depth: int = 0) -> None:
    """Take a mapping apart: its form, its addresses, its other texts and numbers, each in the order of the text.

    A name beside an address is in none of them: one that is plain is as good as another. A text with an ``@`` that is more
    than one person is a text like the others, in a form of its own. Raises :class:`FormlessError`.
    """
    for key, item in value.items():
        form.append(key)
        kind = type(item)
        if kind is str:
            if "@" in item:
                _lay_person(item, form, addresses, texts)
            else:
                texts.append(item)  # a key with nothing behind it has a text
        elif kind is dict:
            if len(item) < 3 and (spelled := tuple(item)) in PAIRS and is_pair(item, spelled, form, addresses):
                continue
            if depth > _DEPTH:
                raise FormlessError
            form.append(_OPEN)
            lay(item, form, addresses, texts, depth + 1)
            form.append(_CLOSE)
        elif kind is list:
            if depth > _DEPTH:
                raise FormlessError
            _lay_list(item, form, addresses, texts, depth + 1)
        else:
            _lay_scalar(item, kind, form, texts)


def _lay_person(item: str, form: list[Any], addresses: list[Any], texts: list[Any]) -> None:
    """Take a text with an ``@`` apart: one person, or a running text."""
    if not is_running(item):
        form.append(_AT)
        addresses.append(item)
    elif (person := plain_named(item)) is not None:
        form.append(_NAMED)
        addresses.append(person)
    else:
        form.append(_RUNNING)
        texts.append(item)


def _lay_scalar(item: Any, kind: type, form: list[Any], texts: list[Any]) -> None:
    if kind is int or kind is float:
        form.append(_INTEGER if kind is int else _FLOAT)
        texts.append(item)
    elif kind is bool or item is None:
        form.append(_SCALARS[item])
    else:
        raise FormlessError  # data that is no JSON: a date, bytes


def is_pair(item: dict[str, Any], spelled: tuple[str, ...], form: list[Any], addresses: list[Any]) -> bool:
    """Whether a mapping is an address, alone or with a plain name beside it; then it is taken apart.

    ``spelled``: its keys, one of ``PAIRS``.
    """
    address, name = PAIRS[spelled]
    person = item[address]
    if type(person) is not str or "@" not in person:
        return False
    if len(spelled) == 2:
        called = item[name]
        if type(called) is not str or "@" in called or "=?" in called or "\uff20" in called:
            return False
    form.append(spelled)
    addresses.append(person)
    return True


def _lay_list(items: list[Any], form: list[Any], addresses: list[Any], texts: list[Any], depth: int) -> None:
    size = len(items)
    form.append(size)
    if not size:
        return
    if size > 2:
        first = items[0]
        if type(first) is dict:
            spelled = tuple(first)
            if spelled in PAIRS and (people := plain_pairs(items, *PAIRS[spelled], len(spelled))) is not None:
                form.append(spelled)
                addresses.extend(people)
                return
        elif type(first) is str and all(type(item) is str and "@" in item and not is_running(item) for item in items):
            form.append(_ALL)
            addresses.extend(items)
            return
        if (
            size >= _MANY
            and type(first) is dict
            and depth < _DEPTH - _LEVELS
            and (found := _members(items)) is not None
        ):
            steps, people, words = found
            form += (*steps, size)
            addresses += _by_rows(people)
            texts += _by_rows(words)
            return
    before: list[Any] | None = None
    for item in items:
        start = len(form)
        kind = type(item)
        if kind is str:
            if "@" in item:
                _lay_person(item, form, addresses, texts)
            else:
                form.append(_TEXT)
                texts.append(item)
        elif kind is dict:
            spelled = tuple(item) if len(item) < 3 else ()
            if spelled not in PAIRS or not is_pair(item, spelled, form, addresses):
                form.append(_OPEN)
                lay(item, form, addresses, texts, depth)
                form.append(_CLOSE)
        elif kind is list:
            if depth > _DEPTH:
                raise FormlessError
            _lay_list(item, form, addresses, texts, depth + 1)
        else:
            _lay_scalar(item, kind, form, texts)
        if size > 2:
            # A thousand members of one form are a number and that form.
            mine = form[start:]
            if mine == before:
                del form[start:]
                form[-1] += 1
            else:
                form.append(1)
                before = mine


_MANY: Final = 8
"""Members of a list that are looked at all at once, if they are of one form."""

_Column: TypeAlias = "list[Any]"


def _members(items: _Column) -> tuple[list[Any], list[_Column], list[_Column]] | None:
    """The form that all members of a list have, and for each of its addresses, and of its texts, those of all members.

    None where they differ, or might; they are taken apart one by one then, as everything is defined to be.
    """
    form: list[Any] = []
    addresses: list[_Column] = []
    texts: list[_Column] = []
    return (form, addresses, texts) if _lay_column(items, form, addresses, texts, 0) else None


def _lay_column(
    items: _Column, form: list[Any], addresses: list[_Column], texts: list[_Column], depth: int, *, keyed: bool = False
) -> bool:
    """Take many values apart at once, each as a member of a list, or as what stands under a key; whether they are of one form."""
    kind = type(items[0])
    if depth > _LEVELS or len({*map(type, items)}) > 1:
        return False
    if kind is str:
        whole = "\0".join(items)
        if "@" not in whole:
            texts.append(items)
            form.extend(() if keyed else (_TEXT,))
            return True
        addresses.append(items)
        form.append(_AT)
        return not is_running(whole) and all("@" in item for item in items)
    if kind is dict:
        return _lay_mappings(items, form, addresses, texts, depth)
    if kind is list:
        sizes = {*map(len, items)}
        size = sizes.pop()
        form.append(size)
        return (
            not sizes
            and size <= _FEW
            and all(
                _lay_column([item[place] for item in items], form, addresses, texts, depth + 1) for place in range(size)
            )
        )
    if kind is int or kind is float:
        texts.append(items)
        form.append(_INTEGER if kind is int else _FLOAT)
        return True
    if len({*items}) > 1 or items[0] not in _SCALARS:
        return False
    form.append(_SCALARS[items[0]])
    return True


def _lay_mappings(items: _Column, form: list[Any], addresses: list[_Column], texts: list[_Column], depth: int) -> bool:
    """The same of mappings. Their keys stand in the same order as well."""
    shapes = {*map(tuple, items)}
    keys = shapes.pop()
    if shapes:
        return False
    if keys in PAIRS:
        people = plain_pairs(items, *PAIRS[keys], len(keys))
        if people is not None and all(type(one) is str and "@" in one for one in people):
            form.append(keys)
            addresses.append(people)
            return True
        return False  # some of them may be pairs
    form.append(_OPEN)
    for key in keys:
        form.append(key)
        if not _lay_column([item[key] for item in items], form, addresses, texts, depth + 1, keyed=True):
            return False
    form.append(_CLOSE)
    return True


def _by_rows(columns: list[_Column]) -> Iterable[Any]:
    """What stands in columns, one row after the other."""
    return columns[0] if len(columns) == 1 else itertools.chain.from_iterable(zip(*columns, strict=True))
