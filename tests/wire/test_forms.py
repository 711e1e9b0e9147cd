"""Forms as they are written."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.wire.forms import form_of_text, unescaped


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="&&&===%%%+0019aAcCfF23\0\1ü@b\ud800\ufeff\n", max_size=40)
    | st.lists(st.sampled_from(["%41", "%3d", "%26", "%25", "%0A", "%0d%0a", "%c3%bc", "%", "%%", "%4", "%4g", "%\n", "%\r\n", "a", "=", "&", "+", "_", " ", "\t"]), max_size=12).map("".join)
    | st.lists(st.sampled_from(["to=ann%40example.com", "a=b%3Dc=d", "x%00y=1", "=", "%c3%bc=%C3%BC", "%c3", "n+1=+2", "a%26b"])).map("&".join)
)  # fmt: skip
def test_a_form_at_once_is_each_of_its_parts_by_itself(content: str) -> None:
    pieces = [piece.partition("=") for piece in content.strip("\ufeff\r\n").split("&") if piece]
    assert form_of_text(content).parts == tuple((unescaped(name), unescaped(value)) for name, _, value in pieces)
