"""Forms: names and values, that are written or that code hands over."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import unquote_plus

from mailguard.documents.byte_text import clean_text
from mailguard.model.count import ONE, Count
from mailguard.model.exchange import Form
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Repeat,
    Value,
    each,
    inherit,
    join,
    scalar,
    text,
)
from mailguard.wire.holes import Atom, atoms_of, literal_of, same_way, split_atoms, whole_text


def named_branches(branches: Sequence[tuple[tuple[str, Value], ...]]) -> tuple[tuple[str, Value], ...]:
    """Named parts of which one branch is taken: each name once, with what each branch has under it."""
    if len(branches) == 1:
        return branches[0]
    names = list(dict.fromkeys(name for parts in branches for name, _ in parts))
    result: list[tuple[str, Value]] = []
    for name in names:
        options: list[Value | Absent] = []
        for parts in branches:
            values = [value for other, value in parts if other == name]
            options.append(ABSENT if not values else values[0] if len(values) == 1 else values)
        value = join(*options)
        if not isinstance(value, Absent):
            result.append((name, value))
    return tuple(result)


def form_of_text(content: str) -> Form:
    """``application/x-www-form-urlencoded``; names repeat, bad percent escapes stay as they are."""
    text = content.strip("\ufeff\r\n")
    if text.isascii() and not any(sign in text for sign in _SEPARATORS):
        # Escapes are undone in all pieces at once, with signs that stand nowhere else between them.
        whole = text.replace("&", "\0").replace("=", "\1")
        try:
            pieces = _unquoted(whole).split("\0")
        except UnicodeDecodeError:
            pass
        else:
            return Form(tuple([_parted(piece) for piece in pieces if piece]))
    return Form(tuple(_pair(piece) for piece in text.split("&") if piece))


_SEPARATORS: Final = ("\0", "\1", "%00", "%01")


def _unquoted(text: str) -> str:
    """``unquote_plus(text, errors="strict")`` of a text in ASCII, many times as fast where all of its escapes are good ones."""
    data = text.replace("+", " ").encode("ascii")
    if b"=" not in data and b"\n" not in data and b"\r" not in data:
        # Of quoted-printable (RFC 2045, section 6.7) the sign is another one. Each good escape is shorter by two signs, no bad one is.
        found = binascii.a2b_qp(data.replace(b"%", b"="))
        if len(found) == len(data) - 2 * data.count(b"%"):
            return found.decode("utf-8")
    return unquote_plus(text, errors="strict")


def _parted(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("\1")
    # In a value it is a sign like others.
    return name, value.replace("\1", "=")


def _pair(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return unescaped(name), unescaped(value)


def unescaped(piece: str) -> str:
    """A name or a value of a form without its escapes; bad ones stay as they are, bytes that are no UTF-8 are taken for Latin-1."""
    if "%" not in piece:
        return clean_text(piece.replace("+", " "))
    try:
        return unquote_plus(piece, errors="strict")
    except UnicodeDecodeError:
        return unquote_plus(piece, encoding="latin-1")
    except UnicodeEncodeError:
        return clean_text(unquote_plus(clean_text(piece)))


def fields_of(data: Value | Form) -> Form:
    """Data as a client encodes it into a form: a list under a name repeats the name, None is left out.

    Takes mappings and collections of pairs. A collection whose length is not known stays one part with a collection in it.
    """
    if isinstance(data, Form):
        return data
    parts: list[tuple[str, Value]] = []
    for name, value in pairs_of(data):
        if value is None:
            continue
        if isinstance(value, (list, tuple)) or (
            isinstance(value, Items) and all(m.count == ONE for m in value.members)
        ):
            parts.extend((name, member.value) for member in each(value) if member.value is not None)
        else:
            parts.append((name, value))
    return Form(tuple(parts))


def pairs_of(data: Value) -> Iterator[tuple[str, Value]]:
    """The names and values that code hands over as a form; a name that is not known is ``*``."""
    if isinstance(data, Object):
        yield from pairs_of(data.render())
    elif isinstance(data, dict):
        for key, value in data.items():
            yield text(key) or str(scalar(key)), value
    elif isinstance(data, Fields):
        for name, value in data.known:
            yield name, inherit(value, data.trail)
        if data.rest is not None:
            yield "*", data.rest
    elif isinstance(data, Either):
        branches = [tuple(pairs_of(inherit(option, data.trail))) for option in data.options if option is not ABSENT]
        yield from named_branches([*branches, ()] if ABSENT in data.options else branches)
    else:
        for value, count in each(data):
            pair = [member.value for member in each(value)]
            if len(pair) == 2:
                item = pair[1] if count == ONE else Items((Member(pair[1], count),))
                yield text(pair[0]) or "*", item


_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def form_values(form: Form, name: str, *, fold: bool = False) -> tuple[Value, ...]:
    """All values under ``name``, in order, also where it is written ``name[]``, ``name[3]`` or ``name[key]``.

    Some clients put an address into the brackets (``to[ann@example.com]``); it is a value like the others. ``fold`` ignores
    the case of names, and ``name`` then is in lower case.
    """
    values: list[Value] = []
    size = len(name)
    for other, value in form.parts:
        begins = other[:size].lower() if fold else other[:size]
        if begins != name:
            continue
        if len(other) == size:
            values.append(value)
        elif other[size] == "[":
            values.extend(inside for inside in _BRACKETS.findall(other[size:]) if "@" in inside)
            values.append(value)
    return tuple(values)


_AMPERSAND = re.compile("&")
_EQUALS = re.compile("=")


def form_with_holes(atoms: Sequence[Atom]) -> Form:
    """An urlencoded text with holes as a form; a hole in a name is written ``*``."""
    parts: list[tuple[str, Value]] = []
    for piece in split_atoms(_unfolded(atoms), _AMPERSAND):
        if not piece:
            continue
        name, *rest = split_atoms(piece, _EQUALS, 1)
        key = "".join("*" if (literal := literal_of(atom)) is None else literal for atom in name)
        value = [
            atom if (literal := literal_of(atom)) is None else same_way(atom, unescaped(literal))
            for pieces in rest
            for atom in pieces
        ]
        parts.append((unescaped(key), whole_text(value)))
    return Form(tuple(parts))


def _unfolded(atoms: Sequence[Atom]) -> list[Atom]:
    """The pieces, where a part that repeats whole parameters stands once and its values stand for all of them.

    ``"".join(f"&to[]={one}" for one in people)`` is ``&to[]=`` in front of as many values as there are people: the
    names of parameters are seen, and nobody is lost.
    """
    result: list[Atom] = []
    for atom in atoms:
        if not isinstance(atom, Repeat) or not _repeats_parameters(atom):
            result.append(atom)
            continue
        between = ["&"] if "&" in (atom.separator or "") else []
        inside = _unfolded(atoms_of(atom.value))
        result.extend([*between, *(_times(one, atom.count) for one in inside), *between])
    return result


def _repeats_parameters(repeat: Repeat) -> bool:
    """Whether what repeats holds the signs between or within parameters."""
    if "&" in (repeat.separator or ""):
        return True
    return any(
        _repeats_parameters(atom) if isinstance(atom, Repeat) else "&" in (literal_of(atom) or "")
        for atom in atoms_of(repeat.value)
    )


def _times(atom: Atom, count: Count) -> Atom:
    """A piece as it stands in so many rounds: a literal is the same in each, a hole is another one."""
    if literal_of(atom) is not None:
        return atom
    if isinstance(atom, Repeat):
        return Repeat(atom.value, atom.count * count, atom.separator)
    return Repeat(atom, count, ", ")


_STEPS: Final = 8  # levels of brackets that are followed


def nested(form: Form) -> dict[str, Value]:
    """A form as the data that it stands for: ``to[0][email]`` is an entry of a list, a name that repeats is a list."""
    root: dict[str, Any] = {}
    for name, value in form.parts:
        base, bracket, rest = name.partition("[")
        steps = _BRACKETS.findall(bracket + rest)[:_STEPS] if bracket and base else []
        holder, key = root, base if steps else name
        for step in steps:
            below = holder.get(key)
            if not isinstance(below, _Branch):
                below = _Branch() if below is None else _Branch({"": [below]})
                holder[key] = below
            holder, key = below, step
        before = holder.get(key)
        if isinstance(before, _Branch):
            holder, key = before, ""
            before = holder.get(key)
        if before is None:
            holder[key] = [value] if key == "" and steps else value
        else:
            holder[key] = [*(before if isinstance(before, list) else [before]), value]
    return {name: _grown(value) for name, value in root.items()}


class _Branch(dict[str, Any]):
    """What stands below a name with brackets."""


def _grown(value: Any) -> Value:
    if not isinstance(value, _Branch):
        whole: Value = value
        return whole
    if all(key == "" or key.isdigit() for key in value):
        members: list[Value] = []
        for key, item in value.items():
            grown = _grown(item)
            members.extend(grown if key == "" and isinstance(grown, list) else [grown])
        return members
    return {key: _grown(item) for key, item in value.items()}
