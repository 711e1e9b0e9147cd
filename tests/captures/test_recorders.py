"""Captures that real recorders write, and the machine around the formats."""

from __future__ import annotations

import gzip
import http.server
import io
import json
import os
import smtplib
import socket
import sys
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailguard import capture
from mailguard.capture import detect, folders, opening, records
from mailguard.model.capture import Format
from mailguard.model.exchange import HttpRequest, RawMessage, Record, SmtpTransaction
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import LINE_LIMIT, dig, headers_of, iso_time, lines
from mailguard.shelf import ShelfError, shelf
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.header_blocks import header_block

from .golden import SAMPLES


def read(path: Path, **fields: str) -> list[Record]:
    return list(records(path.name, path, fields=fields))


def body(record: Record) -> Any:
    assert isinstance(record.exchange, HttpRequest)
    found = payload(record.exchange)
    assert isinstance(found, Payload), found
    return found.value


def name(form: object) -> str:
    assert isinstance(form, Format)
    return form.name


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_vcrpy(server: str, tmp_path: Path, serializer: str) -> None:
    vcr = pytest.importorskip("vcr")
    requests = pytest.importorskip("requests")
    data = {"to": ["ann@example.com", "Zoë <bob@example.org>", "\u2028", "'\"\n: #"]}
    path = tmp_path / "cassette"
    with vcr.VCR(serializer=serializer, record_mode="all").use_cassette(str(path)):
        requests.post(server, json=data, timeout=9)
        requests.post(server, data=data, timeout=9)
        requests.post(server, data=data, files={"a": ("a", b"b")}, timeout=9)
        if serializer == "yaml":
            requests.post(
                server, data=gzip.compress(json.dumps(data).encode()), headers={"Content-Encoding": "gzip"}, timeout=9
            )
    assert name(detect(path)) == "vcr"
    found = read(path)
    assert body(found[0]) == data
    assert [value for key, value in body(found[1]).parts if key == "to"] == data["to"]
    assert [value for key, value in body(found[2]).parts if key == "to"] == data["to"]
    assert len(found) == (4 if serializer == "yaml" else 3)
    assert body(found[-1]) == data or serializer == "json"
    content = path.read_text("utf-8").split("\n")
    for record in found:
        assert '"request"' in content[record.place.line] or "request:" in content[record.place.line - 1]


def test_aiosmtpd_notes_the_envelope(tmp_path: Path) -> None:
    controller = pytest.importorskip("aiosmtpd.controller")
    handlers = pytest.importorskip("aiosmtpd.handlers")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = tmp_path / "box"
    running = controller.Controller(handlers.Mailbox(str(box)), hostname="127.0.0.1", port=port)
    running.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("from@example.com", ["ann@example.com", "dan@example.com"], "To: ann@example.com\r\n\r\nT")
    finally:
        running.stop()
    assert name(detect(box)) == "maildir"
    (record,) = read(box)
    assert isinstance(record.exchange, RawMessage)
    assert record.exchange.rcpt_to == ["ann@example.com, dan@example.com"]
    assert record.place.path.startswith("box/new/")


def test_the_mailboxes_of_the_standard_library(tmp_path: Path) -> None:
    import mailbox

    people = ["ann@example.com", "bob@example.org", "cat@example.net"]
    with_from = "From here\n\nFrom there Sun\nTo: nobody\n"
    boxes = [
        mailbox.mbox(str(tmp_path / "mbox")),
        mailbox.Maildir(str(tmp_path / "maildir")),
        mailbox.MH(str(tmp_path / "mh")),
    ]
    for box in boxes:
        for person in people:
            message = EmailMessage()
            message["To"] = person
            message["From"] = "from@example.com"
            message.set_content(with_from)
            box.add(message)
        box.flush()
        box.close()
    for kind in ("mbox", "maildir", "mh"):
        assert name(detect(tmp_path / kind)) == kind
        found = [record.exchange for record in read(tmp_path / kind)]
        shown = [dict(header_block(raw.data)).get("To") for raw in found if isinstance(raw, RawMessage)]  # type: ignore[arg-type]
        assert sorted(str(item) for item in shown if item) == people


