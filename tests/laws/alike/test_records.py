"""Requests of whatever format, and bodies of whatever kind: forms, lists, data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.model.exchange import HttpRequest
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.forms import form_of_text

from .logs import ADDRESS, HOSTILE, NAME, ODD, TEXT, line
from .support import Count, both, report

sys.path.insert(0, str(Path(__file__).parents[2] / "providers"))
import samples  # lies beside the tests of the providers

# See test_services.
sys.path.pop(0)


def har(records: list[dict[str, Any]], path: Path) -> Path:
    """Records as a browser keeps them."""
    entries = []
    for number, one in enumerate(records):
        headers = one["headers"] if isinstance(one["headers"], dict) else {}
        request: dict[str, Any] = {"method": one["method"], "url": one["url"]}
        request["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
        request["postData"] = {"mimeType": headers.get("Content-Type", "application/json"), "text": one["body"]}
        entries.append(
            {
                "startedDateTime": f"2026-11-01T10:00:{number % 60:02}Z",
                "request": request,
                "response": {"status": one.get("status", 200)},
            }
        )
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}, indent=number % 3), encoding="utf-8")
    return path


def array(records: list[dict[str, Any]], path: Path) -> Path:
    """Records as members of an array, their bodies as data where they are JSON."""
    shown = []
    for one in records:
        try:
            json.loads(one["body"])
            body = one["body"]  # as it is written, with a key that is there twice
        except ValueError:
            body = json.dumps(one["body"])
        member = json.dumps({"request": {**one, "body": "\0"}, "status": one.get("status", 200)})
        shown.append(member.replace('"\\u0000"', body, 1))
    path.write_text(f"[{','.join(shown)}]", encoding="utf-8")
    return path


def wrapped(records: list[dict[str, Any]], path: Path) -> Path:
    """Records as lines, each inside of another object, so that nothing is told of the line itself."""
    return lines([{"request": one} for one in records], path)


def lines(records: list[dict[str, Any]], path: Path) -> Path:
    """Records as lines."""
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


FORMATS = {"sent.har": har, "sent.json": array, "wrapped.jsonl": wrapped, "sent.jsonl": lines}


def record(url: str, body: str, media: str = "application/json") -> dict[str, Any]:
    return {"method": "POST", "url": url, "headers": {"Content-Type": media}, "status": 200, "body": body}


def readable(text: str) -> Iterator[dict[str, Any]]:
    """A line that some spoil, if it is an object with a body at all."""
    found = json.loads(text)
    if isinstance(found["url"], str) and isinstance(found["body"], str):
        yield found


MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
INSIDE = st.sampled_from([(), ("in.example",), ("example.com", "in.example")])


def swapped(records: list[dict[str, Any]], swaps: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The same again, and some of them with other people."""
    result = [*records, *records]
    for place, (one, other) in enumerate(swaps):
        found = records[place % len(records)]
        for sign in (str, quote_plus):
            first, second = sign(one), sign(other)
            body = found["body"].replace(first, "\1").replace(second, first).replace("\1", second)
            result.append(found | {"body": body})
    return result


@MANY
@given(
    st.lists(line(), min_size=1, max_size=4),
    st.lists(st.tuples(ADDRESS, ADDRESS), max_size=6),
    INSIDE,
    st.sampled_from(sorted(FORMATS)),
)
def test_both_roads_say_the_same_of_every_format(
    tmp_path: Path, drawn: list[str], swaps: list[tuple[str, str]], inside: tuple[str, ...], name: str
) -> None:
    records = [found for text in drawn for found in readable(text)]
    records = [record("https://example.org/hook", "{}"), *records]
    fast, careful = both(FORMATS[name](swapped(records, swaps), tmp_path / name), inside)
    assert fast == careful


