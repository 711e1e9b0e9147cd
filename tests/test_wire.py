"""What bytes, header blocks and URLs come to."""

from __future__ import annotations

import base64
import email.header
import email.headerregistry
import email.message
import gzip
import json
import zlib
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import formataddr
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, ONE
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Parameter,
    Repeat,
    Step,
    StepKind,
    Text,
    Unknown,
    each,
    known,
    text,
    trail_of,
)
from mailguard.wire import header_blocks
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.encodings import from_base64, inflate
from mailguard.wire.forms import form_values
from mailguard.wire.header_blocks import header_block
from mailguard.wire.urls import url_parts

USER = Unknown("user.email")
TRAIL = (Step(StepKind.DATABASE, Place("a.py", 1)),)

few = settings(max_examples=60, deadline=None)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | texts
data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def told(body: object, method: str = "POST", encoding: str = "", **headers: str) -> Payload | CannotTell:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return payload(HttpRequest(method, "https://api.example.com/", names, body, encoding))  # type: ignore[arg-type]


def read(body: object, **headers: str) -> object:
    found = told(body, **headers)
    assert isinstance(found, Payload), found
    return found.value


def reason(body: object, **headers: str) -> Reason:
    found = told(body, **headers)
    assert isinstance(found, CannotTell), found
    assert "@" not in found.detail
    return found.reason


class TestCompression:
    @few
    @given(data.filter(lambda value: isinstance(value, (dict, list))))
    def test_whatever_was_compressed_comes_out(self, value: object) -> None:
        raw = json.dumps(value).encode()
        packed = gzip.compress(raw)
        assert read(raw, content_type="application/json") == value
        for body in (packed, packed.decode("latin-1"), base64.b64encode(packed).decode()):
            assert read(body, content_encoding="gzip") == value
            assert read(body) == value
        assert read(zlib.compress(raw), content_encoding="deflate") == value
        machine = zlib.compressobj(wbits=-15)
        assert read(machine.compress(raw) + machine.flush(), content_encoding="deflate") == value
        assert read(gzip.compress(packed), content_encoding="gzip, gzip") == value
        assert read(base64.b64encode(raw), content_encoding="base64") == value
        assert read(base64.b64encode(raw), content_transfer_encoding="base64") == value

    def test_members_follow_each_other(self) -> None:
        assert inflate(gzip.compress(b"to=a&") + gzip.compress(b"to=b") + b"\0\0") == b"to=a&to=b"

    def test_a_bomb_stops_at_the_limit(self) -> None:
        bomb = gzip.compress(b"\0" * 1_000_000)
        found = inflate(bomb, limit=1000)
        assert isinstance(found, CannotTell)
        assert found.reason is Reason.TOO_LARGE
        assert inflate(bomb, limit=1_000_000) == b"\0" * 1_000_000
        assert isinstance(inflate(bomb + bomb, limit=1_500_000), CannotTell)

    @pytest.mark.parametrize(
        ("body", "encoding", "expected"),
        [
            ('{"to": "ann@example.com"}', "gzip", Reason.WRONG_ENCODING),
            (gzip.compress(b"{}" * 99, mtime=0)[:-5], "gzip", Reason.BODY_CUT),
            (gzip.compress(b"{}" * 99, mtime=0)[:-5], "", Reason.BODY_CUT),
            ("\x1f\ufffd\x08", "gzip", Reason.WRONG_ENCODING),
            ("\x1f\ufffd\x08", "", Reason.WRONG_ENCODING),
            (b"\x1b\x00", "br", Reason.WRONG_ENCODING),
            (b"(\xb5/\xfd", "zstd", Reason.WRONG_ENCODING),
            (b"x", "rot13", Reason.WRONG_ENCODING),
            (b"?", "base64", Reason.WRONG_ENCODING),
            (b"?", "deflate", Reason.WRONG_ENCODING),
            (b"x", "gzip, gzip, gzip, gzip, gzip", Reason.TOO_LARGE),
        ],
    )
    def test_a_header_that_lies_is_not_guessed_at(self, body: object, encoding: str, expected: Reason) -> None:
        assert reason(body, content_encoding=encoding) is expected


