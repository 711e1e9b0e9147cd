"""From the wire to values: bytes, texts and half-known texts become data.

What several providers and capture formats need in order to read a body, a header
block or a URL, recorded or about to be sent. Nothing here knows a mail service.
Everything is bounded in size and depth, nothing raises on bad input: what cannot
be read is a :class:`~mailguard.model.message.CannotTell`. JSON and YAML documents
are read in ``mailguard.documents``.

``bodies`` (a request's body as JSON, form or text), ``encodings`` (compression and
base64), ``media`` (single headers and media types), ``forms`` and ``multipart``,
``header_blocks`` and ``encoded_words``, ``urls``, and ``holes`` (texts of which the
code tells only a part, and JSON written in one).

Facts: RFC 9110 section 8 (content encodings), RFC 7578 (multipart/form-data), RFC 5322
and RFC 2047 (header blocks, encoded words), the WHATWG URL standard (forms).
"""