def test_a_maildir_name_with_its_flags(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("a colon is no part of a file name there")
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    (tmp_path / "box" / "cur" / "1.x:2,S").write_text("To: ann@example.com\n\nT")
    (tmp_path / "box" / "tmp" / "2.x").write_text("To: bob@example.org\nFrom: x\n\nT")
    (tmp_path / "box" / "new" / "3.x").write_bytes(b"")
    found = read(tmp_path / "box")
    assert [record.place.path for record in found] == ["box/cur/1.x:2,S", "box/new/3.x"]
    assert isinstance(found[1].exchange, CannotTell)
    assert detect(tmp_path / "box" / "tmp" / "2.x") is None
    files = [(str(path.relative_to(tmp_path)), str(path)) for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert folders([*files, ("a.har", str(tmp_path / "a.har"))]) == (
        ("box", str(tmp_path / "box")),
        ("a.har", str(tmp_path / "a.har")),
    )


def test_djangos_file_backend(tmp_path: Path) -> None:
    django_conf = pytest.importorskip("django.conf")
    from django.core.mail import EmailMessage as DjangoMessage
    from django.core.mail.backends.filebased import EmailBackend

    if not django_conf.settings.configured:
        django_conf.settings.configure()
    backend = EmailBackend(file_path=str(tmp_path))
    backend.open()
    for people in (["ann@example.com", "bob@example.org"], ["cat@example.net"]):
        backend.write_message(
            DjangoMessage("S", "T\n" + "-" * 79 + "\nmore", "from@example.com", people, bcc=["dan@example.com"])
        )
    backend.close()
    (path,) = tmp_path.iterdir()
    assert name(detect(path)) == "message-log"
    shown = [dict(header_block(record.exchange.data))["To"] for record in read(path)]  # type: ignore[union-attr, arg-type]
    assert shown == ["ann@example.com, bob@example.org", "cat@example.net"]


def test_a_log_in_a_shape_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    line = {
        "req": {"verb": "POST", "uri": "https://api.example.com/send", "payload": "dG89YW5u", "h": {"A": "b"}},
        "ts": 1793527200,
        "st": "403",
    }
    others = [{"level": "info"}, {"flat.url": "https://api.example.com/"}]
    path.write_text("\n".join(json.dumps(item) for item in [line, *others]) + "\nbroken {\n")
    fields = {
        "method": "req.verb",
        "url": "req.uri",
        "body": "req.payload",
        "body_encoding": "base64",
        "headers": "req.h",
        "time": "ts",
        "status": "st",
    }
    assert detect(path) is None
    assert name(detect(path, fields)) == "jsonl"
    found = read(path, **fields)
    assert [record.place.line for record in found] == [1, 4]
    assert found[0].exchange == HttpRequest("POST", "https://api.example.com/send", {"A": "b"}, b"to=ann")
    assert (found[0].when, found[0].delivered) == ("2026-11-01T10:00:00+00:00", False)
    assert isinstance(found[1].exchange, CannotTell)


def test_a_mail_log_in_a_shape_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text(json.dumps({"m": {"to": ["ann@example.com"], "raw": "To: ann@example.com\n\nT"}}) + "\n")
    (record,) = read(path, rcpt_to="m.to", data="m.raw")
    assert record.exchange == SmtpTransaction("smtp:", None, ["ann@example.com"], "To: ann@example.com\n\nT")


def test_a_node_buffer_is_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(json.dumps({"u": "https://api.example.com/", "b": {"type": "Buffer", "data": [123, 125]}}))
    (record,) = read(path, url="u", body="b")
    assert body(record) == {}


def test_a_long_line_is_passed_over_without_being_kept(tmp_path: Path) -> None:
    good = b'{"method": "POST", "url": "https://api.example.com/", "body": "to=a"}\n'
    stream = io.BytesIO(good + b"x" * 5000 + b"\n" + good + b"y" * 300)
    found = list(lines(stream, 200))
    assert [number for number, _ in found] == [1, 2, 3, 4]
    assert [item.reason if isinstance(item, CannotTell) else item for _, item in found] == [
        good,
        Reason.TOO_LARGE,
        good,
        Reason.TOO_LARGE,
    ]
    assert LINE_LIMIT > 1 << 20


def test_json_lines_are_read_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{"method": "POST", "url": "https://api.example.com/", "body": "to=a"}\n' * 5000)
    stream = records("log", path)
    assert body(next(stream)).parts == (("to", "a"),)
    assert sum(1 for _ in stream) == 4999


@pytest.mark.parametrize("sample", ["jsonl/requests.jsonl", "vcr/vcrpy.yaml", "mbox/plain.mbox"])
def test_a_cut_gzip_file_gives_what_it_has_and_says_so(tmp_path: Path, sample: str) -> None:
    content = (SAMPLES / sample).read_bytes()
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(content)[:-12])
    found = read(path)
    assert isinstance(found[-1].exchange, CannotTell)
    assert len(found) > 1
    path.write_bytes(gzip.compress(content[:200]) + gzip.compress(content[200:]) + b"\0\0")
    assert [record.exchange for record in read(path)] == [record.exchange for record in read(SAMPLES / sample)]
    path.write_bytes(gzip.compress(content)[:20] + b"\xff" * 50)
    assert not isinstance(detect(path), Format) or any(isinstance(record.exchange, CannotTell) for record in read(path))


def test_zstd_is_named_where_nothing_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("compression.zstd", "backports.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / "x.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + b"\0" * 20)
    found = detect(path)
    assert isinstance(found, CannotTell)
    assert "zstd" in found.detail
    (record,) = read(path)
    assert record.exchange == found


def test_zstd_by_the_package(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    content = (SAMPLES / "jsonl" / "requests.jsonl").read_bytes()
    packed = zstandard.compress(content)
    whole = [record.exchange for record in read(SAMPLES / "jsonl" / "requests.jsonl")]
    path = tmp_path / "requests.jsonl"
    path.write_bytes(packed + packed)
    assert [record.exchange for record in read(path)] == [*whole, *whole]
    path.write_bytes(packed + packed[:-20])
    assert [record.exchange for record in read(path)][: len(whole)] == whole
    assert isinstance(read(path)[-1].exchange, CannotTell)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (SAMPLES / "jsonl" / "requests.jsonl").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(content))))
    opening.stdin_copy.cache_clear()
    try:
        assert name(detect("-")) == "jsonl"
        found = list(records("-", "-"))
        assert [record.exchange for record in found] == [
            record.exchange for record in read(SAMPLES / "jsonl" / "requests.jsonl")
        ]
        assert found[0].place.path == "-"
    finally:
        opening.stdin_copy().close()
        opening.stdin_copy.cache_clear()


