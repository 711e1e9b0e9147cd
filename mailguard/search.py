"""Which files name a mail library: a search over bytes, before anything is parsed.

A file matters if it holds one of the tokens of a library, all parts of it. There are more than a hundred tokens, and each
``in`` goes over all of a file. So a few anchors are looked for first: each token holds one of them, and most files none.

This module imports nothing, as whole trees are answered by it alone.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

__all__ = ["Search", "folded", "holds", "is_coded"]

ANCHORS: Final = (
    *(
        b"mail",
        b"send",
        b".com",
        b"api",
        b"ost",
        b"couri",
        b"clou",
        b".io",
        b"loo",
        b"mer",
        b"xch",
        b"mtp",
        b"int.",
        b"API",
    ),
    *(b"cale", b"graph", b"nal"),
)
"""Parts that several tokens share and few files hold often: as few of them as reach most tokens, weighed by how often they
stand in applications. Code is passed over at some 2 GB/s for each.
"""

PLACES: Final = 100
"""Where an anchor stands in more places than about half as many, the whole file is searched."""

PLAIN_CODINGS: Final = frozenset({b"utf-8", b"utf8", b"utf_8", b"utf-8-sig", b"ascii", b"us-ascii"})
ONE_BYTE_CODINGS: Final = frozenset({b"latin-1", b"latin1", b"latin_1", b"iso-8859-1", b"cp1252", b"iso-8859-15"})
"""Encodings in which ASCII letters are the bytes that they are in ASCII; the second kind has two letters that are folded."""

FOLDED: Final = (
    rb"\xc2[\xaa\xba]|\xc4[\xb2\xb3]|\xc5\xbf|\xc7[\x87-\x8c\xb1-\xb3]|\xca[\xb0-\xb8]|\xcb[\xa1-\xa3]|\xe1[\xb4-\xb6]"
    rb"|\xe2(?:[\x81\x82\x84\x85]|\xb1[\xbc\xbd])|\xea\x9f[\xb2-\xb4]|\xef(?:\xac[\x80-\x86]|\xb8[\xb3\xb4]|\xb9[\x8d-\x8f])"
    rb"|\xef(?:\xbc[\x90-\xbf]|\xbd[\x81-\x9a])|\xf0(?:\x90\x9e\xa5|\x9d[\x90-\x9f]|\x9f\xaf)"
)
"""Letters, digits and signs that stand in names, and that Python reads as plain ones (NFKC; UTF-8): \u017f is an s."""


class Search:
    """A search for any of several tokens."""

    __slots__ = ("_groups",)

    def __init__(self, tokens: Iterable[tuple[bytes, ...]]) -> None:
        """Sort ``tokens`` by their anchors; all parts of a token are asked for. A token without parts is in every file."""
        groups: dict[bytes, list[tuple[bytes, tuple[bytes, ...]]]] = {}
        for token in sorted(set(tokens)):
            words = [word for part in token for word in part.split()]
            anchor = next(
                (one for one in ANCHORS if any(one in word for word in words)), max(words, key=len, default=b"")
            )
            word = next((word for word in words if anchor in word), anchor)
            groups.setdefault(anchor, []).append((word, token))
        self._groups = tuple(
            (anchor, max(len(word) for word, _ in found), tuple(found)) for anchor, found in groups.items()
        )

    def finds(self, data: bytes) -> bool:
        """Whether a file holds all parts of one of the tokens."""
        for anchor, reach, tokens in self._groups:
            at = data.find(anchor)
            if at >= 0:
                near = _near(data, anchor, at, reach)
                for word, token in tokens:
                    if word in near:
                        for part in token:
                            if part not in data and not _is_spread(part, data):
                                break
                        else:
                            return True
        return False

    def matters(self, data: bytes) -> bool:
        """Whether a file names a library, or may: in an odd encoding, or in letters that Python reads as plain ones."""
        return (
            self.finds(data)
            or is_coded(data)
            or (not data.isascii() and self.finds(folded(data)))
            or is_elsewhere(data)
        )


def _near(data: bytes, anchor: bytes, at: int, reach: int) -> bytes:
    """What stands up to ``reach`` bytes from the places of ``anchor``, the first of which is ``at``: words that hold it are in that."""
    found: list[bytes] = []
    end = 0
    while at >= 0:
        start = max(at - reach, 0)
        if start > end:
            found.append(b"\n")
        else:
            start = end
        end = at + reach
        found.append(data[start:end])
        if len(found) > PLACES:
            return data
        at = data.find(anchor, at + 1)
    return b"".join(found)


def holds(part: bytes, data: bytes) -> bool:
    """Whether a file holds a part of a token; a blank in it stands for any blanks, also at the end of a line that goes on."""
    return part in data or _is_spread(part, data)


def _is_spread(part: bytes, data: bytes) -> bool:
    """Whether the words of a part stand one after the other with other blanks between them than one."""
    words = part.split(b" ")
    if len(words) < 2 or words[-1] not in data:
        return False
    for word in words[:-1]:
        for blank in (b" ", b"\t", b"\\", b"\f"):
            if word + blank in data:
                break
        else:
            return False
    import re  # noqa: PLC0415  # for the few files that hold all of that

    between = rb"(?:[ \t\f]|\\\r?\n)+"
    return re.search(between.join(re.escape(word) for word in words), data) is not None


def is_elsewhere(data: bytes) -> bool:
    """Whether a file only names one that Git LFS keeps (docs/spec.md of git-lfs): its content is not here."""
    return data.startswith((b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/"))


def is_coded(data: bytes) -> bool:
    """Whether the bytes of a file may be other letters than they are in ASCII, as its first two lines say (PEP 263)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    first = data.find(b"\n")
    second = data.find(b"\n", first + 1) if first >= 0 else -1
    lines = data if second < 0 else data[:second]
    if b"coding" not in lines:
        return False
    import re  # noqa: PLC0415  # for the few files that say how they are encoded

    match = re.search(rb"coding[:=]\s*([-\w.]+)", lines)
    name = match.group(1).lower() if match is not None else b"utf-8"
    if name in ONE_BYTE_CODINGS:
        return b"\xaa" in data or b"\xba" in data
    return name not in PLAIN_CODINGS


def folded(data: bytes) -> bytes:
    """What Python reads in UTF-8 text with letters that stand for plain ones; nothing where there are none of them."""
    import re  # noqa: PLC0415  # for files that are not in ASCII

    if re.search(FOLDED, data) is None:
        return b""
    from unicodedata import normalize  # noqa: PLC0415  # for the few files that hold such letters

    return normalize("NFKC", data.decode("utf-8", "replace")).encode("utf-8", "replace")
