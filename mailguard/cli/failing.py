"""What went wrong, as one line and an exit code; it never quotes what was read."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

EXIT_USAGE: Final = 2

EXIT_INTERNAL: Final = 3

EXIT_INTERRUPTED: Final = 130
"""128 and the number of the signal, as shells have it."""


def complain(message: str, code: int) -> int:
    """Say on standard error what went wrong; returns the exit code."""
    with contextlib.suppress(OSError):  # the exit code says it too
        sys.stderr.write(f"mailguard: {printable(message)}\n")
    return code


def printable(text: str) -> str:
    """Text that may come from a scanned tree, without addresses and control characters."""
    from mailguard.redact import Output, foreign, safe_text

    return "\n".join(safe_text(foreign(line), Output.TERMINAL) for line in text.split("\n"))


def internal_error(error: Exception, *, debug: bool) -> str:
    """One line about a failure of mailguard itself: where, and of which type. Never what it says, which may quote input."""
    package = str(Path(__file__).parents[1])
    frames = []
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(package):
            frames.append(f"{os.path.relpath(file, package).replace(os.sep, '/')}:{trace.tb_lineno}")
        trace = trace.tb_next
    text = f"internal error in {frames[-1] if frames else 'start'} ({type(error).__name__}). This is not a pass."
    if debug:
        return text + "".join(f"\n  {frame}" for frame in frames)
    return text + " With --debug: the way there, without any content."
