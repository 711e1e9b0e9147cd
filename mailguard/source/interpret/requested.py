"""Web requests by a client that nothing tells: a session somebody hands over, a helper of a framework.

Such a call says by itself what it does: its name, an address of the web written out, and a body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from mailguard.model.value import Either, Fields, Known, Text
from mailguard.source import tree as t
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import ModelFn, Ref, Val

__all__ = ["by_unknown_client"]

_REQUESTS: Final = re.compile(r"\w*(?:post|put|request|fetch|open_?url|api_call|call_api|http)\w*", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://[\w-]", re.IGNORECASE)
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "PATCH"})
_BODIES: Final[tuple[str, ...]] = (
    "json",
    "json_data",
    "json_body",
    "data",
    "body",
    "payload",
    "content",
    "post_data",
    "form",
    "params",
)
"""Keywords under which clients of the web take what they send; the first that is there counts."""
_CLIENT: Final = "requests.request"
"""The model of a request whose method is an argument."""


def by_unknown_client(
    models: Mapping[str, object],
    state: State,
    label: str,
    args: list[Val],
    named: dict[str, Val],
    node: object,
    renamed: dict[int, t.Call],
) -> tuple[ModelFn, list[Val], list[tuple[str | None, Val]], object] | None:
    """The modelled call, its arguments and its node, that ``label(*args, **named)`` stands for; None if it is no such request.

    ``label`` is the written name, the last part of which says what is done (``session.post``, ``fetch_url``).
    ``renamed`` keeps the node that stands for a call: places and paths are told apart by it.
    """
    name = label.rpartition(".")[2]
    model = models.get(_CLIENT)
    if not isinstance(model, ModelFn) or not _REQUESTS.fullmatch(name):
        return None
    url = next((named[key] for key in ("url", "uri", "endpoint") if key in named), None)
    rest = [value for value in args if _method(value) is None]
    if url is None:
        at = next((index for index, value in enumerate(rest) if _is_address(value)), None)
        if at is None:
            return None
        url = rest.pop(at)
        rest = rest[at:]
    elif not _is_address(url):
        return None
    written = [found for value in (named.get("method"), *args) if (found := _method(value)) is not None]
    method = written[0] if written else "POST"
    if method in {"GET", "HEAD", "OPTIONS", "DELETE"}:
        return None
    keyword = next((key for key in _BODIES if key in named), None)
    body = named[keyword] if keyword else next((value for value in rest if _is_body(state, value)), None)
    if body is None:
        return None
    # A mapping under a name that says nothing else is written as JSON; what is encoded already goes as it is.
    as_form = keyword in {"data", "post_data", "form", "params"} or not isinstance(body, (Ref, Fields))
    key = "data" if as_form and keyword not in {"json", "json_data", "json_body"} else "json"
    keywords: list[tuple[str | None, Val]] = [(key, body)]
    if "headers" in named:
        keywords.append(("headers", named["headers"]))
    if isinstance(node, t.Call):
        position: str | int = keyword or next(index for index, value in enumerate(args) if value is body)
        if id(node) not in renamed:
            renamed[id(node)] = _renamed(node, position, key)
        node = renamed[id(node)]
    return ModelFn(model.function, label), [Known(method), url], keywords, node


def _renamed(node: t.Call, position: str | int, keyword: str) -> t.Call:
    """The call with the body under the keyword of the model, where it stands: there people are shown."""
    plain = [arg for arg in node.args if arg.keyword is None and arg.star == ""]
    bodies = (
        plain[position : position + 1]
        if isinstance(position, int)
        else [arg for arg in node.args if arg.keyword == position]
    )
    return t.Call(node.at, node.func, tuple(t.Arg(arg.value, keyword, "", arg.at) for arg in bodies))


def _method(value: Val | None) -> str | None:
    if isinstance(value, Known) and isinstance(value.value, str) and value.value.upper() in _METHODS:
        return value.value.upper()
    return None


def _is_address(value: Val) -> bool:
    if isinstance(value, Either):
        return any(_is_address(option) for option in value.options)
    if isinstance(value, Text) and value.parts:
        return _is_address(value.parts[0])
    return isinstance(value, Known) and isinstance(value.value, str) and _ADDRESS.match(value.value) is not None


def _is_body(state: State, value: Val) -> bool:
    """Whether a positional argument is what is sent: a mapping, a text, something encoded."""
    if isinstance(value, Ref):
        cell = state.heap.get(value)
        return cell is not None and cell.sort in {"dict", "object"}
    return isinstance(value, (Fields, Text)) or (isinstance(value, Known) and isinstance(value.value, (str, bytes)))
