"""A To line as nobody should write it shows at least those whom a reader makes out in it, whatever carries it."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.model.exchange import Exchange, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Undecided

JSON = {"content-type": "application/json"}


def posted(url: str, body: object) -> HttpRequest:
    return HttpRequest("POST", url, JSON, json.dumps(body))


def mime(header: bytes, *more: bytes) -> bytes:
    lines = [b"From: desk@example.com", *[b"To: " + one for one in (header, *more)], b"Subject: x", b"", b"Hello", b""]
    return b"\r\n".join(lines)


def as_message(raw: bytes) -> dict[str, Exchange]:
    """The ways of a whole message."""
    code = base64.b64encode(raw).decode()
    people = ["ann@example.com", "bob@example.org"]
    return {
        "smtp": SmtpTransaction("smtp://mail.example.com", "desk@example.com", people, raw),
        "eml": RawMessage(raw, None),
        "ses": posted("https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails", {"Content": {"Raw": {"Data": code}}}),
        "ses query": HttpRequest("POST", "https://email.us-east-1.amazonaws.com/", {"content-type": "application/x-www-form-urlencoded"},
                                 urlencode({"Action": "SendRawEmail", "RawMessage.Data": code})),
        "gmail": posted("https://gmail.googleapis.com/gmail/v1/users/me/messages/send", {"raw": code.translate(str.maketrans("+/", "-_")).rstrip("=")}),
        "graph": HttpRequest("POST", "https://graph.microsoft.com/v1.0/me/sendMail", {"content-type": "text/plain"}, code),
        "mandrill": posted("https://mandrillapp.com/api/1.0/messages/send-raw.json", {"key": "k", "raw_message": raw.decode("utf-8", "replace"), "to": people}),
    }  # fmt: skip


def as_text(text: str) -> dict[str, Exchange]:
    """The ways of a To that is a text of its own."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    return {
        "postmark": posted("https://api.postmarkapp.com/email", {"From": "desk@example.com", "To": text, "TextBody": "x"}),
        "resend": posted("https://api.resend.com/emails", {"from": "desk@example.com", "to": [text], "text": "x"}),
        "sendgrid": posted("https://api.sendgrid.com/v3/mail/send", {"personalizations": [{"to": [{"email": text}]}], "from": {"email": "desk@example.com"}}),
        "brevo": posted("https://api.brevo.com/v3/smtp/email", {"sender": {"email": "desk@example.com"}, "to": [{"email": text}], "textContent": "x"}),
        "mailgun": HttpRequest("POST", "https://api.mailgun.net/v3/example.com/messages", form, urlencode({"from": "desk@example.com", "to": text, "text": "x"})),
        "mailjet": posted("https://api.mailjet.com/v3/send", {"FromEmail": "desk@example.com", "To": text, "Text-part": "x"}),
        "mandrill": posted("https://mandrillapp.com/api/1.0/messages/send.json", {"key": "k", "message": {"to": [{"email": text}], "preserve_recipients": True}}),
        "ses": posted("https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails", {"Destination": {"ToAddresses": [text]}, "Content": {"Simple": {}}}),
        "graph": posted("https://graph.microsoft.com/v1.0/me/sendMail", {"message": {"toRecipients": [{"emailAddress": {"address": text}}]}}),
        "customerio": posted("https://api.customer.io/v1/send/email", {"to": text, "transactional_message_id": 1, "identifiers": {"id": "1"}}),
        "loops": posted("https://app.loops.so/api/v1/transactional", {"transactionalId": "t", "email": text}),
    }  # fmt: skip


def shown(exchange: Exchange) -> int | None:
    """How many people the readers of one message see, at most; None where that cannot be told."""
    claim = gate.claimed(exchange)
    assert claim is not None
    if isinstance(claim.decoded, CannotTell):
        return None
    messages = claim.decoded.messages if isinstance(claim.decoded, Undecided) else claim.decoded
    return max(
        sum(10**9 if one.count.high is None else one.count.high for one in (*message.to, *message.cc)) + len(message.mentions)
        for message in messages
    )  # fmt: skip


