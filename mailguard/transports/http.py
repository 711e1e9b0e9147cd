"""Models of the Python clients of HTTP: requests, httpx, urllib, http.client, aiohttp, urllib3, Tornado, and what encodes bodies for them.

A model says which request a call makes, as a recorder would note it; whose request it is, and what it means, is for the
provider that claims it. What the code does not tell stays a hole: a request to an unknown host is claimed by nobody.
Connection settings, authentication and the headers of a session take no part.

A body stays data: nested as the caller built it, since the number of its members need not be known. ``json.dumps`` and
``urlencode`` therefore give an :class:`Encoded`, a text that keeps what it was made of.

Sources: requests 2.34.2, httpx 0.28.1 and the standard library of Python 3.11, run; the documentation of urllib3 2,
aiohttp 3, Tornado 6 and App Engine's urlfetch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from mailguard.model.count import ONE, Truth
from mailguard.model.exchange import Body, Form, HttpRequest
from mailguard.model.provider import Function, Library
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Object,
    Repeat,
    Sort,
    Text,
    Value,
    each,
    get,
    inherit,
    join,
    plain,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.wire.forms import fields_of
from mailguard.wire.urls import url_parts

__all__ = [
    "LIBRARY",
    "Client",
    "Connection",
    "Encoded",
    "FormData",
    "Pool",
    "Prepared",
    "Session",
    "UrlRequest",
    "dumps",
    "request",
    "urlencode",
]


class Encoded(Object):
    """A text or bytes made of data, which it still knows: the result of ``json.dumps``, ``urlencode`` and their like."""

    def __init__(self, data: Value = None, kind: str = "json") -> None:
        self.write("data", data)
        self.write("kind", kind)

    def render(self) -> Value:
        """The data that was encoded."""
        data = self.read("data", None)
        return None if isinstance(data, Absent) else data

    @property
    def kind(self) -> str:
        """``json`` or ``form``."""
        return text(self.read("kind", "json")) or "json"

    def encode(self, *_: Value, **__: Value) -> Encoded:
        """The same as bytes."""
        return self

    def decode(self, *_: Value, **__: Value) -> Encoded:
        """The same as text."""
        return self

    def strip(self, *_: Value) -> Encoded:
        """The same without white space around it."""
        return self


def dumps(obj: Value = None, *_: Value, **__: Value) -> Encoded:
    """``json.dumps(obj)`` and the same function of other JSON packages: a text that keeps its structure."""
    return Encoded(obj, "json")


def urlencode(query: Value, *_: Value, **__: Value) -> Encoded:
    """``urllib.parse.urlencode(query, doseq)``: a mapping or pairs as a form.

    Without ``doseq`` a list is written as Python prints it, brackets and quotes and all; whoever is named in it is still named.
    """
    return Encoded(query, "form")


# --- One request ---------------------------------------------------------------------------------


class _Content(NamedTuple):
    body: Body
    encoding: str


_NOTHING: Final = _Content(None, "")


def _content(data: Value) -> _Content:
    """What a client makes of its ``data``: mappings and pairs become a form, texts go as they are."""
    if isinstance(data, Encoded):
        return _Content(data.render(), data.kind)
    if isinstance(data, FormData):
        return _Content(data.form(), "form")
    if isinstance(data, Either):
        contents = [_content(inherit(option, data.trail)) for option in data.options if not isinstance(option, Absent)]
        encoding = next((item.encoding for item in contents if item.encoding), "")
        bodies = [item.body for item in contents]
        if any(isinstance(body, Form) for body in bodies):
            return max(contents, key=lambda item: len(item.body.parts) if isinstance(item.body, Form) else 0)
        joined = join(*(body for body in bodies if not isinstance(body, Form)))
        return _Content(None if isinstance(joined, Absent) else joined, encoding)
    if sort_of(data) is Sort.MAPPING:
        return _Content(data, "form")
    if sort_of(data) is Sort.COLLECTION:
        return _Content(data, "form") if _pairs(data) else _Content(_concatenated(data), "")
    return _Content(data, "")


def _pairs(data: Value) -> bool:
    """Whether a collection holds pairs of names and values, and not chunks of a body."""
    return any(sort_of(member.value) in {Sort.COLLECTION, Sort.UNKNOWN} for member in each(data))


def _concatenated(data: Value) -> Value:
    return Text(
        tuple(value if count == ONE else Repeat(value, count, "") for value, count in each(data)), trail_of(data)
    )


def _multipart(data: Value, files: Value) -> Form:
    """The parts of a multipart body: the fields first, then the files, as requests and httpx order them.

    A file is its content, or a tuple (name, content, ...); a name of None makes it a field like the others.
    """
    fields = _content(data).body
    parts = fields.parts if isinstance(fields, Form) else fields_of(fields).parts if fields is not None else ()
    members = [(name, _file(value)) for name, value in (_items(files) if sort_of(files) is not Sort.NONE else ())]
    return Form((*parts, *members))


def _items(pairs: Value) -> Iterable[tuple[str, Value]]:
    # Unlike the values of a form, a tuple under a name is one file, not several values.
    if sort_of(pairs) is Sort.MAPPING:
        for member in each(pairs):
            name = text(member.value)
            value = get(pairs, name) if name is not None else ABSENT
            if name is not None and not isinstance(value, Absent):
                yield name, value
        return
    for member in each(pairs):
        pair = [item.value for item in each(member.value)]
        if len(pair) == 2:
            yield text(pair[0]) or "*", pair[1]


def _file(value: Value) -> Value:
    if sort_of(value) is Sort.COLLECTION:
        parts = [member.value for member in each(value)]
        return parts[1] if len(parts) > 1 else parts[0] if parts else None
    return value


def _given(value: Value | Absent) -> bool:
    return value is not ABSENT and value is not None and truth(value) is not Truth.NO


def _with_query(url: Value, params: Value) -> Value:
    """``url`` with a query behind it; known names and values percent-encoded, holes left as they are."""
    if isinstance(params, Encoded):
        params = params.render()
    if not _given(params):
        return url
    pieces: list[Value | Repeat] = [url, "&" if "?" in (text(url) or "") else "?"]
    if sort_of(params) is Sort.TEXT:
        return Text((*pieces, params))
    for number, (name, value) in enumerate(fields_of(params).parts):
        pieces += ["&" if number else "", quote(name, safe="[]") + "="]
        literal = plain(value)
        pieces.append(
            inherit(quote(str(literal)), trail_of(value)) if isinstance(literal, (str, int, float)) else value
        )
    return Text(tuple(pieces))


def _joined_url(base: Value | Absent, url: Value) -> Value:
    """``url`` under the base address of a session, where it has none of its own (httpx, aiohttp)."""
    if isinstance(base, Absent) or not _given(base):
        return url
    own = url_parts(url)
    if own is not None and own.host:
        return url
    first = text(base)
    start = text(url)
    if first is not None and start is not None:
        return inherit(first.rstrip("/") + "/" + start.lstrip("/"), trail_of(url))
    return Text((base, "/", url))


def request(
    method: Value,
    url: Value,
    params: Value = None,
    data: Value = None,
    headers: Value = None,
    cookies: Value = None,  # noqa: ARG001  # in the fifth position of requests.request
    files: Value = None,
    *_: Value,
    json: Value = None,
    content: Value = None,
    **__: Value,
) -> HttpRequest:
    """``requests.request`` and ``httpx.request``: the request that is sent.

    ``files`` makes the body multipart, a mapping as ``data`` a form; ``json`` counts where neither is given (requests,
    ``PreparedRequest.prepare_body``); ``content`` is httpx's name for a body that goes as it is.
    """
    body: Body = None
    encoding = ""
    if _given(files):
        body, encoding = _multipart(data, files), "form"
    elif data is not None and _given(data):
        body, encoding = _content(data)
    elif json is not None:
        body, encoding = (json.render(), "json") if isinstance(json, Encoded) else (json, "json")
    elif _given(content):
        body, encoding = _content(content)
    return HttpRequest(method, _with_query(url, params), {} if headers is None else headers, body, encoding)


def _get(url: Value, params: Value = None, **options: Value) -> HttpRequest:
    return request("GET", url, params, **options)


def _head(url: Value, **options: Value) -> HttpRequest:
    return request("HEAD", url, **options)


def _options(url: Value, **options: Value) -> HttpRequest:
    return request("OPTIONS", url, **options)


def _delete(url: Value, **options: Value) -> HttpRequest:
    return request("DELETE", url, **options)


def _post(url: Value, data: Value = None, json: Value = None, **options: Value) -> HttpRequest:
    return request("POST", url, data=data, json=json, **options)


def _put(url: Value, data: Value = None, **options: Value) -> HttpRequest:
    return request("PUT", url, data=data, **options)


def _patch(url: Value, data: Value = None, **options: Value) -> HttpRequest:
    return request("PATCH", url, data=data, **options)


# --- Sessions ------------------------------------------------------------------------------------


class Prepared(Object):
    """A request that is built first and sent by a session later: ``requests.Request``, ``httpx.Request``, Tornado's."""

    PATHS: tuple[str, ...] = ("requests.Request", "requests.models.Request", "httpx.Request")

    def __init__(
        self,
        method: Value = None,
        url: Value = None,
        headers: Value = None,
        files: Value = None,
        data: Value = None,
        params: Value = None,
        *_: Value,
        json: Value = None,
        content: Value = None,
        **__: Value,
    ) -> None:
        self.write("method", method)
        self.write("url", url)
        self.write("headers", {} if headers is None else headers)
        self.write("files", files)
        self.write("data", data)
        self.write("params", params)
        self.write("json", json)
        self.write("content", content)

    def prepare(self) -> Prepared:
        """The same, encoded."""
        return self

    def exchange(self) -> HttpRequest:
        """The request that sending it makes."""
        return request(
            _present(self.read("method")) or "GET",
            _present(self.read("url")),
            _present(self.read("params")),
            _present(self.read("data")),
            _present(self.read("headers")),
            None,
            _present(self.read("files")),
            json=_present(self.read("json")),
            content=_present(self.read("content")),
        )


