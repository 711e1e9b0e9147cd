"""Programs that are known to break a law, and why: what the scanner does not see yet.

A gap excuses generated programs that match its pattern, for its one law. Each holds an example that breaks the law now;
when the example no longer does, a test says so and the gap is taken out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .agreement import Broken, Law
from .programs import Program

_IMPORTS = "from itertools import islice\nfrom django.core.mail import send_mail\nfrom store import Subscriber\n"
_ROWS = "x = [row.email for row in Subscriber.objects.all()]"


def _program(*lines: str, helpers: str = "") -> Program:
    body = "\n".join(f"    {line}" for line in (_ROWS, *lines))
    return Program(f"{_IMPORTS}\n\n{helpers}\n\ndef main():\n{body}\n")


@dataclass(frozen=True)
class Gap:
    """One of them."""

    reason: str
    law: Law
    patterns: tuple[str, ...]
    """What a program holds that may break the law for this reason; all of them."""
    example: Program

    def __str__(self) -> str:
        return self.reason


_CHUNKS = "def chunks(items, size):\n    for i in range(0, len(items), size):\n        yield items[i:i + size]"

_AT_MOST_ONE = r":1\]|!= 1:|> 1:|= \[a\]|break\n|= \[\]\n"
"""What leaves one member at most of a list."""

GAPS: tuple[Gap, ...] = (
    Gap(
        "one member of an iterator at a time is a batch",
        Law.NO_FALSE_ALARM,
        (r"islice\(\w+, 1\)",),
        _program("rest = iter(x)", "while batch := list(islice(rest, 1)):", '    send_mail("S", "B", None, batch)'),
    ),
    Gap(
        "a copy of a list that is rebound in a loop holds one",
        Law.NOTHING_MISSED,
        (r"(\w+) = \1 \+ ",),
        _program("y = []", "for a in x:", "    y = y + [a]", 'send_mail("S", "B", None, list(y))'),
    ),
    Gap(
        "a batch that is replaced at the end of each pass grows",
        Law.NO_FALSE_ALARM,
        (r"(?s)(batch\d*) = \[\]\n.*\1 = \[\]\n",),
        _program(
            "batch = []", "for a in x:", "    batch.append(a)", '    send_mail("S", "B", None, batch)', "    batch = []"
        ),
    ),
    Gap(
        "a loop over one member at most collects many",
        Law.NO_FALSE_ALARM,
        (_AT_MOST_ONE, r"\bfor "),
        _program("batch = []", "for a in x[:1]:", "    batch.append(a)", 'send_mail("S", "B", None, batch)'),
    ),
    Gap(
        "what dict.fromkeys leaves may be longer than before",
        Law.NO_FALSE_ALARM,
        (_AT_MOST_ONE, r"dict\.fromkeys"),
        _program('send_mail("S", "B", None, list(dict.fromkeys(x[:1])))'),
    ),
    Gap(
        "a chunk helper over a written list yields its last chunk only",
        Law.CONTAINED,
        (r"def chunks\(",),
        _program(
            "for chunk in chunks(['a@example.com', 'b@example.com', 'c@example.com'], 2):",
            '    send_mail("S", "B", None, chunk)',
            helpers=_CHUNKS,
        ),
    ),
)


def excused(program: Program, broken: Broken) -> bool:
    """Whether a program breaks a law for a reason that is known."""
    return any(
        gap.law is broken.law and all(re.search(pattern, program.text) for pattern in gap.patterns) for gap in GAPS
    )
