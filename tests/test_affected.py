"""The numbers after an incident, samples and progress."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import cli, gate
from mailguard.affected import Affected, Tally, render_json, render_text
from mailguard.model.finding import Certainty
from mailguard.model.message import Message, Recipient
from mailguard.redact import holds_address
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Policy, chosen
from mailguard.watch import Watch, sampled

POLICY = Policy(frozenset({"example.net"}), chosen(load_rules()))


def record(*people: str, when: str = "2026-09-18T09:14:05Z", status: int = 202, **more: Any) -> dict[str, Any]:
    to = [
        {"email": person, "name": f"Name of {index}"} if index % 2 else {"email": person}
        for index, person in enumerate(people)
    ]
    body = {"personalizations": [{"to": to}], "from": {"email": "desk@example.net"}, "subject": "Hello", **more}
    return {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {"Content-Type": "application/json"},
            "body": json.dumps(body), "status": status, "time": when}  # fmt: skip


def capture(folder: Path, *records: dict[str, Any]) -> Path:
    file = folder / "sent.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in records))
    return file


def people(start: int, end: int) -> list[str]:
    return [f"p{number}@example.com" for number in range(start, end)]


@pytest.fixture
def incident(tmp_path: Path) -> Path:
    return capture(
        tmp_path,
        record("alone@example.com", when="2026-09-18T08:00:00Z"),
        record(*people(0, 100)),
        record(*people(50, 150), when="2026-09-18T09:21:59Z"),
        record("a@example.com", "b@example.net", when="2026-09-18T10:00:00Z"),
        record(*people(500, 510), status=401, when="2026-09-18T11:00:00Z"),
    )


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = cli.run(arguments)
    out, err = capsys.readouterr()
    assert not holds_address(out + err, prose=True)
    return code, out


def test_the_numbers_are_those_of_the_guide(incident: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings_given = ("--config", 'internal-domains=["example.net"]', "--isolated")
    code, out = run(capsys, "replay", str(incident), "--affected", *settings_given)
    assert code == 0
    assert out == (
        "2 of 5 requests showed people to each other, 09:14 to 09:21 UTC.\n"
        "  people whose address others could read      150\n"
        "  most addresses that one person could read    99\n"
        "  names that others could read                 75\n"
        "  found in subjects, texts, attachments         0\n"
        "  cannot tell                                   0\n"
        "  refused by the service, so nobody got them    1\n"
        "  on                                          18 September 2026\n"
    )


def test_json_has_the_same_numbers(incident: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "replay", str(incident), "--affected", "--format", "json", "--isolated")
    data = json.loads(out)
    assert (code, data["showing"], data["people"], data["most"], data["names"]) == (0, 3, 152, 99, 76)


def test_what_cannot_be_told_is_counted_and_has_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {**record("a@example.com"), "body": '{"personalizations": [{"to"'}
    code, out = run(
        capsys, "replay", str(capture(tmp_path, record("a@example.com"), broken)), "--affected", "--isolated"
    )
    assert code == 3
    assert "0 of 2 requests showed people to each other.\n" in out
    assert "  cannot tell                                1\n" in out


def test_people_in_texts_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = {"personalizations": [{"to": [{"email": person}]} for person in ("a@example.com", "b@example.com")],
            "content": [{"type": "text/plain", "value": "a@example.com, b@example.com"}]}  # fmt: skip
    _, out = run(capsys, "replay", str(capture(tmp_path, record(**body))), "--affected", "--isolated")
    assert "found in subjects, texts, attachments      2\n" in out
    assert "people whose address others could read     2\n" in out
    assert "most addresses that one person could read  1\n" in out


def told(messages: list[Message]) -> Affected:
    tally = Tally(POLICY)
    for message in messages:
        tally.add((message,), Certainty.CERTAIN, None, "", lambda _, wanted: wanted, delivered=True)  # type: ignore[arg-type]  # not looked at
    return tally.result()


PERSON = st.builds(Recipient, st.sampled_from([*people(0, 8), "in@example.net"]))
MESSAGE = st.builds(
    Message,
    to=st.lists(PERSON, max_size=4).map(tuple),
    cc=st.lists(PERSON, max_size=2).map(tuple),
    bcc=st.lists(PERSON, max_size=2).map(tuple),
    reply_to=st.lists(PERSON, max_size=3).map(tuple),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(MESSAGE, max_size=8), st.integers(0, 8))
def test_the_parts_are_the_whole(messages: list[Message], cut: int) -> None:
    assert told(messages[:cut]) + told(messages[cut:]) == told(messages)


@settings(max_examples=100, deadline=None)
@given(st.lists(MESSAGE, max_size=8))
def test_no_number_is_larger_than_it_can_be(messages: list[Message]) -> None:
    result = told(messages)
    assert len(result.named) <= len(result.exposed) <= 8
    assert result.most <= len(result.exposed)
    assert result.showing <= result.requests
    assert not result.showing or result.exposed
    assert not holds_address(render_text(result) + render_json(result))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 300), st.integers(1, 40))
def test_a_sample_is_even_in_order_and_of_its_size(count: int, size: int) -> None:
    found = list(sampled(range(count), size))
    assert len(found) == min(count, size)
    assert found == sorted(set(found))
    if count > 4 * size > 8:
        assert max(b - a for a, b in itertools.pairwise(found)) <= 4 * count / size


def test_a_sample_is_no_pass_and_says_so(incident: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "replay", str(incident), "--sample", "1", "--isolated")
    assert code == 3
    assert "A sample: 1 of 5 records were looked at, so this is not a pass." in out
    assert run(capsys, "replay", str(incident), "--sample", "5", "--isolated")[0] == 1


def test_progress_begins_after_two_seconds_and_goes_away_again(incident: Path) -> None:
    now = iter(range(1_000_000))
    stream = io.StringIO()
    watch = Watch(stream=stream, clock=lambda: next(now) / 1.0)
    watch.expect([str(incident)])
    with incident.open("rb") as raw:
        watch.opened(raw)
        for _ in watch.records(str(incident), range(640)):
            raw.read(10)
        watch.finish()
    lines = stream.getvalue().split("\r")
    assert lines[0] == ""
    assert "records, " in lines[1]
    assert " a second, " in lines[1]
    assert " left" in lines[1]
    assert lines[-2].strip() == lines[-1] == ""


def test_what_a_reader_sees_is_said_in_numbers(incident: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "replay", str(incident), "--isolated")
    assert code == 1
    assert "  So         reader r1 of 100 sees 99 outside people in To\n" in out
    assert "  Alike      2 requests like this, first at sent.jsonl:2\n" in out


def test_several_services_are_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = {
        "method": "POST",
        "url": "https://api.mailgun.net/v3/x.example/messages",
        "headers": {},
        "body": "to=a@example.com&from=b@example.com",
    }
    file = capture(tmp_path, record("a@example.com"), record(*people(0, 2)), other)
    _, out = run(capsys, "replay", str(file), "--isolated")
    assert (
        "  sendgrid  2  1 keeps readers apart, 1 does not\n  mailgun   1  1 keeps readers apart\n3 requests: 2 keep"
        in out
    )


def test_without_a_terminal_there_is_no_progress(incident: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["replay", str(incident), "--isolated"])
    assert capsys.readouterr().err == ""


def test_a_message_shows_nobody_to_himself() -> None:
    assert gate.claimed is not None
    assert told([Message(to=(Recipient("p0@example.com"), Recipient("P0@example.com")))]).showing == 0
