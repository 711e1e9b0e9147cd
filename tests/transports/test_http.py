"""The models of the HTTP clients give, on plain data, the request that the client itself makes."""

from __future__ import annotations

import http.client
import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.message import CannotTell
from mailguard.model.value import Either, Fields, Items, Known, Member, Object, Unknown, Value, get
from mailguard.transports.http import LIBRARY
from mailguard.wire.bodies import payload
from mailguard.wire.forms import fields_of
from mailguard.wire.urls import url_parts

requests = pytest.importorskip("requests")

URL = "https://api.example.com/v1/messages"
A, B = "ann@example.com", "bob@example.org"


def called(path: str) -> Callable[..., Any]:
    """The model behind a dotted name."""
    for function in LIBRARY.functions:
        if path in function.paths:
            return function.call
    return next(cls for cls in LIBRARY.classes if path in cls.PATHS)


def read(request: HttpRequest) -> tuple[str, Any, Any]:
    """Where a request goes, and what is in it."""
    body = payload(request)
    url = url_parts(request.url)
    assert url is not None
    value: Any = None
    if not isinstance(body, CannotTell):
        value = (
            [(name, _plain(item)) for name, item in body.value.parts] if isinstance(body.value, Form) else body.value
        )
    return (
        f"{request.method} {url.host}{url.path}",
        [(name, _plain(item)) for name, item in url.query.parts],
        value or None,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return str(value) if isinstance(value, int) else value


# --- The law, for requests and httpx --------------------------------------------------------------

words = st.text("ab@,&= é%+", min_size=1, max_size=6)
scalars = words | st.integers(0, 99)
mappings = st.dictionaries(
    st.sampled_from(["to", "cc[]", "from", "x y"]), scalars | st.lists(words, min_size=1, max_size=3), max_size=3
)
data = st.recursive(
    scalars | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(
    form=mappings,
    query=mappings,
    with_query=st.booleans(),
    kind=st.sampled_from(["form", "pairs", "files", "text", "json", "json text"]),
)
def test_requests(form: dict[str, Any], query: dict[str, Any], with_query: bool, kind: str) -> None:
    pairs = [(name, item) for name, value in form.items() for item in (value if isinstance(value, list) else [value])]
    real: dict[str, Any] = {"params": query} if with_query else {}
    modelled: dict[str, Any] = dict(real)
    if kind == "form":
        real["data"] = modelled["data"] = form
    elif kind == "pairs":
        real["data"] = modelled["data"] = pairs
    elif kind == "files":
        real["data"] = modelled["data"] = form
        real["files"] = modelled["files"] = [("attachment", ("a.txt", "content")), ("note", (None, "text"))]
    elif kind == "text":
        real["data"] = modelled["data"] = urllib.parse.urlencode(pairs)
    elif kind == "json":
        real["json"] = modelled["json"] = {"data": form}
    else:
        real["data"] = json.dumps({"data": form})
        modelled["data"] = called("json.dumps")({"data": form})
    prepared = requests.Request("POST", URL, **real).prepare()
    sent = HttpRequest("POST", prepared.url, dict(prepared.headers), prepared.body)
    # Without any field requests sends no body at all, and says so by a length of zero.
    assert read(called("requests.post")(URL, **modelled)) == read(sent)
    assert read(called("requests.Session")().post(URL, **modelled)) == read(sent)


@settings(max_examples=40, deadline=None)
@given(body=data.filter(lambda value: value is not None))
def test_a_json_body_is_the_data(body: Any) -> None:
    for path in ("requests.post", "httpx.post", "requests.put"):
        request = called(path)(URL, json=body)
        assert request.encoding == "json"
        assert request.body == body


def test_httpx() -> None:
    httpx = pytest.importorskip("httpx")
    cases: list[dict[str, Any]] = [
        {"data": {"to": [A, B], "from": "x"}},
        {"json": {"to": [A, B]}},
        {"content": b'{"to": "x"}'},
        {"data": {"to": A}, "files": {"attachment": ("a.txt", b"content")}},
        {"params": {"to": A}, "json": {}},
    ]
    for case in cases:
        real = httpx.Request("POST", URL, **case)
        sent = HttpRequest("POST", str(real.url), dict(real.headers), real.read())
        assert read(called("httpx.post")(URL, **case)) == read(sent)
        assert read(called("httpx.AsyncClient")().post(URL, **case)) == read(sent)
        with httpx.Client(base_url="https://api.example.com/v1") as client:
            joined = client.build_request("POST", "/messages", **case)
        assert url_parts(str(joined.url)) == url_parts(str(real.url))
        ours_client = called("httpx.Client")(base_url="https://api.example.com/v1")
        assert read(ours_client.post("/messages", **case)) == read(sent)
        assert read(ours_client.send(ours_client.build_request("POST", "/messages", **case))) == read(sent)


# --- The standard library -------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [{}, {"data": b"to=x"}, {"data": b"to=x", "method": "PUT"}, {"method": "DELETE"}])
def test_urllib_request(arguments: dict[str, Any]) -> None:
    real = urllib.request.Request(URL, **arguments)  # nothing is opened
    sent = HttpRequest(real.get_method(), real.full_url, dict(real.header_items()), real.data)
    request = called("urllib.request.Request")(URL, **arguments)
    request.add_header("Accept", "*/*")
    assert read(called("urllib.request.urlopen")(request)) == read(sent)
    assert read(called("urllib.request.build_opener")().open(request)) == read(sent)


def test_urlopen_with_encoded_data() -> None:
    encoded = called("urllib.parse.urlencode")({"to": [A, B]}, True).encode("utf-8")
    request = called("urllib.request.urlopen")(URL, encoded)
    assert request.method == "POST"
    assert read(request)[2] == [("to", A), ("to", B)]


class _Socket:
    """Takes what a connection writes."""

    def __init__(self) -> None:
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        """Nothing to close."""


def test_http_client() -> None:
    real = http.client.HTTPSConnection("api.example.com")
    real.sock = _Socket()  # type: ignore[assignment]
    body = json.dumps({"to": A})
    real.request("POST", "/v1/messages", body, {"Content-Type": "application/json"})
    head, _, content = real.sock.sent.partition(b"\r\n\r\n")  # type: ignore[union-attr]
    assert head.startswith(b"POST /v1/messages HTTP/1.1\r\nHost: api.example.com\r\n")
    request = called("http.client.HTTPSConnection")("api.example.com").request("POST", "/v1/messages", body, {})
    assert read(request) == (f"POST {url_parts(URL).host}/v1/messages", [], json.loads(content))


# --- Other clients --------------------------------------------------------------------------------


def test_aiohttp() -> None:
    session = called("aiohttp.ClientSession")("https://api.example.com")
    assert session.__aenter__() is session
    form = called("aiohttp.FormData")()
    form.add_field("to", A)
    form.add_field("to", B)
    request = session.post("/v1/messages", data=form)
    assert read(request) == ("POST api.example.com/v1/messages", [], [("to", A), ("to", B)])


def test_urllib3() -> None:
    pool = called("urllib3.PoolManager")()
    assert read(pool.request("POST", URL, fields={"to": A}))[2] == [("to", A)]
    assert read(pool.request("GET", URL, fields={"to": A}))[1] == [("to", A)]
    assert read(pool.request("POST", URL, body='{"to": 1}'))[2] == {"to": 1}
    assert read(called("urllib3.request")("POST", URL, json={"to": A}))[2] == {"to": A}


def test_tornado_and_app_engine() -> None:
    request = called("tornado.httpclient.HTTPRequest")(URL, "POST", {}, '{"to": 1}')
    client = called("tornado.httpclient.AsyncHTTPClient")()
    assert read(client.fetch(request)) == read(client.fetch(URL, method="POST", body='{"to": 1}'))
    assert read(called("google.appengine.api.urlfetch.fetch")(URL, "to=x", "POST"))[2] == [("to", "x")]


def test_a_prepared_request_is_sent_by_the_session() -> None:
    session = called("requests.Session")()
    prepared = called("requests.Request")("POST", URL, json={"to": A}).prepare()
    assert read(session.send(session.prepare_request(prepared)))[2] == {"to": A}
    assert session.send(Unknown("prepared")) is None


def test_a_session_is_a_context() -> None:
    with called("requests.Session")() as session:
        assert read(session.get(URL, params={"a": "b"})) == ("GET api.example.com/v1/messages", [("a", "b")], None)


# --- What is not known ----------------------------------------------------------------------------

PEOPLE = Items((Member(Unknown("user.email"), MANY),))


def test_data_keeps_what_is_not_known() -> None:
    body = Fields((("to", PEOPLE), ("from", Known("x"))))
    assert called("requests.post")(URL, data=body).encoding == "form"
    for encoded in (called("json.dumps")(body), called("json.dumps")(body, indent=2).encode()):
        request = called("requests.post")(Known(URL), data=encoded)
        found = payload(request)
        assert not isinstance(found, CannotTell)
        assert found.kind == "json"
        assert get(found.value, "to") == PEOPLE


def test_a_hole_in_the_address_stays_one() -> None:
    assert url_parts(called("requests.post")(Unknown("url")).url) is None
    request = called("requests.post")(Known(URL), params=Fields((("to", Unknown("to")), ("n", Known(3)))))
    url = url_parts(request.url)
    assert url is not None
    assert url.query.parts == (("to", Unknown("to")), ("n", "3"))


def test_branches_of_a_body_are_kept() -> None:
    one, other = called("json.dumps")({"to": A}), called("json.dumps")({"to": B})
    request = called("requests.post")(URL, data=Either((one, other)))
    found = payload(request)
    assert not isinstance(found, CannotTell)
    assert isinstance(found.value, Either)


@pytest.mark.parametrize("value", [None, Unknown("x"), 7, "", [], {}, [[]], Known(None), Either((None, "x")), Object()])
def test_nothing_makes_a_model_fail(value: Value) -> None:
    for path in ("requests.post", "httpx.put", "urllib3.request", "requests.request"):
        for name in ("data", "json", "files", "params", "headers"):
            arguments = (value, URL) if path.endswith("request") else (URL,)
            assert isinstance(called(path)(*arguments, **{name: value}), HttpRequest)
    assert isinstance(called("requests.get")(value), HttpRequest)
    assert isinstance(fields_of(called("aiohttp.FormData")(value).form()), Form)


def test_no_path_is_named_twice() -> None:
    paths = [path for function in LIBRARY.functions for path in function.paths]
    paths += [path for cls in LIBRARY.classes for path in cls.PATHS]
    assert len(paths) == len(set(paths))
