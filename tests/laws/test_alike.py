"""Requests of one form that are dealt with at once come to what each of them comes to by itself."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailguard import alike, capture, discover, gate, outline
from mailguard.addresses.compare import compare_key
from mailguard.addresses.pairs import plain_pairs
from mailguard.addresses.people import People
from mailguard.addresses.plain import plain_keys, plain_named
from mailguard.addresses.values import recipients
from mailguard.alike import Alike, Watched
from mailguard.config import Settings
from mailguard.gate import replaying
from mailguard.gate.captures import capture_files
from mailguard.gate.replaying import Look
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import Recipient
from mailguard.stencil import Stencil, stencil_of

sys.path.insert(0, str(Path(__file__).parents[1] / "providers"))
import samples  # lies beside the tests of the providers

# A folder there is called like the package it tests: left on the path, it would be taken for that.
sys.path.pop(0)


@pytest.fixture(autouse=True)
def stencils_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut a stencil as soon as it can be, though it would not be worth it in so short a log."""
    monkeypatch.setattr(alike, "WORTH", 0)
    monkeypatch.setattr(alike, "SAMPLES", 2)


@dataclass
class Count:
    """How many requests were dealt with at once."""

    hits: int = 0
    lines: int = 0
    """Those of them that were not parsed."""


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    found = Count()
    again = Alike._again

    def counted(self: Alike, *arguments: Any) -> None:
        found.hits += 1
        again(self, *arguments)

    monkeypatch.setattr(Alike, "_again", counted)
    line = Alike.line

    def counted_line(self: Alike, raw: bytes, number: int) -> bool:
        done = line(self, raw, number)
        found.lines += done
        return done

    monkeypatch.setattr(Alike, "line", counted_line)
    return found


def report(file: Path, jobs: int = 1, inside: tuple[str, ...] = ()) -> str:
    """The report of a log as JSON, with the settings that matter."""
    tree = discover.tree_of([str(file)], file.parent)
    given_settings = Settings(internal_domains=inside)
    run = gate.prepare([str(file)], tree, given_settings, eyes=frozenset({gate.CAPTURES}), here=file.parent)
    run = replace(run, jobs=jobs)
    result = run.report()
    return gate.render(result, "json", run.options()) + repr(result.ledger) + repr(result.calls) + repr(result.skips)


def both(file: Path, inside: tuple[str, ...] = ()) -> tuple[str, str]:
    """What the fast road says, and the careful one."""
    fast = report(file, 1, inside)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Look, "seen", None)
        return fast, report(file, 1, inside)