class TestJson:
    @few
    @given(
        data.filter(lambda value: isinstance(value, (dict, list))),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    )
    def test_it_is_read_in_every_encoding_and_under_every_content_type(self, value: object, encoding: str) -> None:
        body = json.dumps(value, ensure_ascii=False).encode(encoding)
        for media in (
            "application/json; charset=x",
            "application/vnd.api+json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "",
        ):
            assert read(body, content_type=media) == value

    @few
    @given(data.filter(lambda value: isinstance(value, dict) and value), st.integers(1, 50))
    def test_cut_json_is_never_whole(self, value: object, cut: int) -> None:
        body = json.dumps(value)
        found = told(body[: max(1, len(body) - cut)], content_type="application/json")
        assert isinstance(found, CannotTell)
        assert found.reason is Reason.BODY_CUT

    def test_a_key_that_is_there_twice_loses_nobody(self) -> None:
        assert read('{"to": ["a"], "to": ["b"]}') == {"to": ["a", "b"]}
        assert read('{"to": "a", "to": "b", "to": null}') == {"to": ["a", "b"]}

    def test_what_json_writers_get_wrong_is_taken(self) -> None:
        assert read('{"a": NaN, "b": -Infinity}') != {}
        assert read("{" + f'"a": {"9" * 5000}' + "}") == {"a": float("inf")}
        assert read('{"a": "line\nbreak"}') == {"a": "line\nbreak"}
        assert read(b'{"a": "Jos\xe9"}') == {"a": "José"}
        lone = read('{"a": "\\ud800"}')
        json.dumps(lone, ensure_ascii=False).encode()
        assert read(json.dumps('{"a": 1}'), content_type="application/json") == {"a": 1}
        assert read('{"a": 1}\n{"a": 2}\n', content_type="application/x-ndjson") == [{"a": 1}, {"a": 2}]
        assert read(base64.b64encode(b'{"a": 1}').decode(), content_type="application/json") == {"a": 1}

    def test_nesting_is_bounded(self) -> None:
        for depth in (500, 200_000):
            assert reason("[" * depth + "]" * depth) is Reason.TOO_LARGE
        assert reason('{"a":' * 500 + "1" + "}" * 500) is Reason.TOO_LARGE
        assert isinstance(told("[" + "[]," * 500 + "[]]"), Payload)

    def test_what_says_json_and_is_none_is_not_told(self) -> None:
        assert reason("hello there", content_type="application/json") is Reason.WRONG_ENCODING
        assert reason("<a/>", content_type="application/json") is Reason.WRONG_ENCODING


