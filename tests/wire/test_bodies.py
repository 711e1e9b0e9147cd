"""What the bytes of a body come to: JSON, forms, anything else, and bodies with holes."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.model.count import MANY
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.message import CannotTell, Reason
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
    Text,
    Unknown,
    each,
    text,
    trail_of,
)
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.forms import form_values

from .support import TRAIL, USER, data, few, read, reason, texts, told, words


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
