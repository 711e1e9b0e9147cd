"""Hosts of one's own that stand for a mail service: a proxy, a mock, a relay on the way to it.

The settings name them: ``"mail.acme.internal/v3/mail/send" = "sendgrid"``. A request there is read as one to the service
itself. Only what no service claims by itself is looked up, so that a name in the settings never takes a request away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from mailguard.config import Settings, nearest_name
from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.provider import Provider
from mailguard.wire.urls import Url, url_parts

__all__ = ["NO_HOSTS", "Host", "Hosts", "hosts_of"]

_SHAPE: Final = re.compile(
    r"(?:(https?|smtps?)://)?([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::([0-9]{1,5}))?(/[^\s?#]*)?"
)


@dataclass(frozen=True, slots=True)
class Host:
    """One name of the settings, and what it stands for."""

    name: str
    """In lower case, without scheme and port."""
    port: int | None
    """None: any."""
    path: str
    """Without a final slash; empty: any."""
    under: bool
    """Whether the path is what stands in front of the service's own paths."""
    target: str
    """The URL of the service."""
    whole: bool
    """Whether ``target`` is where every request goes, or only its host counts."""

    def url(self, found: Url, query: str) -> str | None:
        """The URL at the service; None for a request that goes elsewhere."""
        if found.host != self.name or (self.port is not None and found.port != self.port):
            return None
        rest = found.path
        if self.under:
            if rest != self.path and not rest.startswith(f"{self.path}/"):
                return None
            rest = rest[len(self.path) :]
        elif self.path and rest != self.path:
            return None
        if self.whole:
            return self.target + query
        home = urlsplit(self.target)
        return f"{home.scheme}://{home.netloc}{rest}{query}"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names of the settings, in order."""

    hosts: tuple[Host, ...] = ()
    relays: tuple[Host, ...] = ()

    def at_home(self, exchange: Exchange) -> Exchange | None:
        """``exchange`` as it would be at the service that its host stands for; None where no name is its own."""
        match exchange:
            case HttpRequest() if self.hosts:
                found = url_parts(exchange.url)
                if found is not None:
                    mark = exchange.url.partition("?")[1:] if isinstance(exchange.url, str) else ("", "")
                    urls = (host.url(found, "".join(mark)) for host in self.hosts)
                    url = next((url for url in urls if url is not None), None)
                    return replace(exchange, url=url) if url is not None else None
            case SmtpTransaction() if self.relays:
                found = url_parts(exchange.relay)
                if found is not None:
                    relays = (host.target for host in self.relays if host.url(found, "") is not None)
                    relay = next(relays, None)
                    return replace(exchange, relay=relay) if relay is not None else None
        return None

    @property
    def tokens(self) -> tuple[str, ...]:
        """What a file of code holds that sends there."""
        return tuple(dict.fromkeys(host.name for host in (*self.hosts, *self.relays)))


NO_HOSTS: Final = Hosts()


def hosts_of(settings: Settings, services: Iterable[Provider]) -> Hosts:
    """The hosts of the settings. Raises ``SettingsError`` for a name or a service that cannot be."""
    known = {service.name: service for service in services}
    hosts: list[Host] = []
    relays: list[Host] = []
    for name, value in settings.hosts.items():
        match = _SHAPE.fullmatch(name)
        if match is None:
            raise settings.error(f'"{name}" is no host: write "mail.acme.internal/v3/mail/send"', "hosts", name)
        scheme, host, port, path = match.groups()
        mail = scheme in ("smtp", "smtps")
        found = _service(known, value)
        if found is None:
            words = nearest_name(value, [one.name for one in known.values() if one.address or one.relay])
            raise settings.error(f'there is no mail service "{value}". {words}', "hosts", name)
        service, target = found
        target = service.relay if mail else target
        if not target:
            what = "reads no headers of its own over SMTP" if mail else "is not used over HTTP"
            raise settings.error(f'"{value}" {what}, so no host stands for it', "hosts", name)
        if _own(known, name, mail=mail):
            raise settings.error(f'"{name}" is a mail service already', "hosts", name)
        under = bool(path) and (path.endswith("/*"))
        path = (path or "").removesuffix("*").rstrip("/")
        one = Host(host.lower(), int(port) if port else None, path, under, target, _whole(service, target, path, value))
        (relays if mail else hosts).append(replace(one, whole=False) if under or not path else one)
    # The longest path speaks first.
    return Hosts(tuple(sorted(hosts, key=lambda one: -len(one.path))), tuple(relays))


def _service(known: Mapping[str, Provider], value: str) -> tuple[Provider, str] | None:
    """A service by its name, or by the URL of one of its operations."""
    if value in known and (known[value].address or known[value].relay):
        return known[value], known[value].address
    if value.startswith("https://"):
        for service in known.values():
            operation = service.claims(HttpRequest("POST", value))
            if operation is not None and service.decode(operation, HttpRequest("POST", value)) != ():
                return service, value
    return None


def _own(known: Mapping[str, Provider], name: str, *, mail: bool) -> bool:
    """Whether a host is that of a service; a name in the settings would say nothing there."""
    if mail:
        return False
    bare = name.partition("://")[2] or name
    return any(service.claims(HttpRequest("POST", f"https://{bare}")) is not None for service in known.values())


def _whole(service: Provider, target: str, path: str, value: str) -> bool:
    """Whether a path of the settings is none of the service's own ways to send."""
    if "://" in value:
        return True
    home = urlsplit(target)
    request = HttpRequest("POST", f"{home.scheme}://{home.netloc}{path}")
    operation = service.claims(request)
    return operation is None or operation.startswith("?") or service.decode(operation, request) == ()