class TestForms:
    @few
    @given(st.lists(st.tuples(words, texts), min_size=1, max_size=6))
    def test_a_form_comes_out_as_it_went_in(self, pairs: list[tuple[str, str]]) -> None:
        found = told(urlencode(pairs), content_type="application/x-www-form-urlencoded; charset=utf-8")
        assert found == Payload("form", Form(tuple(pairs)))

    @few
    @given(
        st.lists(
            st.tuples(
                words.filter(lambda name: '"' not in name and "\\" not in name), st.text("ab@,\r\n-= é", max_size=20)
            ),
            min_size=1,
            max_size=5,
        ),
        st.booleans(),
    )
    def test_a_multipart_form_comes_out_as_it_went_in(self, pairs: list[tuple[str, str]], known_boundary: bool) -> None:
        end = "\r\n"
        body = "".join(
            f'--b0und{end}Content-Disposition: form-data; name="{name}"{end}{end}{value}{end}' for name, value in pairs
        )
        media = "multipart/form-data" + ("; boundary=b0und" if known_boundary else "")
        whole = (body + "--b0und--" + end).encode()
        assert told(whole, content_type=media) == Payload("form", Form(tuple(pairs)))
        assert told(whole, content_type="text/plain") == Payload("form", Form(tuple(pairs)))
        assert reason(body, content_type=media) is Reason.BODY_CUT

    def test_parts_keep_their_bytes_and_undo_their_encoding(self) -> None:
        body = (
            b'--b\nContent-Disposition: form-data; name="a"; filename="x"\nContent-Type: application/pdf\n\n\xff\xfe\n'
            b"--b\nContent-Disposition: form-data; name=b\nContent-Transfer-Encoding: base64\n\nYW5uQGV4YW1wbGUuY29t\n"
            b"--b\nContent-Disposition: form-data; name*=utf-8''%C3%A9\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n"
            b"--b\nContent-Type: message/rfc822\n\nTo: ann@example.com\n\n\n--b--\nepilogue"
        )
        found = read(body, content_type="multipart/related; boundary=b")
        assert isinstance(found, Form)
        assert found.parts == (
            ("a", b"\xff\xfe"),
            ("b", "ann@example.com"),
            ("é", "é"),
            ("message/rfc822", "To: ann@example.com\n\n"),
        )

    def test_a_masked_boundary_is_read_off_the_body(self) -> None:
        body = '--real\r\nContent-Disposition: form-data; name="to"\r\n\r\nann@example.com\r\n--real--'
        found = read(body, content_type="multipart/form-data; boundary=REDACTED")
        assert found == Form((("to", "ann@example.com"),))
        assert reason("no parts", content_type="multipart/form-data; boundary=x") is Reason.WRONG_ENCODING

    def test_odd_forms_keep_everybody(self) -> None:
        form = read(
            "to=a%zz&to[]=b&to[ann@example.com]=%ff&to%5B3%5D=c&cc&=d&to=e=f&",
            content_type="application/x-www-form-urlencoded",
        )
        assert isinstance(form, Form)
        assert form_values(form, "to") == ("a%zz", "b", "ann@example.com", "ÿ", "c", "e=f")
        assert len(form.parts) == 7

    def test_a_form_that_is_shorter_than_it_says_is_cut(self) -> None:
        body = "to=ann%40example.com"
        assert isinstance(told(body, content_type="application/x-www-form-urlencoded", content_length="20"), Payload)
        assert reason(body, content_type="application/x-www-form-urlencoded", content_length="40") is Reason.BODY_CUT

    def test_lists_repeat_their_name_and_none_is_left_out(self) -> None:
        found = told({"to": ["a", "b"], "cc": None, "many": Items((Member(USER, MANY),))}, encoding="form")
        assert isinstance(found, Payload)
        assert isinstance(found.value, Form)
        assert [name for name, _ in found.value.parts] == ["to", "to", "many"]
        assert told([("to", "a"), ("to", "b")], encoding="form") == Payload("form", Form((("to", "a"), ("to", "b"))))


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://api.example.com/v3/DOMAIN.TEST/messages", "to=ann%40example.com"),
        ("https://api:<API_KEY>@api.example.com/", "to=ann%40example.com"),
        ("https://api.example.com/", "to=ann%40DOMAIN.TEST"),
        ("https://api.example.com/", "to=ann%40example.com&key=%5BFILTERED%5D"),
    ],
)
def test_a_filter_of_the_recorder_makes_bodies_shorter(url: str, body: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "400"}
    assert isinstance(payload(HttpRequest("POST", url, headers, body)), Payload)


class TestBodies:
    def test_a_missing_body_is_told_from_none(self) -> None:
        assert reason(None) is Reason.BODY_MISSING
        assert reason("") is Reason.BODY_MISSING
        assert told(None, content_length="0") == Payload("empty", None)
        assert told(None, method="GET") == Payload("empty", None)

    @pytest.mark.parametrize(
        "body", ["<REDACTED>", "[FILTERED]", "***", "(masked)", "<REQUEST_BODY>", "{{body}}", "filtered by recorder"]
    )
    def test_a_mask_is_not_nobody(self, body: str) -> None:
        assert reason(body) is Reason.MASKED
        assert reason(body, content_type="application/x-www-form-urlencoded") is Reason.MASKED

    def test_text_stays_text(self) -> None:
        assert told("To: ann@example.com\n\nx", content_type="message/rfc822") == Payload(
            "text", "To: ann@example.com\n\nx"
        )
        assert told("RnJvbTogYUBleGFtcGxlLmNvbQ==", content_type="text/plain").kind == "text"  # type: ignore[union-attr]
        assert told(b"\xff\x00\xfe", content_type="application/octet-stream") == Payload("text", b"\xff\x00\xfe")
        assert told("[no json] here").kind == "text"  # type: ignore[union-attr]

    @few
    @given(
        st.binary(max_size=200) | texts,
        st.sampled_from(
            [
                "",
                "application/json",
                "multipart/form-data; boundary=--",
                "text/plain; charset=unicode_escape",
                "application/x-www-form-urlencoded",
            ]
        ),
    )
    def test_nothing_makes_it_raise(self, body: object, media: str) -> None:
        assert isinstance(told(body, content_type=media), (Payload, CannotTell))

    @few
    @given(st.dictionaries(texts, st.lists(words, max_size=3), max_size=3))
    def test_data_says_the_same_as_its_text(self, value: dict[str, list[str]]) -> None:
        assert read(value) == read(json.dumps(value) or "{}")
        form = told(value, encoding="form")
        encoded = urlencode(value, doseq=True)
        if encoded:
            assert form == told(encoded, content_type="application/x-www-form-urlencoded")


