"""Helpers of a project through which web requests go: the address stands in one file, the request is made in another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mailguard.source import tree as t
from mailguard.source.project import Module, Project

__all__ = ["web_helpers"]

_ADDRESS: Final = re.compile(rb"https?://|/v[1-9][0-9.]{0,3}/")
"""What a file that names a service by its address holds."""
_CLIENT: Final = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(?:requests|httpx|aiohttp|urllib3?|http\.client|tornado\.httpclient|urllib\.request)\b",
    re.MULTILINE,
)


_VERBS: Final = frozenset({"post", "request", "put", "urlopen", "Request", "fetch"})
_ADDRESSES: Final = frozenset({"url", "fullurl", "endpoint", "uri"})


def web_helpers(project: Project, module: Module) -> Iterator[tuple[str, Module]]:
    """The names that a file binds to functions of other files that make a web request of what they are given."""
    if _ADDRESS.search(module.bytes()) is None:
        return
    for node in t.statements(module.body):
        if not isinstance(node, t.From):
            continue
        holder = project.relative(node.level, node.module, module) if node.level else project.find(node.module, module)
        if holder is None:
            continue
        for name, alias in node.names:
            inner = project.submodule(holder, name)
            if inner is not None:
                # from web import client: client.call(...)
                yield from ((each, inner) for each in _forwarding(inner) if each.encode() in module.bytes())
            elif name in _forwarding(holder):
                yield alias or name, holder


def _forwarding(module: Module) -> list[str]:
    """The functions of a file that hand the address, or all they get, on to a web client; and other names of a client's own."""
    if _CLIENT.search(module.bytes()) is None:
        return []
    found = [name for name, node in module.defs.items() if isinstance(node, t.Func) and _forwards(node)]
    for node in module.body:
        if isinstance(node, t.Assign) and _is_verb(node.value):
            found += [target.id for target in node.targets if isinstance(target, t.Name)]
    return found


def _is_verb(value: t.Expr | None) -> bool:
    """Whether a value is a function of a web client itself: ``requests.post``, ``partial(requests.request, "POST")``."""
    if isinstance(value, t.Call):
        return _verb(value.func) in {"partial", "partialmethod"} and bool(value.args) and _is_verb(value.args[0].value)
    return isinstance(value, t.Attr) and value.name in _VERBS


def _forwards(node: t.Func) -> bool:
    if node.names.isdisjoint(_VERBS):
        return False
    params = {param.name for param in node.params}
    stack: list[object] = list(node.body)
    while stack:
        current = stack.pop()
        if isinstance(current, t.Call) and _verb(current.func) in _VERBS:
            for number, arg in enumerate(current.args):
                given = arg.star or number < 2 or arg.keyword in _ADDRESSES
                if given and isinstance(arg.value, t.Name) and arg.value.id in params:
                    return True
        if isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__slots__") and not isinstance(current, (str, t.Const)):
            stack.extend(getattr(current, name) for name in current.__slots__ if name != "at")
    return False


def _verb(func: object) -> str:
    if isinstance(func, t.Attr):
        return func.name
    return func.id if isinstance(func, t.Name) else ""
