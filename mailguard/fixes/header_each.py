"""Mail headers: the list that was joined into one To line becomes one To line, and one sending, for each person.

``del message["To"]`` comes first in each round, as setting a header of the older message classes adds a line (library
``email.message``, "Message.__setitem__"); for a header that is not there it does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import libcst as cst

from mailguard.codemod.expressions import argument, is_named, joined, unwrapped, writes
from mailguard.codemod.headers import header_line
from mailguard.codemod.rounds import round_over
from mailguard.codemod.runs import grows
from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.sending import apart, looped, one_statement, sending, statement
from mailguard.codemod.tree import name_of, names, same, text_of, walk
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal

ENVELOPES: Final = {
    "sendmail": ("to_addrs", 1),
    "send_message": ("to_addrs", 2),
    "send": ("recipients", None),
    "send_raw_email": ("Destinations", None),
}
"""Where calls take the people of the envelope (smtplib, aiosmtplib, boto3's SES)."""

LISTED: Final = frozenset({"send_raw_email"})
"""Those that take a list and nothing else."""

COPIES: Final = frozenset({"cc", "bcc", "resent-to", "resent-cc", "resent-bcc"})

BUILDS: Final = frozenset(
    {"attach", "set_content", "add_alternative", "add_attachment", "add_related", "preamble", "epilogue", "set_payload",
     "set_charset", "set_type", "set_param", "make_mixed", "make_alternative", "make_related", "get_payload", "policy"}
)  # fmt: skip
"""What makes the message and has nothing to do with people."""

RENDERS: Final = frozenset({"as_string", "as_bytes"})


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Send the message once for each person, addressed anew."""
    if finding.place.path != finding.send.path or finding.rule == "recipient-list-growth":
        return None  # a list that grows would be sent to again and again
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    send = scene.at(finding.send, cst.Call) if scene is not None else None
    if scene is None or value is None or send is None or name_of(send.func) not in ENVELOPES:
        return None
    line = one_statement(scene, value)
    header = header_line(line)
    if line is None or header is None or header.key != "to" or header.value is not value:
        return None
    people = _people(scene, header.message, value)
    if people is None:
        return None
    return _repaired(scene, line, header.message, people, value, send, header.name)


def _people(scene: Scene, message: str, value: cst.BaseExpression) -> cst.BaseExpression | None:
    """The collection behind the text of a To line."""
    people = joined(value)
    if people is not None:
        return people
    if not isinstance(value, cst.Name):
        return None
    function = scene.function(value)
    made = scene.assignments(value.value, function)
    if len(made) != 1 or len(writing(scene, value.value, function)) != 1:
        return None
    people = joined(made[0].value)
    if people is not None:
        return people
    # EmailMessage takes a list; it is one for sure only where it is made here.
    objects = scene.assignments(message, function)
    modern = len(objects) == 1 and name_of(getattr(objects[0].value, "func", None)) == "EmailMessage"
    listed = isinstance(made[0].value, (cst.List, cst.ListComp)) or (
        isinstance(made[0].value, cst.Call) and name_of(made[0].value.func) in ("list", "sorted")
    )
    return value if modern and listed else None


def writing(scene: Scene, name: str, function: cst.CSTNode) -> list[cst.Name]:
    """The uses of a variable that may change what it holds."""
    return [use for use in scene.uses(name, function) if writes(scene, [use], name)]


def _repaired(
    scene: Scene,
    line: cst.SimpleStatementLine,
    message: str,
    people: cst.BaseExpression,
    value: cst.BaseExpression,
    send: cst.Call,
    name: cst.BaseExpression,
) -> Edit | Refusal | None:
    sent = sending(scene, send)
    if isinstance(sent, Refusal):
        return sent
    if grows(scene, people, line):
        return Refusal("the list grows from one mail to the next")
    if not scene.leads_to(line, sent.line):
        return apart(scene, line, sent.line)
    text = _rendered(scene, message, sent.line)
    if isinstance(text, Refusal):
        return text
    refusal = _other_uses(scene, message, line, sent.line, text)
    if refusal is not None:
        return refusal
    keyword, position = ENVELOPES[name_of(send.func)]
    envelope = argument(send, keyword, position)
    if envelope is not None and not _same_people(scene, envelope.value, people, value, message):
        return Refusal("the envelope holds others than the To line")
    between = list(scene.between(line, sent.line))
    changed = names(people) & {node.value for node in between if isinstance(node, cst.Name)}
    if any(writes(scene, between, name) for name in changed):
        return Refusal("the list changes before the message is sent")
    people = unwrapped(scene, people, between)
    each = round_over(scene, people, line, once=envelope is None)
    swaps: dict[cst.CSTNode, cst.CSTNode] = {}
    if envelope is not None:
        listed = name_of(send.func) in LISTED
        swaps[envelope.value] = cst.List([cst.Element(each.item)]) if listed else each.item
    written = scene.swapped(line, {value: each.item})
    comments = [one for one in line.leading_lines if one.comment]
    ahead = [
        statement(f"del {message}[KEY]", KEY=name).with_changes(leading_lines=comments),
        written.with_changes(leading_lines=[]),
        *([text.with_changes(leading_lines=[])] if text is not None else []),
    ]
    whole, remarks = looped(scene, each, sent, scene.swapped(sent.line, swaps), ahead, guard=is_named(people))
    joining = _only_for(scene, value, {*walk(line), *walk(sent.line)})
    whole.update((one, cst.RemoveFromParent()) for one in (line, text, joining) if one is not None)
    return Edit(scene.edited(whole), remarks=remarks)


def _only_for(scene: Scene, value: cst.BaseExpression, users: set[cst.CSTNode]) -> cst.SimpleStatementLine | None:
    """The statement that joined the list into a variable, if nothing but ``users`` reads it."""
    if not isinstance(value, cst.Name):
        return None
    function = scene.function(value)
    made = scene.assignments(value.value, function)
    if len(made) != 1 or joined(made[0].value) is None:
        return None
    own = set(walk(made[0]))
    if function is scene.module or any(use not in users | own for use in scene.uses(value.value, function)):
        return None
    return one_statement(scene, made[0])


def _rendered(scene: Scene, message: str, sent: cst.SimpleStatementLine) -> cst.SimpleStatementLine | Refusal | None:
    """The statement ``text = message.as_string()`` whose text is sent; None where the call renders by itself."""
    function = scene.function(sent)
    for node in walk(sent):
        if not isinstance(node, cst.Name) or not scene.variable(node):
            continue
        for assign in scene.assignments(node.value, function):
            if not _renders(assign.value, message):
                continue
            line = one_statement(scene, assign)
            uses = scene.uses(node.value, function)
            inside = {id(inner) for one in (line, sent) if one is not None for inner in walk(one)}
            if line is None or len(uses) != 2 or any(id(use) not in inside for use in uses):
                return Refusal("the text of the message is used elsewhere")
            return line
    return None


def _renders(value: cst.BaseExpression, message: str) -> bool:
    match value:
        case cst.Call(func=cst.Attribute(value=cst.Name(value=name), attr=method)):
            return name == message and method.value in RENDERS
        case _:
            return False


def _other_uses(
    scene: Scene,
    message: str,
    line: cst.SimpleStatementLine,
    sent: cst.SimpleStatementLine,
    text: cst.SimpleStatementLine | None,
) -> Refusal | None:
    """Why the message cannot be addressed anew, after a look at everything that is done with it."""
    apart = {id(node) for one in (line, sent, text) if one is not None for node in walk(one)}
    if text is not None and not (
        scene.before(line, text) and scene.leads_to(line, text) and scene.leads_to(text, sent)
    ):
        return Refusal("the message is rendered in a different place")
    made = 0
    for use in scene.uses(message, scene.function(line)):
        if id(use) in apart:
            continue
        parent = scene.parent(use)
        if isinstance(parent, cst.AssignTarget):
            made += 1
            continue
        if isinstance(parent, cst.Attribute) and parent.attr.value in BUILDS:
            continue
        header = header_line(scene.line(use))
        if header is None or header.message != message:
            return Refusal(f"{message} is used for more than this mail")
        if header.key in COPIES:
            return Refusal(f"people in {header.key.capitalize()} would get a copy of each message")
        if header.key == "to":
            return Refusal("the To line is written in several places")
    return None if made == 1 else Refusal(f"{message} is not made once and here")


def _same_people(
    scene: Scene, envelope: cst.BaseExpression, people: cst.BaseExpression, value: cst.BaseExpression, message: str
) -> bool:
    """Whether the envelope is written as the same people as the To line."""
    for one in _meanings(scene, envelope):
        if any(same(one, other) for other in _meanings(scene, people)):
            return True
        match one:
            case cst.Call(func=cst.Attribute(value=whole, attr=cst.Name("split")), args=[cst.Arg(value=comma)]):
                # What was joined is taken apart again.
                line = whole.value if isinstance(whole, cst.Subscript) else None
                if (text_of(comma) or "").strip() == "," and (
                    same(whole, value) or (isinstance(line, cst.Name) and line.value == message)
                ):
                    return True
    return False


def _meanings(scene: Scene, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """An expression, and what it is where it only copies or names another one."""
    current: cst.BaseExpression | None = node
    for _ in range(4):
        if current is None:
            return
        yield current
        match current:
            case cst.Call(func=cst.Name("list" | "tuple"), args=[cst.Arg(star="", keyword=None, value=inner)]):
                current = inner
            case cst.Name(value=name):
                function = scene.function(node)
                made = scene.assignments(name, function)
                once = len(made) == 1 and len(writing(scene, name, function)) == 1
                current = made[0].value if once else None
            case _:
                current = None


FIX = Fix("header_each", "send one message to each person", repair, order=60)
