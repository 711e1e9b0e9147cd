"""SendGrid: a Personalization is a message; one that is made in the loop belongs to one person.

Two forms: the object of the client library, made before a loop that fills it, and the data of the request,
``"personalizations": [{"to": [...]}]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import libcst as cst

from mailguard.codemod.expressions import added_keys, bare, simple
from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.tree import code, name_of, names, text_of, walk
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal

STILL: Final = "The number of requests stays as it is: one for at most 1,000 people."


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Give each person a personalization."""
    if finding.provider != "sendgrid":
        return None
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    if scene is None or value is None:
        return None
    return _object(scene, value) or _data(scene, value)


# --- the object -----------------------------------------------------------------------------------


def _object(scene: Scene, value: cst.BaseExpression) -> Edit | Refusal | None:
    """``p = Personalization()`` and ``mail.add_personalization(p)`` move into the loop that calls ``p.add_to``."""
    loop = scene.around(value, cst.For)
    adding = next((node for node in scene.ancestors(value) if _is_call(node, "add_to")), None)
    if loop is None or not isinstance(adding, cst.Call) or not isinstance(loop.body, cst.IndentedBlock):
        return None
    owner = adding.func.value if isinstance(adding.func, cst.Attribute) else None
    if not isinstance(owner, cst.Name):
        return None
    name = owner.value
    function = scene.function(loop)
    lines: dict[str, cst.SimpleStatementLine] = {}
    for use in scene.uses(name, function):
        line = scene.line(use)
        if line is None or line in lines.values():
            return None
        kind = _kind(line, name)
        if kind == "add_to" and line not in loop.body.body:
            return None
        if kind in lines:
            return Refusal(f"{name} is used in several ways")
        lines[kind] = line
    if lines.keys() != {"made", "add_to", "handed over"}:
        more = sorted(lines.keys() - {"made", "add_to", "handed over"})
        return Refusal(f"{name} holds more than people: {more[0]}") if more else None
    made, filled, handed = lines["made"], lines["add_to"], lines["handed over"]
    block = scene.block(loop)
    if made not in block or handed not in block or not block.index(made) < min(block.index(loop), block.index(handed)):
        return None
    refusal = _ends_early(scene, loop, filled)
    if refusal is not None:
        return refusal
    leading = made.leading_lines
    body = [made.with_changes(leading_lines=[one for one in leading if one.comment]), *loop.body.body, _plain(handed)]
    inner = loop.with_changes(
        body=loop.body.with_changes(body=body),
        leading_lines=loop.leading_lines or [one for one in leading if not one.comment],
    )
    gone = cst.RemoveFromParent()
    return Edit(scene.edited({made: gone, loop: inner, handed: gone}), requests=STILL)


def _plain(line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    """``line`` without blank lines above it."""
    return line.with_changes(leading_lines=[one for one in line.leading_lines if one.comment])


def _is_call(node: cst.CSTNode, method: str) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == method


def _kind(line: cst.SimpleStatementLine, name: str) -> str:
    """What a statement does with the personalization."""
    match line.body[0]:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=target))], value=cst.Call(func=made, args=[])
        ) if target == name and name_of(made) == "Personalization":
            return "made"
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=cst.Name(value=owner), attr=method))) if owner == name:
            return method.value
        case cst.Expr(
            value=cst.Call(
                func=cst.Attribute(value=cst.Name(), attr=cst.Name("add_personalization")),
                args=[cst.Arg(value=cst.Name(value=given))],
            )
        ) if given == name:
            return "handed over"
        case _:
            return code(line.body[0]).split("(")[0].strip()


def _ends_early(scene: Scene, loop: cst.For, filled: cst.SimpleStatementLine) -> Refusal | None:
    """Why a round of the loop may end behind the person, and before the personalization is handed over."""
    for node in walk(loop):
        if isinstance(node, (cst.Return, cst.Yield)) or (
            isinstance(node, (cst.Break, cst.Continue)) and scene.before(filled, node)
        ):
            return Refusal("the loop may end before a person is handed over")
    return Refusal("the loop has an else") if loop.orelse is not None else None