class TestHoles:
    def test_data_of_the_source_passes(self) -> None:
        fields = Fields((("to", USER),))
        assert told(fields) == Payload("json", fields)
        assert told(fields, content_type="application/x-www-form-urlencoded") == Payload("form", Form((("to", USER),)))
        assert told(fields, encoding="form") == Payload("form", Form((("to", USER),)))
        form = Form((("to", USER),))
        assert told(form) == Payload("form", form)

    def test_an_unknown_body_is_not_nobody(self) -> None:
        for value in (Unknown("data"), Parameter("data", "m:f"), Either((Unknown("a"), Unknown("b")))):
            assert isinstance(told(value), CannotTell)

    def test_a_literal_keeps_its_way(self) -> None:
        value = read(Known('{"to": "ann@example.com"}', TRAIL))
        assert isinstance(value, dict)
        assert text(value["to"]) == "ann@example.com"
        assert trail_of(value["to"]) == TRAIL

    def test_json_with_holes(self) -> None:
        body = Text(
            (
                '{"to": [',
                Repeat(Text(('{"email": "', USER, '"}')), MANY, ", "),
                '], "from": {"email": "',
                Parameter("sender", "m:f"),
                '@example.com"}, "n": ',
                Unknown("n"),
                "}",
            )
        )
        value = read(body)
        assert isinstance(value, dict)
        assert list(each(value["to"])) == [Member({"email": USER}, MANY)]
        assert value["from"]["email"] == Text((Parameter("sender", "m:f"), "@example.com"))
        assert value["n"] == Unknown("n")
        broken = told(Text(('{"to": ', USER, USER, "}")), content_type="application/json")
        assert isinstance(broken, CannotTell)

    def test_a_form_with_holes(self) -> None:
        found = read(Text(("from=a%40example.com&to=", USER, "&cc=", USER, "%2C", USER)))
        assert found == Form((("from", "a@example.com"), ("to", USER), ("cc", Text((USER, ",", USER)))))

    def test_branches_keep_what_each_of_them_says(self) -> None:
        found = told(Either(({"to": "a"}, {"to": "b"})))
        assert found == Payload("json", Either(({"to": "a"}, {"to": "b"})))
        form = told(Either(({"to": ["a", "b"]}, {"cc": "c"})), encoding="form")
        assert form == Payload("form", Form((("to", Either((["a", "b"], ABSENT))), ("cc", Either((ABSENT, "c"))))))
        assert told(Either(({"to": "a"}, None))) == Payload("json", {"to": "a"})

    def test_an_object_is_what_it_renders_to(self) -> None:
        thing = Object()
        thing.write("to", "a")
        assert told(thing) == Payload("json", {"to": "a"})


class TestBase64:
    @few
    @given(st.binary(min_size=1, max_size=80), st.booleans(), st.booleans())
    def test_both_alphabets_folds_and_missing_padding(self, raw: bytes, url: bool, padded: bool) -> None:
        encoded = (base64.urlsafe_b64encode if url else base64.encodebytes)(raw).decode()
        assert from_base64(encoded if padded else encoded.strip().rstrip("=")) == raw

    @few
    @given(st.binary(min_size=1, max_size=80))
    def test_bytes_that_javascript_wrote_as_numbers(self, raw: bytes) -> None:
        numbers = list(raw)
        for data in (numbers, {"type": "Buffer", "data": numbers}, {str(at): one for at, one in enumerate(raw)}):
            assert from_base64(data) == raw
        for other in ([*numbers, 256], {"type": "Blob", "data": numbers}, {"1": 70}, {**dict.fromkeys("0", 1), "x": 2}):
            assert from_base64(other) is other

    def test_what_is_none_is_said(self) -> None:
        def why(value: object) -> Reason:
            found = from_base64(value)  # type: ignore[arg-type]
            assert isinstance(found, CannotTell)
            return found.reason

        assert why("not base64!") is Reason.WRONG_ENCODING
        assert why("<REDACTED>") is Reason.MASKED
        assert why("") is why(None) is why(ABSENT) is Reason.BODY_MISSING
        assert from_base64(USER) == USER


def lines(source: object) -> list[tuple[str, object]]:
    block = header_block(source)  # type: ignore[arg-type]
    assert not isinstance(block, CannotTell)
    return list(block)


