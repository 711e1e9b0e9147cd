"""Programs that are known to break a law, and why: what the scanner does not see yet.

A gap excuses generated programs that match its pattern, for its laws. Each holds an example that breaks the law now;
when the example no longer does, a test says so and the gap is taken out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .agreement import Broken, Law
from .programs import Program

_IMPORTS = "from itertools import islice\nfrom django.core.mail import EmailMessage, send_mail\nfrom store import Subscriber, flag\n"
_ROWS = "x = [row.email for row in Subscriber.objects.all()]"


def _program(*lines: str, helpers: str = "", flags: tuple[str, ...] = ()) -> Program:
    body = "\n".join(f"    {line}" for line in (_ROWS, *lines))
    return Program(f"{_IMPORTS}\n\n{helpers}\n\ndef main():\n{body}\n", flags)


@dataclass(frozen=True)
class Gap:
    """One of them."""

    reason: str
    laws: tuple[Law, ...]
    patterns: tuple[str, ...]
    """What a program holds that may break the law for this reason; all of them."""
    example: Program

    def __str__(self) -> str:
        return self.reason


_CHUNKS = "def chunks(items, size):\n    for i in range(0, len(items), size):\n        yield items[i:i + size]"

_AT_MOST_ONE = r":1\]|!= 1:|> 1:|= \[a\]|break\n|= \[\]\n|, 1\):"
"""What leaves one member at most of a list."""

GAPS: tuple[Gap, ...] = (
    Gap(
        "a batch that a message of each pass holds grows although it is replaced",
        (Law.NO_FALSE_ALARM, Law.DECIDED),
        (r"(?s)(batch\d*) = \[\]\n.*\1 = \[\]\n",),
        _program(
            "batch = []",
            "for a in x:",
            "    batch.append(a)",
            '    message = EmailMessage("S", "B")',
            "    message.to = batch",
            "    message.send()",
            "    batch = []",
        ),
    ),
    Gap(
        "a text that was made of one is split into many",
        (Law.NO_FALSE_ALARM, Law.DECIDED),
        (_AT_MOST_ONE, r"\.split\("),
        _program("y = []", "for a in x:", "    y = [a]", 'send_mail("S", "B", None, ",".join(y).split(","))'),
    ),
    Gap(
        "a loop over a chunk of one that a helper yields collects many",
        (Law.NO_FALSE_ALARM,),
        (r"def chunks\(", r", 1\):", r"for each in chunk:"),
        _program(
            "for chunk in chunks(x, 1):",
            '    message = EmailMessage("S", "B")',
            "    for each in chunk:",
            "        message.to.append(each)",
            "    message.send()",
            helpers=_CHUNKS,
        ),
    ),
    Gap(
        "a chunk of one of a list from two sources holds one of each",
        (Law.NO_FALSE_ALARM, Law.DECIDED),
        (r", 1\):",),
        _program(
            'y = [*x, "eve@example.com"]',
            "for chunk in chunks(y, 1):",
            '    send_mail("S", "B", None, list(chunk))',
            helpers=_CHUNKS,
        ),
    ),
    Gap(
        "one member of an iterator at a time is a batch",
        (Law.NO_FALSE_ALARM,),
        (r"islice\(\w+, 1\)",),
        _program("rest = iter(x)", "while batch := list(islice(rest, 1)):", '    send_mail("S", "B", None, batch)'),
    ),
    Gap(
        "the members of two branches are added up",
        (Law.DECIDED,),
        (r"if flag\(",),
        _program(
            'y = ["ann@example.com"] if flag("a") else ["bob@example.com"]',
            'send_mail("S", "B", None, list(y))',
            flags=("a",),
        ),
    ),
    Gap(
        "a loop over two queries of one model meets the people of one",
        (Law.CONTAINED,),
        (r"for \w+ in ", r"Subscriber\.objects\.(?:first|get)\("),
        _program(
            "one = Subscriber.objects.first().email",
            'y = Subscriber.objects.values_list("email", flat=True)',
            "for a in [one] + list(y):",
            '    EmailMessage("S", "B", to=[one], cc=[a]).send()',
        ),
    ),
)


def excused(program: Program, broken: Broken) -> bool:
    """Whether a program breaks a law for a reason that is known."""
    return any(
        broken.law in gap.laws and all(re.search(pattern, program.text) for pattern in gap.patterns) for gap in GAPS
    )
