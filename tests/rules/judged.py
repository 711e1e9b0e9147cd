"""Messages to judge, and what is asked of a judgement."""

from __future__ import annotations

import string

from hypothesis import settings
from hypothesis import strategies as st

from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, ZERO, Count, exactly
from mailguard.model.message import Field, Mention, Message, Recipient, Trait
from mailguard.model.place import Place
from mailguard.model.value import Origin, Step, StepKind
from mailguard.rulebook.judging import Judgement, judge
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Policy, chosen
from mailguard.rulebook.rules import Cause

ALL = tuple(rule.id for rule in load_rules())
POLICY = Policy(frozenset({"inside.example"}), chosen(load_rules()))
EVERYTHING = Policy(frozenset({"inside.example"}), chosen(load_rules(), select=ALL))

LAW = settings(max_examples=100, deadline=None)

DOMAINS = ("example.com", "example.net", "inside.example", "mail.inside.example")

written = st.builds(
    lambda name, domain: Recipient(f"{name}@{domain}", origin=Origin.WRITTEN),
    st.sampled_from(string.ascii_lowercase[:8]),
    st.sampled_from(DOMAINS),
)


def trails(kinds: list[StepKind]) -> tuple[Step, ...]:
    return tuple(Step(kind, Place("mailer.py", line), "") for line, kind in enumerate(kinds, 1))


read = st.builds(
    lambda count, origin, kinds, label: Recipient(
        None, count=count, origin=origin, trail=trails(kinds), label=label, parameter=count is OPEN
    ),
    st.sampled_from([ONE, OPTIONAL, OPEN, MANY, ANY, exactly(3), Count(0, 2, 5)]),
    st.sampled_from(list(Origin)),
    st.lists(st.sampled_from(list(StepKind)), max_size=4),
    st.sampled_from(["", "user.email", "s.email", "to"]),
)
people = st.lists(written | read, max_size=4).map(tuple)
messages = st.builds(
    Message,
    to=people,
    cc=people,
    bcc=people,
    transmitted_bcc=people,
    reply_to=people,
    traits=st.frozensets(st.sampled_from(list(Trait)), max_size=2),
    mentions=st.lists(st.builds(Mention, st.sampled_from(list(Field)), written), max_size=2).map(tuple),
    hidden=st.sampled_from([ZERO, ONE, MANY]),
)


def by_cause(judgements: tuple[Judgement, ...]) -> dict[Cause, Judgement]:
    return {one.rule.cause: one for one in judgements}


def visible(message: Message, policy: Policy = POLICY) -> Judgement | None:
    return by_cause(judge(message, policy)).get(Cause.VISIBLE)


def rule_of(message: Message) -> str:
    judgement = visible(message)
    assert judgement is not None
    return judgement.rule.id


def lists(*kinds: StepKind, detail: str = "") -> Recipient:
    steps = [Step(kind, Place("mailer.py", 3), detail if kind is StepKind.BATCHED else "") for kind in kinds]
    return Recipient(None, count=MANY, origin=Origin.QUERIED, trail=tuple(steps), label="s.email")


ANN, BOB, EVE = (
    Recipient(address, origin=Origin.WRITTEN) for address in ("ann@example.com", "bob@example.net", "eve@example.org")
)
DESK = Recipient("desk@inside.example", origin=Origin.WRITTEN)
SETTING = Recipient(None, origin=Origin.CONFIGURED, label="settings.SUPPORT")
