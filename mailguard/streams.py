"""The standard streams of a process, where one of them is closed, full, or nobody reads it any more."""

from __future__ import annotations

import errno
import os
import sys

__all__ = ["UNWRITABLE", "drop_output", "open_closed"]

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What the system says of a place that takes no more."""


def open_closed() -> None:
    """Let what is written to a stream that the process was started without (``>&-``) go nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # as long as the process


def drop_output() -> None:
    """Let what is still to be written to standard output go nowhere, so that the end of the process does not stumble."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        return  # no stream of the system, or none any more
