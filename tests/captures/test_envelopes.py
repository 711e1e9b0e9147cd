"""Envelope addresses as recorders write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.recording import address_list

ANN = "ann@example.com"


@pytest.mark.parametrize(
    "written",
    [
        {"address": ANN},
        {"address": ANN, "args": {"NOTIFY": "NEVER"}},
        {"email": ANN, "name": "Ann"},
        f"<{ANN}> NOTIFY=NEVER",
        f"<{ANN}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;cat@example.net",
        f"RCPT TO:<{ANN}> ORCPT=rfc822;cat@example.net",
    ],
)
def test_one_person_is_one_address(written: object) -> None:
    (found,) = address_list([written]) or []
    assert isinstance(found, str)
    assert found.removeprefix("RCPT TO:").strip("<>") == ANN


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_what_is_no_parameter_stays(rest: str) -> None:
    (found,) = address_list([f"<{ANN}>{rest}"]) or []
    assert isinstance(found, str)
    assert found.startswith(f"<{ANN}>")
    assert "=" in rest or rest.encode("utf-8", "replace") == found.removeprefix(f"<{ANN}>").encode("utf-8", "replace")