PERSON = st.one_of(ADDRESS, ADDRESS, ODD, st.builds("{} <{}>".format, NAME, ADDRESS))
FORM_NAMES = {
    "https://api.mailgun.net/v3/example.org/messages": (
        ["to", "cc", "bcc", "from", "h:Reply-To", "h:Sender"],
        ["subject", "text", "html", "o:tag", "v:name", "h:X-A", "h:List-Unsubscribe", "template", "recipient-variables", "amp-html"],
    ),
    "https://email.eu-west-1.amazonaws.com/": (
        ["Destination.ToAddresses.member.1", "Destination.ToAddresses.member.2", "Destination.CcAddresses.member.1", "Source",
         "Destination.BccAddresses.member.1", "ReplyToAddresses.member.1", "ReturnPath"],
        ["Message.Subject.Data", "Message.Body.Text.Data", "Message.Body.Html.Data", "Tags.member.1.Value", "Version", "RawMessage.Data"],
    ),
    "https://api.elasticemail.com/v2/email/send": (["to", "msgTo", "msgCC", "msgBcc", "from", "replyTo"], ["subject", "bodyText", "bodyHtml", "merge_name", "isTransactional", "headers_x"]),
    "https://api.sendgrid.com/api/mail.send.json": (["to[]", "to", "cc", "bcc[]", "from", "replyto", "toname[]"], ["subject", "text", "html", "x-smtpapi", "category"]),
    "https://example.org/hook": (["to", "email"], ["subject", "message"]),
}  # fmt: skip


