"""JSON and YAML without trust."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.documents import json_values, yaml_values
from mailguard.documents.byte_text import base64_bytes, clean_text, decode_text
from mailguard.documents.json_files import json_elements
from mailguard.documents.json_values import read_json
from mailguard.documents.yaml_values import Document, safe_yaml, yaml_documents
from mailguard.model.message import CannotTell, Reason

few = settings(max_examples=60, deadline=None)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | texts
data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=15
)


def value(content: str | bytes) -> object:
    found = safe_yaml(content)
    assert isinstance(found, Document), found
    return found.value


def reason(content: str | bytes) -> Reason:
    found = safe_yaml(content)
    assert isinstance(found, CannotTell), found
    return found.reason


class TestYaml:
    @few
    @given(data, st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    def test_what_was_dumped_comes_out(self, content: object, flow: bool, encoding: str) -> None:
        dumped = yaml.safe_dump(content, default_flow_style=flow, allow_unicode=True)
        assert value(dumped) == content
        assert value(dumped.encode(encoding)) == content

    @few
    @given(data)
    def test_every_node_has_its_place(self, content: object) -> None:
        dumped = yaml.safe_dump({"a": [content, {"b": content}]}, default_flow_style=False)
        found = safe_yaml(dumped)
        assert isinstance(found, Document)
        lines = dumped.split("\n")
        line, column = found.position("a", 1)
        assert lines[line - 1][column - 3 : column] in ("- b", "- a", '- "')
        line, column = found.position("a", 1, "b")
        assert lines[line - 1][:column].strip("- b:") == lines[line - 1][:column].strip("- b:")
        assert found.position("a", 1, "b", "nowhere", 7)[0] >= found.position("a", 1)[0]

    def test_tags_build_nothing(self) -> None:
        content = """
a: ! 'x'
b: !ruby/object:Foo {c: 1}
d: !!python/object/apply:os.system ['true']
e: !!python/unicode 'u'
f: !ruby/sym post
g: !binary |
  YWJj