# --- Logs ----------------------------------------------------------------------------------------

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


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(line(), min_size=1, max_size=6).flatmap(
        lambda lines: st.lists(st.sampled_from(lines), min_size=4, max_size=24)
    ),
    st.lists(st.tuples(ADDRESS, ADDRESS), max_size=6),
    st.sampled_from([(), ("in.example",), ("example.com", "in.example")]),
)
def test_both_roads_say_the_same(
    tmp_path: Path, lines: list[str], swaps: list[tuple[str, str]], inside: tuple[str, ...]
) -> None:
    # The same requests again, with other people: addresses are swapped in whole lines.
    for place, (one, other) in enumerate(swaps):
        number = place % len(lines)
        lines.append(lines[number].replace(one, "\1").replace(other, one).replace("\1", other))
    file = tmp_path / "sent.jsonl"
    first = json.dumps({"method": "POST", "url": "https://example.org", "headers": {}, "body": ""})
    file.write_text("\n".join([first, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(line(), min_size=6, max_size=12))
def test_parts_and_processes_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    monkeypatch.setattr(capture, "PART", 3000)
    file = tmp_path / "sent.jsonl"
    first = json.dumps({"method": "POST", "url": "https://example.org", "headers": {}, "body": ""})
    file.write_text("\n".join([first, *lines, *lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful == report(file, 2)


def test_what_was_learnt_of_one_part_counts_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    """As in a process that gets several of them; and what one of them comes to is what it comes to by itself."""

    def line(number: int, people: int) -> str:
        to = [{"email": f"p{number}.{place}@example.com"} for place in range(people)]
        return request_line({"personalizations": [{"to": to}], "subject": f"News {number}"})

    lines = [line(number, 1 + number % 2) for number in range(60)]
    lines += [json.dumps({"method": "GET", "url": "https://example.org", "headers": {}, "body": "{}"})] * 20
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(capture, "PART", 4000)
    tree = discover.tree_of([str(file)], file.parent)
    run = gate.prepare([str(file)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=file.parent)
    (one,) = capture_files(run)
    spans = one.spans()
    assert len(spans) > 3
    monkeypatch.setattr(replaying, "_work", [(run, one, spans)])
    monkeypatch.setattr(replaying, "_looks", [])
    together = [replaying._read_part(number) for number in range(len(spans))]
    assert count.hits >= 80 - 2 * 3 - 3 * len(spans)
    for number, part in enumerate(together):
        replaying._looks.clear()
        assert replaying._read_part(number) == part


# --- Every service -------------------------------------------------------------------------------


def _renamed(value: Any, number: int) -> Any:
    """The same request to other people, who have other names, with other words in it."""
    if isinstance(value, dict):
        return {key: _renamed(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, number) for item in value]
    if isinstance(value, str) and "@" in value and plain_keys([value]) is not None:
        local, _, domain = value.partition("@")
        return f"z{number}.{local}@{domain}"
    return value


def _with(value: Any, number: int) -> Any:
    """With another name beside each plain address, and other words in subjects and texts."""
    if isinstance(value, dict):
        result = {key: _with(item, number) for key, item in value.items()}
        for address, name in outline.PAIRS.values():
            if set(result) == {address, name} and "@" in str(result[address]) and "@" not in str(result[name]):
                result[name] = f"Other Name {number}"
        for key in (
            "subject",
            "Subject",
            "text",
            "html",
            "TextBody",
            "HtmlBody",
            "htmlContent",
            "Text-part",
            "Html-part",
        ):
            if isinstance(result.get(key), str) and "@" not in result[key]:
                result[key] = f"Other words {number}"
        return result
    return [_with(item, number) for item in value] if isinstance(value, list) else value


def json_samples() -> list[Any]:
    result = []
    for sample in samples.samples():
        exchange = sample.exchange
        if isinstance(exchange, HttpRequest) and isinstance(exchange.body, (str, bytes)):
            text = exchange.body.decode("utf-8", "replace") if isinstance(exchange.body, bytes) else exchange.body
            try:
                body = json.loads(text)
            except ValueError:
                continue
            if isinstance(body, dict):
                result.append(pytest.param(exchange, body, id=str(sample)))
    return result


@pytest.mark.parametrize(("exchange", "body"), json_samples())
def test_every_service_takes_one_plain_address_and_name_like_another(
    tmp_path: Path, exchange: HttpRequest, body: dict[str, Any]
) -> None:
    headers = (
        {str(key): str(value) for key, value in dict(exchange.headers).items()}
        if isinstance(exchange.headers, dict)
        else {}
    )
    record = {"method": exchange.method, "url": exchange.url, "headers": headers, "status": 200}
    bodies = [body, body, *(_renamed(_with(body, number), number) for number in range(4)), body]
    file = tmp_path / "sent.jsonl"
    file.write_text("".join(json.dumps(record | {"body": json.dumps(one)}) + "\n" for one in bodies), encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful


def test_most_samples_have_a_form(tmp_path: Path, count: Count) -> None:
    """So that the law above says something."""
    dealt = 0
    for number, parameter in enumerate(json_samples()):
        exchange, body = parameter.values
        record = {
            "method": exchange.method,
            "url": exchange.url,
            "headers": {},
            "status": 200,
            "body": json.dumps(body),
        }
        file = tmp_path / f"{number}.jsonl"
        file.write_text((json.dumps(record) + "\n") * 4, encoding="utf-8")
        count.hits = 0
        report(file)
        dealt += count.hits > 0
    assert dealt * 3 > len(json_samples())


# --- Parts of the road ---------------------------------------------------------------------------


def stencil_for(record: dict[str, Any]) -> tuple[Stencil, list[Any], list[Any]]:
    """The stencil of a record of which the URL, the first header and the kind of content matter."""
    form: list[Any] = []
    texts: list[Any] = []
    body = json.loads(record["body"])
    outline.lay(body, form, [], texts)
    matters = [text in ("text/html", "application/json", 7) for text in [*record["headers"].values(), *texts]]
    found = stencil_of(json.dumps(record).encode(), record["body"], form, matters, len(record["headers"]))
    assert found is not None
    return (
        found,
        form,
        [text for text in [*record["headers"].values(), *texts] if text in ("text/html", "application/json", 7)],
    )


RECORD: dict[str, Any] = {
    "method": "POST",
    "url": "https://api.sendgrid.com/v3/mail/send",
    "time": 5,
    "note": "x",
    "headers": {"Content-Type": "application/json", "X-Id": "1"},
    "body": json.dumps(
        {
            "personalizations": [{"to": [{"email": "ann@example.com", "name": "Ann"}, {"email": "bob@example.net"}], "n": 7, "m": 5}],
            "from": {"email": "desk@example.org"},
            "content": [{"type": "text/html", "value": "Hello"}],
            "other": ["cy@example.com", "text", -1, 2.5, None, True, {}],
        }
    ),
}  # fmt: skip
HOSTILE = st.sampled_from(
    ["ann@example.com", "x@y.example, z@y.example", "Ann", "=?utf-8?q?x?=", r"\uff20", r"\\uff20", r"\u0040", r"\\u0040", r"\\u00e9", r"\u00e9", "é", "\uff20",
     r"\ud83d\ude00", r"\ud83d", r"\\ud83d\\ude00", r"\\ud83d", "%40", "%4", "0", "&#64;", "&", r"\\n", r"\n", "\n", '\\\\\\"', '\\"', '"', "\\", r"\\", r"\\\\", "{{x}}",
     "{", "*|", "[[data:", "://abcdefghijklmnop", r":\\/\\/abcdefghijklmnop", ":", "/", "\0", "\x7f", r"\\x", "<", "}", ", ", '\\", \\"to\\": \\"', '", "body": "{}', "7", "-0",
     "1e5", "9" * 30]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 560), st.integers(0, 6), st.lists(HOSTILE, max_size=3).map("".join)),
        min_size=1,
        max_size=3,
    )
)
def test_what_fits_a_stencil_is_of_its_form(edits: list[tuple[int, int, str]]) -> None:
    from mailguard.documents.json_values import read_json
    from mailguard.transports.content.hearing import loud

    stencil, form, pinned = stencil_for(RECORD)
    line = json.dumps(RECORD)
    for start, length, piece in edits:
        line = line[:start] + piece + line[start + length :]
    raw = line.encode()
    people = stencil.people(raw)
    if people is None:
        return
    record = read_json(raw)
    assert isinstance(record, dict)
    assert list(record) == list(RECORD)
    assert (record["method"], record["url"]) == (RECORD["method"], RECORD["url"])
    assert list(record["headers"]) == list(RECORD["headers"])
    body = read_json(record["body"])
    assert isinstance(body, dict)
    steps: list[Any] = []
    addresses: list[Any] = []
    texts: list[Any] = [*record["headers"].values()]
    outline.lay(body, steps, addresses, texts)
    assert steps == form
    assert [address.encode() for address in addresses] == list(people)
    assert plain_keys(addresses) == [address.decode().lower() for address in people]
    assert [text for text in texts if text in ("text/html", "application/json", 7)][: len(pinned)] == pinned
    assert not any(isinstance(text, str) and loud(text) for text in texts[2:])


SHRILL = st.lists(HOSTILE, max_size=4).map("".join)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(SHRILL, st.text(alphabet='a{}*|[]%:/&#64;recipient.data\n"\\é\uff20@ 0', max_size=20)),
    st.booleans(),
    st.booleans(),
)
@example("https://example.org/abcdefghijkl", True, True)
@example("a{{b", True, True)
def test_a_text_in_which_something_hides_fits_no_stencil(text: str, one: bool, two: bool) -> None:
    from mailguard.transports.content.hearing import loud

    stencil, _, _ = stencil_for(RECORD)
    body = json.loads(RECORD["body"])
    body["content"][0]["value"] = text
    record = RECORD | {"body": json.dumps(body, ensure_ascii=one)}
    fits = stencil.people(json.dumps(record, ensure_ascii=two).encode("utf-8", "surrogatepass")) is not None
    if loud(text) or "@" in text:
        assert not fits


def test_ordinary_texts_fit_a_stencil() -> None:
    stencil, _, _ = stencil_for(RECORD)
    for text in (
        "Hello Ann,\n\nhow is it?",
        'She said "yes"',
        "Grüße 😀",
        "50 % of a & b: [1] {2} *3*",
        "C:\\new",
        "Café\t",
        "",
    ):
        body = json.loads(RECORD["body"])
        body["content"][0]["value"] = text
        body["personalizations"][0]["to"][0] = {"email": "zoe@example.net", "name": "Zoë Jörg-Lee"}
        for ascii_only in (True, False):
            record = RECORD | {"body": json.dumps(body, ensure_ascii=ascii_only), "time": 1.5, "note": "y"}
            assert stencil.people(json.dumps(record).encode()) is not None


CHARACTER = st.text(alphabet="ab.@-+_'~A1 \n,;<>\"\uff20ä%", max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(CHARACTER, ADDRESS, ODD), min_size=1, max_size=4))
@example(["a@b\nc@d"])
@example(["a@b.", "c@d"])
@example(["", "c@d"])
@example(["c@d", ""])
@example(["c@d\n"])
def test_plain_addresses_are_what_the_careful_reader_takes_them_for(texts: list[str]) -> None:
    keys = plain_keys(texts)
    if keys is not None:
        for text, key in zip(texts, keys, strict=True):
            assert recipients(text) == People((Recipient(text),))
            assert compare_key(text) == key


MEMBER = st.lists(
    st.sampled_from(
        ["ann", "A", "Lee", " ", ".", "'", "-", "1", "<", ">", "@", "x.example", "ann@x.example", "team:", ";", ",", '"', "=?", "undisclosed", "mailto:", "\n", "\uff20"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    MEMBER, st.sampled_from(["{}", "N{} <ann@x.example>", "{} <ann@x.example>", "Nn <{}@x.example>", "Ann <ann@{}>"])
)
def test_a_plain_name_with_an_address_is_what_the_careful_reader_takes_it_for(text: str, form: str) -> None:
    from mailguard.addresses.plain import _careful

    person = plain_named(form.format(text))
    if person is not None:
        assert _careful(form.format(text)) == recipients(form.format(text)) == People((Recipient(person),))
        assert outline.as_person(form.format(text), "q@y.example") == "N <q@y.example>"


def test_hostile_headers_are_not_plain() -> None:
    for text in ("a@b, c@d", "a@b;c@d", "a b@c", "<a@b>", "a@b ", "a@@b", "a@b\u200b", '"a"@b', "a@[1.2.3.4]", "(x)a@b", "a@b(x)", "@b", "a@", "a@b.",
                 "a:b@c", "=?utf-8?q?a=40b?=", "a@b\r\nBcc: c@d", "a@b\0", "a\uff20b", "ä@b", ".a@b", "a@.b", "mailto:a@b"):  # fmt: skip
        assert plain_keys([text]) is None
        assert plain_named(text) is plain_named(f"Ann <{text}>") is None
        assert plain_keys(["ok@example.com", text]) is None
    assert plain_keys([7]) is plain_keys([None, "a@b"]) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(PERSON, min_size=1, max_size=4))
def test_plain_pairs_are_what_a_pair_is(pairs: list[dict[str, str]]) -> None:
    from mailguard.addresses.pairs import mailbox
    from mailguard.model.value import ABSENT

    found = plain_pairs(pairs, "email", "name", len(pairs[0]))
    if found is not None and plain_keys(found) is not None and len(pairs[0]) < 3:
        for pair, address in zip(pairs, found, strict=True):
            assert mailbox(pair["email"], pair.get("name", ABSENT)) == People((Recipient(address),))


def test_whatever_reads_a_watched_mapping_is_noted() -> None:
    def read(use: Any) -> set[int]:
        noted: set[int] = set()
        use(Watched({"a": "x", "b": "y", "c": {}}, {"a": 0, "b": 1}, noted))
        return noted

    assert read(lambda it: it["a"]) == read(lambda it: it.get("a")) == {0}
    assert read(lambda it: ("a" in it, it["c"], it.get("z"), len(it), list(it), it.keys())) == set()
    for use in (
        lambda it: list(it.items()),
        lambda it: list(it.values()),
        dict,
        lambda it: {**it},
        lambda it: it | {},
        lambda it: {} | it,
        lambda it: it == {},
        lambda it: it != {},
        str,
        repr,
        lambda it: it.copy(),
        __import__("copy").copy,
        __import__("copy").deepcopy,
        json.dumps,
        lambda it: it.pop("z", None),
        lambda it: it.popitem(),
        lambda it: it.setdefault("z"),
        {}.update,
        lambda it: [it] == [{}],
    ):
        assert read(use) >= {0, 1}

    def matched(it: Any) -> None:
        match it:
            case {"a": _}:
                pass

    assert read(matched) == {0}


def test_what_a_service_reads_is_not_left_out(tmp_path: Path, count: Count) -> None:
    # Of one form, but the flag is a text that is read.
    lines = []
    for flag in ("true", "true", "true", "false", "false", "false"):
        body = {
            "key": "k",
            "message": {
                "to": [{"email": "ann@example.com"}, {"email": "bob@example.net"}],
                "preserve_recipients": flag,
                "text": "x",
            },
        }
        record = {
            "method": "POST",
            "url": "https://mandrillapp.com/api/1.0/messages/send",
            "headers": {},
            "body": json.dumps(body),
        }
        lines.append(json.dumps(record))
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful


def test_ordinary_logs_are_dealt_with_at_once(tmp_path: Path, count: Count) -> None:
    file = tmp_path / "sent.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for number in range(50):
            body = {
                "personalizations": [{"to": [{"email": f"p{number}@example.com", "name": f"Person {number}"}]}],
                "from": {"email": "news@example.org"},
                "subject": f"News {number}",
                "content": [
                    {"type": "text/html", "value": f'<a href="https://example.org/{number}?a=1&amp;b=2">\nGrüße</a>'}
                ],
            }
            headers = {"Content-Type": "application/json", "X-Request-Id": str(number)}
            record = {
                "method": "POST",
                "url": "https://api.sendgrid.com/v3/mail/send",
                "headers": headers,
                "time": number,
                "body": json.dumps(body),
            }
            stream.write(json.dumps(record) + "\n")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits == 48
    assert count.lines == 0  # a link in each of the texts has to be looked at
    assert '"requests": 50' in fast or "requests=50" in fast


def test_a_log_without_forms_is_compared_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count) -> None:
    monkeypatch.setattr(alike, "VAIN", 4)
    linked = {"type": "text/plain", "value": "https://example.org/abcdefgh12345678"}
    quiet = {"type": "text/plain", "value": "Hello"}
    file = tmp_path / "sent.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for number in range(80):
            body = {
                "personalizations": [{"to": [{"email": f"p{number}@example.com"}]}],
                "content": [linked if number < 40 else quiet],
            }
            record = {
                "method": "POST",
                "url": "https://api.sendgrid.com/v3/mail/send",
                "headers": {},
                "body": json.dumps(body),
            }
            stream.write(json.dumps(record) + "\n")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits > 15


# --- One form, few people: here nearly every request is dealt with at once -----------------------

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


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(st.builds(one_form, FEW, FEW, FEW, WORDS, st.sampled_from([202, 202, 400])), min_size=6, max_size=20),
    st.sampled_from([(), ("in.example",), ("example.com",)]),
    st.sampled_from([0, 10**9]),
)
def test_requests_of_one_form_come_to_what_each_does(
    tmp_path: Path, lines: list[str], inside: tuple[str, ...], worth: int
) -> None:
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, *lines]) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "WORTH", worth)
        fast, careful = both(file, inside)
    assert fast == careful


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


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(LETTERS, st.sampled_from([(), ("in.example",), ("example.com",)]))
def test_letters_with_links_and_addresses_come_to_what_each_does(
    tmp_path: Path, lines: list[str], inside: tuple[str, ...]
) -> None:
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


