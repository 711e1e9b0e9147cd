"""Requests to the two APIs of SES and to Pinpoint, and what botocore refuses to send."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from mailguard.model.exchange import HttpRequest
from mailguard.model.provider import Refused
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Known,
    Object,
    Sort,
    Text,
    Value,
    get,
    join,
    sort_of,
    text,
)

Argument = Value | Absent

QUERY_VERSION: Final = "2010-12-01"
"""The ``Version`` that every call of the first SES API names."""

_REGION: Final = re.compile(r"[a-z]{2,5}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2}")

_LISTS: Final = ("Destinations", "BulkEmailEntries", "ReplyToAddresses")
"""Members that are lists, in every call that has them."""
_LISTS_OF_PEOPLE: Final = ("ToAddresses", "CcAddresses", "BccAddresses")
"""Those of a destination."""


def members(further: dict[str, Value], **arguments: Argument) -> dict[str, Value]:
    """The members of a request: those arguments that a caller gave, and ``further`` ones.

    Raises ``Refused`` where botocore's validator does: for a ``Destination`` that is surely no mapping of lists, and for what
    is a list in every call that has it and here is surely none.
    """
    given = {name: value for name, value in arguments.items() if not isinstance(value, Absent)}
    if "Destination" in given:
        _refuse_bad_destination(given["Destination"])
    for name in _LISTS:
        _refuse_no_list(arguments.get(name, ABSENT), name)
    return {**given, **further}


def _refuse_no_list(value: Argument, what: str) -> None:
    # The validator takes list and tuple for a list shape, and nothing else. Sets and other collections are let through
    # here: that a value surely is one of them is seldom certain.
    if not isinstance(value, Absent) and sort_of(value) in {Sort.TEXT, Sort.NUMBER, Sort.MAPPING, Sort.NONE}:
        raise Refused(f"{what} must be a list")


def _refuse_bad_destination(value: Value) -> None:
    if sort_of(value) in {Sort.TEXT, Sort.NUMBER, Sort.COLLECTION, Sort.NONE}:
        raise Refused("Destination must be a mapping")
    for name in _LISTS_OF_PEOPLE:
        _refuse_no_list(get(value, name), name)


def blob(data: Value) -> Value:
    """What botocore takes as bytes: a ``str`` is encoded, so that a provider can tell source text from base64."""
    match data:
        case str():
            return data.encode("utf-8", "surrogateescape")
        case Known(value=str() as whole):
            return Known(whole.encode("utf-8", "surrogateescape"), data.trail)
        case Text():
            whole_text = text(data)
            return data if whole_text is None else Known(whole_text.encode("utf-8", "surrogateescape"), data.trail)
        case Either():
            # join() may leave one option only, and never less.
            options = [option if isinstance(option, Absent) else blob(option) for option in data.options]
            joined = join(*options)
            return data if isinstance(joined, Absent) else joined
        case _:
            return data


def with_changed(mapping: Argument, key: str, change: Callable[[Value], Value]) -> Argument:
    """``mapping`` with the value under ``key`` changed, where it is there."""
    match mapping:
        case dict():
            return {name: change(item) if name == key else item for name, item in mapping.items()}
        case Fields():
            known = tuple((name, change(item) if name == key else item) for name, item in mapping.known)
            return Fields(known, mapping.open, mapping.trail, mapping.rest)
        case Either():
            return join(*(with_changed(option, key, change) for option in mapping.options))
        case Object():
            return with_changed(mapping.render(), key, change)
        case _:
            return mapping


def raw_blob(raw: Value) -> Value:
    """A ``Raw`` content with its data as bytes."""
    changed = with_changed(raw, "Data", blob)
    return raw if isinstance(changed, Absent) else changed


def _host(region: Argument) -> str:
    # The endpoint that the caller names (a VPC endpoint, a local stack) is left out: it would hide
    # the service, and it changes nothing for the readers.
    if isinstance(region, Absent) or sort_of(region) is Sort.NONE:
        return "https://email.us-east-1.amazonaws.com"
    whole = text(region)
    if whole is not None and _REGION.fullmatch(whole):
        suffix = "amazonaws.com.cn" if whole.startswith("cn-") else "amazonaws.com"
        return f"https://email.{whole}.{suffix}"
    return "https://email.us-east-1.amazonaws.com"


def pinpoint(path: str, body: Argument) -> HttpRequest:
    """A request of Pinpoint: JSON to an application, whose id changes nothing for the readers."""
    place = f"https://pinpoint.us-east-1.amazonaws.com/v1/apps/app/{path}"
    return HttpRequest("POST", place, {"Content-Type": "application/json"}, _sourced(body), "json")


def _sourced(body: Argument) -> Value:
    """A request of Pinpoint with its MIME source as bytes."""

    def mail(value: Value) -> Value:
        return _present(with_changed(value, "RawEmail", raw_blob))

    def configuration(value: Value) -> Value:
        return _present(with_changed(value, "EmailMessage", mail))

    return _present(with_changed(body, "MessageConfiguration", configuration))


def _present(value: Argument) -> Value:
    return None if isinstance(value, Absent) else value


def query(region: Argument, action: str, given: dict[str, Value]) -> HttpRequest:
    """A request of the first API: a form with an action, and what :func:`members` gives."""
    return HttpRequest(
        method="POST",
        url=f"{_host(region)}/",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        body={"Action": action, "Version": QUERY_VERSION, **given},
        encoding="form",
    )


def rest(region: Argument, path: str, given: dict[str, Value]) -> HttpRequest:
    """A request of the second API: what :func:`members` gives, as JSON, to a path of its own."""
    return HttpRequest(
        method="POST",
        url=f"{_host(region)}{path}",
        headers={"Content-Type": "application/json"},
        body=given,
        encoding="json",
    )
