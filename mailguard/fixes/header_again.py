"""Mail headers: a To line that is set in each round of a loop is taken off the message first.

Setting a header of the older message classes adds a line and replaces none (library ``email.message``,
"Message.__setitem__"), so that the second message shows two people, the third three.
"""

from __future__ import annotations

from typing import Final

import libcst as cst

from mailguard.codemod.expressions import argument
from mailguard.codemod.headers import header_line
from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.sending import one_statement, statement
from mailguard.codemod.tree import name_of, same
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal

ENVELOPES: Final = {"sendmail": ("to_addrs", 1), "send_message": ("to_addrs", 2)}


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Delete the line before it is set again."""
    if finding.place.path != finding.send.path:
        return None
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    send = scene.at(finding.send, cst.Call) if scene is not None else None
    if scene is None or value is None or send is None:
        return None
    line = one_statement(scene, value)
    header = header_line(line)
    if line is None or header is None or header.value is not value or header.key not in ("to", "cc"):
        return None
    return _repaired(scene, line, header.message, header.key, value, send)


def _repaired(
    scene: Scene, line: cst.SimpleStatementLine, message: str, key: str, value: cst.BaseExpression, send: cst.Call
) -> Edit | Refusal | None:
    function = scene.function(line)
    rounds = scene.loops(line)
    if not rounds or any(rounds[0] in scene.loops(made) for made in scene.assignments(message, function)):
        return None  # the message is made in the loop, or there is none
    if rounds[0] not in scene.loops(send) or not scene.leads_to(line, send):
        return Refusal("the message is sent after the loop, to all of them at once")
    for use in scene.uses(message, function):
        other = header_line(scene.line(use))
        if other is not None and other.line is not line and other.message == message and other.key == key:
            return Refusal(f"the {key.capitalize()} line is written in several places")
    envelope = argument(send, *ENVELOPES[name_of(send.func)]) if name_of(send.func) in ENVELOPES else None
    if name_of(send.func) not in ENVELOPES:
        return Refusal("the mail call is none of smtplib")
    if envelope is not None and not _same_person(envelope.value, value):
        return Refusal("the envelope holds others than the header")
    written = header_line(line)
    assert written is not None  # noqa: S101  # looked at by the caller
    gone = statement(f"del {message}[KEY]", KEY=written.name).with_changes(leading_lines=line.leading_lines)
    return Edit(scene.edited({line: [gone, line.with_changes(leading_lines=[])]}))


def _same_person(envelope: cst.BaseExpression, value: cst.BaseExpression) -> bool:
    match envelope:
        case cst.List(elements=[cst.Element(value=only)]) | cst.Tuple(elements=[cst.Element(value=only)]):
            return same(only, value)
        case _:
            return same(envelope, value)


FIX = Fix("header_again", "delete the line before it is set again", repair, order=20)
