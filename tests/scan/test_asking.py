"""Callers of a function are run only where an argument of theirs can decide who reads a mail."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.model.count import MANY, ONE
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Parameter, Repeat, Text, Unknown
from mailguard.source.asking import Holders, Who, parameters_in, who_tells
from mailguard.source.roots import Runner

LEAVES = st.one_of(
    st.sampled_from([Known("a@example.com"), Unknown("user.email"), None, "text", 7]),
    st.builds(Parameter, st.sampled_from(["to", "people"]), st.sampled_from(["m:f", "m:C.__init__"])),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: Items(tuple(Member(one, ONE) for one in found))),
        st.lists(inner, max_size=3).map(lambda found: Text((*found, Repeat("x", MANY, ", ")))),
        st.lists(inner, min_size=1, max_size=3).map(lambda found: Text((Repeat(found[0], MANY, None),))),
        st.lists(inner, max_size=3).map(lambda found: Fields(tuple((f"k{at}", one) for at, one in enumerate(found)))),
        inner.map(lambda one: Fields((), rest=one)),
        inner.map(lambda one: Either((one, ABSENT))),
        st.lists(inner, max_size=3),
        inner.map(lambda one: {"key": one}),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(VALUES)
def test_every_parameter_is_found_wherever_it_stands(value: object) -> None:
    assert len(list(parameters_in(value))) == repr(value).count("Parameter(")


def test_who_tells_goes_by_the_people_and_not_by_the_text() -> None:
    holders = Holders(frozenset({"m:C.send"}), frozenset({"m:C.__init__"}), frozenset({"m:C"}))
    subject, people = Parameter("subject", "m:C.send"), Parameter("people", "m:C.__init__")
    call = SmtpTransaction(
        "smtp://x:25", "me@example.com", people, Fields((("Subject", subject), ("To", people), ("X-Other", subject)))
    )
    assert who_tells(call, holders) is Who.MAKERS
    # In a request people and text are not told apart here.
    assert (
        who_tells(HttpRequest("POST", "https://x", {}, {"to": people, "s": subject}), holders)
        == Who.MAKERS | Who.CALLERS
    )
    nobody = Parameter("people", "n:Other.__init__")
    assert who_tells(SmtpTransaction("", "", nobody, Fields(())), holders) is Who.NOBODY
    holders.guess(["n:Other", "n:Other.__init__"], Parameter("other", "m:C.send"))
    assert who_tells(SmtpTransaction("", "", nobody, Fields(())), holders) is Who.CALLERS


WATCH = """\
import smtplib
from email.mime.text import MIMEText


class Mailer:
    def __init__(self, people):
        self.people = people

    def tell_everybody(self, text, further):
        message = MIMEText(text)
        message["To"] = ", ".join([*self.people, further])
        smtplib.SMTP("localhost").send_message(message)


class Watch:
    def __init__(self, settings):
        self.mailers = settings.load()
        self.owner = settings.owner

    def handle_error(self, text):
        for mailer in self.mailers:
            mailer.tell_everybody(text, self.owner)

"""
STEPS = "".join(f"    def step_{number}(self, data):\n        self.handle_error(data.text)\n\n" for number in range(20))
USE = """\
from people import User
from watch import Mailer


def main():
    Mailer([user.email for user in User.objects.all()]).tell_everybody("x", "me@example.com")
"""


def test_those_who_only_report_an_error_are_not_asked_for_the_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "watch.py").write_text(WATCH + STEPS, encoding="utf-8")
    (tmp_path / "use.py").write_text(USE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked: list[str] = []
    run = Runner.run

    def counted(self, task):  # type: ignore[no-untyped-def]  # as the one that it stands for
        asked.append(task.root.symbol)
        return run(self, task)

    monkeypatch.setattr(Runner, "run", counted)
    report = gate.scan([tmp_path])
    assert [finding.rule for finding in report.findings] == ["joined-recipient-string"]
    assert "use:main" in asked
    assert not [symbol for symbol in asked if ".step_" in symbol]
