"""Merge tags that nothing fills."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.model.exchange import Form, HttpRequest, RawMessage
from mailguard.model.message import Field
from mailguard.transports.content.contents import Contents
from mailguard.transports.tags import tags


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Dear {{name}}", {"name": True}),
        ("Dear {{{ first.name }}} and {{ x | default('you') }}", {"first.name": True, "x": True}),
        ("*|FNAME|*, *|UNSUB|* *|EMAIL|*", {"FNAME": True}),
        ("%recipient.name% %recipient% %unsubscribe_url%", {"name": True}),
        ("[[data:firstname:friend]] [[other]]", {"data:firstname": False}),
        ("{{ contact.FIRSTNAME }}", {"contact.FIRSTNAME": False}),
        ("{{#if a}}{{b}}{{/if}}", {"b": False}),
        ("{% for x in y %}{{ x.name }}{% endfor %}", {"x.name": False}),
        ("<p>Use <code>{{ name }}</code>, <pre>{{ b }}</pre></p>", {}),
        ("${{ secrets.TOKEN }} {{unsubscribe}} {{ address.email }} {{{pm:unsubscribe}}}", {}),
        ("{ name } {{}} {{ 1 }} 100% -name- a || b", {}),
    ],
)
def test_which_tags_a_text_has(text: str, found: dict[str, bool]) -> None:
    assert dict(tags(text)) == found


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="{}[]|*% data:recipient.ab<code>/#-\n", max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    for name, sure in tags(text):
        assert name
        assert isinstance(sure, bool)


def readers(exchange, field: Field = Field.TAG) -> dict[str, int]:
    claim = gate.claimed(exchange, Contents())
    assert claim is not None
    messages = claim.decoded if isinstance(claim.decoded, tuple) else claim.decoded.messages
    return {
        one.recipient.address: one.recipient.count.low for m in messages for one in m.mentions if one.field is field
    }


def post(url: str, body: object) -> HttpRequest:
    return HttpRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(body))


ANN, BOB = "ann@example.com", "bob@example.net"


def mandrill(text: str, **message: object) -> HttpRequest:
    body = {"message": {"to": [{"email": ANN}, {"email": BOB}], "preserve_recipients": False, "html": text, **message}}
    return post("https://mandrillapp.com/api/1.0/messages/send.json", body)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (mandrill("*|NAME|*"), {ANN: 1, BOB: 1}),
        (mandrill("*|NAME|*", merge_vars=[{"rcpt": ANN, "vars": [{"name": "name", "content": "x"}]}]), {BOB: 1}),
        (mandrill("*|NAME|*", global_merge_vars=[{"name": "NAME", "content": "x"}]), {}),
        (mandrill("*|CURRENT_YEAR|* *|UNSUB|*"), {}),
        (mandrill("no tag"), {}),
        (
            post(
                "https://api.sparkpost.com/api/v1/transmissions",
                {
                    "recipients": [{"address": {"email": ANN}, "substitution_data": {"first": "A"}}, {"address": BOB}],
                    "substitution_data": {"shop": {"name": "x"}},
                    "content": {
                        "from": "d@example.org",
                        "subject": "{{first}}",
                        "text": "{{shop.name}} {{address.email}}",
                    },
                },
            ),
            {BOB: 1},
        ),
        (
            post(
                "https://api.mailjet.com/v3.1/send",
                {
                    "Messages": [
                        {"To": [{"Email": ANN}], "TextPart": "{{var:name}} {{name}}", "Variables": {"name": "x"}}
                    ]
                },
            ),
            {},
        ),
        (
            post(
                "https://api.brevo.com/v3/smtp/email",
                {"to": [{"email": ANN}], "htmlContent": "{{params.name}} {{params.other}}", "params": {"name": "x"}},
            ),
            {ANN: 1},
        ),
        (
            HttpRequest(
                "POST",
                "https://api.mailgun.net/v3/mg.example.org/messages",
                {},
                Form(
                    (
                        ("to", ANN),
                        ("text", "%recipient.name% {{v}}"),
                        ("v:v", "1"),
                        ("recipient-variables", json.dumps({ANN: {"name": "A"}})),
                    )
                ),
                "form",
            ),
            {},
        ),
        (
            post(
                "https://api.sendgrid.com/v3/mail/send",
                {
                    "personalizations": [{"to": [{"email": ANN}], "dynamic_template_data": {"name": "A"}}],
                    "template_id": "d-1",
                },
            ),
            {},
        ),
        (
            RawMessage(
                b'To: ann@example.com\nX-SMTPAPI: {"to": ["ann@example.com"], "sub": {"%name%": ["A"]}}\n\nDear %name%, {{x}}'
            ),
            {ANN: 1},
        ),
        (RawMessage(b'To: ann@example.com\nX-MC-MergeVars: {"NAME": "A"}\n\nDear *|NAME|*'), {}),
    ],
)
def test_who_reads_a_tag_that_nothing_fills(request_, expected: dict[str, int]) -> None:
    assert readers(request_) == expected


def test_a_tag_that_another_reader_has_data_for_is_a_tag_however_it_is_written() -> None:
    body = {
        "personalizations": [
            {"to": [{"email": ANN}], "substitutions": {"#name#": "Ann"}},
            {"to": [{"email": BOB}], "substitutions": {"#first#": "Bob"}},
        ],
        "content": [{"type": "text/plain", "value": "Dear #name#"}],
    }
    assert readers(post("https://api.sendgrid.com/v3/mail/send", body)) == {BOB: 1}


def test_many_readers_with_many_fields_take_little_time() -> None:
    import time

    people = [
        {"to": [{"email": f"p{n}@example.com"}], "substitutions": {f"-f{i}-": "x" for i in range(20)}}
        for n in range(1000)
    ]
    body = {"personalizations": people, "content": [{"type": "text/plain", "value": "-f1- {{left}}"}]}
    started = time.process_time()
    assert len(readers(post("https://api.sendgrid.com/v3/mail/send", body))) == 1000
    assert time.process_time() - started < 2
