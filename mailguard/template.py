"""A template: a line of a log that is the same for many readers but for what belongs to each of them.

A newsletter goes out a million times with another address, name and token in it. Some lines that came to the same are laid
side by side; what differs is a hole, what is the same stands in the template as it is written. A line fits if it is the
template with something in the holes that may stand there: a plain address, a plain name, words in which nothing can hide,
the token of a link. What stands in several holes of each of the lines has to stand in all of them; so most of a line is
compared with what was put together from the first holes.

What a line that fits says about people and links is not worked out here: texts with stand-ins in the holes are given to the
functions that look into texts (:func:`cut` takes them), twice, with others in them; only where both say the same is there
a template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mailguard.model.links import DRAWN, URL, Token, is_drawn
from mailguard.outline import FormlessError
from mailguard.stencil import ADDRESS, INTEGER, NAME, NUMBER, OUTER, TEXT, Kind, by_number, kinds_of, split

__all__ = ["Sample", "Template", "cut"]

_LONGEST: Final = 1 << 16
"""Characters of a text that is compared with others."""
_FAR: Final = 400
"""Characters that differ, at most, before two texts go on as one."""
_PROBE: Final = 20
"""So many have to be the same again."""
_HOLES: Final = 400
_ALIKE: Final = 64
"""Signs of a text that is compared with others though nobody looks into it."""
_PEOPLE: Final = 64
"""Addresses of a line of which there is a template."""

_TOKEN: Final = rb"[A-Za-z0-9_-]{12,256}"
_SHORT: Final = rb"(?:[0-9]{1,19}(?![A-Za-z0-9_-])|(?!secret-)[A-Za-z0-9_-]{1,11})"
"""What is no token of a link."""
_RUN: Final = rb"[A-Za-z0-9_-]{1,256}"
"""A word outside of links."""
_WORDS: Final = rb"(?:[A-Za-z0-9 ,.'()!_\x80-\xee\xf0-\xff-]|" + by_number(1) + rb"|" + by_number(2) + rb"){0,200}?"
"""Words of a text, up to what follows them."""
_WORD_TEXT: Final = re.compile(r"[A-Za-z0-9 ,.'()!_\u0080-\ufeff-]{0,200}")


@dataclass(frozen=True, slots=True)
class Sample:
    """A line that came to what the others of its kind did."""

    line: bytes
    body: str
    addresses: tuple[str, ...]
    """The addresses in it, in order."""


@dataclass(slots=True)
class _Hole:
    """What differs from line to line."""

    pattern: bytes
    """What may stand there, as a regular expression over the line."""
    values: tuple[bytes, ...]
    """What stands there in each sample, as the line writes it."""
    strict: int
    """Of two holes that are always filled alike the one with the larger number decides what may stand there."""
    alone: bool = False
    """Whether no other hole is filled alike."""
    lazy: bool = False
    """Whether the pattern may go on into what follows."""


_Item = bytes | _Hole


class Template:
    """A line with holes; see the module."""

    __slots__ = (
        "_before",
        "_holes",
        "_line",
        "_match",
        "_once",
        "_order",
        "cleared",
        "constant",
        "keys",
        "links",
        "of",
        "people",
        "pins",
        "plan",
        "rest",
        "tokens",
    )

    def __init__(
        self, before: bytes, pattern: re.Pattern[bytes], holes: Sequence[int], line: bytes, order: Sequence[int]
    ) -> None:
        """Begin a template.

        Args:
            before: what stands in front of the first hole.
            pattern: finds what is in the holes of a line that fits, from there up to the last hole; of another line it finds anything or nothing.
            holes: the groups of these.
            line: the line as it has to be, with ``%b`` in the places of holes.
            order: the groups that these have.

        """
        self._before = before
        self._match = pattern.match
        self._holes = tuple(holes)
        self._line = line
        self._order = tuple(order)
        self._once = len(self._order) > 1 and self._order == self._holes
        self.keys: list[str] = []
        """The addresses of the line that are always the same, in their comparing form; empty for the others."""
        self.people: tuple[tuple[int, int], ...] = ()
        """For each of the others where it stands among them all, and its hole."""
        self.constant: frozenset[str] = frozenset()
        """Addresses in the texts, in their comparing form, that are in all lines."""
        self.links: tuple[tuple[int, Token], ...] = ()
        """For each link that may belong to one person the hole with its token; -1: the token is in all lines."""
        self.tokens: tuple[int, ...] = ()
        """The holes with tokens."""
        self.of: Any = None
        """What is known of lines that fit."""
        self.pins: object = None
        """The texts that mattered when this was made."""
        self.rest: object = None
        """Who is the same, and who is inside."""
        self.plan: Any = None
        """What a memory is told of the links."""
        self.cleared: object = None
        """The memory that has all of ``constant``."""

    def values(self, line: bytes) -> tuple[bytes, ...] | None:
        """What stands in the holes of a line; None for one that does not fit."""
        before = self._before
        if not line.startswith(before):
            return None
        match = self._match(line, len(before))
        # Where the holes end is told by what is in them; whether the rest is as it has to be, by all of it at once.
        if match is None or self._line % (found := match.group(*self._order)) != line:
            return None
        values: tuple[bytes, ...] = found if self._once else match.group(*self._holes, 0)[:-1]
        for place in self.tokens:
            if _drawn(values[place]) is None:
                return None
        return values


_drawn: Final = DRAWN.search


# --- Texts side by side --------------------------------------------------------------------------


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "_~-"


def _differing(one: str, other: str) -> list[tuple[int, int]] | None:
    """Where ``one`` differs from ``other``, in whole words; None where they have little in common."""
    one, other = one + "\0" * (_PROBE + 1), other + "\0" * (_PROBE + 1)
    here = there = 0
    spans: list[tuple[int, int]] = []
    while True:
        step = 256
        while step:
            while one[here : here + step] == other[there : there + step]:
                if here >= len(one):
                    return spans
                here, there = here + step, there + step
            step //= 4
        # Back to where the word begins, but not into what differed before.
        least = spans[-1][1] if spans else 0
        while here > least and _is_word(one[here - 1]):
            here, there = here - 1, there - 1
        for far in range(_FAR):
            start = here + far
            if _is_word(one[start - 1 : start] or " ") and _is_word(one[start : start + 1] or " "):
                continue  # inside a word
            probe = one[start : start + _PROBE]
            found = other.find(probe, there, there + far + _FAR) if len(probe) == _PROBE else -1
            if found >= 0 and not (found > there and _is_word(other[found - 1]) and _is_word(other[found])):
                spans.append((here, start))
                here, there = start, found
                break
        else:
            return None
        if len(spans) > _HOLES:
            return None


def _together(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that do not touch each other, in order."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _fillings(literals: Sequence[str], text: str) -> list[str] | None:
    """What stands between ``literals`` in a text."""
    if not text.startswith(literals[0]):
        return None
    at, found = len(literals[0]), []
    for place, literal in enumerate(literals[1:], 1):
        last = place == len(literals) - 1
        start = (
            len(text) - len(literal) if last and text.endswith(literal) else text.find(literal, at) if literal else -1
        )
        if start < at:
            return None
        found.append(text[at:start])
        at = start + len(literal)
    return found if at == len(text) else None


_OWN: Final = 0xE000
"""Signs that stand for the addresses of a line in its texts, and from 64 on for these with ``%40``."""
_OWNS: Final = re.compile("[\ue000-\ue07f]")
_BEFORE: Final = frozenset(" \n\t>(,;\"'")
_BEHIND: Final = frozenset(" \n\t<),;!?\"'.")


@dataclass(frozen=True, slots=True)
class _Part:
    """A hole in a text."""

    kind: str
    """``token``, ``short``, ``run``, ``words``."""
    values: tuple[str, ...]


_Text = list["str | _Part | int"]
"""A text: what is always there, holes, and the addresses of the line, from 64 on with ``%40``."""


def _text(texts: Sequence[str], people: Sequence[Sequence[str]]) -> _Text | None:
    """What some texts have in common; None where that cannot be told."""
    if max(map(len, texts)) > _LONGEST or any(_OWNS.search(text) for text in texts):
        return None
    marked = []
    for text, own in zip(texts, people, strict=True):
        for place in sorted(range(len(own)), key=lambda place, own=own: -len(own[place])):  # type: ignore[misc]  # bound now
            if "@" in text:
                text = text.replace(own[place], chr(_OWN + place))  # noqa: PLW2901  # the same one, marked
            if "%40" in text:
                text = text.replace(own[place].replace("@", "%40"), chr(_OWN + _PEOPLE + place))  # noqa: PLW2901
        marked.append(text)
    first = marked[0]
    spans: list[tuple[int, int]] = []
    for other in marked[1:]:
        found = _differing(first, other)
        if found is None:
            return None
        spans += found
    spans = _together(spans)
    literals, at = [], 0
    for start, end in spans:
        literals.append(first[at:start])
        at = end
    literals.append(first[at:])
    columns = [_fillings(literals, text) for text in marked]
    links = [match.span(1) for match in URL.finditer(first)]
    result: _Text = []
    for place, literal in enumerate(literals):
        result += [
            ord(piece) - _OWN if _OWNS.fullmatch(piece) else piece
            for piece in re.split("([\ue000-\ue07f])", literal)
            if piece
        ]
        if place == len(spans):
            break
        values = tuple([column[place] if column is not None else "\0" for column in columns])
        start, end = spans[place]
        before, behind = first[start - 1 : start], first[end : end + 1]
        if any(one <= start and end <= other for one, other in links):
            if _is_word(before or "-") or _is_word(behind or " "):
                return None
            if all(re.fullmatch(_TOKEN.decode(), value) and is_drawn(value) for value in values):
                result.append(_Part("token", values))
            elif all(re.fullmatch(_SHORT.decode(), value) for value in values):
                result.append(_Part("short", values))
            else:
                return None
        elif (
            (not before or before in _BEFORE)
            and (not behind or behind in _BEHIND)
            and all(_WORD_TEXT.fullmatch(value) and not _OWNS.search(value) for value in values)
        ):
            result.append(_Part("words", values))
        elif (
            not _is_word(before or " ")
            and before in ("=", "#", *_BEFORE)
            and (not behind or behind in _BEHIND or behind in ("&", ">"))
            and all(re.fullmatch(_RUN.decode(), value) for value in values)
        ):
            result.append(_Part("run", values))
        else:
            return None
    return result


# --- What texts say ------------------------------------------------------------------------------


def _token_for(number: int, longer: int) -> str:
    return f"t{number}k1n{'0aZ9' * (2 + 4 * longer)}"


def _filled(text: _Text, groups: Mapping[tuple[str, ...], int], own: Sequence[str], longer: int) -> str:
    """A text with stand-ins in its holes."""
    pieces = []
    for item in text:
        match item:
            case str():
                pieces.append(item)
            case int():
                pieces.append(own[item] if item < _PEOPLE else own[item - _PEOPLE].replace("@", "%40"))
            case _Part(kind="token"):
                pieces.append(_token_for(groups[item.values], longer))
            case _Part(kind="short"):
                pieces.append("7" * (1 + longer * 10))
            case _Part(kind="run"):
                pieces.append("Run-5" * (1 + longer * 10))
            case _:
                pieces.append("Ann B. O'Lee, and (so) on!" if longer else "")
    return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Said:
    links: tuple[tuple[int, Token], ...]
    constant: frozenset[str]


def _said(
    texts: Sequence[tuple[_Text, bool]],
    people: int,
    seen: Collection[int],
    found_in: Callable[[str], list[str]],
    tokens_in: Callable[[str], list[Token]],
) -> tuple[_Said, dict[tuple[str, ...], int]] | None:
    """What texts say whatever stands in their holes: the links, and the addresses; None where that differs."""
    groups: dict[tuple[str, ...], int] = {}
    for text, _ in texts:
        for item in text:
            if isinstance(item, _Part) and item.kind == "token":
                groups.setdefault(item.values, len(groups))
    answers = []
    for longer in (0, 1):
        own = [f"q{place}{'.x' * longer}.twin@q{place}{'.y' * longer}.example" for place in range(people)]
        named = {hash(_token_for(number, longer)): number for number in groups.values()}
        mine = {person: place for place, person in enumerate(own)}
        links: list[tuple[int, Token]] = []
        constant: set[str] = set()
        for text, running in texts:
            whole = _filled(text, groups, own, longer)
            for key in found_in(whole):
                if key not in mine:
                    constant.add(key)
                elif mine[key] not in seen:
                    return None
            for one in tokens_in(whole) if running else ():
                number = named.get(one.token, -1)
                links.append((number, one if number < 0 else Token(0, one.slot, one.named)))
            expected = {item % _PEOPLE for item in text if isinstance(item, int)}
            if not expected <= {mine[key] for key in found_in(whole) if key in mine}:
                return None
        answers.append(_Said(tuple(links), frozenset(constant)))
    return (answers[0], groups) if answers[0] == answers[1] else None


# --- The line ------------------------------------------------------------------------------------


def cut(
    samples: Sequence[Sample],
    form: Sequence[Any],
    pinned: Sequence[bool],
    headers: int,
    heard: Mapping[int, bool],
    seen: Collection[int],
    found_in: Callable[[str], list[str]],
    tokens_in: Callable[[str], list[Token]],
) -> Template | None:
    """The template of some lines; None where they have too little in common, or are written in an unusual way.

    Args:
        samples: lines with a method, a URL, headers and a body, of one form.
        form: that form, from :func:`~mailguard.outline.lay`.
        pinned: for each text of the headers and then of the body whether it matters; such ones are the same in all.
        headers: how many headers there are.
        heard: the texts of the body in which addresses or links may stand, and whether they are running ones.
        seen: which of the addresses may stand in these.
        found_in: the addresses in a text.
        tokens_in: the tokens in its links.

    """
    people = [sample.addresses for sample in samples]
    if len(people[0]) > _PEOPLE:
        return None
    lines = [split(sample.line.decode("latin-1")) for sample in samples]
    if len({len(line) for line in lines}) != 1:
        return None
    texts: dict[int, _Text] = {}
    holes: dict[int, _Hole] = {}
    items: list[_Item] = []
    depth, key, header = 0, "", 0
    for place, tokens in enumerate(zip(*lines, strict=True)):
        token = tokens[0]
        same = all(other == token for other in tokens)
        raw = token.encode("latin-1")
        if token[0] == '"':
            if place + 1 < len(lines[0]) and lines[0][place + 1].lstrip(" \t\r\n")[:1] == ":":
                if depth == 1:
                    key = json.loads(token)
                if not same:
                    return None
                items.append(raw)
                continue
            matters = key in ("method", "url", "status")
            if depth == 2:
                matters = pinned[header]
                header += 1
            elif key == "body":
                inner = _body(
                    samples,
                    [one.encode("latin-1") for one in tokens],
                    form,
                    pinned[headers:],
                    heard,
                    people,
                    texts,
                    holes,
                )
                if inner is None:
                    return None
                items += inner
                continue
            if same:
                items.append(raw)
            elif matters:
                return None
            else:
                items += [
                    b'"',
                    _Hole(OUTER, tuple([one.encode("latin-1")[1:-1] for one in tokens]), 0, alone=True),
                    b'"',
                ]
        elif same:
            depth += token.count("{") - token.count("}") if token[0] not in "-0123456789" else 0
            items.append(raw)
        elif all(one[0] in "-0123456789" for one in tokens) and depth == 1 and key != "status":
            items.append(_Hole(NUMBER, tuple([one.encode() for one in tokens]), 0, alone=True))
        else:
            return None
    if header != headers or len(texts) != len(heard):
        return None
    return _template(
        samples, items, [(texts[place], heard[place]) for place in sorted(texts)], holes, seen, found_in, tokens_in
    )


def _body(
    samples: Sequence[Sample],
    tokens: Sequence[bytes],
    form: Sequence[Any],
    pinned: Sequence[bool],
    heard: Mapping[int, bool],
    people: Sequence[Sequence[str]],
    texts: dict[int, _Text],
    holes: dict[int, _Hole],
) -> list[_Item] | None:
    """The bodies, as the lines write them; fills ``texts``, and ``holes`` for addresses."""
    ascii_only = all(token.isascii() for token in tokens)
    for sample, token in zip(samples, tokens, strict=True):
        if token != json.dumps(sample.body, ensure_ascii=ascii_only).encode():
            return None
    bodies = [split(sample.body) for sample in samples]
    if len({len(body) for body in bodies}) != 1:
        return None
    try:
        kinds = [kinds_of(sample.body, form) for sample in samples]
    except FormlessError:
        return None
    if any(one != kinds[0] for one in kinds) or kinds[0] is None:
        return None

    def written(text: str) -> bytes:
        """Part of the body, as the line writes it."""
        return json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode()

    items: list[_Item] = [b'"']
    for place, column in enumerate(zip(*bodies, strict=True)):
        kind, number = kinds[0].get(place, (Kind.FIXED, 0))
        same = all(other == column[0] for other in column)
        if kind is Kind.TEXT and number in heard and not pinned[number]:
            inner = _heard(column, people, written)
            if inner is None:
                return None
            texts[number] = inner[0]
            items += inner[1]
        elif same:
            items.append(written(column[0]))
        elif kind is Kind.PERSON:
            values = tuple([written(one[1:-1]) for one in column])
            hole = holes[number] = _Hole(ADDRESS, values, 6)
            items += [written('"'), hole, written('"')]
        elif kind is Kind.NAMED:
            parts = [json.loads(one).rstrip(">").rpartition("<") for one in column]
            if any("\\" in one for one in column):
                return None
            items += [
                written('"'),
                _Hole(rb"[A-Za-z][A-Za-z0-9 .'-]{0,100}", tuple([one[0].encode() for one in parts]), 0, alone=True),
            ]
            hole = holes[number] = _Hole(ADDRESS, tuple([one[2].encode() for one in parts]), 6)
            items += [b"<", hole, b">" + written('"')]
        elif kind is Kind.NAME:
            items += [written('"'), _Hole(NAME, tuple([written(one[1:-1]) for one in column]), 1), written('"')]
        elif kind is Kind.TEXT and not pinned[number] and number not in heard and (quiet := _quiet(column, written)):
            items += quiet
        elif kind is Kind.TEXT and not pinned[number] and number not in heard:
            items += [
                written('"'),
                _Hole(TEXT, tuple([written(one[1:-1]) for one in column]), 0, alone=True),
                written('"'),
            ]
        elif kind is Kind.INTEGER and not pinned[number] and all(re.fullmatch(INTEGER, one.encode()) for one in column):
            items.append(_Hole(INTEGER, tuple([one.encode() for one in column]), 0, alone=True))
        else:
            return None
    items.append(b'"')
    return items


_STRICT: Final = {"token": (_TOKEN, 5), "short": (_SHORT, 4), "run": (_RUN, 3)}


def _heard(
    column: Sequence[str], people: Sequence[Sequence[str]], written: Callable[[str], bytes]
) -> tuple[_Text, list[_Item]] | None:
    """Texts of the body in which addresses or links may stand: what they have in common, and that as the line writes it."""
    decoded = [json.loads(token) for token in column]
    text = _text(decoded, people)
    if text is None:
        return None
    ascii_only = column[0].isascii()

    def inner(piece: str) -> bytes:
        return written(json.dumps(piece, ensure_ascii=ascii_only)[1:-1])

    items: list[_Item] = [written('"')]
    for item in text:
        match item:
            case str():
                items.append(inner(item))
            case int():
                own = [mine[item % _PEOPLE] for mine in people]
                own = own if item < _PEOPLE else [one.replace("@", "%40") for one in own]
                items.append(_Hole(b"", tuple([one.encode() for one in own]), -1))
            case _Part(kind="words"):
                items.append(_Hole(_WORDS, tuple([inner(one) for one in item.values]), 2, lazy=True))
            case _:
                pattern, strict = _STRICT[item.kind]
                items.append(_Hole(pattern, tuple([one.encode() for one in item.values]), strict))
    items.append(written('"'))
    # A line that writes its texts in another way has another template.
    for number, token in enumerate(column):
        again = b"".join([item if isinstance(item, bytes) else item.values[number] for item in items])
        if again != written(token):
            return None
    return text, items


def _quiet(column: Sequence[str], written: Callable[[str], bytes]) -> list[_Item]:
    """Texts that nobody looks into, as the line writes them, if they have most in common; else nothing.

    What may stand in the holes of a text outside of its links, and beside them, cannot make part of what would have to be looked into.
    """
    if min(map(len, column)) < _ALIKE or any("/" in token and "://" in json.loads(token) for token in column):
        return []
    found = _heard(column, [()] * len(column), written)
    if found is None or sum(isinstance(item, bytes) for item in found[1]) < 2:
        return []
    return found[1]


def _joined(items: Sequence[_Item]) -> Iterator[_Item]:
    """The same with nothing that is fixed beside something else that is."""
    fixed: list[bytes] = []
    for item in items:
        if isinstance(item, bytes):
            fixed.append(item)
        else:
            yield b"".join(fixed)
            fixed = []
            yield item
    yield b"".join(fixed)


def _template(
    samples: Sequence[Sample],
    items: Sequence[_Item],
    texts: Sequence[tuple[_Text, bool]],
    holes: Mapping[int, _Hole],
    seen: Collection[int],
    found_in: Callable[[str], list[str]],
    tokens_in: Callable[[str], list[Token]],
) -> Template | None:
    said = _said(texts, len(samples[0].addresses), seen, found_in, tokens_in)
    if said is None:
        return None
    strictest: dict[object, _Hole] = {}
    for item in items:
        if isinstance(item, _Hole) and item.strict >= 0 and not item.alone:
            known = strictest.get(item.values)
            if known is None or known.strict < item.strict:
                strictest[item.values] = item
    numbers: dict[object, int] = {}
    writer = _Writer()
    for item in _joined(items):
        if isinstance(item, bytes):
            writer.fixed(item)
            continue
        group: object = id(item) if item.alone else item.values
        again, changed = numbers.get(group), False
        if again is None and item.strict < 0:
            plain = tuple([value.replace(b"%40", b"@") for value in item.values])
            again, changed = numbers.get(plain) if plain != item.values else None, True
            if again is None and item.values not in strictest:
                return None
        if again is not None:
            if not writer.again(again, changed=changed):
                return None
            continue
        numbers[group] = len(numbers)
        writer.hole(item if item.alone else strictest[item.values])
    template = writer.template()
    if template is None:
        return None
    everybody = range(len(samples[0].addresses))
    template.keys = ["" if place in holes else samples[0].addresses[place].lower() for place in everybody]
    template.people = tuple([(place, numbers[holes[place].values]) for place in everybody if place in holes])
    template.constant = said[0].constant
    by_group = {number: numbers[tuple([value.encode() for value in values])] for values, number in said[1].items()}
    template.links = tuple([(by_group.get(number, -1), one) for number, one in said[0].links])
    template.tokens = tuple(sorted({number for number, _ in template.links if number >= 0}))
    # What does not fit itself fits nobody.
    return template if all(template.values(sample.line) is not None for sample in samples) else None


_IN_PARTS: Final = b"(?P<localNUMBER>" + ADDRESS[1:-1].replace(b"@", b")@(?P<domainNUMBER>", 1) + b")"


class _Writer:
    """Writes a template from its first sign to its last."""

    def __init__(self) -> None:
        self._pattern: list[bytes] = []
        self._line: list[bytes] = []
        self._order: list[int] = []
        self._groups: list[int] = []
        self._count = 0
        self._addresses: set[int] = set()
        self._lazy: _Hole | None = None
        """A hole that ends where what follows begins."""
        self._found = 0
        """How much of the pattern is up to the last hole."""

    def fixed(self, piece: bytes) -> None:
        """What is the same in all lines."""
        self._line.append(piece.replace(b"%", b"%%"))
        if self._lazy is not None:
            self._close(piece[:16])
        if self._groups and piece:
            self._pattern.append(b".{%d}" % len(piece))

    def _close(self, following: bytes) -> None:
        if self._lazy is not None:
            self._add(self._lazy.pattern + b"(?=" + re.escape(following) + b")" if following else b"(?!)")
            self._lazy = None

    def _add(self, pattern: bytes) -> None:
        """Add a hole. Once it is found it stays as long as it is."""
        self._count += 1
        self._groups.append(self._count)
        self._pattern.append(b"(?=(?P<h%d>%b))(?P=h%d)" % (self._count, pattern, self._count))
        self._count += re.compile(pattern).groups
        self._found = len(self._pattern)

    def hole(self, hole: _Hole) -> None:
        """What differs from line to line."""
        self._close(b"")
        self._line.append(b"%b")
        self._order.append(self._count + 1)
        if hole.lazy:
            self._lazy = hole
            return
        if hole.pattern == ADDRESS:
            self._addresses.add(len(self._groups))
        self._add(_IN_PARTS.replace(b"NUMBER", b"%d" % (self._count + 1)) if hole.pattern == ADDRESS else hole.pattern)

    def again(self, number: int, *, changed: bool) -> bool:
        """What stands in an earlier hole, perhaps with ``%40`` in it; whether that can be told."""
        self._close(b"")
        first = self._groups[number]
        if not changed:
            self._line.append(b"%b")
            self._order.append(first)
            self._pattern.append(b"(?P=h%d)" % first)
            return True
        if number not in self._addresses:
            return False
        self._line.append(b"%b%%40%b")
        self._order += [first + 1, first + 2]
        self._pattern.append(b"(?P=local%d)%%40(?P=domain%d)" % (first, first))
        return True

    def template(self) -> Template | None:
        """The template; None for one without holes."""
        self._close(b"")
        if not self._groups:
            return None
        before = self._line[0].replace(b"%%", b"%")
        pattern = re.compile(b"".join(self._pattern[: self._found]), re.DOTALL)
        return Template(before, pattern, self._groups, b"".join(self._line), self._order)
