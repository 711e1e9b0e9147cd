"""Questions that every value answers, as if all of it were known."""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import ONE, Truth
from mailguard.model.place import Place
from mailguard.model.value.kinds import (
    ABSENT,
    ABSTRACT,
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Parameter,
    Repeat,
    Text,
    Unknown,
    Value,
    each,
    inherit,
    options_of,
    trail_of,
)
from mailguard.model.value.steps import ORIGIN_OF, Origin, StepKind, cut

__all__ = ["Sort", "get", "has", "is_tuple", "join", "known", "origin", "plain", "scalar", "sort_of", "text", "truth"]


def scalar(value: Value) -> Value:
    """A literal out of its wrapping; anything else as it is."""
    return value.value if isinstance(value, Known) else value


def known(value: Value) -> bool:
    """Whether nothing in ``value`` is left open."""
    if isinstance(value, Known):
        return True
    if isinstance(value, (Unknown, Parameter, Either, Object)):
        return False
    if isinstance(value, Text):
        return all(not isinstance(part, Repeat) and known(part) for part in value.parts)
    if isinstance(value, Items):
        return all(member.count == ONE and known(member.value) for member in value.members)
    if isinstance(value, Fields):
        return not value.open and value.rest is None and all(known(item) for _, item in value.known)
    if isinstance(value, dict):
        return all(known(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(known(item) for item in value)
    return True


class Sort(enum.Enum):
    """What kind of thing a value is, as far as ``isinstance`` in a library would tell."""

    NONE = "none"
    TEXT = "text"
    NUMBER = "number"
    COLLECTION = "collection"
    MAPPING = "mapping"
    OBJECT = "object"
    UNKNOWN = "unknown"


_SORTS: Final[dict[type, Sort]] = {
    type(None): Sort.NONE,
    str: Sort.TEXT,
    bytes: Sort.TEXT,
    bool: Sort.NUMBER,
    int: Sort.NUMBER,
    float: Sort.NUMBER,
    list: Sort.COLLECTION,
    tuple: Sort.COLLECTION,
    dict: Sort.MAPPING,
}
"""Plain data, which is what captures hold."""


def sort_of(value: Value | Absent) -> Sort:
    """What kind of thing ``value`` is; UNKNOWN for open values and for branches that differ."""
    plainly = _SORTS.get(type(value))
    if plainly is not None:
        return plainly
    value = scalar(value) if not isinstance(value, Absent) else None
    if value is None:
        return Sort.NONE
    if isinstance(value, (str, bytes, Text)):
        return Sort.TEXT
    if isinstance(value, (bool, int, float)):
        return Sort.NUMBER
    if isinstance(value, (list, tuple, Items)):
        return Sort.COLLECTION
    if isinstance(value, (dict, Fields)):
        return Sort.MAPPING
    if isinstance(value, Object):
        return Sort.OBJECT
    if isinstance(value, Either):
        sorts = {sort_of(option) for option in value.options if option is not ABSENT}
        return sorts.pop() if len(sorts) == 1 else Sort.UNKNOWN
    return Sort.UNKNOWN


def is_tuple(value: Value) -> bool:
    """Whether ``value`` is surely a tuple."""
    return isinstance(value, tuple) or (isinstance(value, Items) and value.sort == "tuple")


def text(value: Value | Absent) -> str | None:
    """The string that ``value`` is, if all of it is known; None otherwise, and for what is no string."""
    if isinstance(value, Known):
        value = value.value
    if isinstance(value, str):
        return value
    if isinstance(value, Text):
        parts = [text(part) if not isinstance(part, Repeat) else None for part in value.parts]
        return "".join(part for part in parts if part is not None) if None not in parts else None
    return None


def plain(value: Value) -> Value:
    """The plain Python data that a wholly known value is; open values stay as they are."""
    if isinstance(value, Known):
        return value.value
    if isinstance(value, Text):
        whole = text(value)
        return value if whole is None else whole
    if isinstance(value, Items) and known(value):
        return [plain(member.value) for member in value.members]
    if isinstance(value, Fields) and known(value):
        return {key: plain(item) for key, item in value.known}
    return value


def join(*values: Value | Absent) -> Value | Absent:
    """One of ``values``, as branches leave it. Equal ones are one; the order of first appearance is kept."""
    options: list[Value | Absent] = []
    for value in values:
        for option in options_of(value) if isinstance(value, Either) else (value,):
            for index, other in enumerate(options):
                if option is other:
                    break
                if _same(option, other):
                    if not getattr(other, "trail", True):
                        # The same thing by two ways: the one of which something is known.
                        options[index] = option
                    break
            else:
                options.append(option)
    if len(options) == 1:
        return options[0]
    return Either(tuple(options))


def _same(one: Value | Absent, other: Value | Absent) -> bool:
    # 1 == True in Python, but a payload tells them apart; an Object is itself only.
    if type(one) is not type(other) or isinstance(one, Object) or one != other:
        return False
    return not (isinstance(one, Text) and isinstance(other, Text)) or _written_at(one) == _written_at(other)


def _written_at(block: Text) -> set[Place]:
    """Where people were put into the lines of a message that is a text.

    Two that read alike are two messages: each of them has a place of its own to change.
    """
    lines = [part for part in block.parts if isinstance(part, Text)]
    return {
        step.place
        for line in lines
        for part in line.parts
        if not isinstance(part, Repeat)
        for step in trail_of(part)
        if step.kind is StepKind.SHOWN
    }


def get(value: Value | Absent, key: str, *, fold: bool = False) -> Value | Absent:
    """The value under ``key``; ``ABSENT`` if there is none. ``fold`` ignores the case of keys.

    Of a mapping that may hold more than is known, an unknown key plainly is absent.
    """
    if isinstance(value, dict):
        if not fold:
            held: Value | Absent = value.get(key, ABSENT)
            return held
        return _folded(value, key)
    if isinstance(value, Fields):
        wanted = key.casefold() if fold else key
        found: Value | Absent = ABSENT
        for name, item in value.known:
            if name == wanted or (fold and name.casefold() == wanted):
                if isinstance(item, Either):
                    one: Value = replace(item, trail=cut(item.trail + value.trail)) if value.trail else item
                else:
                    one = inherit(item, value.trail)
                if not fold:
                    return one
                found = one if found is ABSENT else _both(found, one)
        return found
    if isinstance(value, Object):
        return get(value.render(), key, fold=fold)
    if isinstance(value, Either):
        return join(*(get(option, key, fold=fold) for option in options_of(value)))
    if isinstance(value, (Unknown, Parameter)):
        # Anything may be in an unknown mapping; plainly it is not there.
        return ABSENT
    return ABSENT


def _folded(value: dict[Any, Any], key: str) -> Value | Absent:
    """What stands under the keys that are ``key`` in whatever case."""
    wanted = key.casefold()
    size = len(wanted)
    found: Value | Absent = ABSENT
    for name in value:  # noqa: PLC0206  # `alike` observes which values are read: only the one that is meant
        # In ASCII only a key of the same length can be it; a capture asks a million times.
        if type(name) is str and (len(name) == size or not name.isascii()) and name.casefold() == wanted:
            found = value[name] if found is ABSENT else _both(found, value[name])
    return found


def _both(one: Value | Absent, other: Value | Absent) -> Value | Absent:
    """What two keys that differ in their case only (``to`` and ``To``) hold between them, as nobody may get lost."""
    if isinstance(one, Absent) or scalar(one) is None:
        return other
    if isinstance(other, Absent) or scalar(other) is None:
        return one
    members: list[Member] = []
    for value in (one, other):
        members.extend(each(value) if isinstance(value, (list, tuple, Items)) else [Member(value, ONE)])
    plainly = not any(isinstance(value, ABSTRACT) for value in (one, other))
    return [value for value, _ in members] if plainly else Items(tuple(members))


def has(value: Value | Absent, key: str, *, fold: bool = False) -> Truth:
    """Whether ``key`` is there (its value may be None or empty)."""
    if isinstance(value, (Unknown, Parameter)):
        return Truth.MAYBE
    if isinstance(value, Either):
        answers = [has(option, key, fold=fold) for option in value.options]
        return answers[0] if all(answer is answers[0] for answer in answers) else Truth.MAYBE
    found = get(value, key, fold=fold)
    if found is ABSENT:
        return Truth.MAYBE if isinstance(value, Fields) and value.open else Truth.NO
    if isinstance(found, Either) and ABSENT in found.options:
        return Truth.MAYBE
    return Truth.YES


def truth(value: Value | Absent) -> Truth:
    """Whether Python would take the value as true."""
    if value is ABSENT:
        return Truth.NO
    if isinstance(value, Known):
        return Truth.YES if value.value else Truth.NO
    if isinstance(value, Text):
        whole = text(value)
        if whole is not None:
            return Truth.YES if whole else Truth.NO
        sure = any(text(part) for part in value.parts if not isinstance(part, Repeat))
        return Truth.YES if sure else Truth.MAYBE
    if isinstance(value, Items):
        low = sum(member.count.low for member in value.members)
        high = sum(member.count.high for member in value.members)
        return Truth.YES if low else Truth.NO if not high else Truth.MAYBE
    if isinstance(value, Fields):
        if value.known or value.open or value.rest is not None:
            sure = any(not (isinstance(item, Either) and ABSENT in item.options) for _, item in value.known)
            return Truth.YES if sure else Truth.MAYBE
        return Truth.NO
    if isinstance(value, Either):
        answers = [truth(option) for option in value.options]
        return answers[0] if all(answer is answers[0] for answer in answers) else Truth.MAYBE
    if isinstance(value, (Unknown, Parameter)):
        return Truth.MAYBE
    if isinstance(value, Object):
        return Truth.YES
    return Truth.YES if value else Truth.NO


def origin(value: Value) -> Origin:
    """Where the people in ``value`` come from, judged by the first step of its way that tells."""
    for step in trail_of(value):
        if step.kind in ORIGIN_OF:
            return ORIGIN_OF[step.kind]
    if isinstance(value, (Unknown, Parameter)):
        return Origin.UNKNOWN
    return Origin.WRITTEN
