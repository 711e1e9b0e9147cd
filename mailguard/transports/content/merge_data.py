"""Merge data, which a template is filled with, and whose it is: the people that a part of a request names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from mailguard.addresses.compare import compare_key
from mailguard.addresses.plain import ADDRESS
from mailguard.addresses.values import recipients
from mailguard.documents.json_values import read_json
from mailguard.model.message import CannotTell, Field
from mailguard.model.value import Value
from mailguard.transports.content.fields import DEPTH, OWNERS, PERSONAL, key_of_field
from mailguard.transports.content.texts import Piece


def by_position(control: Mapping[object, Value]) -> Iterator[Piece]:
    """SendGrid's old control header: the values of each tag stand in the order of ``to``."""
    to, tags = control.get("to"), control.get("sub")
    yield named_globally(control.get("section"))
    if not isinstance(to, list) or not isinstance(tags, dict):
        return
    for place, person in enumerate(to):
        block = {
            tag: values[place] for tag, values in tags.items() if isinstance(values, list) and len(values) == len(to)
        }
        found: set[str] = set()
        addresses_of(person, found, 0)
        yield _block(block, frozenset(found))


def named_globally(value: Value | CannotTell) -> Piece:
    """The names of merge data for everybody."""
    known = not isinstance(value, CannotTell)
    return Piece(Field.MERGE, "", names=frozenset(people_named_in(value, 0)) if known else frozenset())


def people_named_in(value: object, depth: int) -> Iterator[str]:
    """The names in merge data, at any depth: keys, and what stands under ``name``."""
    if depth > DEPTH:
        return
    if isinstance(value, str) and value[:1] in ("{", "["):
        data = read_json(value)
        if isinstance(data, (dict, list)):
            yield from people_named_in(data, depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(name, str):
                yield name
                if name.casefold() in ("name", "var", "tag", "key", "id") and isinstance(item, str):
                    yield item
            yield from people_named_in(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from people_named_in(item, depth + 1)


def owners_of(value: Mapping[object, Value]) -> frozenset[str]:
    """The people whom a mapping names as those it is for."""
    found: set[str] = set()
    for name, item in value.items():
        key = key_of_field(name)
        if key in OWNERS:
            addresses_of(item, found, 0)
    return frozenset(found)


def addresses_of(value: Value, found: set[str], depth: int) -> None:
    """Gather the addresses that stand anywhere in a value."""
    if isinstance(value, str):
        if ADDRESS.fullmatch(value):
            found.add(compare_key(value))
        elif "@" in value:
            found.update(compare_key(one.address) for one in recipients(value).recipients if one.address)
    elif isinstance(value, list) and depth < 4:
        for item in value:
            addresses_of(item, found, depth + 1)
    elif isinstance(value, dict) and depth < 4:
        for name, item in value.items():
            if key_of_field(name) in OWNERS:
                addresses_of(item, found, depth + 1)


def _delivery(value: list[Value]) -> dict[str, Value] | None:
    """A set of ``{field, value}`` with the address that it is sent to (SocketLabs); None for any other list."""
    block: dict[str, Value] = {}
    for item in value:
        if not isinstance(item, dict):
            return None
        words = {key_of_field(key): inner for key, inner in item.items()}
        name = words.get("field")
        if not isinstance(name, str):
            return None
        block["DeliveryAddress" if name.casefold() == "deliveryaddress" else name] = words.get("value")
    return block if "DeliveryAddress" in block else None


def pieces_of_merge(value: Value, owners: frozenset[str], depth: int) -> Iterator[Piece]:
    """Merge data: blocks under addresses, blocks beside an address, one block for all."""
    if depth > DEPTH:
        return
    if isinstance(value, list):
        block = _delivery(value)
        if block is not None:
            found: set[str] = set()
            addresses_of(block["DeliveryAddress"], found, 0)
            yield _block(block, frozenset(found))
            return
        for item in value:
            yield from pieces_of_merge(item, owners, depth + 1)
        return
    if isinstance(value, str):
        data = read_json(value) if value[:1] in "{[" and value else None
        if isinstance(data, (dict, list)):
            yield from pieces_of_merge(data, owners, depth + 1)
        elif owners:
            yield Piece(Field.MERGE, value, owners, own=True)
        return
    if not isinstance(value, dict):
        return
    sets = {key_of_field(name): item for name, item in value.items()}
    if isinstance(sets.get("permessage"), list):
        # SocketLabs: one set for each person, and one for all.
        yield from pieces_of_merge(sets["permessage"], owners, depth + 1)
        yield named_globally(sets.get("global"))
        return
    keyed = {
        name: item
        for name, item in value.items()
        if isinstance(name, str) and "@" in name and isinstance(item, (dict, list, str))
    }
    for name, item in keyed.items():
        yield _block(item, frozenset({compare_key(name)}))
    if keyed:
        return
    # {rcpt, vars}, {email, data}: a block that says whose it is. An address alone is data.
    names = {key_of_field(name) for name in value}
    if "rcpt" in names or (names & OWNERS and names & _DATA):
        named = owners_of(value)
        rest = {name: item for name, item in value.items() if key_of_field(name) not in OWNERS}
        yield _block(rest, named or owners)
    else:
        yield _block(value, owners)


_DATA: Final = frozenset({"vars", "data", "substitutions", "variables", "personalization", "values", "mergedata"})


def _block(value: Value, owners: frozenset[str]) -> Piece:
    personal = tuple((name, text) for name, text in _fields(value, 0) if text and PERSONAL.fullmatch(name))
    names = frozenset(people_named_in(value, 0))
    return Piece(Field.MERGE, "\0".join(_leaves(value, 0)), owners, own=bool(owners), personal=personal, names=names)


def _fields(value: Value, depth: int) -> Iterator[tuple[str, str]]:
    """The fields of merge data with their texts; marks around a name (``-name-``, ``{{name}}``) are taken off."""
    if depth > DEPTH:
        return
    if isinstance(value, dict):
        content = value.get("content", value.get("value"))
        if isinstance(value.get("name"), str) and isinstance(content, str):
            yield value["name"].strip("-{}%*|[]: ").casefold(), content
            return
        for name, item in value.items():
            if isinstance(item, str) and isinstance(name, str):
                yield name.strip("-{}%*|[]: ").casefold(), item
            elif isinstance(item, (dict, list)):
                yield from _fields(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item, depth + 1)


def _leaves(value: Value, depth: int) -> Iterator[str]:
    if depth > DEPTH:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, depth + 1)
