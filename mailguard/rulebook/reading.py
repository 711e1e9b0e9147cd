"""A rule out of the file that holds it."""

from __future__ import annotations

import re
from typing import Any, Final

from mailguard.model.finding import Severity
from mailguard.model.message import Trait
from mailguard.rulebook.checks import LIMIT_MAX, TEXT_CHARS, Reader, quoted, words_of
from mailguard.rulebook.examples import examples_of
from mailguard.rulebook.rule_yaml import read_yaml
from mailguard.rulebook.rules import Cause, Incident, Measure, Over, Rule, RulesError, Title

FILE_BYTES: Final = 64 * 1024
"""The largest rule file."""
_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_CWE: Final = re.compile(r"CWE-[1-9][0-9]{0,4}")


def read_rule(data: bytes, name: str, *, own: bool = False) -> Rule:
    """The rule that a file holds.

    Args:
        data: the bytes of the file; UTF-8.
        name: how errors call the file.
        own: whether it comes with mailguard.

    Raises:
        RulesError: if it is no rule.

    """
    if len(data) > FILE_BYTES:
        raise RulesError(f"{name}: larger than {FILE_BYTES:,} bytes. Shorten its examples")
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RulesError(f"{name}: not UTF-8. Save it in that encoding") from None
    value, lines = read_yaml(content, name)
    reader = Reader(name, lines)
    return _rule(reader, reader.mapping(value, ()), own=own)


_SEVERITIES: Final = {severity.name.lower(): severity for severity in Severity}
_REQUIRED: Final = ("id", "title", "why", "change", "measure", "limit", "severity", "cause")
_FURTHER: Final = (
    "what", "changes", "caption", "order", "when", "over", "default", "incident", "cwe", "examples",
)  # fmt: skip
_TITLE_SLOTS: Final = ("{n}", "{limit}", "{line}")
_SIZE_SLOTS: Final = (*_TITLE_SLOTS, "{size}")


def _rule(reader: Reader, data: dict[str, Any], *, own: bool) -> Rule:
    reader.keys(data, (), (*_REQUIRED, *_FURTHER))
    for key in _REQUIRED:
        if key not in data:
            reader.fail((), f"a rule needs {quoted(key)}. Add it")
    identity = data["id"]
    if not isinstance(identity, str) or len(identity) > 64 or not _ID.fullmatch(identity):
        reader.fail(("id",), '"id" must be words in small letters with dashes. Name the fault: "list-in-cc"')
    change = reader.text(data["change"], ("change",))
    changes = reader.mapping(data.get("changes", {}), ("changes",))
    for provider in changes:
        if not _ID.fullmatch(provider):
            reader.fail(("changes", provider), f"{quoted(provider)} is no provider's name. Write it in small letters")
    return Rule(
        id=identity,
        title=_title(reader, data["title"]),
        why=reader.text(data["why"], ("why",)),
        change=change,
        measure=reader.member(data["measure"], ("measure",), words_of(Measure)),
        limit=reader.number(data["limit"], ("limit",), LIMIT_MAX),
        severity=reader.member(data["severity"], ("severity",), _SEVERITIES),
        cause=reader.member(data["cause"], ("cause",), words_of(Cause)),
        caption=reader.text(data.get("caption", "shown to every reader"), ("caption",), slots=("{line}",), most=100),
        what=reader.text(data["what"], ("what",), most=2 * TEXT_CHARS) if "what" in data else "",
        changes=tuple((provider, reader.text(words, ("changes", provider))) for provider, words in changes.items()),
        order=reader.number(data.get("order", 50), ("order",), 1000),
        when=tuple(
            reader.member(word, ("when", index), words_of(Trait))
            for index, word in enumerate(reader.sequence(data.get("when", []), ("when",)))
        ),
        over=reader.member(data.get("over", "message"), ("over",), words_of(Over)),
        default=reader.flag(data.get("default", True), ("default",)),
        incident=_incident(reader, data["incident"]) if "incident" in data else None,
        cwe=_cwe(reader, data.get("cwe", ["CWE-359"])),
        examples=examples_of(reader, data.get("examples", {})),
        own=own,
    )


def _title(reader: Reader, data: Any) -> Title:
    if isinstance(data, str):
        words = reader.text(data, ("title",), slots=("{limit}", "{line}"), most=100)
        return Title(words, words, words)
    block = reader.mapping(data, ("title",))
    reader.keys(block, ("title",), ("number", "list", "several", "size"))
    for key in ("number", "list", "several"):
        if key not in block:
            reader.fail(
                ("title",), f'a title needs "number", "list" and "several". Add {quoted(key)}, or write one text'
            )
    return Title(
        number=reader.text(block["number"], ("title", "number"), slots=_TITLE_SLOTS, most=100),
        list=reader.text(block["list"], ("title", "list"), slots=("{limit}", "{line}"), most=100),
        several=reader.text(block["several"], ("title", "several"), slots=("{limit}", "{line}"), most=100),
        size=reader.text(block["size"], ("title", "size"), slots=_SIZE_SLOTS, most=100) if "size" in block else "",
    )


def _incident(reader: Reader, data: Any) -> Incident:
    block = reader.mapping(data, ("incident",))
    reader.keys(block, ("incident",), ("name", "date", "url", "story"))
    for key in ("name", "date", "url"):
        if key not in block:
            reader.fail(("incident",), f"an incident needs {quoted(key)}. Add it")
    url = reader.text(block["url"], ("incident", "url"), most=300)
    if not re.fullmatch(r"https?://[\w.-]+(?:/[\w./?=&%~+#:,-]*)?", url):
        reader.fail(("incident", "url"), '"url" must be a web address. Start it with https://')
    return Incident(
        name=reader.text(block["name"], ("incident", "name"), most=100),
        date=reader.text(block["date"], ("incident", "date"), most=40),
        url=url,
        story=reader.text(block["story"], ("incident", "story")) if "story" in block else "",
    )


def _cwe(reader: Reader, data: Any) -> tuple[str, ...]:
    numbers = reader.sequence(data, ("cwe",))
    for index, number in enumerate(numbers):
        if not isinstance(number, str) or not _CWE.fullmatch(number):
            reader.fail(("cwe", index), '"cwe" must hold numbers of the CWE list. Write them as CWE-359')
    return tuple(numbers)