SLOT = st.sampled_from(["o", "reset", "off"])
MASK = st.sampled_from(
    [
        '<p>Hi {name}</p><a href="https://example.org/{slot}/{token}?a=1&amp;b=2">here</a> sent to {own}, ask help@example.org',
        "Hi {name}, https://example.org/{slot}?t={token} or {own} {name}",
        '<a href="https://example.org/{slot}/{token}?e={quoted}">{name}</a> <a href=\'https://example.org/v/{token}\'>view</a>',
        "{name}: https://example.org/{name}/{token}.",
        "https://example.org/o/a1b2c3d4e5f6g7/{token} x{own} {token}",
        "Hi {name}, see https://example.org/{token} and Jörg \U0001f600 {name} at help@example.org",
        "https://example.org/{slot}/{token}-{name} &nbsp; {own}.",
    ]
)  # fmt: skip
FILLING = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Ann", "Bob Lee", "Zoë", "a&#64;b", "bob@example.net", "{{x}}", "1", "", "O'Neil, Jr.", "https://x.example/a1b2c3d4e5f6", "%40", "cy%40example.org"]),
        "token": st.sampled_from(["a1b2c3d4e5f6g7", "b2c3d4e5f6g7h8", "0f1e2d3c4b5a", "nothing", "123456789012", "spring-campaign-mail", "d4e5~f6g7h8i9"]),
        "reader": READER,
    }
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    MASK,
    SLOT,
    st.sampled_from(["one", "two", "each", "headers", "postmark", "resend"]),
    st.lists(FILLING, min_size=6, max_size=16),
    st.sampled_from([(), ("in.example",)]),
)
def test_letters_of_one_text_come_to_what_each_does(
    tmp_path: Path, mask: str, slot: str, kind: str, fillings: list[dict[str, str]], inside: tuple[str, ...]
) -> None:
    lines = []
    # So that there is a template for the others to fit or not.
    ordinary = [
        {"name": name, "token": f"{number}a1b2c3d4e5f{number}", "reader": f"r{number}@example.com"}
        for number, name in enumerate(["Ann", "Bob Lee", "Cy", "Dee", "Eve Ann Lee", "Fay"])
    ]
    for number, one in enumerate([*ordinary, *fillings], 1):
        own = one["reader"] if number % 9 else "cy@example.org"
        html = mask.format(name=one["name"], token=one["token"], slot=slot, own=own, quoted=own.replace("@", "%40"))
        lines.append(
            letter(kind, one["reader"], "zoe@example.net", html, "News", f"<https://example.org/off/{one['token']}>")
        )
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