def _present(value: Value | Absent) -> Value:
    return None if isinstance(value, Absent) else value


class TornadoRequest(Prepared):
    """``tornado.httpclient.HTTPRequest(url, method, headers, body, ...)``."""

    PATHS = ("tornado.httpclient.HTTPRequest",)

    def __init__(
        self, url: Value, method: Value = "GET", headers: Value = None, body: Value = None, *_: Value, **__: Value
    ) -> None:
        super().__init__(method, url, headers, data=body)


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


class Session(_Managed):
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

    def request(self, method: Value, url: Value, *positional: Value, **options: Value) -> HttpRequest:
        """A request of any method; positions as in ``requests.request``."""
        return request(method, url, *positional, **options)

    def get(self, url: Value, **options: Value) -> HttpRequest:
        """GET."""
        return request("GET", url, **options)

    def options(self, url: Value, **options: Value) -> HttpRequest:
        """OPTIONS."""
        return request("OPTIONS", url, **options)

    def head(self, url: Value, **options: Value) -> HttpRequest:
        """HEAD."""
        return request("HEAD", url, **options)

    def delete(self, url: Value, **options: Value) -> HttpRequest:
        """DELETE."""
        return request("DELETE", url, **options)

    def post(self, url: Value, data: Value = None, json: Value = None, **options: Value) -> HttpRequest:
        """POST."""
        return request("POST", url, data=data, json=json, **options)

    def put(self, url: Value, data: Value = None, **options: Value) -> HttpRequest:
        """PUT."""
        return request("PUT", url, data=data, **options)

    def patch(self, url: Value, data: Value = None, **options: Value) -> HttpRequest:
        """PATCH."""
        return request("PATCH", url, data=data, **options)

    def prepare_request(self, request: Value) -> Value:
        """The request, encoded."""
        return request

    def send(self, request: Value, **_: Value) -> HttpRequest | None:
        """Send a prepared request; nothing is known of one that is not ours."""
        return request.exchange() if isinstance(request, Prepared) else None


