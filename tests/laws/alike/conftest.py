"""Short logs in which forms are learnt at once, and a count of what that spared."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.alike import Alike, form

from .support import Count


@pytest.fixture(autouse=True)
def stencils_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut a stencil as soon as it can be, though it would not be worth it in so short a log."""
    monkeypatch.setattr(form, "WORTH", 0)
    monkeypatch.setattr(form, "SAMPLES", 2)


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
