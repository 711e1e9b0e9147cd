"""A list that grows in each round of a loop, in which it is also sent: it begins anew in each round."""

from __future__ import annotations

import libcst as cst

from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.sending import one_statement
from mailguard.codemod.tree import name_of, walk
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Move ``people = []`` into the loop."""
    if finding.rule != "recipient-list-growth" or finding.place.path != finding.send.path:
        return None
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    send = scene.at(finding.send, cst.Call) if scene is not None else None
    if scene is None or send is None or not isinstance(value, cst.Name):
        return None
    made = scene.assignments(value.value, scene.function(value))
    line = one_statement(scene, made[0]) if len(made) == 1 else None
    rounds = scene.loops(send)
    if line is None or not rounds or not _is_empty(made[0].value) or not isinstance(rounds[0], cst.For):
        return None
    return _moved(scene, value.value, line, rounds[0], send)


def _is_empty(value: cst.BaseExpression) -> bool:
    return (isinstance(value, cst.List) and not value.elements) or (
        isinstance(value, cst.Call) and name_of(value.func) in ("list", "set") and not value.args
    )


def _moved(
    scene: Scene, name: str, line: cst.SimpleStatementLine, loop: cst.For, send: cst.Call
) -> Edit | Refusal | None:
    block = scene.block(line)
    sent = one_statement(scene, send)
    if loop not in block or block.index(loop) < block.index(line) or sent is None:
        return None
    if not isinstance(loop.body, cst.IndentedBlock) or loop.orelse is not None:
        return None
    inside = set(walk(loop.body)) | set(walk(line))
    if any(use not in inside for use in scene.uses(name, scene.function(line))):
        return Refusal(f"{name} is used outside of the loop")
    # Each round must send what it gathered; one that does not would lose people.
    top = next((one for one in loop.body.body if sent in set(walk(one))), None)
    whole = top is sent or isinstance(top, (cst.With, cst.Try))
    leaves = any(
        isinstance(node, (cst.Continue, cst.Break, cst.Return, cst.If)) and send in set(walk(node))
        for node in walk(loop)
    )
    gathers = [use for use in scene.uses(name, loop) if isinstance(scene.parent(use), (cst.Attribute, cst.AugAssign))]
    early = any(
        isinstance(node, (cst.Continue, cst.Break, cst.Return)) and any(scene.before(use, node) for use in gathers)
        for node in walk(loop)
    )
    if not whole or leaves or early or not gathers:
        return Refusal("not every round of the loop sends what it gathered")
    first, *rest = loop.body.body
    body = loop.body.with_changes(body=[line.with_changes(leading_lines=()), first, *rest])
    leading = (*line.leading_lines, *loop.leading_lines)
    moved = loop.with_changes(
        body=body, leading_lines=leading if block.index(loop) == block.index(line) + 1 else loop.leading_lines
    )
    return Edit(scene.edited({line: cst.RemoveFromParent(), loop: moved}))


FIX = Fix("list_in_loop", "begin a new list in each round", repair, order=20)