class Client(_Managed):
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
        return request(method, _joined_url(self.read("base_url"), url), **options)

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

    def stream(self, method: Value, url: Value, **options: Value) -> HttpRequest:
        """A request whose answer is read in pieces."""
        return self.request(method, url, **options)

    def build_request(self, method: Value, url: Value, **options: Value) -> Prepared:
        """A request to be sent later."""
        return Prepared(method, _joined_url(self.read("base_url"), url), **options)

    def send(self, request: Value, **_: Value) -> HttpRequest | None:
        """Send a request that was built before."""
        return request.exchange() if isinstance(request, Prepared) else None


class FormData(Object):
    """``aiohttp.FormData`` and ``requests_toolbelt.MultipartEncoder``: a form that is filled part by part."""

    PATHS = (
        "aiohttp.FormData",
        "aiohttp.formdata.FormData",
        "requests_toolbelt.MultipartEncoder",
        "requests_toolbelt.multipart.encoder.MultipartEncoder",
    )

    def __init__(self, fields: Value = None, *_: Value, **__: Value) -> None:
        self.write("parts", [[name, _file(value)] for name, value in _items(fields)])
        self.write("content_type", "multipart/form-data")

    def add_field(self, name: Value, value: Value, *_: Value, **__: Value) -> None:
        """One more part."""
        self.append("parts", [name, value])

    def form(self) -> Form:
        """The parts that are there now."""
        return fields_of(_present(self.read("parts")))

    def render(self) -> Value:
        """The parts as pairs."""
        return _present(self.read("parts"))


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
        return _pooled(method, url, body, fields, headers, json)

    def urlopen(
        self, method: Value, url: Value, body: Value = None, headers: Value = None, *_: Value, **__: Value
    ) -> HttpRequest:
        """The same with a body that goes as it is."""
        return _pooled(method, url, body, None, headers, None)

    def request_encode_body(
        self, method: Value, url: Value, fields: Value = None, headers: Value = None, *_: Value, **__: Value
    ) -> HttpRequest:
        """The same with a body made of fields."""
        return _pooled(method, url, None, fields, headers, None)