HOSTILE = {
    "group": "team: ann@example.com, bob@example.org;",
    "two groups": "a: ann@example.com;, b: bob@example.org;",
    "group that does not end": "team: ann@example.com, bob@example.org",
    "nested comments": "ann@example.com (x (y) z), bob@example.org",
    "comment between": "ann@example.com (c) bob@example.org",
    "comment that does not end": "(ann@example.com, bob@example.org",
    "encoded comma": "=?utf-8?q?Doe=2C_Ann?= <ann@example.com>, bob@example.org",
    "encoded address": "=?utf-8?q?ann=40example=2Ecom?=, bob@example.org",
    "encoded list": "=?utf-8?b?" + base64.b64encode(b"ann@example.com, bob@example.org").decode() + "?=",
    "folded": "ann@example.com,\r\n\tbob@example.org",
    "folded inside": "ann@example.com, bob@exam\r\n ple.org",
    "other scripts": "ann@b\u00fccher.example, bob@xn--bcher-kva.example",
    "quoted pairs": '"Doe, \\"A\\"" <ann@example.com>, bob@example.org',
    "quoted local parts": '"ann lee"@example.com, "b,c"@example.org',
    "route": "<@a.example,@b.example:ann@example.com>, bob@example.org",
    "eight bits": "J\u00f6rg <ann@example.com>, Zo\u00eb <bob@example.org>",
    "nul": "ann@example.com\0, bob@example.org",
    "nul between": "ann@example.com\0bob@example.org",
    "bare cr": "ann@example.com\rbob@example.org",
    "bare lf": "ann@example.com,\n bob@example.org",
    "space": "ann@example.com bob@example.org",
    "tab": "ann@example.com\tbob@example.org",
    "semicolon": "ann@example.com; bob@example.org",
    "name without an address": '"ann@example.com, bob@example.org" <>',
    "name behind the brackets": '<ann@example.com> "bob@example.org"',
    "name of a group": '"ann@example.com, bob@example.org": cat@example.net;',
    "comment in the place of a group": "(ann@example.com): bob@example.org;",
    "comment beside a quoted address": '"ann@example.com" (bob@example.org)',
    "list as a local part": '"ann@example.com, bob@example.org"@example.net',
    "list in quotes and a dot": '"ann@example.com, bob@example.org".',
    "encoded twice": "=?utf-8?b?"
    + base64.b64encode(b"=?utf-8?q?ann=40example.com,_bob=40example.org?=").decode()
    + "?=",
    "wide comma": "ann@example.com\uff0cbob@example.org",
    "wide at": "ann\uff20example.com, bob@example.org",
    "ideographic comma": "ann@example.com\u3001bob@example.org",
    "ideographic stop": "ann@example\u3002com, bob@example.org",
    "two angles": "<<ann@example.com>>, <bob@example.org",
    "mailto": "mailto:ann@example.com, <mailto:bob@example.org>",
    "an address for a name": '"bob@example.org" <ann@example.com>',
    "numbers for domains": "ann@[192.0.2.1], bob@[IPv6:2001:db8::1]",
    "commas": ",, ann@example.com,,, bob@example.org,",
    "bar": "ann@example.com|bob@example.org",
    "slash": "ann@example.com/bob@example.org",
    "bracket": "ann@example.com]bob@example.org",
    "braces": "{ann@example.com}{bob@example.org}",
    "apostrophes": "'ann@example.com''bob@example.org'",
    "names without spaces": "Ann<ann@example.com>Bob<bob@example.org>",
    "quote that does not end": '"Ann <ann@example.com>, bob@example.org',
    "no width": "ann@example.com\u200b, bob@example.org",
    "right to left": "\u202eann@example.com, bob@example.org",
    "percent": "ann%example.org@example.com, bob@example.org",
    "backslash": "ann@example.com\\, bob@example.org",
    "quoted list": '"ann@example.com, bob@example.org"',
    "list in angles": "<ann@example.com, bob@example.org>",
    "header in header": "To: ann@example.com, bob@example.org",
    "entity": "ann&#64;example.com, bob@example.org",
    "no dot": "ann@localhost, bob@example.org",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_two_people_are_two_on_every_way(text: str) -> None:
    for way, exchange in (
        as_message(mime(text.encode())) | {f"{way} text": one for way, one in as_text(text).items()}
    ).items():
        assert (shown(exchange) or 2) >= 2, way


@pytest.mark.parametrize("raw", [b"J\xf6rg <ann@example.com>, bob@example.org", b"ann@example.com\xff bob@example.org"])
def test_bytes_of_no_text_hide_nobody(raw: bytes) -> None:
    for way, exchange in as_message(mime(raw)).items():
        assert (shown(exchange) or 2) >= 2, way


def test_two_lines_are_one_list() -> None:
    for way, exchange in as_message(mime(b"ann@example.com", b"bob@example.org")).items():
        assert shown(exchange) == 2, way


def test_a_long_list_is_as_long_everywhere() -> None:
    text = ", ".join(f"p{number}@example.com" for number in range(1100))
    for way, exchange in (as_message(mime(text.encode())) | as_text(text)).items():
        assert shown(exchange) in (1100, None), way


PIECE = st.sampled_from(
    ["ann@example.com", "bob@example.org", "<", ">", '"', "\\", "(", ")", ",", ";", ":", " ", "\t", "\r", "\n", "\r\n ", "\0", "=?utf-8?q?", "?=", "=40", "=2C",
     "\uff0c", "\uff20", "\u3001", "team", "@", "[", "]", "\u200b", "J\u00f6rg", "mailto:", "|", "/", ".", "undisclosed-recipients:;"]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECE, max_size=6), st.lists(PIECE, max_size=4), st.lists(PIECE, max_size=6))
