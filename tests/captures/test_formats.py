"""Every format: its samples, and what it does with damage."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import capture
from mailguard.capture import detect, formats, records
from mailguard.model.capture import Format
from mailguard.model.exchange import HttpRequest, Record
from mailguard.model.message import CannotTell
from mailguard.wire.bodies import payload
from mailguard.wire.header_blocks import header_block

from .golden import SAMPLES, TWIN, samples, shown

NAMES = [str(path.relative_to(SAMPLES)) for path in samples()]
FILES = [name for name in NAMES if (SAMPLES / name).is_file()]
few = settings(max_examples=60, deadline=None)


def read(path: Path) -> list[Record]:
    return list(records(path.name, path))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_reads_as_its_twin_says(name: str) -> None:
    path = SAMPLES / name
    expected = json.loads(path.with_name(path.name + TWIN).read_text("utf-8"))
    assert [shown(record, path.name) for record in read(path)] == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_of_one_format_only(name: str) -> None:
    sample = capture.sample_of(str(SAMPLES / name), {})
    assert [form.name for form in formats() if form.sniff(sample)] == [Path(name).parent.name]


@pytest.mark.parametrize("form", formats(), ids=lambda form: form.name)
def test_a_format_is_complete(form: Format) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]+", form.name)
    assert form.title


NOT_SHOWN = {
    "eml/plain.eml": "1 recorded message: who got a blind copy does not show",
    "eml/envelope.eml": "",
    "mbox/plain.mbox": "who got a blind copy does not show",
    "maildir/inbox": "who got a blind copy does not show",
    "mh/inbox": "who got a blind copy does not show",
    "message-log/django.log": "who got a blind copy does not show",
    "mailpit/message.json": "whether a Bcc line was sent along does not show",
    "mailgun-events/events.json": "Cc lines do not show",
    "mailhog/messages.json": "",
    "smtp-transcript/swaks.txt": "",
    "jsonl/requests.jsonl": "",
    "har/browser.har": "",
}


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_what_a_capture_cannot_show_is_said_with_the_verdict(name: str) -> None:
    from mailguard import gate

    report = gate.replay(SAMPLES / name)
    told = [notice for notice in report.notices if "recorded message" in notice]
    assert (NOT_SHOWN[name] in told[0]) if NOT_SHOWN[name] else not told
    if told:
        assert any(told[0].partition(": ")[2].rstrip(".") in call.because for call in report.calls)


@pytest.mark.parametrize("form", formats(), ids=lambda form: form.name)
def test_no_format_takes_what_is_no_capture(form: Format, tmp_path: Path) -> None:
    others = {
        "package.json": b'{"name": "x", "version": "1.0.0", "url": "https://example.com", "scripts": {}}',
        "stub.json": b'{"request": {"method": "POST", "url": "/v3/mail/send"}, "response": {"status": 202}}',
        "stub2.json": b'{"request": {"method": "POST", "url": "/x", "headers": {"A": {"equalTo": "b"}}}, "response": {}}',
        "mappings.json": b'{"mappings": [{"request": {"method": "POST", "urlPath": "/x", "bodyPatterns": []}}]}',
        "README.md": b"Note: this sends mail.\nFrom here on it is text.\n\nTo: send it, call us.\n",
        "compose.yaml": b"services:\n  web:\n    image: x\n",
        "data.csv": b"to,cc\nann@example.com,bob@example.org\n",
        "smtp.md": b"Say EHLO, then MAIL FROM and RCPT TO: the server answers.\n",
        "empty": b"",
        "noise": bytes(range(256)) * 3,
    }
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
        assert not form.sniff(capture.sample_of(str(tmp_path / name), {})), name
    assert not form.sniff(capture.sample_of(str(tmp_path), {}))


def check(found: list[Record]) -> None:
    """What holds of every reading: reasons hold no content, and everything in a record can be looked at."""
    for record in found:
        if isinstance(record.exchange, CannotTell):
            assert "@" not in record.exchange.detail
        elif isinstance(record.exchange, HttpRequest):
            body = payload(record.exchange)
            assert not isinstance(body, CannotTell) or "@" not in body.detail
        else:
            header_block(record.exchange.data)
        assert re.fullmatch(r"[0-9TZ:+.-]*", record.when)


@st.composite
def damage(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sample with a piece of it cut, doubled, overwritten or replaced by something nasty."""
    name = draw(st.sampled_from(FILES))
    content = (SAMPLES / name).read_bytes()
    start = draw(st.integers(0, len(content)))
    end = draw(st.integers(start, min(len(content), start + 200)))
    nasty = st.sampled_from(
        [
            b"",
            b"\0",
            b"\xff\xfe",
            b'"',
            b"{",
            b"]",
            b"\n",
            b"\r",
            b"&x *x",
            b"[" * 300,
            b"9" * 400,
            b"\\ud800",
            b"\xc3",
            b": !!python/object:os.system",
            b"\n\n",
            b"999999999:",
            b"%",
            b"From a\n",
        ]
    )
    middle = draw(nasty | st.binary(max_size=20) | st.just(content[start:end] * 2))
    return name, content[:start] + middle + content[end:]


@few
@given(damage())
def test_damage_never_raises_and_never_passes_in_silence(
    tmp_path_factory: pytest.TempPathFactory, damaged: tuple[str, bytes]
) -> None:
    name, content = damaged
    path = tmp_path_factory.mktemp("damaged") / Path(name).name
    path.write_bytes(content)
    found = read(path)
    check(found)
    assert found or isinstance(detect(path), Format)
    before = len(json.loads((SAMPLES / (name + TWIN)).read_text("utf-8")))
    if not found:
        assert before <= 1 or Path(name).parent.name in ("mailgun-events", "mbox")


