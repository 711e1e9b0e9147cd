"""Sessions and clients: of requests, httpx, aiohttp, urllib3, Tornado."""

from __future__ import annotations

from mailguard.model.exchange import HttpRequest
from mailguard.model.value import Object, Value, text
from mailguard.transports.http.bodies import is_given, joined_url
from mailguard.transports.http.calls import Prepared, request


class _Managed(Object):
    """What a ``with`` or ``async with`` statement opens and closes."""

    def __enter__(self) -> _Managed:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __aenter__(self) -> _Managed:
        return self

    def __aexit__(self, *_: object) -> None:
        return None

    def close(self) -> None:
        """Nothing is sent by closing."""

    def aclose(self) -> None:
        """Nothing is sent by closing."""

    def mount(self, *_: Value) -> None:
        """An adapter changes how a request is sent, not what is in it."""


class _Verbs(_Managed):
    """What has one method for each method of HTTP, as all sessions and clients do."""

    def request(self, method: Value, url: Value, *positional: Value, **options: Value) -> HttpRequest:
        """A request of any method; positions as in ``requests.request``."""
        return request(method, url, *positional, **options)

    def get(self, url: Value, **options: Value) -> HttpRequest:
        """GET."""
        return self.request("GET", url, **options)

    def options(self, url: Value, **options: Value) -> HttpRequest:
        """OPTIONS."""
        return self.request("OPTIONS", url, **options)

    def head(self, url: Value, **options: Value) -> HttpRequest:
        """HEAD."""
        return self.request("HEAD", url, **options)

    def delete(self, url: Value, **options: Value) -> HttpRequest:
        """DELETE."""
        return self.request("DELETE", url, **options)

    def post(self, url: Value, **options: Value) -> HttpRequest:
        """POST."""
        return self.request("POST", url, **options)

    def put(self, url: Value, **options: Value) -> HttpRequest:
        """PUT."""
        return self.request("PUT", url, **options)

    def patch(self, url: Value, **options: Value) -> HttpRequest:
        """PATCH."""
        return self.request("PATCH", url, **options)

    def send(self, request: Value, **_: Value) -> HttpRequest | None:
        """Send a request that was built before; nothing is known of one that is not ours."""
        return request.exchange() if isinstance(request, Prepared) else None


class Session(_Verbs):
    """``requests.Session`` and the sessions that derive from it. Its own headers and authentication take no part."""

    PATHS = (
        "requests.Session",
        "requests.session",
        "requests.sessions.Session",
        "requests.sessions.session",
        "requests_oauthlib.OAuth2Session",
        "requests_oauthlib.OAuth1Session",
        "requests_futures.sessions.FuturesSession",
        "google.auth.transport.requests.AuthorizedSession",
        "authlib.integrations.requests_client.OAuth2Session",
        "cloudscraper.create_scraper",
    )

    def __init__(self, *_: Value, **__: Value) -> None:
        self.write("headers", {})

    def post(self, url: Value, data: Value = None, json: Value = None, **options: Value) -> HttpRequest:
        """POST."""
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url: Value, data: Value = None, **options: Value) -> HttpRequest:
        """PUT."""
        return self.request("PUT", url, data=data, **options)

    def patch(self, url: Value, data: Value = None, **options: Value) -> HttpRequest:
        """PATCH."""
        return self.request("PATCH", url, data=data, **options)

    def prepare_request(self, request: Value) -> Value:
        """The request, encoded."""
        return request


class Client(_Verbs):
    """``httpx.Client`` and ``aiohttp.ClientSession``: a session that may have a base address."""

    PATHS = (
        "httpx.Client",
        "httpx.AsyncClient",
        "aiohttp.ClientSession",
        "aiohttp.client.ClientSession",
        "authlib.integrations.httpx_client.AsyncOAuth2Client",
        "authlib.integrations.httpx_client.OAuth2Client",
        "curl_cffi.requests.AsyncSession",
    )

    def __init__(self, *positional: Value, base_url: Value = None, **_: Value) -> None:
        self.write("headers", {})
        # aiohttp takes the base address as its first argument, httpx by name only.
        self.write("base_url", positional[0] if positional and base_url is None else base_url)

    def request(self, method: Value, url: Value, *_: Value, **options: Value) -> HttpRequest:
        """A request of any method."""
        return request(method, joined_url(self.read("base_url"), url), **options)

    def stream(self, method: Value, url: Value, **options: Value) -> HttpRequest:
        """A request whose answer is read in pieces."""
        return self.request(method, url, **options)

    def build_request(self, method: Value, url: Value, **options: Value) -> Prepared:
        """A request to be sent later."""
        return Prepared(method, joined_url(self.read("base_url"), url), **options)


class Pool(_Managed):
    """``urllib3.PoolManager``."""

    PATHS = (
        "urllib3.PoolManager",
        "urllib3.poolmanager.PoolManager",
        "urllib3.ProxyManager",
        "urllib3.HTTPSConnectionPool",
        "urllib3.HTTPConnectionPool",
    )

    def __init__(self, *_: Value, **__: Value) -> None:
        self.write("headers", {})

    def request(
        self,
        method: Value,
        url: Value,
        body: Value = None,
        fields: Value = None,
        headers: Value = None,
        json: Value = None,
        **_: Value,
    ) -> HttpRequest:
        """A request of any method. ``fields`` is the query of a GET, and a multipart body otherwise."""
        return by_pool(method, url, body, fields, headers, json)

    def urlopen(
        self, method: Value, url: Value, body: Value = None, headers: Value = None, *_: Value, **__: Value
    ) -> HttpRequest:
        """The same with a body that goes as it is."""
        return by_pool(method, url, body, None, headers, None)

    def request_encode_body(
        self, method: Value, url: Value, fields: Value = None, headers: Value = None, *_: Value, **__: Value
    ) -> HttpRequest:
        """The same with a body made of fields."""
        return by_pool(method, url, None, fields, headers, None)


def by_pool(
    method: Value,
    url: Value,
    body: Value = None,
    fields: Value = None,
    headers: Value = None,
    json: Value = None,
    **_: Value,
) -> HttpRequest:
    """``urllib3.request``."""
    if is_given(fields):
        if (text(method) or "").upper() in {"GET", "HEAD", "DELETE", "OPTIONS"}:
            return request(method, url, fields, headers=headers)
        return request(method, url, headers=headers, files=fields)
    return request(method, url, data=body, headers=headers, json=json)


class TornadoClient(_Managed):
    """``tornado.httpclient.AsyncHTTPClient`` and ``HTTPClient``."""

    PATHS = ("tornado.httpclient.AsyncHTTPClient", "tornado.httpclient.HTTPClient")

    def __init__(self, *_: Value, **__: Value) -> None:
        self.write("open", True)

    def fetch(self, request: Value, *_: Value, **options: Value) -> HttpRequest:
        """Send a request object, or one made of an address and keywords."""
        if isinstance(request, Prepared):
            return request.exchange()
        return by_urlfetch(request, **options)


def by_urlfetch(
    url: Value,
    payload: Value = None,
    method: Value = "GET",
    headers: Value = None,
    *_: Value,
    body: Value = None,
    **__: Value,
) -> HttpRequest:
    """``google.appengine.api.urlfetch.fetch(url, payload, method, headers, ...)``; Tornado calls the payload ``body``."""
    return request(method, url, data=payload if body is None else body, headers=headers)
