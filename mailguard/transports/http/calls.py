"""``requests.request`` and its like, and requests that are built first and sent later."""

from __future__ import annotations

from mailguard.model.exchange import Body, HttpRequest
from mailguard.model.value import Object, Value
from mailguard.transports.http.bodies import Encoded, content_of, is_given, multipart_form, or_none, with_query


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
    if is_given(files):
        body, encoding = multipart_form(data, files), "form"
    elif data is not None and is_given(data):
        body, encoding = content_of(data)
    elif json is not None:
        body, encoding = (json.render(), "json") if isinstance(json, Encoded) else (json, "json")
    elif is_given(content):
        body, encoding = content_of(content)
    return HttpRequest(method, with_query(url, params), {} if headers is None else headers, body, encoding)


def by_get(url: Value, params: Value = None, **options: Value) -> HttpRequest:
    """``requests.get`` and ``httpx.get``."""
    return request("GET", url, params, **options)


def by_head(url: Value, **options: Value) -> HttpRequest:
    """``requests.head`` and ``httpx.head``."""
    return request("HEAD", url, **options)


def by_options(url: Value, **options: Value) -> HttpRequest:
    """``requests.options`` and ``httpx.options``."""
    return request("OPTIONS", url, **options)


def by_delete(url: Value, **options: Value) -> HttpRequest:
    """``requests.delete`` and ``httpx.delete``."""
    return request("DELETE", url, **options)


def by_post(url: Value, data: Value = None, json: Value = None, **options: Value) -> HttpRequest:
    """``requests.post`` and ``httpx.post``."""
    return request("POST", url, data=data, json=json, **options)


def by_put(url: Value, data: Value = None, **options: Value) -> HttpRequest:
    """``requests.put`` and ``httpx.put``."""
    return request("PUT", url, data=data, **options)


def by_patch(url: Value, data: Value = None, **options: Value) -> HttpRequest:
    """``requests.patch`` and ``httpx.patch``."""
    return request("PATCH", url, data=data, **options)


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
            or_none(self.read("method")) or "GET",
            or_none(self.read("url")),
            or_none(self.read("params")),
            or_none(self.read("data")),
            or_none(self.read("headers")),
            None,
            or_none(self.read("files")),
            json=or_none(self.read("json")),
            content=or_none(self.read("content")),
        )


class TornadoRequest(Prepared):
    """``tornado.httpclient.HTTPRequest(url, method, headers, body, ...)``."""

    PATHS = ("tornado.httpclient.HTTPRequest",)

    def __init__(
        self, url: Value, method: Value = "GET", headers: Value = None, body: Value = None, *_: Value, **__: Value
    ) -> None:
        super().__init__(method, url, headers, data=body)