def _pooled(
    method: Value,
    url: Value,
    body: Value = None,
    fields: Value = None,
    headers: Value = None,
    json: Value = None,
    **_: Value,
) -> HttpRequest:
    if _given(fields):
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
        return _fetched(request, **options)


def _fetched(
    url: Value,
    payload: Value = None,
    method: Value = "GET",
    headers: Value = None,
    *_: Value,
    body: Value = None,
    **__: Value,
) -> HttpRequest:
    # google.appengine.api.urlfetch.fetch(url, payload, method, headers, ...); Tornado says body.
    return request(method, url, data=payload if body is None else body, headers=headers)


# --- The standard library ------------------------------------------------------------------------


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
        body = data if data is not None else _present(self.read("data"))
        method = _present(self.read("method"))
        return request(
            ("GET" if body is None else "POST") if method is None else method,
            _present(self.read("full_url")),
            data=body,
            headers=_present(self.read("headers")),
        )


def _urlopen(url: Value, data: Value = None, *_: Value, **__: Value) -> HttpRequest:
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
        return _urlopen(fullurl, data)


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
        host = _present(self.read("host"))
        own = url_parts(url)
        whole = url if own is not None and own.scheme else Text(("https://", host, url))
        return request(method, whole, data=body, headers=headers)

    def close(self) -> None:
        """Nothing is sent by closing."""


def _method(name: str, call: Any, *more: str) -> Function:
    return Function((f"requests.{name}", f"requests.api.{name}", f"httpx.{name}", *more), call)


LIBRARY: Final = Library(
    functions=(
        Function(("requests.request", "requests.api.request", "httpx.request"), request),
        _method("get", _get),
        _method("head", _head),
        _method("options", _options),
        _method("delete", _delete),
        _method("post", _post, "grequests.post"),
        _method("put", _put, "grequests.put"),
        _method("patch", _patch),
        Function(("aiohttp.request",), request),
        Function(("urllib3.request",), _pooled),
        Function(("google.appengine.api.urlfetch.fetch",), _fetched),
        Function(
            ("urllib.request.urlopen", "urllib2.urlopen", "urllib.urlopen", "six.moves.urllib.request.urlopen"),
            _urlopen,
        ),
        Function(
            (
                "urllib.parse.urlencode",
                "urllib.urlencode",
                "six.moves.urllib.parse.urlencode",
                "django.utils.http.urlencode",
            ),
            urlencode,
        ),
        Function(
            (
                "json.dumps",
                "simplejson.dumps",
                "ujson.dumps",
                "orjson.dumps",
                "rapidjson.dumps",
                "flask.json.dumps",
                "anyjson.dumps",
                "django.utils.simplejson.dumps",
            ),
            dumps,
        ),
    ),
    classes=(
        Session,
        Client,
        Prepared,
        TornadoRequest,
        TornadoClient,
        FormData,
        Pool,
        UrlRequest,
        Opener,
        Connection,
        Encoded,
    ),
)
"""Plain HTTP. It names no tokens: a file that mails over HTTP is found by the host names that the services list."""