@st.composite
def form(draw: st.DrawFn) -> dict[str, Any]:
    url = draw(st.sampled_from(sorted(FORM_NAMES)))
    people, texts = FORM_NAMES[url]
    pairs: list[tuple[str, str]] = []
    if "amazonaws" in url:
        pairs.append(
            ("Action", draw(st.sampled_from(["SendEmail", "SendEmail", "SendRawEmail", "SendBulkTemplatedEmail"])))
        )
    pairs += draw(st.lists(st.tuples(st.sampled_from(people), PERSON), min_size=1, max_size=4))
    pairs += draw(st.lists(st.tuples(st.sampled_from(texts), st.one_of(TEXT, TEXT, ODD, st.just(""))), max_size=4))
    data = '{"ann@example.com": {"id": 1}, "bob@example.net": {"id": 2}}'
    if draw(st.integers(0, 5)) == 0:
        pairs.append(("recipient-variables", data))
    body = urlencode(draw(st.permutations(pairs)))
    spoilt = draw(st.sampled_from([""] * 6 + ["cut", "bad", "plus"]))
    body = {"cut": body[: len(body) // 2], "bad": body + "&%zz=%c3", "plus": body.replace("+", "%20")}.get(spoilt, body)
    media = draw(
        st.sampled_from(["application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "", "text/plain"])
    )
    made = record(url, body, media)
    if draw(st.booleans()):
        made["headers"]["Content-Length"] = str(len(body) + draw(st.sampled_from([0, 0, 5])))
    return made


@MANY
@given(
    st.lists(form(), min_size=1, max_size=4),
    st.lists(st.tuples(ADDRESS, ADDRESS), max_size=6),
    INSIDE,
    st.sampled_from(sorted(FORMATS)),
)
def test_both_roads_say_the_same_of_forms(
    tmp_path: Path, drawn: list[dict[str, Any]], swaps: list[tuple[str, str]], inside: tuple[str, ...], name: str
) -> None:
    records = [record("https://example.org/hook", "{}"), *swapped(drawn, swaps)]
    fast, careful = both(FORMATS[name](records, tmp_path / name), inside)
    assert fast == careful


def _bodies() -> list[Any]:
    """The forms and the lists among the samples of all services."""
    result = []
    for sample in samples.samples():
        exchange = sample.exchange
        if not isinstance(exchange, HttpRequest) or not isinstance(exchange.body, (str, bytes)):
            continue
        found = payload(exchange)
        if isinstance(found, Payload) and (found.kind == "form" or isinstance(found.value, list)):
            text = exchange.body if isinstance(exchange.body, str) else exchange.body.decode("utf-8", "replace")
            result.append(pytest.param(exchange, text, found.kind, id=str(sample)))
    return result


def _other(text: str, kind: str, number: int) -> str:
    """The same request to other people, with other words for them."""
    if kind == "json":
        return json.dumps(_other_data(json.loads(text), number))
    pairs = []
    for name, value in form_of_text(text).parts:
        words = str(value)
        if "@" in words and " " not in words and "," not in words and "{" not in words:
            words = f"z{number}.{words}"
        elif name in ("subject", "text", "html") or name.startswith("Message."):
            words = f"Other words {number}"
        pairs.append((name, words))
    return urlencode(pairs)


def _other_data(value: Any, number: int) -> Any:
    if isinstance(value, dict):
        return {key: _other_data(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_other_data(item, number) for item in value]
    plain = isinstance(value, str) and "@" in value and " " not in value and "," not in value
    return f"z{number}.{value}" if plain else value


@pytest.mark.parametrize(("exchange", "text", "kind"), _bodies())
def test_every_service_takes_one_plain_address_in_a_form_or_a_list_like_another(
    tmp_path: Path, exchange: HttpRequest, text: str, kind: str
) -> None:
    headers = (
        {str(key): str(value) for key, value in exchange.headers.items()} if isinstance(exchange.headers, dict) else {}
    )
    one = {"method": exchange.method, "url": exchange.url, "headers": headers, "status": 200}
    bodies = [text, text]
    if not text.startswith("--"):
        bodies += [_other(text, kind, number) for number in range(3)]
    fast, careful = both(lines([one | {"body": body} for body in bodies], tmp_path / "sent.jsonl"))
    assert fast == careful


def test_there_are_samples_of_both() -> None:
    kinds = [parameter.values[2] for parameter in _bodies()]
    assert kinds.count("form") > 5
    assert kinds.count("json") > 2


def mailgun(number: int) -> dict[str, Any]:
    pairs = {"from": "News <news@example.org>", "to": f"Person <p{number}@example.com>", "subject": f"News {number}",
             "text": f"Hello, this is number {number}", "o:tag": "news"}  # fmt: skip
    return record(
        "https://api.mailgun.net/v3/example.org/messages", urlencode(pairs), "application/x-www-form-urlencoded"
    )


def ses(number: int) -> dict[str, Any]:
    pairs = {"Action": "SendEmail", "Source": "news@example.org", "Destination.ToAddresses.member.1": f"p{number}@example.com",
             "Message.Subject.Data": f"News {number}", "Message.Body.Text.Data": f"see https://example.org/u/a1b2c3d4e5f6{number:04}",
             "Version": "2010-12-01"}  # fmt: skip
    return record("https://email.eu-west-1.amazonaws.com/", urlencode(pairs), "application/x-www-form-urlencoded")


def batch(number: int) -> dict[str, Any]:
    mails = [{"From": "news@example.org", "To": f"p{number}.{one}@example.com", "Subject": f"News {number}", "TextBody": f"Hello {one}"}
             for one in range(3)]  # fmt: skip
    return record("https://api.postmarkapp.com/email/batch", json.dumps(mails))


def plain(number: int) -> dict[str, Any]:
    body = {"personalizations": [{"to": [{"email": f"p{number}@example.com"}]}], "from": {"email": "news@example.org"},
            "subject": f"News {number}", "content": [{"type": "text/plain", "value": f"Hello {number}"}]}  # fmt: skip
    return record("https://api.sendgrid.com/v3/mail/send", json.dumps(body))


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("make", [mailgun, ses, batch, plain])
def test_ordinary_requests_are_dealt_with_at_once(tmp_path: Path, count: Count, make: Any, name: str) -> None:
    """So that the laws above say something."""
    file = FORMATS[name]([make(number) for number in range(40)], tmp_path / name)
    fast, careful = both(file)
    assert fast == careful
    assert count.hits >= 35
    assert "requests=40" in fast


def linked(number: int) -> dict[str, Any]:
    made = batch(number)
    return made | {"body": made["body"].replace("Hello", f"https://example.org/u/a1b2c3d4e5f6{number:04} for")}


def test_lists_are_told_without_parsing_them(tmp_path: Path, count: Count) -> None:
    fast, careful = both(lines([batch(number) for number in range(40)], tmp_path / "sent.jsonl"))
    assert fast == careful
    assert count.lines > 25


@MANY
@given(
    st.sampled_from([batch, linked]),
    st.lists(st.tuples(st.integers(0, 640), st.integers(0, 6), st.lists(HOSTILE, max_size=3).map("".join)), max_size=3),
)
def test_whatever_a_line_with_a_list_becomes_both_roads_say_the_same(
    tmp_path: Path, make: Any, edits: list[tuple[int, int, str]]
) -> None:
    written = [json.dumps(make(number)) for number in range(8)]
    odd = written[5]
    for start, length, piece in edits:
        odd = odd[:start] + piece + odd[start + length :]
    file = tmp_path / "sent.jsonl"
    file.write_bytes("\n".join([*written, odd, *written[:2]]).encode("utf-8", "surrogatepass") + b"\n")
    fast, careful = both(file)
    assert fast == careful


NUL = json.dumps("\0")[1:-1]


@pytest.mark.parametrize(
    ("make", "key", "inner"),
    [
        (batch, "whole", batch(0)["body"]),
        (mailgun, "form", json.dumps([{name: text} for name, text in form_of_text(mailgun(0)["body"]).parts])),
    ],
)
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_key_is_taken_for_what_stands_for_a_body(tmp_path: Path, make: Any, key: str, inner: str, name: str) -> None:
    odd = make(3) | {"body": f'{{"{NUL}{key}": {inner}}}'}
    part = mailgun(4)
    part["body"] += f"&%00text=x&%00{key}=y"
    nested = plain(5) | {"body": f'{{"raw": {{"{NUL}text": {{"headers": {{}}, "parts": []}}}}}}'}
    records = [*map(make, range(8)), *[odd] * 3, *[part] * 3, *[nested] * 3]
    fast, careful = both(FORMATS[name](records, tmp_path / name))
    assert fast == careful


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_link_that_went_to_two_people_is_found_where_it_stands(tmp_path: Path, name: str) -> None:
    records = [ses(number) for number in range(30)]
    records[20] = {**records[20], "body": records[20]["body"].replace("a1b2c3d4e5f60020", "a1b2c3d4e5f60003")}
    fast, careful = both(FORMATS[name](records, tmp_path / name))
    assert fast == careful
    assert "[20]" in fast or name.endswith(".jsonl")


def test_a_form_that_says_otherwise_is_not_taken_for_one_like_it(tmp_path: Path) -> None:
    """What decides is compared, whatever it is called."""
    records = [mailgun(number) for number in range(20)]
    shown = dict(mailgun(20))
    shown["body"] += "&to=" + quote_plus("Second <second@example.com>")
    fast, careful = both(lines([*records, shown, *records], tmp_path / "sent.jsonl"))
    assert fast == careful
    assert "can see each other" in fast


def crowd(number: int, **more: Any) -> dict[str, Any]:
    made = plain(number)
    body = json.loads(made["body"])
    body["personalizations"][0]["to"].append({"email": f"q{number}@example.net"})
    return made | {"body": json.dumps(body)} | more


def with_text(made: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    assert old in made["body"]
    return made | {"body": made["body"].replace(old, new, 1)}


DIFFERENT = {
    "a key twice": (plain, lambda one: with_text(one, '"to": [', '"to": [{"email": "zoe@example.com"}], "to": [')),
    "a key twice in a list": (batch, lambda one: with_text(one, '"To": ', '"To": "zoe@example.com", "To": ')),
    "refused": (crowd, lambda one: one | {"status": 400}),
    "another action": (ses, lambda one: with_text(one, "SendEmail", "GetSendQuota")),
    "another person in it": (mailgun, lambda one: with_text(one, "o%3Atag=news", "cc=zoe%40example.com")),
    "a text with a person": (mailgun, lambda one: with_text(one, "Hello", "for+p3%40example.com+and+p4%40example.com:+Hello")),
    "a hidden person": (ses, lambda one: with_text(one, "&Version", "&Message.Body.Html.Data=p3%26%2364%3Bexample.com,+p4%26%2364%3Bexample.com&Version")),
    "several in one text": (mailgun, lambda one: with_text(one, "example.com%3E", "example.com%3E%2C+zoe@example.com")),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("what", DIFFERENT)
def test_what_is_different_is_not_taken_for_what_it_is_like(tmp_path: Path, count: Count, what: str, name: str) -> None:
    make, change = DIFFERENT[what]
    records = [make(number) for number in range(16)]
    unchanged = report(FORMATS[name]([*records[:12], make(12), *records[12:]], tmp_path / name))
    records.insert(12, change(records[12]))
    count.hits = 0
    fast, careful = both(FORMATS[name](records, tmp_path / name))
    assert fast == careful
    assert fast != unchanged
    assert count.hits > 8