class TestHeaderBlock:
    @few
    @given(
        st.lists(
            st.tuples(st.sampled_from(["To", "Cc", "Subject", "X-A"]), st.text("ab@,<> \"'().é", max_size=40)),
            max_size=6,
        ),
        st.sampled_from(["\r\n", "\n", "\r", "\r\r\n"]),
        st.booleans(),
    )
    def test_lines_come_out_whatever_ends_them(self, pairs: list[tuple[str, str]], end: str, as_bytes: bool) -> None:
        source: object = "".join(f"{name}: {value}{end}" for name, value in pairs) + f"{end}To: body@example.com{end}"
        if not pairs:
            return
        if as_bytes:
            source = str(source).encode()
        assert lines(source) == [(name, value.strip()) for name, value in pairs]

    @few
    @given(st.lists(st.from_regex(r"[a-z]{1,8}@example\.(com|org)", fullmatch=True), min_size=1, max_size=60))
    def test_it_reads_what_the_standard_library_writes(self, people: list[str]) -> None:
        message = email.message.EmailMessage(policy=SMTP)
        message["To"] = ", ".join(people)
        message["Subject"] = "Grüße"
        message.set_content("To: x")
        found = dict(lines(message.as_bytes()))
        assert [part.strip() for part in str(found["To"]).split(",")] == people
        assert found["Subject"] == "Grüße"

    def test_nothing_in_front_or_between_hides_a_line(self) -> None:
        source = (
            b"\xef\xbb\xbf\r\n \t\r\nFrom x@example.com Sun Nov  1 10:00:00 2026\r\nFROM : from@example.com\r\n"
            b"garbage without a sign\r\nto: ann@example.com,\r\n \t\r\n\tbob@example.org\r\nTo: cat@example.net\r\n\r\nCc: no"
        )
        assert [(name, str(value).split()) for name, value in lines(source)] == [
            ("FROM", ["from@example.com", "garbage", "without", "a", "sign"]),
            ("to", ["ann@example.com,", "bob@example.org"]),
            ("To", ["cat@example.net"]),
        ]

    def test_an_indented_block_is_one(self) -> None:
        assert lines("    From: a\n    To: b\n      c\n\n    x") == [("From", "a"), ("To", "b      c")]

    def test_a_body_is_not_looked_at_and_a_block_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(header_blocks, "HEADER_LIMIT", 1000)
        assert lines(b"To: a\n\n" + b"x" * 5000) == [("To", "a")]
        for source in (b"To: " + b"a" * 5000, "To: " + "é" * 5000):
            found = header_block(source)
            assert isinstance(found, CannotTell)
            assert found.reason is Reason.TOO_LARGE

    def test_raw_bytes_are_kept_apart(self) -> None:
        assert lines(b"To: Jos\xe9 <a@example.com>\nCc: Jos\xc3\xa9\nBcc: x\0y\n") == [
            ("To", "José <a@example.com>"),
            ("Cc", "José"),
            ("Bcc", "x y"),
        ]
        assert lines("To: a@example.com\n\n".encode("utf-16")) == [("To", "a@example.com")]

    @few
    @given(st.binary(max_size=300) | texts)
    def test_nothing_makes_it_raise(self, source: object) -> None:
        header_block(source)  # type: ignore[arg-type]

    def test_long_runs_take_no_time(self) -> None:
        for piece in (b"\r", b"\r\r\n", b" ", b"a:", b"=?utf-8?q?", b'"\\"', b"(", b"=?a?b?=", b"<"):
            header_block(b"To: " + piece * 30_000)