def test_what_belongs_to_a_template_is_known_in_each_part_of_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    def line(number: int, text: str = "", reader: str = "") -> str:
        html = text or f"Hi Ann {number}, https://example.org/o/{number:02}a1b2c3d4e5f asks help@example.org"
        return letter("one", reader or f"p{number}@example.com", "", html, "News", "")

    letters = [line(number) for number in range(20)]
    # In the second part somebody writes to the address of the footer, and a text names it with another of that part.
    rest = [
        line(20),
        line(21),
        line(22, "Hello", "help@example.org"),
        line(23, "Of p20@example.com and help@example.org"),
    ]
    monkeypatch.setattr(capture, "PART", sum(len(one) + 1 for one in letters))
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*letters, *rest]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.lines > 8


EDIT = st.tuples(st.floats(0, 1), st.integers(0, 3), st.lists(HOSTILE, max_size=2).map("".join))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    MASK,
    st.sampled_from(["one", "headers", "postmark", "resend"]),
    st.lists(st.lists(EDIT, min_size=1, max_size=2), min_size=1, max_size=8),
)
def test_a_line_that_is_nearly_like_the_others_comes_to_what_it_does(
    tmp_path: Path, mask: str, kind: str, edits: list[list[tuple[float, int, str]]]
) -> None:
    lines = []
    for number in range(8):
        own, token = f"r{number}@example.com", f"{number}a1b2c3d4e5f{number}"
        html = mask.format(name=f"Ann {number}", token=token, slot="o", own=own, quoted=own.replace("@", "%40"))
        lines.append(letter(kind, own, "zoe@example.net", html, "News", f"<mailto:off@example.org?subject={token}>"))
    for some in edits:
        line = lines[-1]
        for where, length, piece in some:
            start = int(where * len(line))
            line = line[:start] + piece + line[start + length :]
        lines += [line.replace("\n", " "), lines[3]]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
    fast, careful = both(file)
    assert fast == careful


