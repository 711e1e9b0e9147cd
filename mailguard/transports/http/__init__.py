"""Models of the Python clients of HTTP: requests, httpx, urllib, http.client, aiohttp, urllib3, Tornado, and what encodes bodies for them.

A model says which request a call makes, as a recorder would note it; whose request it is, and what it means, is for the
provider that claims it. What the code does not tell stays a hole: a request to an unknown host is claimed by nobody.
Connection settings, authentication and the headers of a session take no part.

A body stays data: nested as the caller built it, since the number of its members need not be known. ``json.dumps`` and
``urlencode`` therefore give an ``Encoded``, a text that keeps what it was made of.

``bodies`` is what goes into a request, ``calls`` sends one at once, ``sessions`` has clients that are made first, and
``standard`` the standard library's own.

Sources: requests 2.34.2, httpx 0.28.1 and the standard library of Python 3.11, run; the documentation of urllib3 2,
aiohttp 3, Tornado 6 and App Engine's urlfetch.
"""

from __future__ import annotations

from typing import Any, Final

from mailguard.model.provider import Function, Library
from mailguard.transports.http.bodies import Encoded, FormData, dumps, urlencode
from mailguard.transports.http.calls import (
    Prepared,
    TornadoRequest,
    by_delete,
    by_get,
    by_head,
    by_options,
    by_patch,
    by_post,
    by_put,
    request,
)
from mailguard.transports.http.sessions import Client, Pool, Session, TornadoClient, by_pool, by_urlfetch
from mailguard.transports.http.standard import Connection, Opener, UrlRequest, urlopen


def _method(name: str, call: Any, *more: str) -> Function:
    return Function((f"requests.{name}", f"requests.api.{name}", f"httpx.{name}", *more), call)


LIBRARY: Final = Library(
    functions=(
        Function(("requests.request", "requests.api.request", "httpx.request"), request),
        _method("get", by_get),
        _method("head", by_head),
        _method("options", by_options),
        _method("delete", by_delete),
        _method("post", by_post, "grequests.post"),
        _method("put", by_put, "grequests.put"),
        _method("patch", by_patch),
        Function(("aiohttp.request",), request),
        Function(("urllib3.request",), by_pool),
        Function(("google.appengine.api.urlfetch.fetch",), by_urlfetch),
        Function(
            ("urllib.request.urlopen", "urllib2.urlopen", "urllib.urlopen", "six.moves.urllib.request.urlopen"),
            urlopen,
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