class TestEncodedWords:
    @few
    @given(texts, st.sampled_from(["utf-8", "utf-16-be"]), st.sampled_from("bq"))
    def test_a_subject_comes_out(self, value: str, charset: str, encoding: str) -> None:
        value = " ".join(value.split())
        raw = value.encode(charset)
        word = base64.b64encode(raw).decode() if encoding == "b" else "".join(f"={byte:02X}" for byte in raw)
        found = dict(lines(f"Subject: =?{charset}?{encoding}?{word}?=\n"))
        assert str(found["Subject"]) == value.replace("\0", "\0").strip()

    def test_a_display_name_makes_no_recipient_and_stays_to_be_seen(self) -> None:
        word = "=?utf-8?b?" + base64.b64encode(b'dan@example.com, "D"').decode() + "?="
        assert lines(f"To: {word} <ann@example.com>, {word}\n <bob@example.org>\n") == [
            ("To", '"dan@example.com, \\"D\\"" <ann@example.com>, "dan@example.com, \\"D\\"" <bob@example.org>')
        ]
        assert lines('To: "=?utf-8?q?a=2C_b=22?=" <ann@example.com>\n') == [("To", '"a, b\\"" <ann@example.com>')]
        assert lines("To: ann@example.com (=?utf-8?q?=29=2C_b=40example=2Ecom?=)\n") == [
            ("To", "ann@example.com (\\), b@example.com)")
        ]

    def test_a_list_that_was_encoded_whole_is_a_list(self) -> None:
        people = ", ".join(f"person{number}@example.com" for number in range(12))
        encoded = email.header.Header(people, "utf-8", maxlinelen=60).encode()
        assert "=?utf-8?" in encoded
        assert lines(f"To: {encoded}\n") == [("To", people)]
        assert lines("To: <=?utf-8?q?ann=40example=2Ecom?=>\n") == [("To", "<ann@example.com>")]

    def test_a_comma_that_the_email_package_encoded_separates(self) -> None:
        assert lines('To: ann@example.com\n =?utf-8?q?=2C?= ";" <bob@example.org>\n') == [
            ("To", 'ann@example.com , ";" <bob@example.org>')
        ]
        assert lines("To: ann@example.com =?utf-8?q?=2C_=C3=A9=2C?= <bob@example.org>\n") == [
            ("To", 'ann@example.com , "é," <bob@example.org>')
        ]

    def test_bad_words_lose_nothing(self) -> None:
        assert lines("To: =?nonsense?q?Jos=E9?= <ann@example.com>\n") == [("To", "José <ann@example.com>")]
        assert lines("To: =?utf-8?b?!!?= <ann@example.com>\n") == [("To", "!! <ann@example.com>")]
        assert lines("To: =?utf-8?q?open <ann@example.com>\n") == [("To", "=?utf-8?q?open <ann@example.com>")]
        assert lines("To: =?utf-8?q?Doe, Ann?= <ann@example.com>\n") == [("To", '"Doe, Ann" <ann@example.com>')]

    @few
    @given(st.text('=?utf8qbQB_=2C@,<>() "\\aé\n', max_size=60))
    def test_plain_addresses_stay(self, noise: str) -> None:
        noise = noise.replace("\n", "")
        (name, value), *_ = lines(f"To: {noise}, ann@example.com\n")
        assert name == "To"
        assert "ann@example.com" in str(value)


