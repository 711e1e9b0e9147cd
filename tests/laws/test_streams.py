"""A JSON file that is read piece by piece has the members that it has as a whole."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailguard import capture
from mailguard.documents import json_files
from mailguard.documents.json_files import json_elements, streamed_elements
from mailguard.documents.json_values import DECODER
from mailguard.model.message import CannotTell
from mailguard.recording import json_captures

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.sampled_from(["\ud800", "]", '"', "\\", "é\n"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "log", "entries", ""]), inner, max_size=3)),
    max_leaves=10,
)  # fmt: skip
PIECE = st.sampled_from(
    [
        '"log"',
        '"entries"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        "\n",
        " ",
        "12",
        "-",
        "1e5",
        "tru",
        "true",
        '"a"',
        "\ufeff",
        "x",
        '"\\ud800"',
    ]
)
FILE = st.one_of(
    st.builds(lambda before, members, after, indent: json.dumps({"v": before, "log": {"pages": before, "entries": members, "z": after}}, indent=indent),
              JSON, st.lists(JSON, max_size=6), JSON, st.sampled_from([None, 1])),
    st.lists(PIECE, max_size=30).map("".join),
    st.lists(PIECE, max_size=20).map(lambda pieces: '{"log": {"entries": [{"a": 1}, ' + "".join(pieces)),
    JSON.map(json.dumps),
)  # fmt: skip


def cut(text: str, size: int) -> Any:
    return iter([text[start : start + size] for start in range(0, len(text), size)])


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    FILE,
    st.integers(1, 40),
    st.sampled_from([0, 1, 7]),
    st.sampled_from([("log", "entries"), (), ("entries",), ("nowhere",)]),
)
@example('{"log": {"entries": [12345', 3, 0, ("log", "entries"))
@example('{"log": {"entries": [1, 2]}}', 1, 0, ("log", "entries"))
def test_the_pieces_say_what_the_whole_says(
    monkeypatch: pytest.MonkeyPatch, content: str, size: int, window: int, path: tuple[str, ...]
) -> None:
    monkeypatch.setattr(json_files, "_WINDOW", window)
    whole = list(json_elements(content, *path))
    assert repr(list(streamed_elements(cut(content, size), *path))) == repr(whole)


MEMBER = st.one_of(
    st.sampled_from(['{"a": 1}', '{"a": 1, "a": 2}', '{"a": [{"a": 1}, {"a": 2}]}', '{"a": "\\ud800"}', '{"a": NaN}', '{"a": 1', '"a": 2}', '{"b": 1}', "7",
                     '{"a": "x, {\\"a\\":"}', '{"a": "x, {"a": "}', '{"a": 1}}', '{"a": 123456789012345678901234567890}', '{"a":1}', '{"a": 1} x', "[]"]),
    st.dictionaries(st.sampled_from(["a", "b"]), JSON, min_size=1, max_size=3).map(json.dumps),
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MEMBER, max_size=14), st.sampled_from([", ", ",", ",\n  ", ",,", " "]), st.integers(1, 40))
def test_members_end_where_they_end_though_others_begin_like_them(members: list[str], between: str, size: int) -> None:
    content = "[" + between.join(members) + "]"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_files._Guess, "end", lambda *_: -1)
        careful = repr(list(json_elements(content)))
    assert repr(list(json_elements(content))) == careful
    assert repr(list(streamed_elements(cut(content, size)))) == careful


def test_members_that_begin_alike_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> object:
        raise AssertionError("not at once")

    elements = json_elements(json.dumps([{"a": n, "b": [{"a": n}]} for n in range(20)]))
    first = [next(elements), next(elements)]
    monkeypatch.setattr(json_files._JsonFile, "decode", none)
    assert [one.value for one in first] == [{"a": n, "b": [{"a": n}]} for n in range(2)]
    assert [next(elements).value for _ in range(17)] == [{"a": n, "b": [{"a": n}]} for n in range(2, 19)]


def test_what_was_yielded_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "_WINDOW", 100)
    stream = json_files._JsonStream(cut('{"log": {"entries": [' + ", ".join(['{"a": "xyz"}'] * 5000) + "]}}", 50))
    longest = 0
    for _ in stream.elements(("log", "entries")):
        longest = max(longest, len(stream.content))
    assert longest < 500


def test_a_long_member_is_read_in_time_linear_in_its_length() -> None:
    decoded = 0
    stream = json_files._JsonStream(cut(json.dumps(["x" * 400_000]), 100))
    real = DECODER

    class Counting:
        @staticmethod
        def raw_decode(content: str, start: int) -> tuple[Any, int]:
            nonlocal decoded
            decoded += len(content) - start
            return real.raw_decode(content, start)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_files, "DECODER", Counting)
        assert len(list(stream.elements(()))) == 1
    assert decoded < 5 * 400_000


@pytest.mark.parametrize(
    "data",
    [
        b'{"log": {"entries": ['
        + b", ".join([b'{"request": {"url": "https://example.org", "method": "GET"}}'] * 50)
        + b"]}}",
        b'\xef\xbb\xbf{"log": {"entries": [{"request": {"url": "https://example.org/\xc3\xa9"}}, 2]}}' + b" " * 300,
        b'{"log": {"entries": [{"request": {"url": "https://example.org/\xe9"}}, 2]}}' + b" " * 300,
        '{"log": {"entries": [{"request": {"url": "https://example.org"}}]}}'.encode("utf-16") + b" \0" * 300,
        b'{"log": {"entries": [' + b'{"request": {}}, ' * 40 + b'{"request": {"url": "https://ex',
        b'{"log": {"entries": []}}' + b" " * 300,
        b'{"log": {"x": 1}}' + b" " * 300,
    ],
)
@pytest.mark.parametrize("packed", ["", "gzip", "cut"])
def test_a_large_file_has_the_records_that_it_has_at_once(tmp_path: Path, data: bytes, packed: str) -> None:
    file = tmp_path / "sent.har"
    content = gzip.compress(data) if packed else data
    file.write_bytes(content[:-20] if packed == "cut" else content)
    whole = list(capture.records("sent.har", file, next(form for form in capture.formats() if form.name == "har")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_captures, "STREAMED", 100)
        patch.setattr(json_captures, "_PIECE", 64)
        streamed = list(
            capture.records("sent.har", file, next(form for form in capture.formats() if form.name == "har"))
        )
    assert streamed == whole


def test_a_large_file_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_captures, "STREAMED", 10)
    monkeypatch.setattr(json_captures, "text_of", None)
    from mailguard.model.capture import Source

    found = json_captures.elements_of(
        Source("x", lambda: io.BytesIO(b'{"log": {"entries": [1, 2]}}')), "log", "entries"
    )  # type: ignore[arg-type]
    assert not isinstance(found, CannotTell)
    assert [element.value for element in found] == [1, 2]
