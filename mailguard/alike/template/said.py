"""What texts say, whatever stands in their holes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from mailguard.alike.template.texts import Filling, Gap, Person, Text
from mailguard.model.links import Token

__all__ = ["Said", "said_by"]


def _token_for(number: int, longer: int) -> str:
    return f"t{number}k1n{'0aZ9' * (2 + 4 * longer)}"


def _filled(text: Text, groups: Mapping[tuple[str, ...], int], own: Sequence[str], longer: int) -> str:
    """A text with stand-ins in its holes."""
    pieces = []
    for item in text:
        match item:
            case str():
                pieces.append(item)
            case Person():
                pieces.append(item.written(own))
            case Gap(Filling.TOKEN, values):
                pieces.append(_token_for(groups[values], longer))
            case Gap(Filling.SHORT):
                pieces.append("7" * (1 + longer * 10))
            case Gap(Filling.RUN):
                pieces.append("Run-5" * (1 + longer * 10))
            case Gap(Filling.WORDS):
                pieces.append("Ann B. O'Lee, and (so) on!" if longer else "")
    return "".join(pieces)


@dataclass(frozen=True, slots=True)
class Said:
    """What the texts of a line say."""

    links: tuple[tuple[int, Token], ...]
    """For each link that may belong to one person the number of its token among ``tokens``; -1: the token is in all lines."""
    constant: frozenset[str]
    """Addresses, in their comparing form, that are in all lines."""
    tokens: tuple[tuple[str, ...], ...]
    """What stands in each hole with a token, in each of the lines."""


def said_by(
    texts: Sequence[tuple[Text, bool]],
    people: int,
    seen: Collection[int],
    found_in: Callable[[str], list[str]],
    tokens_in: Callable[[str], list[Token]],
) -> Said | None:
    """What texts say whatever stands in their holes; None where that differs, or somebody stands there who may not.

    Args:
        texts: the texts of a line, and whether links in them are looked at.
        people: how many addresses the line has.
        seen: which of these may stand in a text.
        found_in: the addresses in a text, in their comparing form.
        tokens_in: the tokens in its links.

    """
    groups: dict[tuple[str, ...], int] = {}
    for text, _ in texts:
        for item in text:
            if isinstance(item, Gap) and item.filling is Filling.TOKEN:
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
            expected = {item.place for item in text if isinstance(item, Person)}
            if not expected <= {mine[key] for key in found_in(whole) if key in mine}:
                return None
        answers.append(Said(tuple(links), frozenset(constant), tuple(groups)))
    return answers[0] if answers[0] == answers[1] else None
