"""Programs that use the package: what one sends when it is run is what the scan says of it."""

from __future__ import annotations

import importlib
import textwrap
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.addresses.compare import distinct
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Message, Undecided
from mailguard.source.scan import SourceFile, scan

HEAD = """
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import *

A, B, C, D, F = "a@example.com", "b@example.org", "c@example.net", "d@example.com", "f@example.com"


def main():
    client = SendGridAPIClient("k")
"""
ADDRESS = st.sampled_from(["A", "B", "C", "D"])
PEOPLE = st.lists(ADDRESS, min_size=1, max_size=2, unique=True).map(lambda people: f"[{', '.join(people)}]")


def entry(kind: str) -> st.SearchStrategy[str]:
    """One person as the package takes him."""
    return st.one_of(
        ADDRESS,
        ADDRESS.map(lambda address: f"{kind}({address}, 'N')"),
        ADDRESS.map(lambda address: f"({address}, 'N')"),
        st.tuples(ADDRESS, st.integers(0, 2)).map(lambda pair: f"{kind}({pair[0]}, p={pair[1]})"),
    )


def entries(kind: str) -> st.SearchStrategy[str]:
    """A list of them."""
    return st.lists(entry(kind), min_size=1, max_size=2).map(lambda people: f"[{', '.join(people)}]")


MULTIPLE = st.sampled_from(["", ", is_multiple=True", ", is_multiple=False", ", is_multiple=1"])
START = st.one_of(
    st.just("Mail(F)"),
    st.tuples(entry("To") | entries("To"), MULTIPLE).map(lambda parts: f"Mail(F, {parts[0]}{parts[1]})"),
)
STEP = st.one_of(
    st.tuples(entry("To") | entries("To"), MULTIPLE).map(lambda parts: f"mail.add_to({parts[0]}{parts[1]})"),
    st.tuples(entry("Cc"), MULTIPLE).map(lambda parts: f"mail.add_cc({parts[0]}{parts[1]})"),
    st.tuples(entry("Bcc"), MULTIPLE).map(lambda parts: f"mail.add_bcc({parts[0]}{parts[1]})"),
    (entry("To") | entries("To")).map(lambda people: f"mail.to = {people}"),
    (entry("Cc") | entries("Cc")).map(lambda people: f"mail.cc = {people}"),
    (entry("Bcc") | entries("Bcc")).map(lambda people: f"mail.bcc = {people}"),
    PEOPLE.map(
        lambda people: (
            f"for x in {people}:\n    one = Personalization()\n    one.add_to(To(x))\n    mail.add_personalization(one)"
        )
    ),
    PEOPLE.map(
        lambda people: (
            f"all_ = Personalization()\nfor x in {people}:\n    all_.add_to(To(x))\nmail.add_personalization(all_)"
        )
    ),
)
PROGRAM = st.tuples(START, st.lists(STEP, max_size=3)).map(
    lambda parts: (
        HEAD + textwrap.indent("\n".join([f"mail = {parts[0]}", *parts[1], "client.send(mail)"]), "    ") + "\n"
    )
)


def run(code: str) -> list[Exchange] | None:
    """The requests of a program; None where the package refuses."""
    pytest.importorskip("sendgrid", reason="runs the package")
    client = importlib.import_module("python_http_client.client")  # which it brings along
    seen: list[Exchange] = []

    def keep(_: Any, _opener: Any, request: Any, timeout: Any = None) -> Any:
        seen.append(HttpRequest(request.get_method(), request.full_url, dict(request.header_items()), request.data))
        return mock.MagicMock()

    names: dict[str, Any] = {}
    with mock.patch.object(client.Client, "_make_request", keep):
        exec(compile(code, "main.py", "exec"), names)  # it was written a few lines above
        try:
            names["main"]()
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
    return seen


def summary(exchanges: list[Exchange]) -> list[tuple[int, int]]:
    """For each message how many are seen, and how many get a blind copy; two is many."""
    found: list[tuple[int, int]] = []
    for exchange in exchanges:
        claim = gate.claimed(exchange)
        assert claim is not None
        if isinstance(claim.decoded, CannotTell):
            continue
        messages: tuple[Message, ...] = (
            claim.decoded.messages if isinstance(claim.decoded, Undecided) else claim.decoded
        )
        for one in messages:
            numbers = (min(distinct((*one.to, *one.cc)).plain, 2), min(distinct(one.bcc).plain, 2))
            found += [numbers] * one.copies.plain
    return sorted(found)


@settings(max_examples=60, deadline=None)
@given(PROGRAM)
def test_a_program_sends_what_the_scan_says(code: str) -> None:
    real = run(code)
    made = [
        dispatch.exchange
        for dispatch in scan([SourceFile("main.py", code.encode)], gate.libraries(), gate.open_to_callers).dispatches
    ]
    if real is None:
        assert not made
    else:
        assert summary(made) == summary(real)


@pytest.mark.parametrize(
    "steps",
    [
        ["mail = Mail(F, [A])", "mail.add_to([To(B), To(D)], is_multiple=True)", "mail.to = To(C, p=1)"],
        ["mail = Mail(F, [B, C])", "mail.add_bcc(D, is_multiple=True)", "mail.add_to(A)"],
        ["mail = Mail(F, [B, C])", "mail.add_bcc(D, is_multiple=True)", "mail.bcc = [Bcc(A, p=1)]"],
    ],
)
def test_new_personalizations_stand_in_front(steps: list[str]) -> None:
    code = HEAD + textwrap.indent("\n".join([*steps, "client.send(mail)"]), "    ") + "\n"
    real = run(code)
    assert real is not None
    found = scan([SourceFile("main.py", code.encode)], gate.libraries(), gate.open_to_callers).dispatches
    shown = [gate.claimed(exchange) for exchange in (*real, *(dispatch.exchange for dispatch in found))]
    assert (
        [
            [[person.address for person in (*one.to, *one.cc, *one.bcc)] for one in claim.decoded]  # type: ignore[union-attr]  # all of them decode
            for claim in shown[:1]
            if claim is not None
        ]
        == [
            [[person.address for person in (*one.to, *one.cc, *one.bcc)] for one in claim.decoded]  # type: ignore[union-attr]  # see above
            for claim in shown[1:]
            if claim is not None
        ]
    )
