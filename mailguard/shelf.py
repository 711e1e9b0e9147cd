"""Shelves: folders to which a thing is added by dropping in one file.

A shelf is a package whose modules each hold one thing under the same name (``PROVIDER``, ``FORMAT``, ``REPORTER``).
Other distributions add to it with an entry point (PyPA, "Entry points specification") that names such a thing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import TypeVar

__all__ = ["ShelfError", "shelf"]

_T = TypeVar("_T")


class ShelfError(Exception):
    """A plugin cannot be used. The text is one line that names it and says what to do."""


def shelf(package: str, attribute: str, kind: type[_T], group: str = "") -> tuple[_T, ...]:
    """Everything on a shelf, in order of the ``name`` that each thing has.

    Args:
        package: the shelf, ``mailguard.captures``.
        attribute: the name that each module of it defines, ``FORMAT``.
        kind: what that must be.
        group: the group of entry points that add to it; empty for a shelf that takes none.

    Raises:
        ShelfError: for a plugin that cannot be imported, is something else, or has a name that is taken. What comes
            with mailguard is not forgiven: its errors pass through.

    """
    found: dict[str, _T] = {}
    for module in iter_modules(import_module(package).__path__):
        if not module.name.startswith("_"):
            thing = getattr(import_module(f"{package}.{module.name}"), attribute)
            if not isinstance(thing, kind):
                raise TypeError(f"{package}.{module.name}.{attribute} is no {kind.__name__}")
            found[_name(thing)] = thing
    for point in sorted(entry_points(group=group), key=lambda point: point.name) if group else ():
        thing = _load(point, kind)
        if _name(thing) in found:
            raise ShelfError(
                f"{_shown(point)} brings the name {_name(thing)!r}, which is taken. Uninstall one of the two."
            )
        found[_name(thing)] = thing
    return tuple(found[name] for name in sorted(found))


def _name(thing: object) -> str:
    return str(getattr(thing, "name", ""))


def _load(point: EntryPoint, kind: type[_T]) -> _T:
    try:
        thing = point.load()
    except Exception as error:  # a stranger's module may raise anything while it is imported
        raise ShelfError(
            f"{_shown(point)} cannot be loaded ({type(error).__name__}). Update or uninstall it."
        ) from error
    if not isinstance(thing, kind):
        raise ShelfError(f"{_shown(point)} is a {type(thing).__name__}, not a {kind.__name__}. Update or uninstall it.")
    return thing


def _shown(point: EntryPoint) -> str:
    source = f" of {point.dist.name}" if point.dist is not None else ""
    return f"the plugin {point.name!r}{source} ({point.group})"