h: !!binary "not base64!"
i: !!int "x"
j: !<tag:example.com,2026:x> [1]
k: !!set {a, b}
"""
        assert value(content) == {
            "a": "x",
            "b": {"c": 1},
            "d": ["true"],
            "e": "u",
            "f": "post",
            "g": b"abc",
            "h": "not base64!",
            "i": "x",
            "j": [1],
            "k": {"a": None, "b": None},
        }

    def test_scalars_are_what_they_look_like(self) -> None:
        assert value("[1, 0x1f, 010, 1_000, 1.5, .inf, yes, OFF, ~, null, 2026-11-01, 12:30, 1e3, ':post', 1 =]") == [
            *(1, 31, 8, 1000, 1.5, float("inf"), True, False, None, None, "2026-11-01", "12:30", "1e3", ":post", "1 ="),
        ]
        assert value(f"[{'9' * 5000}]") == ["9" * 5000]

    def test_aliases_and_merges_are_followed(self) -> None:
        assert value("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\nf:\n  <<: [*x, {b: 3, g: 4}]\n  b: 5") == {
            "a": {"b": 1},
            "c": {"b": 1},
            "d": {"b": 1, "e": 2},
            "f": {"b": 5, "g": 4},
        }

    def test_a_key_that_is_there_twice_loses_nobody(self) -> None:
        assert value("to: [a]\nto: [b]\n") == {"to": ["a", "b"]}

    def test_bombs_stop(self) -> None:
        start = time.monotonic()
        bomb = "a: &a [x]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 20)}]\n" for n in range(12)
        )
        assert reason(bomb) is Reason.TOO_LARGE
        assert reason("&a [*a]") is Reason.BAD_RECORD
        assert reason("&a {b: {c: *a}}") is Reason.BAD_RECORD
        assert reason("[" * 150 + "]" * 150) is Reason.TOO_LARGE
        for deep in ("[" * 50_000, "{a: " * 50_000, "- " * 50_000, "? " * 20_000, "&a " * 50_000):
            assert isinstance(safe_yaml(deep), CannotTell)
        assert time.monotonic() - start < 20

    def test_a_large_text_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(json_values, "BODY_LIMIT", 100)
        monkeypatch.setattr(yaml_values, "BODY_LIMIT", 100)
        assert reason("a" * 101) is Reason.TOO_LARGE
        found = read_json("[" + "1," * 100 + "1]")
        assert isinstance(found, CannotTell)
        assert found.reason is Reason.TOO_LARGE

    def test_several_documents(self) -> None:
        found = list(yaml_documents("---\na: 1\n---\nb: 2\n---\n[\n"))
        assert [item.value for item in found if isinstance(item, Document)] == [{"a": 1}, {"b": 2}]
        assert isinstance(found[-1], CannotTell)
        assert reason("a: 1\n---\nb: 2") is Reason.BAD_RECORD
        assert safe_yaml("") == Document(None, 1)
        assert value("# nothing") is None

    def test_odd_characters_cost_themselves_alone(self) -> None:
        assert value("a: x\x00\x07y\nb: \ufeffz") == {"a": "x\ufffd\ufffdy", "b": "\ufffdz"}
        assert value(b"a: Jos\xe9") == {"a": "José"}
        json.dumps(
            value('a: "\\ud800"') if not isinstance(safe_yaml('a: "\\ud800"'), CannotTell) else "", ensure_ascii=False
        ).encode()

    @few
    @given(
        st.text(max_size=60)
        | st.lists(st.sampled_from(list("-:[]{}&*!|>'\"#%@` \n\t\\,?abx1")), max_size=40).map("".join)
        | st.binary(max_size=60)
    )
    def test_nothing_makes_it_raise(self, content: str | bytes) -> None:
        for found in yaml_documents(content):
            assert isinstance(found, (Document, CannotTell))
            if isinstance(found, CannotTell):
                assert "@" not in found.detail

    def test_it_does_without_the_c_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
        assert value("a: ! [1, &x {b: 2}, *x]") == {"a": [1, {"b": 2}, {"b": 2}]}
        assert isinstance(safe_yaml("[" * 3000), CannotTell)


class TestJsonElements:
    @few
    @given(
        st.lists(data, max_size=5),
        st.sampled_from([None, 1]),
        st.dictionaries(texts.filter(lambda key: key not in ("log", "entries")), data, max_size=3),
    )
    def test_members_come_one_by_one_with_their_places(
        self, members: list[object], indent: int | None, around: dict[str, object]
    ) -> None:
        content = json.dumps({**around, "log": {**around, "entries": members}, "z": around}, indent=indent)
        found = list(json_elements(content, "log", "entries"))
        assert [element.value for element in found] == members
        assert [element.index for element in found] == list(range(len(members)))
        lines = content.split("\n")
        for element in found:
            rest = "\n".join([lines[element.line - 1][element.column - 1 :], *lines[element.line :]])
            assert json.JSONDecoder().raw_decode(rest)[0] == element.value
        assert [element.value for element in json_elements(json.dumps(members))] == members
        assert list(json_elements(content, "nowhere")) == []
        assert [element.value for element in json_elements(content, "log")] == [{**around, "entries": members}]

    def test_a_broken_member_costs_itself(self) -> None:
        found = [
            element.value
            for element in json_elements('{"x": [{"a": 1}, {"b": 2,, "c": "}"}, nul, "s", [1, 2}, {"d": 3}]}', "x")
        ]
        assert [item if not isinstance(item, CannotTell) else None for item in found] == [
            {"a": 1},
            None,
            None,
            "s",
            None,
            {"d": 3},
        ]

    @few
    @given(
        st.integers(3, 6),
        st.integers(0, 5),
        st.sampled_from('{}[]"'),
        st.booleans(),
        st.sampled_from([None, 1]),
        st.data(),
    )
    def test_a_bracket_too_many_or_too_few_costs_one_member(
        self, size: int, which: int, mark: str, added: bool, indent: int | None, data: st.DataObject
    ) -> None:
        members = [{"method": "POST", "headers": {"a": ["b"]}, "body": str(number)} for number in range(size)]
        written = [json.dumps(member, indent=indent) for member in members]
        torn = which % size
        places = (
            [at for at, one in enumerate(written[torn]) if one == mark] if not added else range(1, len(written[torn]))
        )
        at = data.draw(st.sampled_from(places))
        piece = written[torn]
        written[torn] = piece[:at] + mark + piece[at:] if added else piece[:at] + piece[at + 1 :]
        found = [element.value for element in json_elements("[" + ",\n".join(written) + "]")]
        assert [one for one in members if one not in found] in ([], [members[torn]])

    def test_many_broken_members_are_read_in_time(self) -> None:
        # Each of them is looked through for a whole one; that must not be done again for each.
        for piece in ('{"a": nul}', '{"a": [1', '{"a": {"a": {"a": "', '{"a": 1}}', '{"b": 1}, {"a": nul}'):
            assert len(list(json_elements("[" + ", ".join([piece] * 4_000) + "]"))) >= 1

    def test_what_is_broken_in_front_of_the_array_does_not_hide_it(self) -> None:
        found = [
            element.value
            for element in json_elements('{"log": {"pages": [}, ] oops {, "entries": [{"a": 1}]}}', "log", "entries")
        ]
        assert isinstance(found[0], CannotTell)
        assert found[-1] == {"a": 1}

    @few
    @given(
        st.lists(
            st.sampled_from(["{", "}", "[", "]", ",", ":", '"x"', '"', "1", "null", " ", "\n", "\\", "é"]), max_size=30
        ).map("".join)
    )
    def test_nothing_makes_it_raise_or_loop(self, content: str) -> None:
        for path in ((), ("x",), ("x", "x")):
            assert len(list(json_elements(content, *path))) <= len(content) + 2
            list(json_elements('{"x": ' + content, *path))

    def test_depth_is_bounded(self) -> None:
        for depth in (300, 100_000):
            found = [
                element.value for element in json_elements('{"x": [1, ' + "[" * depth + "]" * depth + ", 2]}", "x")
            ]
            assert found[0] == 1
            assert isinstance(found[1], CannotTell)
            assert found[2] == 2


class TestText:
    @few
    @given(
        st.binary(max_size=60),
        st.sampled_from(
            [
                "",
                "utf-8",
                "latin-1",
                "utf-16",
                "unicode_escape",
                "punycode",
                "rot13",
                "base64",
                "x\0y",
                "nonsense",
                "idna",
            ]
        ),
    )
    def test_bytes_always_become_text(self, content: bytes, charset: str) -> None:
        decode_text(content, charset).encode("utf-8", "surrogatepass")

    @few
    @given(st.text(max_size=30))
    def test_text_always_becomes_utf_8(self, content: str) -> None:
        clean_text(content).encode()
        base64_bytes(content)

    def test_different_bytes_stay_different(self) -> None:
        assert decode_text(b"\xe9@example.com") != decode_text(b"\xe8@example.com")
        assert clean_text("\ud800") != clean_text("\ud801")