LOGGED = """2026-11-01 10:00:00\tCLIENT -> SERVER: MAIL FROM:<from@example.com>
2026-11-01 10:00:00\tSERVER -> CLIENT: 250 OK
2026-11-01 10:00:00\tCLIENT -> SERVER: RCPT TO:<ann@example.com>
2026-11-01 10:00:00\tSERVER -> CLIENT: 250 OK
2026-11-01 10:00:00\tCLIENT -> SERVER: DATA
2026-11-01 10:00:00\tSERVER -> CLIENT: 354 go
2026-11-01 10:00:00\tCLIENT -> SERVER: Subject: S
2026-11-01 10:00:00\tCLIENT -> SERVER: To: ann@example.com, bob@example.org
2026-11-01 10:00:00\tCLIENT -> SERVER: .
2026-11-01 10:00:00\tSERVER -> CLIENT: 250 OK
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CLIENT -> SERVER: To:", "CLIENT -> SER: To:"),
        ("10:00:00\tCLIENT -> SERVER: To:", "10:0000:00\tCLIENT -> SERVER: To:"),
        ("RCPT TO:<ann", "RCPT O:<ann"),
        ("CLIENT -> SERVER: DATA", "CLIENT -> SERVER: DAT"),
        ("CLIENT -> SERVER: DATA", "CLIENT -> SERVER: BDAT 86 LAST"),
    ],
)
def test_a_damaged_line_of_a_session_is_said(tmp_path: Path, old: str, new: str) -> None:
    assert old in LOGGED
    (tmp_path / "log.txt").write_text(LOGGED.replace(old, new), "utf-8")
    found = read(tmp_path / "log.txt")
    assert [record.exchange.reason for record in found if isinstance(record.exchange, CannotTell)]


def test_a_mailbox_of_another_kind_holds_all_of_its_messages(tmp_path: Path) -> None:
    import mailbox

    for kind in (mailbox.MMDF, mailbox.Babyl, mailbox.mbox):
        path = tmp_path / kind.__name__
        box = kind(str(path))
        for person in ("ann@example.com", "bob@example.org", "cat@example.net"):
            box.add(f"From: x@example.com\nTo: {person}\nSubject: S\n\nT\n")
        box.flush()
        box.close()
        assert name(detect(path)) == "mbox"
        found = [record.exchange for record in read(path)]
        assert [dict(header_block(raw.data))["To"] for raw in found] == [  # type: ignore[union-attr, arg-type]
            "ann@example.com",
            "bob@example.org",
            "cat@example.net",
        ]


def test_moto_is_known_by_its_other_services(tmp_path: Path) -> None:
    mails = json.loads((SAMPLES / "moto-ses" / "version_5_0.json").read_text("utf-8"))["ses"]
    first = {"core": {"CloudFormationModel": []}, "iam": {"ManagedPolicy": ["x" * (capture.HEAD + 1)]}}
    (tmp_path / "data.json").write_text(json.dumps({**first, "ses": mails}), "utf-8")
    assert name(detect(tmp_path / "data.json")) == "moto-ses"
    found = [record.exchange for record in read(tmp_path / "data.json")]
    assert found == [record.exchange for record in read(SAMPLES / "moto-ses" / "version_5_0.json")]
    (tmp_path / "data.json").write_text(json.dumps(first), "utf-8")
    assert read(tmp_path / "data.json") == []


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert isinstance(detect(missing), CannotTell)
    (record,) = read(missing)
    assert isinstance(record.exchange, CannotTell)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert isinstance(detect(tmp_path / "pipe"), CannotTell)
    (tmp_path / "text").write_text("hello")
    (record,) = read(tmp_path / "text")
    assert isinstance(record.exchange, CannotTell)


def test_a_reader_that_fails_is_a_record_that_says_so(tmp_path: Path) -> None:
    def fail(_: object) -> Iterator[Record]:
        raise ZeroDivisionError("ann@example.com")
        yield

    (tmp_path / "x").write_text("x")
    broken = Format("broken", "broken", lambda _: True, fail, "Nothing.")  # type: ignore[arg-type]
    (record,) = records("x", tmp_path / "x", broken)
    assert isinstance(record.exchange, CannotTell)
    assert "ZeroDivisionError" in record.exchange.detail
    assert "@" not in record.exchange.detail


class TestShelf:
    def test_a_shelf_is_walked_in_order(self) -> None:
        found = shelf("mailguard.captures", "FORMAT", Format)
        assert [form.name for form in found] == sorted(form.name for form in found)
        assert len(found) > 10

    @pytest.mark.parametrize(
        ("value", "word"),
        [
            ("nowhere.at:all", "cannot be loaded"),
            ("os:sep", "not a Format"),
            ("mailguard.captures.har:FORMAT", "is taken"),
        ],
    )
    def test_a_plugin_that_cannot_be_used_is_one_line(
        self, monkeypatch: pytest.MonkeyPatch, value: str, word: str
    ) -> None:
        from importlib.metadata import EntryPoint

        point = EntryPoint(name="bad", value=value, group="mailguard.captures")
        monkeypatch.setattr("mailguard.shelf.entry_points", lambda group: [point])
        with pytest.raises(ShelfError, match=word) as caught:
            shelf("mailguard.captures", "FORMAT", Format, "mailguard.captures")
        assert "\n" not in str(caught.value)
        assert "'bad'" in str(caught.value)


class TestParts:
    def test_dig(self) -> None:
        value = {"a": {"b.c": [{"d": 1}]}, "a.x": 2, "n": None}
        assert dig(value, "a.b.c.0.d") == 1
        assert dig(value, "a.x") == 2
        assert dig(value, "a.b.c.7.d") is dig(value, "q") is dig(value, "n") is dig(5, "a") is None

    def test_headers(self) -> None:
        expected = {"A": "1", "B": ["2", "3"]}
        assert headers_of({"A": "1", ":B": ["2", b"3"], "C": None}) == expected
        assert headers_of([{"name": "A", "value": "1"}, ["B", "2"], ("B", 3)]) == expected
        assert headers_of("A: 1\r\nB: 2\r\nB: 3\r\n\r\n") == expected
        assert headers_of(["A: 1", "B:2", "B: 3", 7]) == expected
        assert headers_of(5) == headers_of(None) == {}

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("2026-11-01T10:00:00.123456Z", "2026-11-01T10:00:00Z"),
            ("2026-11-01 10:00:00 +0100", "2026-11-01T10:00:00+0100"),
            ("2026-11-01", "2026-11-01"),
            (1793527200, "2026-11-01T10:00:00+00:00"),
            (1793527200123, "2026-11-01T10:00:00+00:00"),
            ("1793527200.5", "2026-11-01T10:00:00+00:00"),
            ("Sun, 01 Nov 2026 10:00:00 GMT", "2026-11-01T10:00:00+00:00"),
            ("ann@example.com", ""),
            (float("nan"), ""),
            (True, ""),
            ([], ""),
        ],
    )
    def test_times(self, value: object, expected: str) -> None:
        assert iso_time(value) == expected