@pytest.mark.parametrize("kind", ["one", "two", "each", "headers", "postmark", "brevo", "resend"])
def test_letters_are_dealt_with_at_once(tmp_path: Path, count: Count, kind: str) -> None:
    """So that the law above says something."""
    html = '<p>Hi {0}</p><a href="https://example.org/off/{0:016x}">leave</a> or write to help@example.org'
    lines = [
        letter(kind, f"p{n}@example.com", f"q{n}@example.com", html.format(n + 2**60), "News", f"<mailto:off@example.org?subject={n}>")
        for n in range(20)
    ]  # fmt: skip
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits >= 16
    assert count.lines >= (8 if kind in ("one", "two", "headers", "postmark", "resend") else 0)


PLAIN = ("ann@example.com", "bob@example.net", "cy@example.org", "Hello", 202)


@pytest.mark.parametrize("worth", [0, 10**9])
@pytest.mark.parametrize(
    ("odd", "inside"),
    [
        (("ann@example.com", "ann@example.com", "cy@example.org", "Hello", 202), ()),
        (("ann@example.com", "Ann@example.com", "cy@example.org", "Hello", 202), ()),
        (("dee@in.example", "eve@sub.in.example", "dee@in.example", "Hello", 202), ("in.example",)),
        (("ann@example.com", "bob@example.net", "cy@example.org", "bob%40example.net", 202), ()),
        (("ann@example.com", "bob@example.net", "cy@example.org", "bob&#64;example.net", 202), ()),
        (("ann@example.com", "bob@example.net", "cy@example.org", "bob@example.net", 202), ()),
        (("ann@example.com", "bob@example.net", "cy@example.org", "Hi {{name}}", 202), ()),
        (("ann@example.com", "bob@example.net", "cy@example.org", "Hello", 400), ()),
    ],
)
def test_one_that_is_not_like_the_others_is_told(
    tmp_path: Path, count: Count, odd: tuple[Any, ...], inside: tuple[str, ...], worth: int
) -> None:
    file = tmp_path / "sent.jsonl"
    plain = one_form(*PLAIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "WORTH", worth)
        file.write_text((plain + "\n") * 12, encoding="utf-8")
        alone = report(file, 1, inside)
        assert count.hits == 10
        assert (count.lines > 0) == (worth == 0)
        lines = [plain] * 6 + [one_form(*odd)] + [plain] * 5
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fast, careful = both(file, inside)
    assert fast == careful
    assert fast != alone


