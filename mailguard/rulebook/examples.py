"""The examples of a rule, which are printed and run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mailguard.addresses.compare import is_reserved
from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, Count, exactly
from mailguard.model.exchange import Body, Exchange, Form, HttpRequest, SmtpTransaction
from mailguard.model.finding import Certainty
from mailguard.model.message import Field, Mention, Message, Recipient, Trait
from mailguard.model.place import Place
from mailguard.model.value import Origin, Step, StepKind
from mailguard.rulebook.checks import LIMIT_MAX, Reader, quoted, words_of
from mailguard.rulebook.rules import Example, Examples

_ADDRESS: Final = re.compile(r"[\w.+-]@([\w.-]+)")
_CERTAINTIES: Final = {certainty.name.lower(): certainty for certainty in Certainty}
_ORIGINS: Final = {origin.name.lower(): origin for origin in Origin}
_STEPS: Final = {kind.name.lower(): kind for kind in StepKind}
_COUNTS: Final = {"one": ONE, "optional": OPTIONAL, "open": OPEN, "many": MANY, "any": ANY}


def examples_of(reader: Reader, data: Any) -> Examples:
    """The samples below ``examples``."""
    path: tuple[str | int, ...] = ("examples",)
    block = reader.mapping(data, path)
    reader.keys(block, path, ("good", "bad", "unsure"))

    def read(kind: str) -> tuple[Example, ...]:
        entries = reader.sequence(block.get(kind, []), (*path, kind))
        return tuple(_example_of(reader, entry, (*path, kind, index)) for index, entry in enumerate(entries))

    return Examples(good=read("good"), bad=read("bad"), unsure=read("unsure"))


def _example_of(reader: Reader, data: Any, path: tuple[str | int, ...]) -> Example:
    block = reader.mapping(data, path)
    forms = ("message", "request", "smtp", "code")
    reader.keys(block, path, ("name", "certainty", "inside", "says", *forms))
    if len([form for form in forms if form in block]) != 1:
        reader.fail(path, "an example needs one of message, request, smtp or code. Write exactly one")
    if "name" not in block:
        reader.fail(path, 'an example needs "name". Say in a few words what it shows')
    _only_reserved(reader, block, path)
    message: Message | None = None
    exchange: Exchange | None = None
    code = ""
    if "message" in block:
        message = _message(reader, block["message"], (*path, "message"))
    elif "request" in block:
        exchange = _request(reader, block["request"], (*path, "request"))
    elif "smtp" in block:
        exchange = _smtp(reader, block["smtp"], (*path, "smtp"))
    else:
        code = block["code"]
        if not isinstance(code, str) or not code.strip():
            reader.fail((*path, "code"), '"code" must be Python. Write it below "code: |"')
    return Example(
        name=reader.text(block["name"], (*path, "name"), most=120),
        message=message,
        exchange=exchange,
        code=code,
        certainty=reader.member(block["certainty"], (*path, "certainty"), _CERTAINTIES)
        if "certainty" in block
        else None,
        inside=frozenset(texts_of(reader, block.get("inside", []), (*path, "inside"))),
        says=reader.text(block["says"], (*path, "says"), most=200) if "says" in block else "",
    )


def _only_reserved(reader: Reader, data: Any, path: tuple[str | int, ...]) -> None:
    """Examples are printed: the people in them must not exist."""
    if isinstance(data, dict):
        for key, value in data.items():
            _only_reserved(reader, key, path)
            _only_reserved(reader, value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _only_reserved(reader, value, (*path, index))
    elif isinstance(data, str):
        for domain in _ADDRESS.findall(data):
            name = domain.rstrip(".").lower()
            if not is_reserved(name):
                reader.fail(path, "an address that may belong to somebody. Use example.com, example.net or example.org")


def texts_of(reader: Reader, data: Any, path: tuple[str | int, ...]) -> list[str]:
    """A list of texts."""
    words = reader.sequence(data, path)
    for index, word in enumerate(words):
        if not isinstance(word, str):
            reader.fail((*path, index), f"{reader.called(path)} must hold texts. Put quotes around this one")
    return words


_MENTIONS: Final = {
    "in-subject": (Field.SUBJECT, ""),
    "in-text": (Field.TEXT, ""),
    "in-html": (Field.HTML, ""),
    "in-attachment": (Field.ATTACHMENT, ""),
    "in-calendar": (Field.CALENDAR, ""),
    "in-header": (Field.HEADER, ""),
    "in-merge-data": (Field.MERGE, "key"),
    "in-shared-merge-data": (Field.MERGE, "shared"),
    "in-tag": (Field.TAG, ""),
    "in-link": (Field.LINK, ""),
}
"""Where the people of an example stand besides the address headers."""
_LISTS: Final = ("to", "cc", "bcc", "transmitted-bcc", "reply-to", "names")


def _message(reader: Reader, data: Any, path: tuple[str | int, ...]) -> Message:
    block = reader.mapping(data, path)
    reader.keys(block, path, (*_LISTS, *_MENTIONS, "traits", "copies", "hidden"))

    def people(key: str) -> tuple[Recipient, ...]:
        entries = reader.sequence(block.get(key, []), (*path, key))
        return tuple(_person(reader, entry, (*path, key, index)) for index, entry in enumerate(entries))

    return Message(
        to=people("to"),
        cc=people("cc"),
        bcc=people("bcc"),
        transmitted_bcc=people("transmitted-bcc"),
        reply_to=people("reply-to"),
        mentions=(
            *(Mention(Field.NAME, person) for person in people("names")),
            *(
                Mention(where, person, detail, known=True)
                for key, (where, detail) in _MENTIONS.items()
                for person in people(key)
            ),
        ),
        traits=frozenset(
            reader.member(word, (*path, "traits", index), words_of(Trait))
            for index, word in enumerate(reader.sequence(block.get("traits", []), (*path, "traits")))
        ),
        copies=_count(reader, block.get("copies", "one"), (*path, "copies")),
        hidden=_count(reader, block.get("hidden", 0), (*path, "hidden")),
    )


def _count(reader: Reader, data: Any, path: tuple[str | int, ...]) -> Count:
    if isinstance(data, str):
        return reader.member(data, path, _COUNTS)
    return exactly(reader.number(data, path, LIMIT_MAX))


def _person(reader: Reader, data: Any, path: tuple[str | int, ...]) -> Recipient:
    """One entry: an address, or an expression of the code with what is known of it."""
    if isinstance(data, str):
        return Recipient(data, origin=Origin.WRITTEN)
    block = reader.mapping(data, path)
    reader.keys(block, path, ("address", "expression", "domain", "count", "origin", "steps", "size"))
    address = block.get("address")
    if "address" in block and not isinstance(address, str):
        reader.fail((*path, "address"), '"address" must be a text. Put quotes around it')
    size = reader.number(block["size"], (*path, "size"), LIMIT_MAX) if "size" in block else ""
    steps = [
        reader.member(word, (*path, "steps", index), _STEPS)
        for index, word in enumerate(reader.sequence(block.get("steps", []), (*path, "steps")))
    ]
    return Recipient(
        address,
        count=_count(reader, block.get("count", "one"), (*path, "count")),
        origin=reader.member(block.get("origin", "given"), (*path, "origin"), _ORIGINS),
        trail=tuple(
            Step(kind, Place("example.py", number), str(size) if kind is StepKind.BATCHED else "")
            for number, kind in enumerate(steps, 1)
        ),
        domain=reader.text(block["domain"], (*path, "domain")) if "domain" in block else None,
        label=reader.text(block["expression"], (*path, "expression")) if "expression" in block else "",
    )


def _request(reader: Reader, data: Any, path: tuple[str | int, ...]) -> HttpRequest:
    block = reader.mapping(data, path)
    reader.keys(block, path, ("method", "url", "headers", "json", "form", "body"))
    if not isinstance(block.get("url"), str):
        reader.fail((*path, "url"), 'a request needs "url". Write it out')
    if len([key for key in ("json", "form", "body") if key in block]) > 1:
        reader.fail(path, "a request has one of json, form or body. Keep one")
    headers = reader.mapping(block.get("headers", {}), (*path, "headers"))
    for key, value in [("method", block.get("method", "")), ("body", block.get("body", "")), *headers.items()]:
        if not isinstance(value, str):
            reader.fail((*path, key), f"{quoted(key)} must be a text. Put quotes around it")
    body: Body = None
    encoding = ""
    if "json" in block:
        body, encoding = block["json"], "json"
    elif "form" in block:
        form = reader.mapping(block["form"], (*path, "form"))
        body, encoding = Form(tuple(_parts(form))), "form"
    elif "body" in block:
        body = block["body"]
    method = block.get("method", "POST")
    return HttpRequest(method=method, url=block["url"], headers=headers, body=body, encoding=encoding)


def _parts(form: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in form.items():
        for single in value if isinstance(value, list) else [value]:
            yield name, single


def _smtp(reader: Reader, data: Any, path: tuple[str | int, ...]) -> SmtpTransaction:
    block = reader.mapping(data, path)
    reader.keys(block, path, ("relay", "from", "to", "data"))
    content, sender = block.get("data"), block.get("from", "")
    relay = block.get("relay", "smtp://localhost:25")
    if not isinstance(relay, str):
        reader.fail((*path, "relay"), '"relay" must be a text. Write it as smtp://HOST:PORT')
    if not isinstance(content, str) or not isinstance(sender, str):
        reader.fail((*path, "data"), '"data" must be the message as sent. Write it below "data: |"')
    return SmtpTransaction(
        relay=relay,
        mail_from=sender,
        rcpt_to=texts_of(reader, block.get("to", []), (*path, "to")),
        data=content,
    )