@example(["("], [","], [])
@example([], ["\0"], [])
@example(['"'], [], ['"', "."])
@example([".", '"'], [], ['"'])
def test_two_addresses_with_anything_around_them_are_two(
    before: list[str], between: list[str], behind: list[str]
) -> None:
    # Something that ends an address on each side, so that these are two addresses for everybody who reads them.
    text = "".join([*before, " ann@example.com, ", *between, " bob@example.org ", *behind])
    ways = as_text(text)
    if "\r" not in text and "\n" not in text:  # else it is more than a To line
        ways |= as_message(mime(text.encode()))
    for way, exchange in ways.items():
        assert (shown(exchange) or 2) >= 2, way


CHARSET = st.one_of(
    st.text("xyz0-_*.:'/", max_size=64),
    st.sampled_from(["utf-8", "us-ascii", "utf-16", "utf-16be", "utf-32", "iso-2022-jp", "punycode", "hex", "undefined", "utf-8*en-a-very-long-tag-of-a-language"]),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(CHARSET, st.sampled_from("bBqQ"), st.integers(2, 60), st.integers(1, 3), st.booleans())
@example("x" * 50, "b", 2, 1, False)
@example("utf-8", "b", 60, 2, False)
def test_an_encoded_word_holds_the_same_people_everywhere(
    charset: str, how: str, size: int, times: int, little: bool
) -> None:
    """In JSON nobody was seen in a long word or one of an unknown set, in MIME nobody in a set with a long name."""
    text = ", ".join(f"p{number}@example.com" for number in range(size))
    for time in range(times):
        data = text.encode()
        if charset in ("utf-16", "utf-16be", "utf-32") and not time:
            data = text.encode(charset if charset[-1] == "e" else f"{charset}-{'le' if little else 'be'}")
        wrapped = base64.b64encode(data).decode() if how in "bB" else "".join(f"={byte:02X}" for byte in data)
        text = f"=?{charset if not time else 'utf-8'}?{how}?{wrapped}?="
        if len(text) > 4_000:
            break
    for way, exchange in (as_message(mime(text.encode())) | as_text(text)).items():
        assert shown(exchange) in (size, None), way