class TestHeadersWithHoles:
    def test_fields_and_mappings(self) -> None:
        assert lines(Fields((("To", USER), ("To", "a")), rest=Unknown("x"))) == [
            ("To", USER),
            ("To", "a"),
            ("*", Unknown("x")),
        ]
        assert lines({"To": ["a", "b"], "Subject": "=?utf-8?q?=C3=A9?="}) == [
            ("To", "a"),
            ("To", "b"),
            ("Subject", "é"),
        ]
        assert lines([("To", "a"), ("Cc", "b")]) == [("To", "a"), ("Cc", "b")]

    def test_a_raw_message_is_cut_at_its_written_line_ends(self) -> None:
        source = Text(
            (
                "From: me\r\nTo: ",
                USER,
                ", b@example.com,\r\n ",
                USER,
                "\r\nSubject: ",
                Unknown("s"),
                "\r\n\r\nTo: ",
                USER,
            )
        )
        assert lines(source) == [
            ("From", "me"),
            ("To", Text((USER, ", b@example.com, ", USER)))
            if False
            else ("To", Text((USER, ", b@example.com,", " ", USER))),
            ("Subject", Unknown("s")),
        ]

    def test_a_join_with_folds_is_one_line(self) -> None:
        people = Repeat(USER, MANY, ",\r\n ")
        assert lines(Text(("To: ", people, "\r\nSubject: x\r\n\r\n"))) == [("To", Text((people,))), ("Subject", "x")]

    def test_a_line_for_each_round(self) -> None:
        source = Text(("Subject: x\r\n", Repeat(Text(("To: ", USER, "\r\n")), MANY, ""), "Cc: c\r\n\r\nbody"))
        assert lines(source) == [("Subject", "x"), ("To", Items((Member(USER, MANY),))), ("Cc", "c")]
        source = Text((Repeat(Text(("To: ", USER)), MANY, "\n"), "\n\nbody"))
        assert lines(source) == [("To", Items((Member(USER, MANY),)))]

    def test_a_name_that_is_a_hole(self) -> None:
        assert lines(Text((Unknown("name"), ": ", USER, "\nX-", Unknown("k"), ": v\n", Unknown("more"), "\n\n"))) == [
            ("*", USER),
            ("X-*", "v"),
            ("*", Unknown("more")),
        ]

    def test_an_indented_text_of_the_source(self) -> None:
        source = Text(("\n    From: a\n    To: ", USER, "\n\n    Hi"))
        assert lines(source) == [("From", "a"), ("To", USER)]

    def test_what_is_not_known_is_not_nobody(self) -> None:
        assert isinstance(header_block(Unknown("message")), CannotTell)
        assert isinstance(header_block(None), CannotTell)
        assert lines(Either(("To: a\n\n", "To: b\nCc: c\n\n"))) == [
            ("To", Either(("a", "b"))),
            ("Cc", Either((ABSENT, "c"))),
        ]

    @few
    @given(
        st.lists(
            st.sampled_from(["To: ", "Cc:", "ann@example.com", "\r\n", "\n", ", ", " ", "x", "=?utf-8?q?a?="]),
            max_size=12,
        )
    )
    def test_wrapped_and_plain_say_the_same(self, pieces: list[str]) -> None:
        plain = "".join(pieces)
        wrapped = Text(tuple(Known(piece, TRAIL) for piece in pieces))
        assert [(name, text(value)) for name, value in lines(wrapped)] == [
            (name, text(value)) for name, value in lines(plain)
        ]
        assert all(known(value) for _, value in lines(wrapped))


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "host", "path"),
        [
            ("https://api.sendgrid.com/v3/mail/send", "api.sendgrid.com", "/v3/mail/send"),
            ("HTTPS://API.SendGrid.com.:443//v3/mail/send/?x=1#f", "api.sendgrid.com", "/v3/mail/send"),
            ("https://api:key-x@api.mailgun.net/v3/a%40b/messages", "api.mailgun.net", "/v3/a@b/messages"),
            ("https://api:<KEY/1>@api.mailgun.net/v3", "api.mailgun.net", "/v3"),
            ("https://[FILTERED]/v3", "[filtered]", "/v3"),
            ('https://"api.mailgun.net"/v3', "api.mailgun.net", "/v3"),
            ("http://[::1]:8080/x", "::1", "/x"),
            ("//api.example.com/x", "api.example.com", "/x"),
            ("api.example.com/x", "api.example.com", "/x"),
            ("localhost:80", "localhost", ""),
            ("/v3/mail/send", "", "/v3/mail/send"),
            ("https://api.example.com?to=a", "api.example.com", ""),
            ("smtp://smtp.example.com:587", "smtp.example.com", ""),
            (" https://api.example.com/a b\n", "api.example.com", "/ab"),
        ],
    )
    def test_host_and_path(self, url: str, host: str, path: str) -> None:
        found = url_parts(url)
        assert found is not None
        assert (found.host, found.path) == (host, path)
        assert url_parts(Known(url)) == found
        assert url_parts(Text((url,))) == found

    def test_the_query_is_a_form(self) -> None:
        found = url_parts(Text(("https://api.example.com/x?to=a%40example.com&cc=", USER)))
        assert found is not None
        assert found.query == Form((("to", "a@example.com"), ("cc", USER)))

    def test_holes(self) -> None:
        def parts(*pieces: object) -> tuple[str, str] | None:
            found = url_parts(Text(pieces))  # type: ignore[arg-type]
            return None if found is None else (found.host, found.path)

        assert parts("https://api.mailgun.net/v3/", USER, "/messages") == ("api.mailgun.net", "/v3/*/messages")
        assert parts("https://api.mailgun.net", USER) == ("api.mailgun.net", "*")
        assert parts("https://", USER, "/v3/mail/send") == ("*", "/v3/mail/send")
        assert parts(USER, "/v3/mail/send") == ("*", "/v3/mail/send")
        assert parts("https://email.", USER, ".amazonaws.com/") == ("email.*.amazonaws.com", "/")
        assert parts("https://api.mailgun.net:", USER, "/v3") == ("api.mailgun.net", "/v3")
        assert parts("https://api:", USER, "@api.mailgun.net/v3") == ("api.mailgun.net", "/v3")
        assert parts(USER) is None
        assert parts(Either(("http://localhost:1", "https://api.example.com")), "/x") == ("api.example.com", "/x")

    def test_nothing_known(self) -> None:
        for value in (None, ABSENT, USER, "", 5, {}, b"", Either((USER, ABSENT))):
            assert url_parts(value) is None  # type: ignore[arg-type]

    @few
    @given(
        st.text(max_size=80)
        | st.lists(st.sampled_from([*list(":/@?#[]<>{}%*.ab"), " ", "https://"]), max_size=30).map("".join)
    )
    def test_nothing_makes_it_raise(self, url: str) -> None:
        url_parts(url)
        url_parts("https://" + url)

    @few
    @given(st.from_regex(r"[a-z]{1,9}(\.[a-z]{2,5}){1,3}", fullmatch=True), st.lists(words, max_size=4))
    def test_what_was_quoted_comes_out(self, host: str, segments: list[str]) -> None:
        found = url_parts(
            f"https://{host}/" + "/".join(quote_plus(part) for part in segments if "+" not in part and "/" not in part)
        )
        assert found is not None
        assert found.host == host
        assert found.path == "/" + "/".join(part for part in segments if "+" not in part and "/" not in part)


