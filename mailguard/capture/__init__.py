"""Captures: which format a file is in, and its records.

``telling`` says the format, ``reading`` gives the records, ``cutting`` those of a large file part by part; ``opening`` is below
them all.
"""

from mailguard.capture.cutting import Part, parts
from mailguard.capture.opening import HEAD, STDIN, sample_of, standard_input
from mailguard.capture.reading import records
from mailguard.capture.telling import (
    GROUP,
    addresses_in,
    detect,
    folders,
    formats,
    is_damaged,
    is_empty,
    loose,
    named_so,
)

__all__ = [
    "GROUP",
    "HEAD",
    "STDIN",
    "Part",
    "addresses_in",
    "detect",
    "folders",
    "formats",
    "is_damaged",
    "is_empty",
    "loose",
    "named_so",
    "parts",
    "records",
    "sample_of",
    "standard_input",
]
