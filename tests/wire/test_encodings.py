"""Compression and base64."""

from __future__ import annotations

import base64
import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import ABSENT
from mailguard.wire.encodings import from_base64, inflate

from .support import USER, data, few, read, reason


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
        for piece in (numbers, {"type": "Buffer", "data": numbers}, {str(at): one for at, one in enumerate(raw)}):
            assert from_base64(piece) == raw
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