def test_counts_are_exact_for_what_is_known() -> None:
    assert Member("a", ONE).count == ONE


holes = st.sampled_from([USER, Parameter("p", "m:f"), Unknown("x", MANY), Object(), ABSENT, 5, None, b"\xff", True])
literals = st.sampled_from(
    [
        "To: ",
        "a@example.com",
        "\r\n",
        "\n\n",
        ", ",
        '{"to": "',
        '"}',
        "&to=",
        "=",
        "https://",
        "/v3/",
        "?",
        "é",
        "<",
        "",
    ]
)
atoms = literals | literals.map(lambda piece: Known(piece, TRAIL)) | holes.filter(lambda hole: hole is not ABSENT)
values = st.recursive(
    atoms | holes,
    lambda inner: (
        st.lists(inner.filter(lambda item: item is not ABSENT), max_size=4).map(lambda parts: Text(tuple(parts)))
        | st.tuples(inner, st.sampled_from([ONE, MANY]), st.sampled_from(["\n", ", ", None, ""])).map(
            lambda triple: Text(("To: ", Repeat(triple[0], triple[1], triple[2]), "\n"))
        )
        | st.lists(inner, min_size=2, max_size=3).map(lambda options: Either(tuple(options)))
        | st.lists(st.tuples(literals, inner), max_size=3).map(lambda known: Fields(tuple(known), open=True))
        | st.lists(inner, max_size=3).map(lambda members: Items(tuple(Member(item, MANY) for item in members)))
        | st.dictionaries(literals, inner, max_size=3)
        | st.lists(inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(values, st.sampled_from(["", "json", "form"]))
def test_no_value_of_the_source_makes_anything_raise(value: object, encoding: str) -> None:
    found = told(value, encoding=encoding)
    if isinstance(found, Payload) and isinstance(found.value, Form):
        form_values(found.value, "to")
    header_block(value)  # type: ignore[arg-type]
    url_parts(value)  # type: ignore[arg-type]
    from_base64(value)  # type: ignore[arg-type]
    payload(HttpRequest(value, value, value, value))  # type: ignore[arg-type]


@few
@given(
    st.lists(
        st.tuples(
            st.text('aé,;"<>()@ .ü漢\\', max_size=12), st.from_regex(r"[a-z]{1,8}@example\.(com|org)", fullmatch=True)
        ),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_the_people_of_a_written_message_are_the_people_read(people: list[tuple[str, str]], legacy: bool) -> None:
    """Display names with commas, brackets and addresses in them, encoded by the standard library, add and hide nobody."""
    pairs = [formataddr((" ".join(name.split()), address), "utf-8") for name, address in people]
    if legacy:
        old = MIMEText("T", "plain", "utf-8")
        old["To"] = ", ".join(pairs)
        written = old.as_bytes()
    else:
        message = email.message.EmailMessage(policy=SMTP)
        message["To"] = tuple(
            email.headerregistry.Address(" ".join(name.split()), addr_spec=address) for name, address in people
        )
        written = message.as_bytes()
    found = recipients(dict(lines(written))["To"])  # type: ignore[arg-type]
    assert [person.address for person in found.recipients] == [address for _, address in people]
