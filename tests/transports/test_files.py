"""Attached files: what is read of them, and that the rest is said."""

from __future__ import annotations

import base64
import gzip
import io
import json
import time
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.addresses.compare import compare_key
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import Field
from mailguard.transports.content.contents import Contents
from mailguard.transports.content.texts import found_in
from mailguard.transports.files import BYTES, opened, packed

PEOPLE = ["bob@example.net", "cat@example.org"]


def archive(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in files.items():
            written.writestr(name, content)
    return stream.getvalue()


def sheet(*cells: str, inline: bool = False) -> bytes:
    """A workbook as spreadsheet programs write it: the texts in one part, or in the cells themselves."""
    if inline:
        rows = "".join(f'<row><c t="inlineStr"><is><t>{cell}</t></is></c></row>' for cell in cells)
        return archive(**{"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": f"<s>{rows}</s>".encode()})
    strings = "".join(f"<si><t>{cell}</t></si>" for cell in cells)
    return archive(**{"xl/sharedStrings.xml": f"<?xml version='1.0'?><sst>{strings}</sst>".encode()})


def pdf(*lines: str, packed_: bool = True, more: bytes = b"") -> bytes:
    shown = "BT " + " ".join(f"({line}) Tj" for line in lines) + " ET"
    content = shown.encode("latin-1")
    content = zlib.compress(content) if packed_ else content
    head = b"<< /Filter /FlateDecode >>" if packed_ else b"<< >>"
    return b"%PDF-1.4\n1 0 obj " + head + b" stream\n" + content + b"\nendstream endobj\n" + more + b"\n%%EOF"


def people(data: bytes, kind: str = "", name: str = "") -> tuple[set[str], set[str]]:
    """Whom a reader finds in a file, and what was not read."""
    found, missing = set(), set()
    for text, why in opened(data, packed(data, kind, name)):
        found.update(found_in(text))
        missing.update([why] if why else [])
    return found, missing


GOOD = {
    "shared strings": sheet("Name", *PEOPLE),
    "inline strings": sheet("Name", *PEOPLE, inline=True),
    "runs": archive(
        **{
            "word/document.xml": b"<w:p><w:r><w:t>bob@</w:t></w:r><w:r><w:t>example.net</w:t></w:r></w:p><w:p><w:t>cat@example.org</w:t></w:p>"
        }
    ),
    "open document": archive(**{"content.xml": b"<text:p>bob@example.net</text:p><text:p>cat@example.org</text:p>"}),
    "link of a sheet": archive(
        **{
            "xl/worksheets/_rels/sheet1.xml.rels": b'<R Target="mailto:bob@example.net"/><R Target="mailto:cat%40example.org"/>'
        }
    ),
    "csv in a zip": archive(**{"list.csv": b"bob@example.net\ncat@example.org\n", "logo.png": b"\x89PNG"}),
    "sheet in a zip": archive(**{"list.xlsx": sheet(*PEOPLE)}),
    "csv in gzip": gzip.compress(b"bob@example.net\ncat@example.org\n"),
    "pdf": pdf(*PEOPLE),
    "pdf, not packed": pdf(*PEOPLE, packed_=False),
    "pdf, letters moved": pdf("x")
    + b"1 0 obj << >> stream\nBT [(b) 20 (ob@exa) -3 (mple.net)] TJ (cat\\100example.org) Tj ET\nendstream",
    "pdf, link": pdf("x") + b"<< /S /URI /URI (mailto:bob@example.net) >> << /URI (mailto:cat@example.org) >>",
}


@pytest.mark.parametrize("name", GOOD)
def test_people_in_files_are_found(name: str) -> None:
    assert people(GOOD[name]) == (set(PEOPLE), set())


def protected() -> bytes:
    data = bytearray(archive(**{"list.csv": b"bob@example.net"}))
    for mark in (b"PK\3\4", b"PK\1\2"):
        at = data.find(mark) + (6 if mark == b"PK\3\4" else 8)
        data[at] |= 1
    return bytes(data)


UNREAD = {
    "password": (protected(), "an archive with a password"),
    "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an Office file of the old kind"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(60), "an archive of a kind that is not read"),
    "cut": (sheet(*PEOPLE)[:60], "a damaged archive"),
    "bomb": (archive(**{"a.xml": bytes(BYTES + 1)}), "a damaged archive, or one that is larger than the limit"),
    "gzip bomb": (gzip.compress(bytes(BYTES + 1)), "a damaged archive, or one that is larger than the limit"),
    "pdf, password": (pdf("x", more=b"/Encrypt 5 0 R"), "a PDF with a password"),
    "pdf, fonts": (pdf("x", more=b"/Encoding /Identity-H"), "a PDF with fonts of its own"),
    "pdf, other filter": (
        pdf("x") + b"1 0 obj << /Filter /LZWDecode >> stream\nxx\nendstream",
        "a PDF that is packed otherwise, or larger than the limit",
    ),
    "deep": (
        archive(
            a=b"", **{"a.zip": archive(**{"b.zip": archive(**{"c.zip": archive(**{"d.csv": b"bob@example.net"})})})}
        ),
        "an archive inside an archive",
    ),
    "many files": (archive(**{f"{n}.bin": b"" for n in range(2001)}), "an archive of more files than the limit"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_said(name: str) -> None:
    data, why = UNREAD[name]
    started = time.process_time()
    assert why in people(data)[1]
    assert time.process_time() - started < 5


def test_many_bombs_are_one_bomb() -> None:
    # Each member is below the limit, and all of them together are far above it.
    data = archive(**{f"{number}.xml": bytes(BYTES // 4) for number in range(50)})
    started = time.process_time()
    assert people(data)[1] == {"a damaged archive, or one that is larger than the limit"}
    assert time.process_time() - started < 5


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_damage_is_said_or_changes_nothing_of_the_kind(name: str, data: st.DataObject) -> None:
    content = bytearray(GOOD[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(content), len(content) // 2]))
    for text, why in opened(bytes(content[:cut]), packed(bytes(content[:cut]), "", "")):
        assert isinstance(text, str)
        assert "@" not in why


def send(data: bytes, name: str, kind: str, contents: Contents) -> set[str]:
    body = {
        "personalizations": [{"to": [{"email": "ann@example.com"}], "bcc": [{"email": one} for one in PEOPLE]}],
        "from": {"email": "desk@example.org"},
        "attachments": [{"content": base64.b64encode(data).decode(), "filename": name, "type": kind}],
    }
    request = HttpRequest(
        "POST", "https://api.sendgrid.com/v3/mail/send", {"Content-Type": "application/json"}, json.dumps(body)
    )
    claim = gate.claimed(request, contents)
    assert claim is not None
    assert isinstance(claim.decoded, tuple)
    return {
        compare_key(one.recipient.address or "")
        for message in claim.decoded
        for one in message.mentions
        if one.field is Field.ATTACHMENT
    }


def test_a_request_with_a_file_shows_whom_the_file_holds() -> None:
    contents = Contents()
    assert send(GOOD["shared strings"], "list.xlsx", "application/vnd.ms-excel", contents) == set(PEOPLE)
    assert send(GOOD["pdf"], "list.pdf", "application/pdf", contents) == set(PEOPLE)
    assert send(GOOD["sheet in a zip"], "list.zip", "application/zip", contents) == set(PEOPLE)
    assert not contents.missing
    assert send(UNREAD["old office"][0], "list.xls", "application/vnd.ms-excel", contents) == set()
    assert contents.missing == {"an Office file of the old kind": 1}


def test_an_image_is_nothing_to_speak_of() -> None:
    contents = Contents()
    assert send(b"\x89PNG\r\n\x1a\n" + bytes(200), "logo.png", "image/png", contents) == set()
    assert send(b"\x89PNG\r\n\x1a\n" + bytes(200), "", "application/octet-stream", contents) == set()
    assert not contents.missing


def test_a_run_says_which_files_were_not_looked_into(tmp_path) -> None:
    body = {
        "personalizations": [{"to": [{"email": "ann@example.com"}]}],
        "from": {"email": "desk@example.org"},
        "attachments": [{"content": base64.b64encode(UNREAD["password"][0]).decode(), "filename": "a.zip"}],
    }
    line = {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {}, "body": json.dumps(body)}
    (tmp_path / "log.jsonl").write_text(f"{json.dumps(line)}\n" * 2)
    report = gate.replay(tmp_path / "log.jsonl")
    assert report.notices == ("2 attached files were not looked into: an archive with a password.",)
    assert report.exit_code == 0