def test_people_of_quiet_requests_are_remembered(tmp_path: Path) -> None:
    # The text of the last one names two to whom earlier ones went, which only tells who was remembered.
    lines = [one_form(f"a{n}@example.com", f"b{n}@example.com", f"c{n}@example.com", "Hello", 202) for n in range(8)]
    lines.append(one_form("x@example.com", "y@example.com", "z@example.com", "a5@example.com and b6@example.com", 202))
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert "content" in fast or "text" in fast


def test_a_list_that_grows_from_one_quiet_request_to_the_next_is_found(tmp_path: Path) -> None:
    def line(people: list[str]) -> str:
        body = {
            "personalizations": [{"to": [{"email": person} for person in people]}],
            "from": {"email": "desk@example.org"},
        }
        return json.dumps(
            {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {}, "body": json.dumps(body)}
        )

    people = ["ann@example.com", "bob@example.net", "cy@example.org"]
    learnt = [line([f"{n}{size}@example.com" for n in range(size)]) for size in (1, 2, 3) for _ in range(4)]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*learnt, *(line(people[:size]) for size in (1, 2, 3))]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert "recipient-list-growth" in fast


@pytest.mark.parametrize("worth", [0, 10**9])
@pytest.mark.parametrize("decoy", ["", "in the body", "in the line"])
@pytest.mark.parametrize("where", ["body", "line"])
def test_a_key_that_is_there_twice_is_no_form_that_was_seen(tmp_path: Path, where: str, decoy: str, worth: int) -> None:
    plain = json.loads(one_form(*PLAIN))
    body = plain["body"]
    leak = json.dumps([{"to": [{"email": f"p{n}@example.com"} for n in range(9)]}])
    if decoy == "in the body":
        body = body.replace("Hello", "\\u0022" * 40)
    if where == "body":
        body = body.replace("{", '{"personalizations": ' + leak + ", ", 1)
    line = json.dumps(plain | {"body": body})
    if where == "line":
        line = line.replace(
            '"body": ', '"body": ' + json.dumps(json.dumps({"personalizations": json.loads(leak)})) + ', "body": ', 1
        )
    if decoy == "in the line":
        line = line.replace('\\"', "\\u0022")
    file = tmp_path / "sent.jsonl"
    usual = one_form(*PLAIN)
    file.write_text("\n".join([usual] * 6 + [line] + [usual] * 3) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "WORTH", worth)
        fast, careful = both(file)
        file.write_text((usual + "\n") * 10, encoding="utf-8")
        assert fast == careful != report(file)


