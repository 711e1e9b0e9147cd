"""Holds models of packages to the packages themselves: what both send for the same people must mean the same.

Nothing leaves the machine: the one function of urllib3 through which every request goes is replaced.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import urllib3
from hypothesis import strategies as st

from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.message import Decoded
from mailguard.model.provider import Provider, Refused
from mailguard.model.value import Value

from . import samples

PLAIN = st.sampled_from(["ann@example.com", "bob@example.org", "cat@example.net", "dan@xn--bcher-kva.example"])
"""Addresses that every service takes."""
NAME = st.sampled_from(["Ann", "Doe, Jane", 'The "Boss"', "Åsa Öberg", "x@example.net", ""])
MAILBOX = st.one_of(
    PLAIN,
    st.sampled_from(
        [
            "Bob <bob@example.org>",
            '"Doe, Jane" <jane@example.com>',
            "Åsa <asa@bücher.example>",
            '"ann@example.com" <bob@example.org>',
        ]
    ),
)
"""One person as a text."""
LINE = st.one_of(
    MAILBOX,
    st.lists(MAILBOX, min_size=1, max_size=4).map(", ".join),
    st.just("team: ann@example.com, bob@example.org;"),
    st.just("ann@example.com,bob@example.org ,ann@example.com"),
)
"""What stands in a header: one person, several, a group."""
MAILBOXES = st.lists(MAILBOX, min_size=1, max_size=4)
CONTACT = st.one_of(
    PLAIN.map(lambda address: {"email": address}),
    st.tuples(PLAIN, NAME).map(lambda pair: {"email": pair[0], "name": pair[1]}),
)
"""An address as most JSON APIs write it."""
CONTACTS = st.lists(CONTACT, min_size=1, max_size=4)
ADDRESS = st.one_of(
    PLAIN,
    st.sampled_from(
        [
            "asa@b\u00fccher.example",
            "team: ann@example.com, bob@example.org;",
            "cat@example.net, dan@example.com",
            "O'Neil+x@example.com",
        ]
    ),
)
"""What a caller may write where one address is wanted: also one of another script, a group, a list."""
PERSONS = st.lists(st.tuples(ADDRESS, NAME), max_size=4)
"""Addresses with names beside them; some twice."""
THOUSAND = [f"reader{number}@example.com" for number in range(1000)]


@contextmanager
def recorded(answer: Any = None, status: int = 200) -> Iterator[list[HttpRequest]]:
    """The requests that are made inside, instead of being sent; all get the same answer."""
    seen: list[HttpRequest] = []
    content = json.dumps({} if answer is None else answer).encode()

    def urlopen(pool: Any, method: str, url: str, body: Any = None, headers: Any = None, *_: Any, **__: Any) -> Any:
        place = url if "://" in url else f"{pool.scheme}://{pool.host}{url}"
        seen.append(HttpRequest(method, place, dict(headers or {}), body))
        kind = {"Content-Type": "application/json"}
        return urllib3.HTTPResponse(io.BytesIO(content), headers=kind, status=status, preload_content=False)

    with mock.patch.object(urllib3.connectionpool.HTTPConnectionPool, "urlopen", urlopen):
        yield seen


def hold_claim(provider: Provider, request: HttpRequest, operation: str | None) -> None:
    """Hold a service to whose a request is, and as what; one for the account is no mail, and a session of SMTP is not its own."""
    assert provider.claims(request) == operation
    assert provider.claims(SmtpTransaction(None, None, None, None)) is None
    if operation is not None:
        assert (provider.decode(operation, request) == ()) == (operation == "account")


def asked(provider: Provider, exchange: Exchange) -> Decoded:
    """What a provider says of a request that must be its own."""
    operation = provider.claims(exchange)
    assert operation is not None, "not claimed"
    return provider.decode(operation, exchange)


def wanted(persons: Iterable[tuple[str, str]]) -> list[str]:
    """The addresses that a caller asked for with :data:`PERSONS`, in order of the alphabet."""
    lists = {"team: ann@example.com, bob@example.org;": ["ann@example.com", "bob@example.org"],
             "cat@example.net, dan@example.com": ["cat@example.net", "dan@example.com"]}  # fmt: skip
    return sorted(address for person, _ in persons for address in lists.get(person, [person]))


def meaning(provider: Provider, exchanges: Iterable[Exchange]) -> list[tuple[Value, Decoded]]:
    """Where requests go, and what they say."""
    return [
        (str(exchange.url).rstrip("/"), asked(provider, exchange))
        for exchange in exchanges
        if isinstance(exchange, HttpRequest)
    ]


def agree(
    provider: Provider,
    real: Callable[[], object],
    ours: Callable[[], object],
    *,
    answer: Any = None,
    failures: tuple[type[Exception], ...] = (),
) -> bool:
    """Hold the model to the package. True if a request was made; False if both refuse."""
    with recorded(answer) as seen:
        try:
            real()
        except failures:
            refused = True
        else:
            refused = False
    try:
        made = ours()
    except Refused:
        assert refused, "the model refuses what the package sends"
        return False
    assert not refused, "the model sends what the package refuses"
    requests = made if isinstance(made, list) else [made]
    assert meaning(provider, seen) == meaning(provider, requests)
    return True


def seen_by(provider: Provider, made: object) -> list[list[samples.Shown]]:
    """The readings of what a model made, in the words of the samples."""
    requests = made if isinstance(made, list) else [made]
    return [reading for request in requests for reading in samples.readings(asked(provider, request))]
