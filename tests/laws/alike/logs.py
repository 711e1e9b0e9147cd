"""Lines of logs: requests of all kinds, requests of one form, and letters."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

ADDRESS = st.sampled_from(
    ["ann@example.com", "Ann@Example.com", "bob@example.net", "cy@example.org", "dee@in.example", "eve@sub.in.example", "fay@example.com",
     "gus@example.com", "hal@example.net"]
)  # fmt: skip
ODD = st.sampled_from(
    ["", "no", "a@b.example, c@d.example", "Ann <ann@example.com>", "<x@y.example>", "ä@ö.example", "a@b.example\nc@d.example", "q0.twin@q0.example",
     "a@b.example.", " a@b.example", "Bob Lee <bob@example.net>", "Desk <desk@example.org>", "Ann Lee <ann@example.com>, Bob <bob@example.net>", "\uff20", "a\uff20b.example", "undisclosed-recipients:;", "{{email}}", "message@example.com", "to@example.com "]
)  # fmt: skip
NAME = st.sampled_from(
    ["Ann", "Bob Lee", 'Ann "A" Lee', "Lee, Ann", "x@y.example", "=?utf-8?q?a=40b.example?=", "Jörg", "", "%40", "<b>"]
)
TEXT = st.sampled_from(
    ["Hello", "Hello Ann", "Dear bob@example.net", "ann&#64;example.com", "x%40y.example, ann%40example.com", "a & b", 'She said "to": "x"',
     "line\nline", "Grüße", "ann\uff20example.com", "To: bob@example.net", "<p>Hi</p>", "true", "1", "text/calendar", "Action=Send",
     "https://example.org/reset/a1b2c3d4e5f6g7", "https://example.org/x/ab1cd2efgh~ijk", "see http://example.net/", "Hi {{name}}", "*|FNAME|*", "%recipient.name%",
     "-name-", "50 % [1] {2} *3*", "C:\\\\new", "😀", "tab\there", "Hi Ann, write to help@example.org", "for ann@example.com only", "to %40 and help@example.org &amp; more",
     "https://example.org/login/a1b2c3d4e5f6g7 or help@example.org", "https://example.org/u/z9y8x7w6v5u4?e=bob%40example.net"]
)  # fmt: skip
URL = st.sampled_from(
    ["https://api.sendgrid.com/v3/mail/send", "https://api.sendgrid.com/v3/mail/send", "https://api.sendgrid.com/v3/contacts",
     "https://example.org/hook", "https://api.brevo.com/v3/smtp/email", "https://api.postmarkapp.com/email", "/v3/mail/send"]
)  # fmt: skip
PERSON = st.one_of(
    st.fixed_dictionaries({"email": ADDRESS}),
    st.fixed_dictionaries({"email": ADDRESS, "name": NAME}),
    st.fixed_dictionaries({"name": NAME, "email": ADDRESS}),
    st.fixed_dictionaries({"email": st.one_of(ADDRESS, ODD)}, optional={"name": NAME, "Email": ADDRESS}),
)
PEOPLE = st.one_of(
    st.lists(PERSON, min_size=1, max_size=2), st.lists(st.fixed_dictionaries({"email": ADDRESS}), max_size=4)
)
PERSONALIZATION = st.fixed_dictionaries(
    {"to": PEOPLE},
    optional={
        "cc": PEOPLE,
        "subject": TEXT,
        "substitutions": st.dictionaries(NAME, TEXT, max_size=2),
        "send_at": st.integers(0, 3),
    },
)
UNSUBSCRIBE = st.sampled_from(
    ["<mailto:off@example.org?subject=a1b2c3d4e5f6g7>, <https://example.org/off/a1b2c3d4e5f6g7>", "<mailto:bob@example.net>", "<https://example.org/off/a1b2c3d4e5f6g7>"]
)  # fmt: skip
SENDGRID = st.fixed_dictionaries(
    {
        "personalizations": st.lists(PERSONALIZATION, min_size=1, max_size=3),
        "from": PERSON,
        "subject": TEXT,
        "content": st.lists(st.fixed_dictionaries({"type": st.sampled_from(["text/plain", "text/html", "text/calendar"]), "value": TEXT}), max_size=2),
    },
    optional={
        "reply_to": PERSON,
        "headers": st.dictionaries(st.sampled_from(["X-A", "List-Unsubscribe", "To", "Subject", "Mail-Followup-To"]), st.one_of(TEXT, ADDRESS, UNSUBSCRIBE), max_size=2),
        "attachments": st.just([{"content": "YW5uQGV4YW1wbGUuY29tLCBib2JAZXhhbXBsZS5uZXQ=", "type": "text/csv", "filename": "a.csv"}]),
        "mail_settings": st.fixed_dictionaries({"bcc": st.fixed_dictionaries({"enable": st.booleans(), "email": ADDRESS})}),
        "n": st.one_of(st.integers(-2, 2), st.floats(0, 1), st.none(), st.booleans(), st.just(10**30)),
    },
)  # fmt: skip
OTHER = st.one_of(
    st.fixed_dictionaries({"sender": PERSON, "to": PEOPLE, "subject": TEXT, "htmlContent": TEXT}, optional={"bcc": PEOPLE, "messageVersions": st.just([]), "textContent": TEXT}),
    st.fixed_dictionaries({"From": st.one_of(ADDRESS, ODD), "To": st.one_of(ADDRESS, ODD), "Subject": TEXT, "TextBody": TEXT}, optional={"Cc": ADDRESS, "Bcc": ODD,
        "Headers": st.lists(st.fixed_dictionaries({"Name": st.sampled_from(["X-A", "List-Unsubscribe", "Reply-To"]), "Value": st.one_of(TEXT, UNSUBSCRIBE)}), max_size=1)}),
)  # fmt: skip
HEADERS = st.one_of(
    st.just({"Content-Type": "application/json"}),
    st.dictionaries(
        st.sampled_from(["Content-Type", "content-type", "Content-Length", "Content-Encoding", "Date", "Host", "X-Server-API-Key"]),
        st.sampled_from(["application/json", "gzip", "0", "12", "application/x-www-form-urlencoded", "api.sendgrid.com", "multipart/form-data; boundary=x", ""]),
        max_size=2,
    ),
)  # fmt: skip


@st.composite
def line(draw: st.DrawFn) -> str:
    body = json.dumps(draw(st.one_of(SENDGRID, SENDGRID, OTHER)), ensure_ascii=draw(st.booleans()))
    spoilt = draw(st.sampled_from([""] * 8 + ["twice", "escaped", "cut", "twice outside", "array", "empty", "nul"]))
    match spoilt:
        case "twice":
            body = body.replace('"to": [', '"to": [{"email": "zoe@example.com"}], "to": [', 1)
        case "escaped":
            body = body.replace('"to"', '"\\u0074\\u006f"', 1).replace("Hello", "\\u0022to\\u0022", 1)
        case "cut":
            body = body[: len(body) // 2]
        case "array":
            body = f"[{body}]"
        case "empty":
            body = ""
        case "nul":
            body += "\0"
        case _:
            pass
    record: dict[str, Any] = {"method": draw(st.sampled_from(["POST", "POST", "post", "GET"])), "url": draw(URL)}
    record |= {"headers": draw(HEADERS), "body": body}
    if draw(st.booleans()):
        record["status"] = draw(st.sampled_from([200, 202, 400, "404", 404.0, True, None]))
    if draw(st.integers(0, 9)) == 0:
        record |= draw(
            st.sampled_from(
                [
                    {"response": {"status": 400}},
                    {"note": "x"},
                    {"body": json.loads(json.dumps({"to": []}))},
                    {"url": None},
                ]
            )
        )
    text = json.dumps(record)
    if spoilt == "twice outside":
        text = text.replace('"body": ', '"body": "{}", "body": ', 1)
    return text


HOSTILE = st.sampled_from(
    ["ann@example.com", "x@y.example, z@y.example", "Ann", "=?utf-8?q?x?=", r"\uff20", r"\\uff20", r"\u0040", r"\\u0040", r"\\u00e9", r"\u00e9", "é", "\uff20",
     r"\ud83d\ude00", r"\ud83d", r"\\ud83d\\ude00", r"\\ud83d", "%40", "%4", "0", "&#64;", "&", r"\\n", r"\n", "\n", '\\\\\\"', '\\"', '"', "\\", r"\\", r"\\\\", "{{x}}",
     "{", "*|", "[[data:", "://abcdefghijklmnop", r":\\/\\/abcdefghijklmnop", ":", "/", "\0", "\x7f", r"\\x", "<", "}", ", ", '\\", \\"to\\": \\"', '", "body": "{}', "7", "-0",
     "1e5", "9" * 30]
)  # fmt: skip

FEW = st.sampled_from(["ann@example.com", "Ann@Example.com", "bob@example.net", "dee@in.example", "eve@sub.in.example"])
WORDS = st.sampled_from(
    ["Hello", "Hello", "Hi Ann", "bob%40example.net", "ann&#64;example.com", "dee\uff20in.example", "ann@example.com", "Hi {{name}}", "https://example.org/reset/a1b2c3d4e5f6g7", "https://example.org/o/a1b2c3d4e5f6g7",
     "https://example.org/o/b2c3d4e5f6g7h8", "Ask help@example.org", "For ann@example.com only", "Ask help@example.org about https://example.org/reset/c3d4e5f6g7h8"]
)  # fmt: skip


def one_form(one: str, other: str, third: str, text: str, status: int) -> str:
    body = {
        "personalizations": [{"to": [{"email": one}, {"email": other}]}, {"to": [{"email": third}]}],
        "from": {"email": "desk@example.org"},
        "content": [{"type": "text/plain", "value": text}],
    }
    record = {
        "method": "POST",
        "url": "https://api.sendgrid.com/v3/mail/send",
        "status": status,
        "headers": {},
        "body": json.dumps(body),
    }
    return json.dumps(record)


READER = st.sampled_from(["ann@example.com", "bob@example.net", "cy@example.org", "dee@in.example", "help@example.org"])
TOKEN = st.sampled_from(
    ["a1b2c3d4e5f6g7", "b2c3d4e5f6g7h8", "c3d4e5f6g7h8i9", "spring-news", "123e4567-e89b-42d3-a456-426614174000"]
)
LINK = st.builds(
    "https://example.org/{}/{}{}".format,
    st.sampled_from(["o", "reset", "off", "2026"]),
    TOKEN,
    st.sampled_from(["", "?utm_source=news&amp;utm_medium=mail", "?e=ann%40example.com", "?t=d4e5f6g7h8i9j0"]),
)
LETTER = st.builds(
    "<p>Hi {},</p><a href=\"{}\">here</a> {} <p>Questions? {} <a href='{}'>leave</a></p>".format,
    st.sampled_from(["Ann", "Bob & Co", "&#64;", "{{name}}", "you"]),
    LINK,
    st.sampled_from(
        ["", "", "sent to ann@example.com", "with bob@example.net", "bob%40example.net and cy@example.org"]
    ),
    st.sampled_from(["help@example.org", "help@example.org", '<a href="mailto:help@example.org">ask</a>', "none"]),
    LINK,
)


def letter(kind: str, reader: str, other: str, html: str, subject: str, unsubscribe: str) -> str:
    url, body = "https://api.sendgrid.com/v3/mail/send", {}
    match kind:
        case "one" | "two" | "each" | "headers":
            to = [{"to": [{"email": reader}]}]
            to = [{"to": [{"email": reader}, {"email": other}]}] if kind == "two" else to
            to = [*to, {"to": [{"email": other}]}] if kind == "each" else to
            body = {"personalizations": to, "from": {"email": "news@example.org", "name": "News"}, "subject": subject,
                    "content": [{"type": "text/plain", "value": subject}, {"type": "text/html", "value": html}]}  # fmt: skip
            if kind == "headers":
                body["headers"] = {"List-Unsubscribe": unsubscribe}
        case "postmark":
            url = "https://api.postmarkapp.com/email"
            body = {"From": "News <news@example.org>", "To": f"Dear Reader <{reader}>", "Subject": subject, "HtmlBody": html, "MessageStream": "a",
                    "Headers": [{"Name": "List-Unsubscribe", "Value": unsubscribe}], "Metadata": {"id": subject}}  # fmt: skip
        case "brevo":
            url = "https://api.brevo.com/v3/smtp/email"
            body = {"sender": {"email": "news@example.org"}, "to": [{"email": reader}], "subject": subject, "htmlContent": html, "replyTo": {"email": other},
                    "messageVersions": [{"to": [{"email": reader}], "htmlContent": html}, {"to": [{"email": other}], "subject": subject}]}  # fmt: skip
        case _:
            url = "https://api.resend.com/emails"
            body = {"from": "News <news@example.org>", "to": [reader], "bcc": [other], "subject": subject, "html": html, "text": html,
                    "tags": [{"name": "a", "value": "https://example.org/o/a1b2c3d4e5f6g7"}]}  # fmt: skip
    record = {"method": "POST", "url": url, "status": 202, "headers": {}, "body": json.dumps(body)}
    return json.dumps(record)


LETTERS = st.sampled_from(["one", "two", "each", "headers", "postmark", "brevo", "resend"]).flatmap(
    lambda kind: st.lists(
        st.builds(
            letter,
            st.just(kind),
            READER,
            READER,
            LETTER,
            st.sampled_from(["News", "News for Ann", "News for ann@example.com today"]),
            UNSUBSCRIBE,
        ),
        min_size=4,
        max_size=14,
    )
)

PLAIN = ("ann@example.com", "bob@example.net", "cy@example.org", "Hello", 202)


def request_line(body: dict[str, Any]) -> str:
    return json.dumps(
        {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {}, "body": json.dumps(body)}
    )
