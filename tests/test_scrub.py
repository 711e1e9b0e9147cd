"""Scrubbed captures: nobody of the original is left, and everything is judged as before."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import quopri
import re
import shutil
import sys
import tracemalloc
import zlib
from collections.abc import Iterator
from dataclasses import replace
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard import cli, scrub
from mailguard.model.finding import Report
from mailguard.pseudonyms.files import Pseudonyms
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Policy, chosen
from mailguard.scrub import ScrubError, scrubbed

sys.path.insert(0, str(Path(__file__).parent / "captures"))
import golden

SAMPLES = golden.samples()
NAMED = re.compile(rb"(?<![\w.])(?:ann|bob|cat|dan|eve)(?:@|%40)example")
"""Whom the samples name."""
RULES = chosen(load_rules())


def policy(*inside: str) -> Policy:
    return Policy(frozenset(inside), RULES)


def layers(data: bytes, depth: int = 3) -> Iterator[bytes]:
    """Bytes, and what is in them in the notations that captures use. Written apart from the code that is tested."""
    yield data
    if depth == 0:
        return
    if data[:2] == b"\x1f\x8b":
        with contextlib.suppress(OSError, EOFError, zlib.error):
            yield from layers(gzip.decompress(data), depth - 1)
    for found in re.finditer(
        rb"[A-Za-z0-9+/_-]{16,}={0,2}", data.replace(b"\\n", b"").replace(b"\r", b"").replace(b"\n", b"")
    ):
        token = found.group().rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        if len(token) % 4 != 1:
            yield from layers(base64.b64decode(token + b"=" * (-len(token) % 4)), depth - 1)
    for undone in (unquote_to_bytes(data), quopri.decodestring(data)):
        if undone != data:
            yield from layers(undone, depth - 1)


def planted(data: bytes) -> bool:
    return any(b"planted" in layer.lower() for layer in layers(data))


def told(report: Report) -> Any:
    """What a report says of the requests, without the path. Of what age a copy is says nothing."""
    heard = [f for f in report.findings if f.blocks]
    findings = [(f.rule, f.title, f.certainty, f.place.line, f.place.pointer, f.times) for f in heard]
    skips = [(s.cause, s.detail, s.times) for s in report.skips]
    return findings, skips, replace(report.ledger, stale=0), report.exit_code


def replayed(path: Path, *inside: str) -> Any:
    import mailguard
    from mailguard.config import Settings

    return told(mailguard.replay(path, Settings(internal_domains=inside)))


@pytest.mark.parametrize("inside", [(), ("example.com",), ("example.org", "example.net")], ids=["none", "one", "two"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_sample_replays_to_the_same_verdicts(sample: Path, inside: tuple[str, ...], tmp_path: Path) -> None:
    result = scrubbed(sample, policy(*inside))
    # Both lie where no project is around them: what its tests and its history say of a recording is no matter here.
    original, copy = tmp_path / "original" / sample.name, tmp_path / "copy" / sample.name
    original.parent.mkdir()
    shutil.copytree(sample, original) if sample.is_dir() else shutil.copy(sample, original)
    for name, data in result.files:
        file = copy / name if name else copy
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        assert not NAMED.search(data)
    for name in ("cur", "new", "tmp"):
        if (sample / name).is_dir():
            (copy / name).mkdir(exist_ok=True)
    before, after = replayed(original, *inside), replayed(copy, *inside)
    assert before[1:] == after[1:]
    # Lines may move where YAML scalars of several lines become one.
    assert [f[:3] for f in before[0]] == [f[:3] for f in after[0]]


LOCAL = st.one_of(
    st.from_regex(r"planted[a-z0-9]{1,5}([.+_-][a-z0-9]{1,4})?", fullmatch=True),
    st.sampled_from(["Planted.One", '"planted two"', "plantedö", "o'planted", "x=planted", "planted+tag"]),
)
DOMAIN = st.sampled_from(
    [
        "example.com",
        "example.org",
        "mail.example.org",
        "Example.NET",
        "bücher.example",
        "inside.example",
        "a.inside.example",
    ]
)
ADDRESS = st.builds(lambda local, domain: f"{local}@{domain}", LOCAL, DOMAIN)
NAME = st.sampled_from(["", "Ann Planted", "Planted, B.", "Jörg Planted", "planted@example.com", "Team"])
PERSON = st.tuples(NAME, ADDRESS)
PEOPLE = st.lists(PERSON, min_size=1, max_size=5)


def sendgrid(people: list[tuple[str, str]], text: str) -> dict[str, Any]:
    to = [{"email": address, "name": name} for name, address in people]
    body = {"personalizations": [{"to": to}], "from": {"email": "planted-from@example.com"}, "subject": text,
            "content": [{"type": "text/html", "value": f"<p>{text}</p>"}],
            "attachments": [{"content": base64.b64encode(text.encode()).decode(), "filename": "list.csv"}]}  # fmt: skip
    return {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {"Authorization": "Bearer SG.planted-secret"},
            "body": json.dumps(body)}  # fmt: skip


def mailgun(people: list[tuple[str, str]], text: str) -> dict[str, Any]:
    parts = [("to", f'"{name}" <{address}>' if name else address) for name, address in people] + [
        ("text", text),
        ("from", "planted-from@example.com"),
    ]
    if len(people) > 2:
        parts.append(("recipient-variables", json.dumps({address: {"n": 1} for _, address in people})))
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in parts)
    return {"method": "POST", "url": "https://api:key-planted0123456789@api.mailgun.net/v3/mg.example.com/messages",
            "headers": {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}, "body": body}  # fmt: skip


def packed(record: dict[str, Any]) -> dict[str, Any]:
    data = gzip.compress(record.pop("body").encode(), mtime=0)
    return {**record, "headers": {"Content-Encoding": "gzip"}, "body_base64": base64.b64encode(data).decode()}


def mime(people: list[tuple[str, str]], text: str, coding: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = "planted-from@example.com"
    message["Subject"] = text
    message.set_content(text, cte=coding)
    message.add_attachment(text.encode(), maintype="text", subtype="csv", filename="list.csv")
    quoted = [f'"{name}"' if name.isascii() else Header(name, "utf-8").encode() for name, _ in people]
    to = ", ".join(f"{name} <{address}>" for name, (_, address) in zip(quoted, people, strict=True))
    return f"To: {to}\r\n".encode() + message.as_bytes()


def record_of(people: list[tuple[str, str]], kind: str, coding: str) -> dict[str, Any]:
    name = next((name for name, _ in people if re.fullmatch(r"\w+ \w+", name)), "you")
    text = f"Hello {name}, {people[0][1]} wrote; see also {people[-1][1]}."
    match kind:
        case "sendgrid":
            return sendgrid(people, text)
        case "mailgun":
            return mailgun(people, text)
        case "gzip":
            return packed(sendgrid(people, text))
        case _:
            raw = mime(people, text, coding)
            return {"method": "SMTP", "url": "smtp://mail.example.com", "headers": {},
                    "envelope": {"mail_from": "planted-from@example.com", "rcpt_to": [address for _, address in people]},
                    "body_base64": base64.b64encode(raw).decode()}  # fmt: skip


RECORD = st.tuples(
    PEOPLE,
    st.sampled_from(["sendgrid", "mailgun", "gzip", "smtp"]),
    st.sampled_from(["quoted-printable", "base64", "8bit"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORD, min_size=1, max_size=4), st.booleans())
def test_nobody_is_left_and_nothing_is_judged_otherwise(
    tmp_path: Path, records: list[tuple[list[tuple[str, str]], str, str]], compressed: bool
) -> None:
    data = "".join(json.dumps(record_of(*record)) + "\n" for record in records).encode()
    file = tmp_path / "sent.jsonl"
    file.write_bytes(gzip.compress(data) if compressed else data)
    result = scrubbed(file, policy("inside.example"))
    copy = tmp_path / "scrubbed.jsonl"
    copy.write_bytes(result.files[0][1])
    written = result.files[0][1]
    assert not planted(gzip.decompress(written) if compressed else written)
    assert replayed(file, "inside.example") == replayed(copy, "inside.example")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([path for path in SAMPLES if path.is_file()]), st.data())
def test_a_damaged_capture_is_scrubbed_or_refused(tmp_path: Path, sample: Path, data: st.DataObject) -> None:
    content = sample.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    file = tmp_path / sample.name
    file.write_bytes(content[:start] + data.draw(st.binary(max_size=3)) + content[end:])
    with contextlib.suppress(ScrubError):
        for _, written in scrubbed(file, policy()).files:
            assert not any(map(NAMED.search, layers(written)))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40), st.integers(1, 7), st.binary(max_size=40))
def test_damaged_base64_names_nobody_however_it_is_shifted(front: int, lost: int, noise: bytes) -> None:
    whole = base64.b64encode(
        b"x" * front + b' {"email": "planted@example.com"} ' + noise + b"\xff\xfe\x80" * 40
    ).decode()
    at = (front + 30) % 20
    text = Pseudonyms().text(whole[:at] + whole[at + lost :])
    assert not any(planted(base64.b64decode(text[start:][: (len(text) - start) // 4 * 4])) for start in range(4))


def test_a_damaged_gzip_stream_that_names_somebody_is_refused() -> None:
    lines = "".join(f"To: planted{number * 7919}@example.com\n" for number in range(400)).encode()
    packed = bytearray(gzip.compress(lines))
    packed[len(packed) // 2] ^= 0x55
    for write in (Pseudonyms().data, lambda data: Pseudonyms().file(data, "jsonl")):
        with pytest.raises(ValueError, match="a damaged stream"):
            write(bytes(packed))


@settings(max_examples=100, deadline=None)
@given(st.lists(ADDRESS, min_size=1, max_size=8))
def test_equal_people_stay_equal_and_different_ones_different(addresses: list[str]) -> None:
    from mailguard.addresses.compare import compare_key, is_inside
    from mailguard.model.message import Recipient

    names = Pseudonyms(["inside.example"])
    fakes = [names.plain(address) for address in addresses]
    for one, fake in zip(addresses, fakes, strict=True):
        for other, twin in zip(addresses, fakes, strict=True):
            assert (compare_key(one) == compare_key(other)) == (compare_key(fake) == compare_key(twin))
            same = compare_key(one).rpartition("@")[2] == compare_key(other).rpartition("@")[2]
            assert same == (compare_key(fake).rpartition("@")[2] == compare_key(twin).rpartition("@")[2])
        assert is_inside(Recipient(one), ["inside.example"]) == is_inside(Recipient(fake), ["inside.example"])


@pytest.mark.parametrize(
    "text",
    [
        '{"key": "planted-key-0123456789", "message": {}}',
        "https://host.example/send?api_key=planted1234&to=x",
        "https://user:planted@host.example/send",
        "Authorization: Basic cGxhbnRlZDpwbGFudGVk",
        '{"headers": [{"name": "Cookie", "value": "planted=1"}]}',
        '{"headers": {"X-Api-Key": ["planted123"]}}',
        "AUTH PLAIN cGxhbnRlZA==",
    ],
)
def test_secrets_go(text: str) -> None:
    new = Pseudonyms().file(text.encode(), "jsonl").decode()
    assert "planted" not in new
    assert "cGxhbnRlZ" not in new
    assert "secret-1" in new


def test_base64_in_a_field_of_a_form_is_opened() -> None:
    data = base64.b64encode(b"To: planted@example.com\nSubject: S\n\nHello planted@example.com").decode()
    new = Pseudonyms().text(f"Action=SendRawEmail&RawMessage.Data={quote_plus(data)}&Version=1")
    assert not planted(new.encode())
    assert new.startswith("Action=SendRawEmail&RawMessage.Data=")
    assert new.endswith("&Version=1")


def test_a_secret_that_two_share_is_still_shared() -> None:
    names = Pseudonyms()
    assert names.text("?token=abcdefgh") == names.text("?token=abcdefgh") != names.text("?token=abcdefgi")


def test_the_command_writes_a_file_and_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, copy = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    file.write_text(json.dumps(sendgrid([("", "planted@example.com"), ("", "planted2@example.org")], "hi")) + "\n")
    assert cli.run(["scrub", str(file), "--output", str(copy), "--isolated"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "Replaced: 3 addresses at 2 outside domains, 1 secret." in err
    assert not planted(copy.read_bytes())
    assert cli.run(["replay", str(copy), "--isolated"]) == 1


def test_several_captures_need_a_folder_and_keep_who_is_who(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, people in (("x", ["planted1@example.com"]), ("y", ["planted2@example.com", "planted1@example.com"])):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sent.jsonl").write_text(json.dumps(sendgrid([("", p) for p in people], "hi")) + "\n")
    assert cli.run(["scrub", str(tmp_path), "--isolated"]) == 3
    assert "name a folder" in capsys.readouterr().err
    assert cli.run(["scrub", str(tmp_path), "--isolated", "--output", str(tmp_path / "out")]) == 0
    first = (tmp_path / "out" / "x" / "sent.jsonl").read_text()
    second = (tmp_path / "out" / "y" / "sent.jsonl").read_text()
    assert re.findall(r"r\d+@example\.org", first)[0] in second


def test_names_of_files_name_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    letter = "From: desk@example.org\nTo: {}\nSubject: hi\n\nhello\n"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "planted@example.com.eml").write_text(letter.format("planted@example.com"))
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "in" / "box" / folder).mkdir(parents=True)
    box = tmp_path / "in" / "box" / "new"
    for number in range(12):
        (box / f"{number}.planted{number}@example.com").write_text(letter.format(f"planted{number}@example.com"))
    out = tmp_path / "out"
    assert cli.run(["scrub", str(tmp_path / "in"), "--isolated", "--output", str(out)]) == 0
    assert "13 records replayed" in capsys.readouterr().err
    files = [file for file in out.rglob("*") if file.is_file()]
    assert len(files) == 13
    assert not planted("\n".join(file.relative_to(out).as_posix() for file in files).encode())
    assert cli.run(["scrub", str(tmp_path / "in" / "box"), "--isolated", "--output", str(tmp_path / "one")]) == 0
    people = [re.findall(r"To: r(\d+)@", file.read_text())[0] for file in sorted((tmp_path / "one" / "new").iterdir())]
    assert len(people) == 12
    assert people == sorted(people, key=int)  # in the order in which the originals are read, and were heard of
    assert cli.run(["replay", str(tmp_path / "one"), "--isolated"]) == 0


def test_nothing_is_written_over_the_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(sendgrid([("", "planted@example.com")], "hi")) + "\n")
    before = file.read_bytes()
    (tmp_path / "link").symlink_to(file)
    for output in (file, tmp_path / "link"):
        assert cli.run(["scrub", str(file), "--isolated", "--output", str(output)]) == 3
        assert "somewhere else than the capture" in capsys.readouterr().err
        assert file.read_bytes() == before
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    (tmp_path / "box" / "new" / "1").write_text("From: desk@example.org\nTo: planted@example.com\n\nhello\n")
    for output in (tmp_path / "box", tmp_path / "box" / "out"):
        assert cli.run(["scrub", str(tmp_path / "box"), "--isolated", "--output", str(output)]) == 3
    assert len(list((tmp_path / "box").rglob("*"))) == 4


def test_captures_that_cannot_be_read_are_said_to_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps(sendgrid([("", "planted@example.com")], "hi")) + "\n")
    (tmp_path / "in" / "b.har").write_text("no more of it")
    assert cli.run(["scrub", str(tmp_path / "in"), "--isolated", "--output", str(tmp_path / "out")]) == 3
    assert "Left out: 1 capture that cannot be read." in capsys.readouterr().err


def test_a_packed_file_is_unpacked_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """20 KB packed with zstd were unpacked to 600 MB before anybody asked for their size."""
    zstandard = pytest.importorskip("zstandard")
    line = json.dumps(sendgrid([("", "planted@example.com")], "hi")).encode() + b"\n"
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard.compress(line))
    scrubbed(path, policy())  # loads what it needs
    path.write_bytes(zstandard.compress(line + (b" " * (1 << 20) + b"\n") * 64))
    monkeypatch.setattr(scrub, "LIMIT", 4 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(ScrubError, match="larger than the limit"):
            scrubbed(path, policy())
        assert tracemalloc.get_traced_memory()[1] < 48 << 20
    finally:
        tracemalloc.stop()


def test_packed_parts_behind_each_other_are_one_capture(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    lines = [json.dumps(sendgrid([("", f"planted{one}@example.com")], "hi")).encode() + b"\n" for one in (1, 2)]
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(b"".join(map(zstandard.compress, lines)))
    ((_, data),) = scrubbed(path, policy()).files
    inner = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    assert inner.count(b"\n") == 2
    assert not planted(inner)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ScrubError, match="cut or damaged"):
        scrubbed(path, policy())
