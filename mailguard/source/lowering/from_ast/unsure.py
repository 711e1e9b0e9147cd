"""The signal that libcst has to decide."""

from __future__ import annotations

__all__ = ["Unsure"]


class Unsure(Exception):  # noqa: N818  # a signal: the careful reader takes over
    """The file has to be read by libcst."""