@pytest.mark.parametrize("where", ["body", "line"])
def test_marks_written_as_numbers_hide_no_key(tmp_path: Path, where: str) -> None:
    # As many marks are hidden as the key that the parser drops brings with it.
    usual = one_form(*PLAIN)
    plain = json.loads(usual)
    if where == "body":
        dropped = (
            '"personalizations": ' + json.dumps([{"to": [{"email": f"p{n}@example.com"} for n in range(9)]}]) + ", "
        )
        marks = dropped.count('"')
        body = plain["body"].replace("{", "{" + dropped, 1).replace("Hello", r"\u0022" * marks)
        quiet = plain["body"].replace("Hello", r"\"" * marks)
        line, usual = json.dumps(plain | {"body": body}), json.dumps(plain | {"body": quiet})
    else:
        line = usual.replace('"body": ', '"body": "x", "body": ', 1).replace('\\"', "\\u0022", 4)
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([usual] * 6 + [line] + [usual] * 3) + "\n", encoding="utf-8")
    fast, careful = both(file)
    file.write_text((usual + "\n") * 10, encoding="utf-8")
    assert fast == careful != report(file)


def request_line(body: dict[str, Any]) -> str:
    return json.dumps(
        {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {}, "body": json.dumps(body)}
    )


def test_an_encoded_name_is_no_plain_name(tmp_path: Path) -> None:
    def line(name: str) -> str:
        return request_line(
            {
                "personalizations": [{"to": [{"email": "ann@example.com", "name": name}]}],
                "from": {"email": "desk@example.org"},
            }
        )

    file = tmp_path / "sent.jsonl"
    file.write_text(
        "\n".join([line("Ann")] * 6 + [line("=?utf-8?q?bob=40example.net?=")] + [line("Bob")] * 3) + "\n",
        encoding="utf-8",
    )
    fast, careful = both(file)
    file.write_text("\n".join([line("Ann")] * 10) + "\n", encoding="utf-8")
    assert fast == careful != report(file)


