"""Every format by every way in: compressed, through standard input, in a folder, by a pattern, by links; and with one broken record."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mailguard import cli
from mailguard.capture import formats, opening, records
from mailguard.documents import zstd
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason

from .golden import SAMPLES, samples

SAMPLE = {
    form.name: max(
        (path for path in samples() if path.parent.name == form.name and path.suffix != ".gz"),
        key=lambda path: path.stat().st_size if path.is_file() else 0,
    )
    for form in formats()
}
"""One sample of each format."""


@pytest.fixture
def replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[int, Any, list[Any]]]]:
    """What ``mailguard replay`` says in ``tmp_path``: how it ends, the ledger, and each finding by rule and place in the file."""
    monkeypatch.chdir(tmp_path)

    def replay(*args: str, stdin: bytes = b"") -> tuple[int, Any, list[Any]]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        forget()
        code = cli.run(["replay", *args, "--isolated", "--format", "json"])
        out, err = capsys.readouterr()
        assert out, err
        report = json.loads(out)
        found = [
            (one["rule"], one["place"]["line"], one["place"]["pointer"], one["times"]) for one in report["findings"]
        ]
        report["ledger"].pop("captures_stale")  # of what comes through standard input nobody knows the age
        return code, report["ledger"], sorted(found)

    yield replay
    forget()


def forget() -> None:
    """Let go of what was read from standard input."""
    if opening.stdin_copy.cache_info().currsize:
        opening.stdin_copy().close()
        opening.stdin_copy.cache_clear()


@pytest.mark.parametrize("form", SAMPLE)
def test_every_way_in_leads_to_the_same(
    form: str, tmp_path: Path, replayed: Callable[..., tuple[int, Any, list[Any]]]
) -> None:
    sample = SAMPLE[form]
    name = sample.name
    (tmp_path / "plain").mkdir()
    if sample.is_dir():
        shutil.copytree(sample, tmp_path / "plain" / name)
    else:
        shutil.copy(sample, tmp_path / "plain" / name)
    said = replayed(f"plain/{name}")
    assert said[1]["requests"] > 0
    ways = ["plain", "plain/*", f"**/{name}"]
    if sys.platform != "win32":
        (tmp_path / "linked").symlink_to("plain")
        (tmp_path / "links").mkdir()
        (tmp_path / "links" / name).symlink_to(tmp_path / "plain" / name)
        ways += ["linked", f"linked/{name}", f"links/{name}", *(["links"] if sample.is_file() else [])]
    assert {way: replayed(way) for way in ways} == dict.fromkeys(ways, said)
    if sample.is_dir():
        return
    content = sample.read_bytes()
    assert replayed("-", stdin=content) == said
    assert replayed("-", stdin=gzip.compress(content)) == said
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / f"{name}.gz").write_bytes(gzip.compress(content))
    assert replayed("packed") == replayed(f"packed/{name}.gz") == said


@pytest.mark.parametrize("form", [form for form, sample in SAMPLE.items() if sample.is_file()])
def test_every_format_is_unpacked_by_zstd(
    form: str, tmp_path: Path, replayed: Callable[..., tuple[int, Any, list[Any]]]
) -> None:
    zstandard = pytest.importorskip("zstandard")
    content = SAMPLE[form].read_bytes()
    (tmp_path / SAMPLE[form].name).write_bytes(content)
    packed = zstandard.compress(content)
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / f"{SAMPLE[form].name}.zst").write_bytes(packed)
    assert replayed("packed") == replayed("-", stdin=packed) == replayed(SAMPLE[form].name)


TEXTS = [form for form, sample in SAMPLE.items() if sample.is_file() and form != "mitmproxy"]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("form", TEXTS)
def test_every_text_is_read_with_two_bytes_for_a_sign(
    form: str, charset: str, tmp_path: Path, replayed: Callable[..., tuple[int, Any, list[Any]]]
) -> None:
    # As PowerShell writes what a program prints into a file.
    sample = SAMPLE[form]
    text = sample.read_bytes().decode().removeprefix("\ufeff")
    (tmp_path / sample.name).write_bytes(text.encode())
    (tmp_path / "wide").mkdir()
    (tmp_path / "wide" / sample.name).write_bytes(text.encode(charset))
    said = replayed(sample.name)
    assert replayed("wide") == replayed("-", stdin=text.encode(charset)) == said
    assert cli.run(["scrub", f"wide/{sample.name}", "--isolated", "--output", "new"]) == 0
    assert (tmp_path / "new").read_bytes()[:4] == text.encode(charset)[:4]
    assert replayed("new")[:2] == said[:2]


def test_a_package_too_old_to_tell_where_a_stream_ends_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = ModuleType("zstandard")
    old.ZstdDecompressor = lambda: SimpleNamespace(decompressobj=object)  # type: ignore[attr-defined]
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "zstandard", old)
    (tmp_path / "sent.zst").write_bytes(zstd.MAGIC + b"...")
    (record,) = records("sent.zst", tmp_path / "sent.zst")
    assert isinstance(record.exchange, CannotTell)
    assert record.exchange.reason is Reason.WRONG_ENCODING


@pytest.mark.parametrize("packed", [bytes, gzip.compress, None], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("form", [form for form, sample in SAMPLE.items() if sample.is_file()])
def test_every_format_is_scrubbed_from_standard_input(
    form: str,
    packed: Callable[[bytes], bytes] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    replayed: Callable[..., tuple[int, Any, list[Any]]],
) -> None:
    content = SAMPLE[form].read_bytes()
    content = packed(content) if packed else pytest.importorskip("zstandard").compress(content)
    forget()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert cli.run(["scrub", "-", "--isolated", "--output", "new"]) == 0
    new = (tmp_path / "new").read_bytes()
    assert new[:4] == content[:4] or packed is bytes
    # Lines may move where YAML scalars of several lines become one.
    assert replayed("-", stdin=content)[:2] == replayed("new")[:2]


def test_a_folder_behind_a_link_out_of_what_was_named_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("named", "beside"):
        (tmp_path / folder).mkdir()
        shutil.copy(SAMPLES / "har" / "chrome.har", tmp_path / folder)
    (tmp_path / "named" / "more").symlink_to(tmp_path / "beside")
    cli.run(["replay", str(tmp_path / "named"), "--isolated", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert "a link that leads out of the tree" in json.dumps(told["skips"])


# --- One broken record ----------------------------------------------------------------------------

BROKEN = '{"request": {"url": [broken], }}'


def in_array(sample: str, key: str = "") -> tuple[bytes, str]:
    """The first record of a sample, a broken one, the first again; and the place of the broken one."""
    value = json.loads((SAMPLES / sample).read_text("utf-8"))
    holder = value
    for step in key.split(".") if key else ():
        holder = holder[step]
    holder[:] = [holder[0], BROKEN, holder[0]]
    text = json.dumps(value, indent=1).replace(json.dumps(BROKEN), BROKEN)
    before = text[: text.index(BROKEN)]
    return text.encode(), f":{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}#{key}[1]"


def in_lines(sample: str, line: bytes) -> tuple[bytes, str]:
    first = next(row for row in (SAMPLES / sample).read_bytes().split(b"\n") if b"@" in row or b"%40" in row)
    return b"\n".join([first, line, first, b""]), ":2"


def between(good: bytes, bad: bytes, place: str) -> tuple[bytes, str]:
    return good + bad + good, place


LETTER = b"From: desk@example.net\nTo: ann@example.com, bob@example.org\nSubject: S\n\nT\n"
ITEM = b"""\
- request: {body: 'to=ann@example.com', headers: {}, method: POST, uri: 'https://api.example.com/'}
  response: {status: {code: 200, message: OK}}
