"""What is known of a URL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Final
from urllib.parse import unquote

from mailguard.documents.byte_text import clean_text
from mailguard.model.exchange import Form
from mailguard.model.value import Absent, Either, Known, Repeat, Text, Value
from mailguard.wire.forms import form_with_holes
from mailguard.wire.holes import LAYERS, Atom, atoms_of, literal_of, split_atoms
from mailguard.wire.media import SHORT


@dataclass(frozen=True, slots=True)
class Url:
    """What is known of a URL. A hole is written ``*``."""

    host: str
    """Lower case, without user info, port, brackets and final dot; empty if the URL has none."""
    path: str
    """Percent-decoded, without doubled and final slashes (``/`` alone stays); empty if it is not known."""
    query: Form = field(default_factory=lambda: Form(()))
    """The query, as a form; values may have holes."""
    scheme: str = ""
    """Lower case; empty if the URL has none."""
    port: int | None = None
    """The port where one is written."""


_QUESTION = re.compile(r"\?")
_URL_LIMIT: Final = 1 << 16  # characters of a URL without its query
_ALTERNATIVES: Final = 8  # branches of the code that are looked at
# Bounded and without alternatives that overlap at a delimiter: placeholders may hold the characters that end an authority.
_AUTHORITY = re.compile(r"(?:<[^<>@]{0,100}>|\{[^{}@]{0,100}\}|[^/?#])*")
_GLUED = re.compile(r"(.*[A-Za-z0-9-]\.[A-Za-z]{2,})\*")


def url_parts(url: Value | Absent) -> Url | None:
    """What is known of ``url``; None if nothing is.

    Never raises: user info, ports, placeholders in brackets or quotes, and missing schemes are taken as they come. A hole
    is written ``*``; one at the start may hold a part of the path too. Where branches of the code differ, the one with a public
    host name is taken.
    """
    if isinstance(url, str) and len(url) <= SHORT:
        return _concrete_url(url)  # a capture has few different ones, and each many times
    found = list(islice((part for part in _urls(url, 0) if part is not None), _ALTERNATIVES))
    named = [part for part in found if "." in part.host and not re.fullmatch(r"[0-9.]+", part.host)]
    return next(iter(named or [part for part in found if part.host] or found), None)


@lru_cache(1024)
def _concrete_url(url: str) -> Url | None:
    return _url([url]) if url else None


def _urls(url: Value | Absent, depth: int) -> Iterator[Url | None]:
    if isinstance(url, Absent) or depth > LAYERS:
        return
    if isinstance(url, Either):
        for option in url.options[:_ALTERNATIVES]:
            yield from _urls(option, depth + 1)
        return
    if not isinstance(url, (str, bytes, Known, Text)):
        return
    atoms = atoms_of(url.decode("latin-1") if isinstance(url, bytes) else url)
    for number, atom in enumerate(atoms):
        if isinstance(atom, Either):
            for option in atom.options[:_ALTERNATIVES]:
                if not isinstance(option, Absent):
                    parts: tuple[Value | Repeat, ...] = (*atoms[:number], option, *atoms[number + 1 :])
                    yield from _urls(Text(parts), depth + 1)
            return
    if any(literal_of(atom) for atom in atoms):
        yield _url(atoms)


_HASH = re.compile("#")


def _url(atoms: Sequence[Atom]) -> Url | None:
    front, *behind = split_atoms(split_atoms(atoms, _HASH, 1)[0], _QUESTION, 1)
    whole = "".join("*" if (literal := literal_of(atom)) is None else literal for atom in front)[:_URL_LIMIT]
    whole = re.sub(r"[\x00-\x20\x7f]+", "", whole).strip("\"'")
    query = form_with_holes(behind[0]) if behind else Form(())
    scheme, separator, rest = whole.partition("://")
    if not separator or len(scheme) > 20 or "/" in scheme:
        scheme, rest = "", whole.removeprefix("//")
        first = rest.partition("/")[0]
        if rest == whole and not (first.startswith("*") or "." in first or ":" in first or first == "localhost"):
            return Url("", _path(rest), query) if rest or query.parts else None
    match = _AUTHORITY.match(rest)
    authority = match.group(0) if match else ""
    path = rest[len(authority) :]
    authority = authority.rpartition("@")[2]
    glued = _GLUED.fullmatch(authority)
    if glued:
        # f"https://api.example.com{path}": the hole begins the path.
        authority, path = glued.group(1), "*" + path
    host, port = authority, None
    numbered = re.fullmatch(r"(.*):([0-9]{0,5}|\*)", authority)
    if numbered and (numbered.group(1).count(":") == 0 or numbered.group(1).endswith("]")):
        host = numbered.group(1)
        port = int(numbered.group(2)) if numbered.group(2).isdigit() else None
    if host.startswith("[") and host.endswith("]") and ":" in host:
        host = host[1:-1]
    return Url(host.strip("\"'").rstrip(".").lower(), _path(path), query, scheme.lower(), port)


def _path(path: str) -> str:
    decoded = clean_text(unquote(path, errors="replace"))
    decoded = re.sub(r"/{2,}", "/", decoded)
    return decoded.rstrip("/") or decoded[:1]
