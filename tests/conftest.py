"""What all tests share."""

from __future__ import annotations

import os

# Nothing is written to the home of whoever runs the tests; those of the cache say where theirs is.
os.environ["MAILGUARD_CACHE_DIR"] = ""
