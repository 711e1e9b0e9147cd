"""A field of the request that makes one message for each person: Mailgun's and Mandrill's.

Mailgun sends one message to each address in ``to`` as soon as the field ``recipient-variables`` is there, also empty
(pypi:django-anymail relies on the empty one); Mandrill does where ``preserve_recipients`` is false.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import libcst as cst

from mailguard.codemod.expressions import added_keys, is_nobody
from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.sending import one_statement, statement
from mailguard.codemod.tree import name_of, text_of
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal


@dataclass(frozen=True, slots=True)
class _Field:
    key: str
    value: str
    """As code."""
    replaces: tuple[str, ...]
    """Values, as code, in place of which it is put."""
    copies: tuple[str, ...]
    """Fields whose people would be in each message."""
    requests: str


FIELDS: Final = {
    "mailgun": _Field(
        "recipient-variables",
        '"{}"',
        (),
        ("cc", "bcc"),
        "The number of requests stays as it is: one for at most 1,000 people.",
    ),
    "mandrill": _Field(
        "preserve_recipients", "False", ("True",), ("bcc_address",), "The number of requests stays as it is."
    ),
}


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Put the field beside ``to``."""
    field = FIELDS.get(finding.provider)
    scene = scene_of(source) if field is not None else None
    value = scene.value_at(finding.place) if scene is not None else None
    if scene is None or value is None or field is None:
        return None
    named = _named(scene, value)
    if named is not None:
        return _literal(scene, field, *named)
    for node in (value, *scene.ancestors(value)):
        if isinstance(node, cst.DictElement) and text_of(node.key) == "to":
            holder = scene.parent(node)
            return _literal(scene, field, holder, node) if isinstance(holder, cst.Dict) else None
        if isinstance(node, cst.BaseStatement):
            line = one_statement(scene, node)
            return _assigned(scene, field, line) if line is not None else None
    return None


def _named(scene: Scene, value: cst.BaseExpression) -> tuple[cst.Dict, cst.DictElement] | None:
    """The dictionary that the place names, if it is written in one piece, and what is in it for ``to``."""
    made = scene.assignments(value.value, scene.function(value)) if isinstance(value, cst.Name) else []
    if len(made) != 1 or not isinstance(made[0].value, cst.Dict):
        return None
    for element in made[0].value.elements:
        if isinstance(element, cst.DictElement) and text_of(element.key) == "to":
            return made[0].value, element
    return None


def _literal(scene: Scene, field: _Field, holder: cst.Dict, to: cst.DictElement) -> Edit | Refusal | None:
    for element in holder.elements:
        key = text_of(element.key) if isinstance(element, cst.DictElement) else None
        if key in field.copies and not is_nobody(element.value):
            return Refusal(f"people in {key} would get a copy of each message")
        if key == field.key:
            if name_of(element.value) in field.replaces:
                return Edit(scene.edited({element.value: cst.parse_expression(field.value)}), requests=field.requests)
            return Refusal(f"{field.key} is there, and the code does not tell its value")
    for key in sorted(added_keys(scene, holder)):
        if key in (*field.copies, field.key):
            return Refusal(
                f"people in {key} would get a copy of each message" if key != field.key else f"{key} is set, too"
            )
        if key == "?":
            return Refusal("the data gets more fields later, and the code does not tell which")
    quote = '"' if not (isinstance(to.key, cst.SimpleString) and to.key.value.startswith("'")) else "'"
    new = cst.DictElement(cst.SimpleString(f"{quote}{field.key}{quote}"), cst.parse_expression(_quoted(field, quote)))
    elements = list(holder.elements)
    at = elements.index(to)
    comma = to.comma if isinstance(to.comma, cst.Comma) else None
    before = elements[at - 1].comma if at else None
    own = before if isinstance(before, cst.Comma) else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if comma is not None and at < len(elements) - 1:
        own = comma  # the one between to and what follows
    space = own.whitespace_after
    if isinstance(space, cst.ParenthesizedWhitespace):
        # What the line break carries, a comment or blank lines, speaks of what is before it.
        plain = space.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=[])
        first = own if own is comma else own.with_changes(whitespace_after=plain)
        second = own.with_changes(whitespace_after=plain) if own is comma else comma
    else:
        first, second = own, comma
    elements[at : at + 1] = [to.with_changes(comma=first), new.with_changes(comma=second or cst.MaybeSentinel.DEFAULT)]
    return Edit(scene.edited({holder: holder.with_changes(elements=elements)}), requests=field.requests)


def _quoted(field: _Field, quote: str) -> str:
    return field.value.replace('"', quote)


def _assigned(scene: Scene, field: _Field, line: cst.SimpleStatementLine) -> Edit | Refusal | None:
    """``data["to"] = people``."""
    match line.body[0]:
        case cst.Assign(
            targets=[
                cst.AssignTarget(
                    target=cst.Subscript(
                        value=cst.Name() as data, slice=[cst.SubscriptElement(slice=cst.Index(value=key))]
                    )
                )
            ]
        ) if text_of(key) == "to":
            pass
        case _:
            return None
    function = scene.function(line)
    for use in scene.uses(data.value, function):
        parent = scene.parent(use)
        inner = parent.slice[0].slice if isinstance(parent, cst.Subscript) else None
        other = text_of(inner.value) if isinstance(inner, cst.Index) else None
        if other in (*field.copies, field.key):
            return Refusal(f"{other} is set, too")
    new = statement(f'{data.value}["{field.key}"] = {field.value}')
    return Edit(scene.edited({line: [line, new]}), requests=field.requests)


FIX = Fix("split_field", "add the field that makes one message for each person", repair, order=10)