def spoilt(value: Any) -> Iterator[Any]:
    """A JSON value with one thing in it, wherever it stands, replaced by a thing of another kind, or gone."""
    for other in (None, 5, "x", [], {}):
        if other != value:
            yield other
    if isinstance(value, dict):
        for key, item in value.items():
            rest = {name: one for name, one in value.items() if name != key}
            yield rest
            for changed in spoilt(item):
                yield {**rest, key: changed}
    elif isinstance(value, list) and value:
        for changed in spoilt(value[0]):
            yield [changed, *value[1:]]


@pytest.mark.parametrize("form", formats(), ids=lambda form: form.name)
def test_a_reader_gives_a_reason_for_what_it_does_not_know(form: Format, tmp_path: Path) -> None:
    """A reader that fails costs all records of its file; one that gives a reason costs a record."""
    path, tried = tmp_path / "a.json", 0
    for name in FILES:
        if Path(name).parent.name != form.name or Path(name).suffix not in (".json", ".jsonl", ".har"):
            continue
        text = (SAMPLES / name).read_bytes()
        try:
            content = json.loads(text if Path(name).suffix != ".jsonl" else text.split(b"\n")[0])
        except ValueError:
            continue  # damaged on purpose
        for changed in islice(spoilt(content), 250):
            path.write_text(json.dumps(changed))
            failed = [one for one in records("a.json", path, form) if "failed" in getattr(one.exchange, "detail", "")]
            assert not failed, changed
            tried += 1
        if tried > 250:
            break


CUT_IS_SEEN = [
    name
    for name in FILES
    if Path(name).suffix in (".har", ".mitm", ".gz") or name.startswith(("vcr/vcrpy", "vcr/betamax"))
]


@few
@given(st.sampled_from(CUT_IS_SEEN), st.data())
def test_a_cut_file_does_not_look_whole(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    content = (SAMPLES / name).read_bytes()
    cut = data.draw(st.integers(len(content) // 4, len(content.rstrip()) - 1))
    path = tmp_path_factory.mktemp("cut") / Path(name).name
    path.write_bytes(content[:cut])
    whole, found = read(SAMPLES / name), read(path)
    broken = [record for record in found if isinstance(record.exchange, CannotTell)]
    # YAML and flow files that end between two records are whole files.
    between = len(found) if name.endswith((".yaml", ".mitm")) else len(whole)
    assert broken or [r.exchange for r in found] == [r.exchange for r in whole[:between]]


@few
@given(
    st.lists(
        st.sampled_from(["good", "[]", "{", '"x"', '{"a": 1}', '{"url": 5, "method": "POST"}', "\x00\x01"]),
        min_size=1,
        max_size=12,
    )
)
def test_a_broken_line_costs_itself_alone(tmp_path_factory: pytest.TempPathFactory, kinds: list[str]) -> None:
    good = json.dumps(
        {"method": "POST", "url": "https://api.example.com/", "headers": {}, "body": "to=ann%40example.com"}
    )
    path = tmp_path_factory.mktemp("lines") / "log"
    path.write_text("\n".join(good if kind == "good" else kind for kind in [*kinds, "good"]), "utf-8")
    found = read(path)
    assert [isinstance(record.exchange, HttpRequest) for record in found] == [
        kind == "good" for kind in [*kinds, "good"] if kind.strip("\0 ")
    ]
    assert [record.place.line for record in found] == [
        n for n, kind in enumerate([*kinds, "good"], 1) if kind.strip("\0 ")
    ]


@few
@given(st.sampled_from(FILES))
def test_a_compressed_capture_is_the_same_capture(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = tmp_path_factory.mktemp("packed") / Path(name).name
    path.write_bytes(gzip.compress((SAMPLES / name).read_bytes()))
    packed = [record for record in read(path) if record.exchange is not None]
    assert [record.exchange for record in packed] == [
        record.exchange for record in read(SAMPLES / name)
    ] or name.endswith(".gz")


LEAK = b"Received: by x\r\n id 1\r\nFrom: a@b.example\r\nto : ann@example.com,\r\n bob@example.org\r\nSubject: To: x\r\n\r\nTo: no\r\n"


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.eml", LEAK, 4),
        ("bom.eml", b"\xef\xbb\xbf\r\n" + LEAK, 5),
        ("lf.eml", LEAK.replace(b"\r\n", b"\n"), 4),
        ("cc.eml", LEAK.replace(b"to :", b"Cc:"), 4),
        ("a.mbox", b"From a@b.example Sun Nov  1 10:00:00 2026\n" + LEAK.replace(b"\r\n", b"\n"), 5),
        (
            "two.mbox",
            b"From a@b.example Sun Nov  1 10:00:00 2026\nTo: ann@example.com\nFrom: x@b.example\n\nT\n\n"
            b"From a@b.example Sun Nov  1 10:00:00 2026\n" + LEAK.replace(b"\r\n", b"\n"),
            11,
        ),
        ("django.log", LEAK.replace(b"\r\n", b"\n") + b"-" * 79 + b"\n", 4),
        ("none.eml", LEAK.replace(b"to :", b"X-To:") + b"", 0),
    ],
)
def test_a_finding_points_at_the_header_of_a_message(tmp_path: Path, name: str, content: bytes, line: int) -> None:
    from mailguard import gate

    (tmp_path / name).write_bytes(content)
    report = gate.replay(tmp_path / name)
    assert [finding.place.line for finding in report.findings] == ([line] if line else [])
