"""What headers and messages are made of: ``Header``, ``make_header``, the parsers, ``string.Template``, buffers."""

from __future__ import annotations

import email.header
import email.parser
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.addresses.values import recipients
from mailguard.model.message import Message
from mailguard.model.value import Fields, Known, Text, Unknown, text
from mailguard.source.scan import SourceFile, scan
from mailguard.transports.mime.reading import message_of
from mailguard.transports.mime.sources import HeaderText, Parser, header, make_header
from mailguard.transports.templates import Template

ANN, BOB = "ann@example.com", "bob@example.org"
PIECES = st.lists(st.sampled_from([ANN, f"{BOB},", '"Doe, Jane" <jane@example.com>,', "Ann"]), min_size=1, max_size=4)


@settings(max_examples=50, deadline=None)
@given(PIECES)
def test_a_header_made_of_pieces_names_whom_the_package_prints(pieces: list[str]) -> None:
    real, ours = email.header.Header(), header()
    assert isinstance(ours, HeaderText)
    for piece in pieces:
        real.append(piece)
        ours.append(piece)
    assert recipients(ours) == recipients(ours.encode()) == recipients(str(ours)) == recipients(str(real))
    pairs: list[Any] = [(piece, None) for piece in pieces]
    assert recipients(make_header(pairs)) == recipients(str(email.header.make_header(pairs)))


def test_a_header_of_one_text_is_that_text() -> None:
    assert header(ANN, "utf-8") == ANN
    assert recipients(header("")).recipients == ()
    assert isinstance(make_header(Unknown("pairs")), Unknown)


@pytest.mark.parametrize("name", ["parsestr", "parsebytes"])
def test_a_parsed_message_has_the_lines_of_its_source(name: str) -> None:
    source = f"To: {ANN}, {BOB}\n\nT\n"
    message = message_of(
        getattr(Parser(), name)(source if name == "parsestr" else source.encode()).render(), bcc="removed"
    )
    assert isinstance(message, Message)
    assert [person.address for person in message.to] == [ANN, BOB]


NAME = st.sampled_from(["to", "a", "_b", "c1"])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(NAME.map(lambda name: f"${name}"), NAME.map(lambda name: f"${{{name}}}"), st.text(max_size=5))),
    st.dictionaries(NAME, st.sampled_from([ANN, BOB, ""]), min_size=4, max_size=4),
)
def test_a_template_is_filled_in_as_by_python(pieces: list[str], values: dict[str, str]) -> None:
    source = "".join(pieces)
    try:
        real = string.Template(source).substitute(values)
    except (ValueError, KeyError):
        return  # Python refuses it
    assert text(Template(source).substitute(values)) == text(Template(source).safe_substitute(**values)) == real


def test_what_is_not_known_of_a_template_stays_open() -> None:
    found = Template("To: $to, ann@example.com").substitute({"to": Known(BOB)})
    assert [person.address for person in recipients(found).recipients][-1:] == [ANN]
    assert isinstance(Template(Unknown("source")).substitute(to=ANN), Unknown)
    assert isinstance(Template("$to").substitute(Fields((), open=True)), Text)


SCRIPT = """
import io
import smtplib
from email.header import Header
from email.mime.text import MIMEText


def main():
    {code}
"""
CODES = (
    (
        "line = Header()\n    line.append('ann@example.com,')\n    line.append('bob@example.org')\n    message = MIMEText('T')\n"
        "    message['To'] = line\n    smtplib.SMTP('h').send_message(message)"
    ),
    (
        "source = io.StringIO()\n    source.write('To: ann@example.com, bob@example.org\\n')\n    source.write('\\nT')\n"
        "    smtplib.SMTP('h').sendmail('f@example.net', ['ann@example.com'], source.getvalue())"
    ),
)


@pytest.mark.parametrize("code", CODES)
def test_methods_of_a_library_that_are_called_like_ours_are_the_librarys(code: str) -> None:
    (dispatch,) = scan(
        [SourceFile("main.py", SCRIPT.format(code=code).encode)], gate.libraries(), gate.open_to_callers
    ).dispatches
    claim = gate.claimed(dispatch.exchange)
    assert claim is not None
    assert isinstance(claim.decoded, tuple)
    assert [person.address for person in claim.decoded[0].to] == [ANN, BOB]
