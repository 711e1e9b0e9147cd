"""Models of what makes a header out of pieces, and a message out of its source: ``email.header`` and ``email.parser``."""

from __future__ import annotations

from mailguard.model.count import ANY
from mailguard.model.value import Absent, Object, Sort, Unknown, Value, each, sort_of, text, trail_of
from mailguard.transports.mime.models import message_from, text_of_parts

__all__ = ["HeaderText", "Parser", "header", "make_header"]


class HeaderText(Object):
    """``email.header.Header`` that is made empty, to be filled piece by piece."""

    PATHS: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.write("pieces", [])

    def append(self, s: Value, charset: Value | Absent = None, errors: Value = "strict") -> None:
        """Add a piece; readers see the pieces with blanks between them."""
        del charset, errors
        super().append("pieces", s)

    def _whole(self) -> Value:
        parts: list[Value] = []
        for value, _ in each(self.read("pieces")):
            parts += [" ", value] if parts else [value]
        return text_of_parts(parts)

    def encode(self, *_: Value, **__: Value) -> Value:
        """The text."""
        return self._whole()

    def __str__(self) -> str:
        whole = text(self._whole())
        return "" if whole is None else whole

    def render(self) -> Value:
        """The text."""
        return self._whole()


def header(
    s: Value = None,
    charset: Value = None,
    maxlinelen: Value = None,
    header_name: Value = None,
    continuation_ws: Value = " ",
    errors: Value = "strict",
) -> Value:
    """``email.header.Header``: readers see the text that it was made of."""
    del charset, maxlinelen, header_name, continuation_ws, errors
    return HeaderText() if sort_of(s) is Sort.NONE or text(s) == "" else s


def make_header(decoded_seq: Value, *_options: Value, **_named: Value) -> Value:
    """``email.header.make_header``: the texts of pairs of a text and its character set, with blanks between them."""
    if sort_of(decoded_seq) is not Sort.COLLECTION:
        return Unknown("make_header()", ANY, trail_of(decoded_seq))
    parts: list[Value] = []
    for pair, _ in each(decoded_seq):
        first: Value = next((member.value for member in each(pair)), Unknown("a piece", trail=trail_of(pair)))
        parts += [" ", first] if parts else [first]
    return text_of_parts(parts)


class Parser(Object):
    """The parsers of ``email.parser``."""

    PATHS = (
        "email.parser.Parser",
        "email.parser.HeaderParser",
        "email.parser.BytesParser",
        "email.parser.BytesHeaderParser",
    )

    def __init__(self, *_: Value, **__: Value) -> None:
        return None

    def parsestr(self, text: Value, headersonly: Value = False) -> Value:  # noqa: RUF100  # the package's name
        """A message out of its source."""
        del headersonly
        return message_from(text)

    def parsebytes(self, text: Value, headersonly: Value = False) -> Value:
        """The same."""
        del headersonly
        return message_from(text)

    def parse(self, fp: Value, headersonly: Value = False) -> Value:
        """A message out of a file, which may be any."""
        del headersonly
        return message_from(fp.render() if isinstance(fp, Object) else Unknown("a message", ANY, trail_of(fp)))
