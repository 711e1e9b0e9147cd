"""Helpers of a project through which web requests go: the address stands in one file, the request is made in another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeGuard

from mailguard.source import tree as t
from mailguard.source.project import Module, Project

__all__ = ["web_helpers"]

_ADDRESS: Final = re.compile(rb"https?://|/v[1-9][0-9.]{0,3}/")
"""What a file that names a service by its address holds."""
_CLIENT: Final = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(?:requests|httpx|aiohttp|urllib3?|http\.client|tornado\.httpclient|urllib\.request)\b",
    re.MULTILINE,
)


def web_helpers(project: Project, module: Module) -> Iterator[tuple[str, Module]]:
    """The names that a file binds to modules of the project that make web requests, or to what is in them."""
    if _ADDRESS.search(module.bytes()) is None:
        return
    for node in t.statements(module.body):
        if isinstance(node, t.Import):
            for dotted, alias in node.names:
                found = project.find(dotted, module)
                if _requests(found, module):
                    yield alias or dotted.split(".", 1)[0], found
        elif isinstance(node, t.From):
            holder = (
                project.relative(node.level, node.module, module) if node.level else project.find(node.module, module)
            )
            for name, alias in node.names:
                inner = project.submodule(holder, name) if holder is not None else None
                for found in (inner, holder):
                    if name != "*" and _requests(found, module):
                        yield alias or name, found
                        break


def _requests(found: Module | None, importer: Module) -> TypeGuard[Module]:
    return found is not None and found is not importer and _CLIENT.search(found.bytes()) is not None
