"""``urllib.request`` and ``http.client``."""

from __future__ import annotations

from mailguard.model.exchange import HttpRequest
from mailguard.model.value import Object, Text, Value, text
from mailguard.transports.http.bodies import or_none
from mailguard.transports.http.calls import request
from mailguard.wire.urls import url_parts


class UrlRequest(Object):
    """``urllib.request.Request(url, data, headers, origin_req_host, unverifiable, method)``."""

    PATHS = ("urllib.request.Request", "urllib2.Request", "six.moves.urllib.request.Request")

    def __init__(
        self,
        url: Value,
        data: Value = None,
        headers: Value = None,
        origin_req_host: Value = None,  # noqa: ARG002  # a position
        unverifiable: Value = False,  # noqa: ARG002  # a position
        method: Value = None,
    ) -> None:
        self.write("full_url", url)
        self.write("data", data)
        self.write("headers", {} if headers is None else headers)
        self.write("method", method)

    def add_header(self, key: Value, val: Value) -> None:
        """One more header."""
        headers = self.read("headers")
        name = text(key)
        if name is not None and isinstance(headers, dict):
            self.write("headers", {**headers, name: val})

    def add_data(self, data: Value) -> None:
        """The body (Python 2)."""
        self.write("data", data)

    def exchange(self, data: Value = None) -> HttpRequest:
        """The request that opening it makes: POST where there is a body and nothing else is said."""
        body = data if data is not None else or_none(self.read("data"))
        method = or_none(self.read("method"))
        return request(
            ("GET" if body is None else "POST") if method is None else method,
            or_none(self.read("full_url")),
            data=body,
            headers=or_none(self.read("headers")),
        )


def urlopen(url: Value, data: Value = None, *_: Value, **__: Value) -> HttpRequest:
    """``urllib.request.urlopen``, of an address or of a request."""
    if isinstance(url, UrlRequest):
        return url.exchange(data)
    return request("GET" if data is None else "POST", url, data=data)


class Opener(Object):
    """``urllib.request.build_opener()``."""

    PATHS = (
        "urllib.request.build_opener",
        "urllib.request.OpenerDirector",
        "urllib2.build_opener",
        "six.moves.urllib.request.build_opener",
    )

    def __init__(self, *_: Value) -> None:
        self.write("addheaders", [])

    def open(self, fullurl: Value, data: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """Send a request object, or one made of an address and a body."""
        return urlopen(fullurl, data)


class Connection(Object):
    """``http.client.HTTPSConnection(host, port)``: one host, one request after another."""

    PATHS = (
        "http.client.HTTPSConnection",
        "http.client.HTTPConnection",
        "httplib.HTTPSConnection",
        "httplib.HTTPConnection",
        "six.moves.http_client.HTTPSConnection",
        "six.moves.http_client.HTTPConnection",
    )

    def __init__(self, host: Value, *_: Value, **__: Value) -> None:
        self.write("host", host)

    def request(self, method: Value, url: Value, body: Value = None, headers: Value = None, **_: Value) -> HttpRequest:
        """A request for a path of the host."""
        host = or_none(self.read("host"))
        own = url_parts(url)
        whole = url if own is not None and own.scheme else Text(("https://", host, url))
        return request(method, whole, data=body, headers=headers)

    def close(self) -> None:
        """Nothing is sent by closing."""
