"""Bodies that are read, and values with holes."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Step, StepKind, Unknown
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.header_blocks import header_block

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


def lines(source: object) -> list[tuple[str, object]]:
    block = header_block(source)  # type: ignore[arg-type]
    assert not isinstance(block, CannotTell)
    return list(block)
