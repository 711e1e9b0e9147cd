"""Scaleway Transactional Email: ``/transactional-email/v1alpha1/regions/<region>/emails``, and the package ``scaleway``.

Everybody in ``to`` and ``cc`` of one request is printed to everybody in it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.addresses.values import recipients
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import Decoded, Field, Mention
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Unknown, Value, each, get, text
from mailguard.transports.json_api import Api, as_data, field, given, message, of_object, post, told, truthy, url

__all__ = ["PROVIDER", "TemV1Alpha1Api"]

# --- Whose request it is, and what it means ------------------------------------------------------

_ONE: Final = "emails"


def _looks(body: Value) -> str | None:
    named = not any(isinstance(get(body, name), Absent) for name in ("to", "subject"))
    return _ONE if named and not isinstance(get(body, "project_id"), Absent) else None


_API: Final = Api(
    hosts=re.compile(r"api\.scaleway\.com"),
    paths=((re.compile(r"/transactional-email/v1[a-z0-9]*/regions/[^/]+/emails"), _ONE),),
    like_sending=re.compile(r"^/transactional-email/.*/emails$"),
    looks=_looks,
    names=("scaleway",),
)


def claims(exchange: Exchange) -> str | None:
    """``emails``, or ``account`` for everything else at Scaleway."""
    return _API.operation(exchange)


@of_object
def decode(_operation: str, body: Value) -> Decoded:
    """One message. Headers of one's own are ``{key, value}``; Reply-To is among them."""
    found = message(body)
    for item, _ in each(field(body, "additional_headers")):
        name = (text(given(get(item, "key", fold=True))) or "").strip().casefold()
        people = recipients(given(get(item, "value", fold=True))).recipients
        if name == "reply-to":
            found = replace(found, reply_to=(*found.reply_to, *people))
        elif name in {"to", "cc", "bcc"}:
            found = replace(
                found, mentions=(*found.mentions, *(Mention(Field.HEADER, person, name.title()) for person in people))
            )
    return told((found,), body)


# --- The package scaleway ------------------------------------------------------------------------


class _Data(Object):
    """A data class of the package."""

    FIELDS: tuple[str, ...] = ("email", "name")

    def __init__(self, *arguments: Value, **options: Value) -> None:
        for name, value in (*zip(self.FIELDS, arguments, strict=False), *options.items()):
            self.write(name, value)

    def render(self) -> Value:
        """The JSON."""
        pairs = ((name, given(self.read(name))) for name in self.FIELDS)
        return {name: value for name, value in pairs if value is not None}


class CreateEmailRequestAddress(_Data):
    """``CreateEmailRequestAddress(email, name)``."""

    PATHS: tuple[str, ...] = (
        "scaleway.tem.v1alpha1.CreateEmailRequestAddress",
        "scaleway.tem.v1alpha1.types.CreateEmailRequestAddress",
    )


class CreateEmailRequestHeader(_Data):
    """``CreateEmailRequestHeader(key, value)``."""

    PATHS: tuple[str, ...] = (
        "scaleway.tem.v1alpha1.CreateEmailRequestHeader",
        "scaleway.tem.v1alpha1.types.CreateEmailRequestHeader",
    )
    FIELDS = ("key", "value")


class TemV1Alpha1Api(Object):
    """``scaleway.tem.v1alpha1.TemV1Alpha1API``."""

    PATHS: tuple[str, ...] = ("scaleway.tem.v1alpha1.TemV1Alpha1API", "scaleway.tem.v1alpha1.api.TemV1Alpha1API")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def create_email(
        self,
        *,
        subject: Value = None,
        to: Value = None,
        cc: Value = None,
        bcc: Value = None,
        region: Value = None,
        additional_headers: Value = None,
        **_: Value,
    ) -> HttpRequest:
        """Send one message."""
        body = {"subject": subject, "to": to, "cc": cc, "bcc": bcc, "additional_headers": additional_headers}
        place: Value = region if truthy(region) else Unknown("region")
        return post(
            url("https://api.scaleway.com/transactional-email/v1alpha1/regions/", place, "/emails"),
            as_data({name: value for name, value in body.items() if value is not None}),
        )


PROVIDER: Final = Provider(
    name="scaleway",
    title="Scaleway Transactional Email",
    sources=(
        Source(
            "https://www.scaleway.com/en/developers/api/transactional-email/",
            "to, cc and bcc are lists of {email, name}; additional_headers is a list of {key, value}",
        ),
        Source("pypi:django-anymail==15.2", "read: the requests of its backend"),
        Source("pypi:scaleway==2.12.0", "create_email takes the same fields by name; read"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.scaleway.com/transactional-email/v1alpha1/regions/fr-par/emails",
    library=Library(
        classes=(TemV1Alpha1Api, CreateEmailRequestAddress, CreateEmailRequestHeader),
        tokens=("scaleway.tem", "scaleway.com", "transactional-email/v1"),
    ),
    explain="Everybody in to and cc of one request is printed to everybody; bcc is printed nowhere.",
)
"""Scaleway Transactional Email."""
