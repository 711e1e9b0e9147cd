"""mailguard: a privacy linter and CI gate for outgoing mail.

``check``, ``scan`` and ``replay`` take paths and return a :class:`Report`. They are
loaded when they are used, so that ``import mailguard`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes as long to load as a hook takes that finds nothing to do
if TYPE_CHECKING:
    from typing import Any

    from mailguard.gate import check, replay, scan
    from mailguard.model.finding import Finding, Report

__all__ = ["Finding", "Report", "__version__", "check", "replay", "scan"]

__version__ = "0.1.0"

_HOMES = {
    "check": "mailguard.gate",
    "scan": "mailguard.gate",
    "replay": "mailguard.gate",
    "Report": "mailguard.model.finding",
    "Finding": "mailguard.model.finding",
}


def __getattr__(name: str) -> Any:
    """Load a name of the public face on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # only paid for by those who use the library

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public face, loaded or not."""
    return sorted(__all__)
