"""The neck: what findings, inventory and ledger come to, and how they hold together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mailguard
from mailguard.config import Settings
from mailguard.gate.callers import has_parameter
from mailguard.model.finding import Certainty, Report, Severity, Verdict
from mailguard.model.value import StepKind

HEAD = "from django.core.mail import send_mail\nfrom shop.models import User\nfrom shop.conf import settings\n\n\n"
SENDS = {
    Verdict.SHOWS: '    send_mail("s", "b", "f@example.com", [u.email for u in User.objects.all()])\n',
    Verdict.KEEPS_APART: '    send_mail("s", "b", "f@example.com", [user.email])\n',
    Verdict.UNDECIDED: '    send_mail("s", "b", "f@example.com", people)\n',
    Verdict.STAFF_ONLY: '    send_mail("s", "b", "f@example.com", ["a@example.net", "b@example.net"])\n',
}
INSIDE = Settings(internal_domains=("example.net",))


def program(*verdicts: Verdict) -> str:
    return HEAD + "\n\n".join(
        f"def send{number}(user, people):\n{SENDS[verdict]}" for number, verdict in enumerate(verdicts)
    )


def message(people: int) -> bytes:
    names = ", ".join(f"r{number}@example.com" for number in range(people))
    return f"From: f@example.com\nTo: {names}\nSubject: Hello\n\nHello.\n".encode()


def adds_up(report: Report) -> bool:
    ledger = report.ledger
    calls = ledger.keeps_apart + ledger.staff_only + ledger.shows + ledger.undecided
    requests = (
        ledger.request_keeps_apart
        + ledger.request_staff_only
        + ledger.request_shows
        + ledger.request_undecided
        + ledger.cannot_tell
    )
    in_code = sum(1 for call in report.calls if call.symbol)
    return (calls, requests, in_code) == (ledger.calls, ledger.requests, ledger.calls)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(sorted(SENDS, key=lambda one: one.value)), max_size=5),
    st.lists(st.integers(0, 3), max_size=3),
    st.booleans(),
)
def test_the_parts_of_the_ledger_add_up(
    tmp_path_factory: pytest.TempPathFactory, verdicts: list[Verdict], messages: list[int], broken: bool
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    (folder / "pyproject.toml").touch()
    (folder / "mailer.py").write_text(program(*verdicts))
    for number, people in enumerate(messages):
        (folder / f"{number}.eml").write_bytes(message(people))
    if broken:
        (folder / "cut.har").write_text('{"log": {"version": "1.2", "entries": [{"request"')
    (folder / "mailguard.toml").write_text('captures = ["*.eml", "*.har"]\ninternal-domains = ["example.net"]\n')
    report = mailguard.check(folder)
    assert adds_up(report)
    found = [call.verdict for call in report.calls if call.symbol]
    assert sorted(found, key=str) == sorted(verdicts, key=str)
    assert report.ledger.request_shows == sum(people > 1 for people in messages)
    shows = Verdict.SHOWS in verdicts or report.ledger.request_shows
    assert report.exit_code == (1 if shows else 3 if broken else 0)


def scanned(folder: Path, text: str, name: str = "mailer.py", given: Settings = INSIDE) -> Report:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").touch()
    file.write_text(text)
    return mailguard.scan(folder, given)


def test_the_place_is_where_people_enter_and_the_send_is_the_last_step(tmp_path: Path) -> None:
    text = HEAD + (
        "from django.core.mail import EmailMessage\n\n\n"
        "def news():\n"
        '    message = EmailMessage("s", "b", "f@example.com")\n'
        "    message.to = [u.email for u in User.objects.all()]\n"
        "    message.send()\n"
    )
    (finding,) = scanned(tmp_path, text).findings
    assert finding.place.line == text.splitlines().index("    message.to = [u.email for u in User.objects.all()]") + 1
    assert finding.send.line == finding.place.line + 1
    (way,) = finding.ways
    assert way.steps[-1].kind is StepKind.SENT
    assert way.steps[0].kind is StepKind.DATABASE


def test_two_callers_of_one_helper_are_two_ways_of_one_finding(tmp_path: Path) -> None:
    text = HEAD + (
        'def send(people):\n    send_mail("s", "b", "f@example.com", people)\n\n\n'
        "def one():\n    send([u.email for u in User.objects.all()])\n\n\n"
        "def two():\n    send([u.email for u in User.objects.filter(x=1)])\n"
    )
    report = scanned(tmp_path, text)
    (finding,) = report.findings
    assert len(finding.ways) == 2
    assert len({way.identity for way in finding.ways}) == 2
    assert report.ledger.calls == 1


def test_a_safe_caller_does_not_hide_an_unsafe_one(tmp_path: Path) -> None:
    text = HEAD + (
        'def send(people):\n    send_mail("s", "b", "f@example.com", people)\n\n\n'
        "def one(user):\n    send([user.email])\n\n\n"
        "def two():\n    send([u.email for u in User.objects.all()])\n"
    )
    report = scanned(tmp_path, text)
    assert [call.verdict for call in report.calls] == [Verdict.SHOWS]
    assert report.exit_code == 1


def test_an_identity_holds_no_line_and_no_person(tmp_path: Path) -> None:
    text = program(Verdict.SHOWS)
    before = scanned(tmp_path, text).findings[0].ways[0].identity
    after = scanned(tmp_path, "# a comment\n\n\n" + text).findings[0].ways[0].identity
    assert before == after
    assert "@" not in before


def test_staff_is_a_note_at_most(tmp_path: Path) -> None:
    text = HEAD + '\ndef alarm():\n    send_mail("s", "b", "f@example.com", settings.ADMIN_EMAILS)\n'
    report = scanned(tmp_path, text, given=Settings())
    assert report.exit_code == 0
    assert [finding.severity for finding in report.findings] == [Severity.NOTE]


def test_what_only_tests_do_is_noted(tmp_path: Path) -> None:
    leak = program(Verdict.SHOWS)
    report = scanned(tmp_path, leak, "tests/helpers.py")
    (finding,) = report.findings
    assert (finding.noted, finding.gates, report.exit_code) == ("test code", False, 0)
    assert scanned(tmp_path, leak, "tests/helpers.py", Settings(tests=True)).exit_code == 1


def test_a_level_above_a_finding_notes_it(tmp_path: Path) -> None:
    given = Settings(extend_select=("bcc-bulk",), gate=Severity.ERROR)
    text = HEAD + (
        "from django.core.mail import EmailMessage\n\n\ndef news():\n"
        '    EmailMessage("s", "b", "f@example.com", bcc=[u.email for u in User.objects.all()]).send()\n'
    )
    (finding,) = scanned(tmp_path, text, given=given).findings
    assert finding.noted == "below the gate, which is error"
    assert scanned(tmp_path, text, given=Settings(extend_select=("bcc-bulk",))).exit_code == 1


def test_equal_requests_of_a_capture_are_one_finding(tmp_path: Path) -> None:
    one = message(2).decode()
    mbox = "".join(f"From f@example.com Thu Jan  1 00:00:00 2026\n{one}\n" for _ in range(7))
    (tmp_path / "sent.mbox").write_text(mbox)
    report = mailguard.replay(tmp_path / "sent.mbox", Settings())
    findings = [finding for finding in report.findings if finding.rule == "visible-external-recipients"]
    assert [finding.times for finding in findings] == [7]
    assert report.ledger.request_shows == 7
    assert findings[0].certainty is Certainty.CERTAIN


def test_a_capture_without_mail_is_no_finding(tmp_path: Path) -> None:
    (tmp_path / "other.har").write_text(
        '{"log": {"version": "1.2", "entries": [{"request": {"method": "GET", "url": "https://example.com/", "headers": []},'
        ' "response": {"status": 200}}]}}'
    )
    report = mailguard.replay(tmp_path / "other.har", Settings())
    assert report.ledger.captures == 1
    assert (report.ledger.requests, report.exit_code) == (0, 0)


def test_a_parameter_anywhere_in_a_request_is_found() -> None:
    from mailguard.model.count import MANY, ONE
    from mailguard.model.value import Either, Fields, Items, Known, Member, Parameter, Repeat, Text, Unknown

    here = Parameter("people", "a:b")
    holders = [
        here,
        [here],
        {"to": (1, here)},
        Items((Member(here, ONE),)),
        Fields((("a", 1), ("b", here))),
        Fields((), rest=here),
        Text(("x", Repeat(here, MANY, ","))),
        Either((None, here)),
    ]
    assert all(has_parameter(value) for value in holders)
    nothing = [None, "x", 1, Known("x"), [Unknown("x")], {"a": Text(("x",))}, Fields((("a", "b"),))]
    assert not any(has_parameter(value) for value in nothing)
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    assert has_parameter(deep)


def test_callers_that_were_not_asked_leave_a_call_undecided(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(
        'from django.core.mail import send_mail\n\n\ndef tell(people):\n    send_mail("S", "B", None, people)\n'
    )
    for number in range(70):
        code = f"from helper import tell\n\n\ndef go{number}(user):\n    tell([user.email])\n"
        (tmp_path / f"caller{number}.py").write_text(code)
    report = mailguard.check([tmp_path])
    assert (report.ledger.calls, report.ledger.undecided) == (1, 1)


def test_a_folder_of_captures_is_looked_into_beside_the_whole_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n", "utf-8")
    (tmp_path / "b.eml").write_text("To: ann@example.com, bob@example.org\nFrom: x@example.net\n\nT", "utf-8")
    (tmp_path / "cassettes" / "c.eml").write_bytes((tmp_path / "b.eml").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert mailguard.check([".", "cassettes"]).ledger.requests == 1
    assert mailguard.check(["."]).ledger.requests == 0
