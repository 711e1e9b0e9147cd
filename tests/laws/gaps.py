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


GAPS: tuple[Gap, ...] = (
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