def test_what_is_attached_is_looked_into(tmp_path: Path) -> None:
    import base64

    def line(attached: str) -> str:
        content = base64.b64encode(attached.encode()).decode()
        to = [{"to": [{"email": "ann@example.com"}]}, {"to": [{"email": "bob@example.net"}]}]
        return request_line(
            {"personalizations": to, "attachments": [{"content": content, "type": "text/csv", "filename": "a.csv"}]}
        )

    file = tmp_path / "sent.jsonl"
    file.write_text(
        "\n".join([line("nobody")] * 6 + [line("ann@example.com,bob@example.net")] + [line("x")] * 3) + "\n",
        encoding="utf-8",
    )
    fast, careful = both(file)
    file.write_text("\n".join([line("nobody")] * 10) + "\n", encoding="utf-8")
    assert fast == careful != report(file)


def test_the_only_reader_of_a_quiet_request_is_remembered(tmp_path: Path) -> None:
    def line(person: str, text: str) -> str:
        body = {
            "personalizations": [{"to": [{"email": person}]}],
            "from": {"email": "desk@example.org"},
            "content": [{"type": "text/plain", "value": text}],
        }
        return request_line(body)

    lines = [line(f"a{number}@example.com", "Hello") for number in range(8)]
    last = line("z@example.com", "To a5@example.com and a6@example.com")
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, last]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    file.write_text("\n".join([*lines[:4], last]) + "\n", encoding="utf-8")
    assert fast == careful
    assert "content" in fast
    assert fast.count('"rule"') > report(file).count('"rule"')