# --- the data -------------------------------------------------------------------------------------


def _data(scene: Scene, value: cst.BaseExpression) -> Edit | Refusal | None:
    for listed in _lists(scene, value):
        match listed:
            case cst.List(elements=[cst.Element(value=cst.Dict() as one)]):
                found = _each(scene, listed, one)
                if found is not None:
                    return found
    return None


def _lists(scene: Scene, value: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The values of ``personalizations`` that hold the place, or that it holds."""
    for node in (*walk(value), *scene.ancestors(value)):
        if isinstance(node, cst.BaseStatement):
            assigned = node.body[0] if isinstance(node, cst.SimpleStatementLine) else None
            if isinstance(assigned, cst.Assign) and _names_them(assigned.targets):
                yield assigned.value
            return
        if isinstance(node, cst.DictElement) and text_of(node.key) == "personalizations":
            yield node.value
        parent = scene.parent(node)
        if isinstance(parent, cst.DictElement) and text_of(parent.key) == "personalizations" and parent.value is node:
            yield parent.value


def _names_them(targets: Sequence[cst.AssignTarget]) -> bool:
    match targets:
        case [cst.AssignTarget(target=cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key))]))]:
            return text_of(key) == "personalizations"
        case _:
            return False


def _each(scene: Scene, listed: cst.List, one: cst.Dict) -> Edit | Refusal | None:
    """``[{"to": people}]`` becomes ``[{"to": [person]} for person in people]``."""
    pairs = {text_of(element.key) or "": element for element in one.elements if isinstance(element, cst.DictElement)}
    if len(pairs) != len(one.elements) or "to" not in pairs:
        return None
    for copies in ("cc", "bcc"):
        if copies in pairs:
            return Refusal(f"{copies} people would get a copy of each message")
    around = scene.parent(listed)
    whole = scene.parent(around) if isinstance(around, cst.DictElement) else None
    if isinstance(whole, cst.Dict) and added_keys(scene, whole) & {"personalizations", "?"}:
        return Refusal("the personalizations change later")
    if any(not simple(pair.value) for key, pair in pairs.items() if key != "to"):
        return Refusal("what else is in the personalization would be made anew for each person")
    people = pairs["to"].value
    others = {name for key, pair in pairs.items() if key != "to" for name in names(pair.value)}
    match people:
        case cst.ListComp(for_in=cst.CompFor(inner_for_in=None) as loop) if not others & names(loop.target):
            person = people.elt
        case _:
            name = scene.free(listed, "person", "reader")
            person = cst.Name(name)
            loop = cst.CompFor(target=cst.Name(name), iter=bare(people))
    alone = pairs["to"].with_changes(value=cst.List([cst.Element(person)]))
    element = one.with_changes(elements=[alone if inner is pairs["to"] else inner for inner in one.elements])
    spread = listed.lbracket.whitespace_after
    if isinstance(spread, cst.ParenthesizedWhitespace) and isinstance(
        listed.rbracket.whitespace_before, cst.ParenthesizedWhitespace
    ):
        loop = loop.with_changes(whitespace_before=spread.with_changes(first_line=cst.TrailingWhitespace()))
    each = cst.ListComp(elt=element, for_in=loop, lbracket=listed.lbracket, rbracket=_closing(listed))
    return Edit(scene.edited({listed: each}), requests=STILL)


def _closing(listed: cst.List) -> cst.RightSquareBracket:
    """The bracket at the end; behind a comma the line break belongs to the comma."""
    comma = listed.elements[0].comma
    if isinstance(comma, cst.Comma):
        return listed.rbracket.with_changes(whitespace_before=comma.whitespace_after)
    return listed.rbracket


FIX = Fix("personalization_each", "give each person a personalization", repair, order=20)
