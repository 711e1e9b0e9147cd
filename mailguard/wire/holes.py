"""Texts with holes, as a list of pieces; and the JSON that is written in one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_values import read_json
from mailguard.model.count import ONE, Count
from mailguard.model.message import CannotTell
from mailguard.model.value import Items, Known, Member, Repeat, Text, Trail, Value, inherit

LAYERS: Final = 4  # encodings on top of each other; two are seen in the wild
Atom: TypeAlias = Value | Repeat
"""A piece of a text: a literal (``str`` or a :class:`Known` one) or a hole."""


def atoms_of(value: Value | Repeat) -> list[Atom]:
    """The pieces of a text in order, nested texts opened, literals side by side put together."""
    result: list[Atom] = []
    stack: list[Atom] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Text):
            trail = item.trail
            stack.extend(reversed([_inherited(part, trail) if trail else part for part in item.parts]))
        elif isinstance(item, str) and result and isinstance(result[-1], str):
            result[-1] += item
        else:
            literal = literal_of(item)
            result.append(item if literal is None or isinstance(item, (str, Known)) else literal)
    return result


def _inherited(part: Value | Repeat, trail: Trail) -> Value | Repeat:
    if isinstance(part, Repeat):
        return Repeat(inherit(part.value, trail), part.count, part.separator)
    return inherit(part, trail)


def literal_of(atom: Atom) -> str | None:
    """The text of a piece that is written, as text; None of a hole."""
    if isinstance(atom, Known):
        atom = atom.value
    if isinstance(atom, str):
        return atom
    if isinstance(atom, bytes):
        return decode_text(atom)
    if isinstance(atom, (int, float)):
        return str(atom)
    return None


def same_way(atom: Atom, literal: str) -> Atom:
    """A text in place of a piece, that came the way of the piece."""
    return Known(literal, atom.trail) if isinstance(atom, Known) and atom.trail else literal


def whole_text(atoms: Sequence[Atom], *, strip: bool = False) -> Value:
    """The text that the pieces make; the piece itself where there is only one."""
    pieces = list(atoms)
    if strip:
        for end in (0, -1):
            while pieces:
                literal = literal_of(pieces[end])
                if literal is None:
                    break
                stripped = literal.lstrip() if end == 0 else literal.rstrip()
                if stripped:
                    pieces[end] = same_way(pieces[end], stripped)
                    break
                del pieces[end]
    if not pieces:
        return ""
    if len(pieces) == 1 and not isinstance(pieces[0], Repeat):
        return pieces[0]
    return Text(tuple(pieces))


def split_atoms(atoms: Sequence[Atom], pattern: re.Pattern[str], most: int = 0) -> list[list[Atom]]:
    """The pieces between the places where ``pattern`` stands in a literal; at most ``most`` cuts (0: all)."""
    result: list[list[Atom]] = [[]]
    for atom in atoms:
        literal = literal_of(atom)
        if literal is None:
            result[-1].append(atom)
            continue
        left = most - len(result) + 1 if most else 0
        pieces = [literal] if most and left <= 0 else pattern.split(literal, maxsplit=left)
        for number, piece in enumerate(pieces):
            if number:
                result.append([])
            if piece:
                result[-1].append(same_way(atom, piece))
    return result


_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: in no text that a program writes
_HOLE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


def json_with_holes(atoms: Sequence[Atom]) -> Value | None:
    """JSON text whose values, or parts of whose strings, are holes; None if the holes hold structure."""
    holes: list[Atom] = []
    rounds: list[Count] = []
    pieces: list[str] = []
    inside = False  # a string literal of the JSON

    def write(items: Sequence[Atom]) -> bool:
        nonlocal inside
        for atom in items:
            literal = literal_of(atom)
            if literal is not None:
                if _OPEN in literal:
                    return False
                inside = _in_string(literal, inside)
                pieces.append(literal)
            elif isinstance(atom, Repeat) and not inside:
                # ",".join(...) over members that are JSON themselves
                rounds.append(atom.count)
                pieces.append(f'{{"{_OPEN}{len(rounds) - 1}": ')
                if not write(atoms_of(atom.value)) or inside:
                    return False
                pieces.append("}")
            else:
                holes.append(atom)
                mark = f"{_OPEN}{len(holes) - 1}{_CLOSE}"
                pieces.append(mark if inside else f'"{mark}"')
        return True

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return _filled(value, holes)
        if isinstance(value, dict):
            if len(value) == 1 and next(iter(value)).startswith(_OPEN):
                key, item = next(iter(value.items()))
                return Items((Member(fill(item), rounds[int(key[1:])]),))
            return {_HOLE.sub("*", key): fill(item) for key, item in value.items()}
        if isinstance(value, list):
            members: list[Member] = []
            for item in value:
                filled = fill(item)
                repeated = isinstance(item, dict) and len(item) == 1 and next(iter(item)).startswith(_OPEN)
                members.extend(filled.members if repeated else [Member(filled, ONE)])
            if all(member.count == ONE for member in members):
                return [member.value for member in members]
            return Items(tuple(members))
        return value

    if not write(atoms):
        return None
    value = read_json("".join(pieces))
    filled: Value = None if isinstance(value, CannotTell) else fill(value)
    return filled


def _in_string(literal: str, inside: bool) -> bool:
    quotes = len(re.findall(r'(?<!\\)(?:\\\\)*"', literal))
    return inside ^ bool(quotes % 2)


def _filled(value: str, holes: Sequence[Atom]) -> Value:
    pieces = _HOLE.split(value)
    if len(pieces) == 1:
        return value
    atoms: list[Atom] = [holes[int(piece)] if number % 2 else piece for number, piece in enumerate(pieces)]
    return whole_text([atom for atom in atoms if atom != ""])
