"""What lies on the shelves, by name: mail services, reporters, and the Python sides of both services and transports."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from mailguard import transports
from mailguard.model.provider import Library, Provider
from mailguard.model.reporter import Reporter
from mailguard.shelf import shelf

__all__ = ["libraries", "providers", "reporters"]


@functools.cache
def providers() -> Mapping[str, Provider]:
    """The mail services and mail libraries, by name. Raises ``ShelfError`` for a plugin that cannot be used."""
    return {
        provider.name: provider
        for provider in shelf("mailguard.providers", "PROVIDER", Provider, "mailguard.providers")
    }


@functools.cache
def reporters() -> Mapping[str, Reporter]:
    """The formats of reports, by name. Raises ``ShelfError`` for a plugin that cannot be used."""
    return {
        reporter.name: reporter
        for reporter in shelf("mailguard.reporters", "REPORTER", Reporter, "mailguard.reporters")
    }


@functools.cache
def libraries() -> tuple[Library, ...]:
    """The Python sides of providers and transports."""
    own = tuple(provider.library for provider in providers().values())
    below = []
    for module in sorted(pkgutil.iter_modules(transports.__path__), key=lambda module: module.name):
        # Some transports are tools without a Python side of their own.
        library = getattr(importlib.import_module(f"{transports.__name__}.{module.name}"), "LIBRARY", None)
        if isinstance(library, Library):
            below.append(library)
    # A transport's library may be a provider's as well.
    return tuple({id(library): library for library in (*own, *below)}.values())
