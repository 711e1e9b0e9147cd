"""What the import statements of a file name, read over bytes: for files that nobody has parsed yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["bound_by", "imports", "names_word", "passes_on", "said"]

_SAID: Final = rb"((?:from|import)\b(?:\\\n|\((?:#[^\n]*\n|[^()#])*\)|[^\n;(\\#])*)"
"""An import statement to its end: over lines that go on and through brackets, in which remarks may stand, ``(all of it)``."""
_STATEMENTS: Final = (re.compile(rb"^[ \t]*" + _SAID, re.MULTILINE), re.compile(rb"[;:][ \t]*" + _SAID))
"""At the start of a line, and behind another statement or ``try:``; two searches take half the time of one for both."""
_NO_WORDS: Final = re.compile(rb"#[^\n]*|\\\n|[()\n]")
_BY_TEXT: Final = re.compile(rb"\b(?:import_module|import_string|__import__)\b")
_DOTTED: Final = re.compile(rb"[\"'](\.{1,3}\w+(?:\.\w+)*|\w+(?:\.\w+)+)[\"':]")
_FROM: Final = re.compile(rb"from\b([.\w \t]+?)\bimport\b(.*)")
_AS: Final = re.compile(rb"\s*(\w+|\*)(?:\s+as\s+(\w+))?\s*$")


def said(data: bytes) -> bytes:
    """The import statements of a file, one a line, without remarks; and the modules that code imports by a text."""
    found = (match[1] for pattern in _STATEMENTS for match in pattern.finditer(data))
    lines = [_NO_WORDS.sub(b" ", each) for each in found] if b"import" in data else []
    if _BY_TEXT.search(data) is not None:
        lines += dict.fromkeys(match[1] for match in _DOTTED.finditer(data))
    return b"\n".join(lines)


def imports(lines: bytes, stem: str) -> bool:
    """Whether an import statement names a module; ``lines`` is what :func:`said` gives."""
    return names_word(lines, stem.encode())


def passes_on(lines: bytes, name: str, stem: str) -> bool:
    """Whether a file imports ``name``, or all there is, from a module called ``stem``."""
    wanted, source = name.encode(), stem.encode()
    return any(names_word(line, source) and (b"*" in line or names_word(line, wanted)) for line in lines.split(b"\n"))


def bound_by(lines: bytes, package: str, name: str, stems: set[bytes]) -> Iterator[str]:
    """What a file in the folder ``package`` calls ``name`` that it imports from files called one of ``stems``."""
    here = package.rstrip("/").rpartition("/")[2].encode()
    for line in lines.split(b"\n"):
        match = _FROM.match(line)
        if match is None or ((match[1].split() or [b""])[-1].rpartition(b".")[2] or here) not in stems:
            continue
        for part in match[2].split(b","):
            given = _AS.match(part)
            if given is not None and given[1] in (b"*", name.encode()):
                yield (given[2] or name.encode()).decode("utf-8", "replace")


def names_word(data: bytes, word: bytes) -> bool:
    """Whether a name stands somewhere, not as a part of a longer one."""
    at = data.find(word)
    while at >= 0:
        after = at + len(word)
        if not _is_of_name(data[at - 1 : at]) and not _is_of_name(data[after : after + 1]):
            return True
        at = data.find(word, at + 1)
    return False


def _is_of_name(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_"