"""
SESSION = b"C: MAIL FROM:<desk@example.net>\nS: 250 ok\nC: RCPT TO:<ann@example.com>\nS: 250 ok\nC: DATA\nS: 354 go\n"
SAID = SESSION + b"".join(b"C: " + line + b"\n" for line in LETTER.split(b"\n")) + b"C: .\nS: 250 ok\n"
BEGIN, END = b"---------- MESSAGE FOLLOWS ----------\n", b"------------ END MESSAGE ------------\n"
FLOW = (SAMPLES / "mitmproxy" / "version_12.mitm").read_bytes()
FIRST_FLOW = FLOW[: FLOW.index(b":") + 1 + int(FLOW[: FLOW.index(b":")]) + 1]
TABLE: dict[str, tuple[bytes, str]] = {
    "har": in_array("har/chrome.har", "log.entries"),
    "jsonl": in_lines("jsonl/requests.jsonl", b'{"method": "POST", "url'),
    "jsonl as an array": in_array("jsonl/array.json"),
    "vcr": (b"interactions:\n" + ITEM + b"- request: {body: [}\n" + ITEM + b"version: 1\n", ":4:3#interactions[1]"),
    "vcr in JSON": in_array("vcr/vcrpy.json", "interactions"),
    "betamax": in_array("vcr/betamax.json", "http_interactions"),
    "newman": in_array("newman/report.json", "run.executions"),
    "charles": in_array("charles/session.chlsj"),
    "wiremock": in_array("wiremock/recorded_3_13.json", "requests"),
    "nock": in_array("nock/nock.json"),
    "mailpit": in_array("mailpit/list.json", "messages"),
    "mailhog": in_array("mailhog/recorded_search.json", "items"),
    "mailcatcher": in_array("mailcatcher/messages.json"),
    "maildev": in_array("maildev/version_2_2.json"),
    "moto-ses": in_array("moto-ses/sent_messages.json"),
    "localstack-ses": in_array("localstack-ses/messages.json", "messages"),
    "mailgun-events": in_array("mailgun-events/events.json", "items"),
    "ses-events": in_lines("ses-events/sns.jsonl", b'{"Type": "Notification", "Mess'),
    "mitmproxy": between(FIRST_FLOW, b"8:5:abcde?}", "#flow[1]"),
    "debugging-server": between(BEGIN + LETTER + END, BEGIN + b"To: ann@exa\n", ":9#message[1]"),
    "smtp-transcript": between(SAID, SESSION.replace(b"RCPT TO", b"RCP"), ":15#transaction[1]"),
}  # fmt: skip


def looked_at(tmp_path: Path, content: bytes) -> list[Record]:
    (tmp_path / "x").write_bytes(content)
    return list(records("x", tmp_path / "x"))


@pytest.mark.parametrize("case", TABLE)
def test_a_broken_record_costs_itself_and_is_told_with_its_place(case: str, tmp_path: Path) -> None:
    content, place = TABLE[case]
    found = looked_at(tmp_path, content)
    bad = [
        record
        for record in found
        if isinstance(record.exchange, CannotTell) and record.exchange.reason.name != "BODY_MISSING"
    ]
    assert [str(record.place) for record in bad] == [f"x{place}"]
    # Two notifications of one mail are one record.
    assert len(found) == (2 if case in ("mailgun-events", "ses-events") else 3)


@pytest.mark.parametrize("form", ["maildir", "mh"])
def test_a_broken_file_of_a_folder_costs_itself(form: str, tmp_path: Path) -> None:
    shutil.copytree(SAMPLE[form], tmp_path / "box")
    victim = next(
        path
        for path in sorted((tmp_path / "box").rglob("*"))
        if path.is_file() and not path.name.startswith((".", ","))
    )
    before = list(records("box", tmp_path / "box"))
    victim.write_bytes(b"")
    found = list(records("box", tmp_path / "box"))
    assert len(found) == len(before)
    assert [record.place.path for record in found if isinstance(record.exchange, CannotTell)] == [
        victim.relative_to(tmp_path).as_posix()
    ]


def test_every_format_is_in_the_table() -> None:
    # eml holds one message, and a recording of responses no bodies at all; any text between two separators is a letter.
    others = {"maildir", "mh", "eml", "responses", "mbox", "message-log"}
    assert {case.split(" ")[0] for case in TABLE} - {"betamax"} | others == set(SAMPLE)
