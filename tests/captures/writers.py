"""One recorded request, as the recorders write it: for laws that hold in every format."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

Written = tuple[str, bytes]
"""The name of a file, and what is in it."""
SID: Final = "planted0Secret1234567"
"""What stands in every cookie that an answer sets."""


def _text(request: Mapping[str, Any]) -> str:
    body = request["body"]
    return body if isinstance(body, str) else "" if body is None else json.dumps(body)


def _headers(request: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: value if isinstance(value, list) else [value] for name, value in (request.get("headers") or {}).items()
    }


def jsonl(request: Mapping[str, Any]) -> Written:
    answer = {"status": 200, "headers": {"Set-Cookie": [f"sid={SID}"]}, "body": json.dumps({"access_token": SID})}
    return "sent.jsonl", (json.dumps({**request, "response": answer}) + "\n").encode()


def pairs(request: Mapping[str, Any]) -> Written:
    """Headers as a list of pairs."""
    headers = [[name, value] for name, values in _headers(request).items() for value in values]
    return "pairs.jsonl", (json.dumps({**request, "headers": [*headers, ["Cookie", f"a={SID}"]]}) + "\n").encode()


def header_lines(request: Mapping[str, Any]) -> Written:
    """Headers as lines of text."""
    lines = [f"{name}: {value}" for name, values in _headers(request).items() for value in values]
    return "lines.jsonl", (json.dumps({**request, "headers": [*lines, f"Cookie: a={SID}"]}) + "\n").encode()


def header_block(request: Mapping[str, Any]) -> Written:
    """Headers as one text."""
    lines = [f"{name}: {value}\r\n" for name, values in _headers(request).items() for value in values]
    return "block.jsonl", (
        json.dumps({**request, "headers": "".join([*lines, f"Cookie: a={SID}\r\n"])}) + "\n"
    ).encode()


def har(request: Mapping[str, Any]) -> Written:
    headers = [{"name": name, "value": value} for name, values in _headers(request).items() for value in values]
    text = _text(request)
    kind = next((item["value"] for item in headers if item["name"].lower() == "content-type"), "")
    entry = {
        "startedDateTime": "2026-11-01T10:00:00.000Z",
        "request": {
            "method": request["method"],
            "url": request["url"],
            "cookies": [{"name": "sid", "value": SID, "path": "/"}],
            "headers": headers,
            "queryString": [{"name": "api_key", "value": SID}],
            "postData": {"mimeType": kind, "text": text},
        },
        "response": {
            "status": 200,
            "cookies": [{"name": "sid", "value": SID}],
            "headers": [{"name": "set-cookie", "value": f"sid={SID}"}],
        },
    }
    return "a.har", json.dumps({"log": {"version": "1.2", "entries": [entry]}}, indent=1).encode()


def _cassette(request: Mapping[str, Any], body: str | bytes, headers: Mapping[str, list[str]]) -> Written:
    kept = {"body": body, "headers": dict(headers), "method": request["method"], "uri": request["url"]}
    answer = {"status": {"code": 200, "message": "OK"}, "headers": {"Set-Cookie": [f"sid={SID}"]}}
    return "vcr.yaml", yaml.safe_dump({"interactions": [{"request": kept, "response": answer}], "version": 1}).encode()


def vcrpy(request: Mapping[str, Any]) -> Written:
    return _cassette(request, _text(request), _headers(request))


def vcrpy_packed(request: Mapping[str, Any]) -> Written:
    packed = gzip.compress(_text(request).encode(), mtime=0)
    return _cassette(request, packed, {**_headers(request), "Content-Encoding": ["gzip"]})


def _ruby(request: Mapping[str, Any], body: Mapping[str, str]) -> Written:
    kept = {"method": "post", "uri": request["url"], "body": dict(body), "headers": _headers(request)}
    answer = {"status": {"code": 200, "message": "OK"}, "headers": {"Set-Cookie": [f"sid={SID}"]}}
    interaction = {"request": kept, "response": answer, "recorded_at": "Sun, 01 Nov 2026 10:00:00 GMT"}
    return "ruby.yml", yaml.safe_dump({"http_interactions": [interaction], "recorded_with": "VCR 6.1.0"}).encode()


def ruby(request: Mapping[str, Any]) -> Written:
    return _ruby(request, {"encoding": "UTF-8", "string": _text(request)})


def ruby_exact(request: Mapping[str, Any]) -> Written:
    return _ruby(
        request, {"encoding": "ASCII-8BIT", "base64_string": base64.b64encode(_text(request).encode()).decode()}
    )


def wiremock(request: Mapping[str, Any]) -> Written:
    text = _text(request)
    kept = {
        "url": "/",
        "absoluteUrl": request["url"],
        "method": request["method"],
        "headers": request.get("headers") or {},
        "cookies": {"sid": SID},
        "loggedDate": 1793527200000,
        "bodyAsBase64": base64.b64encode(text.encode()).decode(),
        "body": text,
        "queryParams": {"api_key": {"key": "api_key", "values": [SID]}},
    }
    return "journal.json", json.dumps(
        {"requests": [{"id": "1", "request": kept}], "requestJournalDisabled": False}
    ).encode()


def nock(request: Mapping[str, Any]) -> Written:
    scheme, _, rest = request["url"].partition("://")
    host, slash, path = rest.partition("/")
    text = _text(request)
    fixture = {
        "scope": f"{scheme}://{host}:443",
        "method": request["method"],
        "path": slash + path,
        "body": json.loads(text) if text.startswith("{") else text,
        "status": 202,
        "response": "",
        "rawHeaders": ["Set-Cookie", f"sid={SID}", "Connection", "close"],
        "reqheaders": {name: values[0] for name, values in _headers(request).items()},
    }
    return "nock.json", json.dumps([fixture], indent=1).encode()


def _netstring(value: object) -> bytes:
    match value:
        case bytes():
            data, kind = value, b","
        case str():
            data, kind = value.encode(), b";"
        case int():
            data, kind = str(value).encode(), b"#"
        case float():
            data, kind = repr(value).encode(), b"^"
        case list():
            data, kind = b"".join(map(_netstring, value)), b"]"
        case dict():
            data, kind = b"".join(_netstring(key) + _netstring(item) for key, item in value.items()), b"}"
        case _:
            data, kind = b"", b"~"
    return str(len(data)).encode() + b":" + data + kind


def mitmproxy(request: Mapping[str, Any]) -> Written:
    scheme, _, rest = request["url"].partition("://")
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    flow = {
        "type": "http",
        "version": 21,
        "request": {
            "method": request["method"].encode(),
            "scheme": scheme.encode(),
            "host": host,
            "port": 443 if scheme == "https" else 80,
            "path": (slash + path).encode(),
            "headers": [
                [name.encode(), value.encode()] for name, values in _headers(request).items() for value in values
            ],
            "content": _text(request).encode(),
            "timestamp_start": 1793527200.5,
        },
        "response": {"status_code": 202, "headers": [[b"Set-Cookie", f"sid={SID}".encode()]], "content": b""},
    }
    return "flows.mitm", _netstring(flow)


WRITERS: Final[tuple[Callable[[Mapping[str, Any]], Written], ...]] = (
    *(jsonl, pairs, header_lines, header_block, har, vcrpy, vcrpy_packed, ruby, ruby_exact, wiremock, nock, mitmproxy),
)
