"""How often a statement runs, what stops it, and what of one run is left for the next."""

from __future__ import annotations

from typing import Final

import libcst as cst

from mailguard.codemod.scene import Scene
from mailguard.codemod.tree import name_of, walk
from mailguard.model.place import Place

_RETRIES: Final = frozenset({"retry", "on_exception", "actor"})
"""Functions and decorators that do something again (Celery, tenacity, retrying, backoff); Dramatiq's actors always do."""

_RETRY_KEYWORDS: Final = frozenset({"autoretry_for", "retries", "retry", "retry_backoff"})
"""Arguments of decorators that ask for it (Celery, Huey, Prefect, RQ)."""

_LOGS: Final = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "pprint"})


def guarded(scene: Scene, line: cst.BaseStatement, used: str = "") -> cst.BaseStatement:
    """``line``, or the ``try`` that holds nothing else: around it, one mail that fails does not stop the others.

    Only where every handler goes on behind it, and an ``else`` only tells of it. ``used`` is the variable that ``line`` sets, which may be read in
    the ``else`` and nowhere behind.
    """
    block = scene.parent(line)
    around = scene.parent(block) if isinstance(block, cst.IndentedBlock) else None
    if (
        not isinstance(around, cst.Try)
        or around.body is not block
        or len(block.body) != 1
        or around.finalbody is not None
        or not around.handlers
        or not scene.block(around)
    ):
        return line
    if any(_leaves(handler.body) for handler in around.handlers) or (used and scene.read_after(used, around)):
        return line
    if around.orelse is not None and not all(map(tells, around.orelse.body.body)):
        return line  # what is done once everything went well is done once
    return around


def _leaves(body: cst.CSTNode) -> bool:
    """Whether a block may end the function or a loop around it, or hands something out."""
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.Return, cst.Raise, cst.Break, cst.Continue, cst.Yield)):
            return True
        if not isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            stack.extend(node.children)
    return False


def tried_again(scene: Scene, line: cst.BaseStatement) -> bool:
    """Whether a mail that fails is tried again later, with all that is sent here: by a task queue, or by a loop."""
    function = scene.function(line)
    if isinstance(function, cst.FunctionDef):
        for decorator in function.decorators:
            called = decorator.decorator
            keywords = called.args if isinstance(called, cst.Call) else ()
            again = {name_of(called), name_of(called.func) if isinstance(called, cst.Call) else ""}
            if again & _RETRIES or any(arg.keyword and arg.keyword.value in _RETRY_KEYWORDS for arg in keywords):
                return True
    handled: list[cst.Try] = []
    for ancestor in scene.ancestors(line):
        if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef)):
            break
        if isinstance(ancestor, cst.Try) and line not in set(walk(ancestor.finalbody or cst.Pass())):
            handled.append(ancestor)
        elif isinstance(ancestor, (cst.For, cst.While)) and any(_ends_rounds(scene, one, line) for one in handled):
            return True
    return any(
        isinstance(node, cst.Call) and name_of(node.func) in _RETRIES
        for one in handled
        for handler in one.handlers
        for node in walk(handler)
    )


def _ends_rounds(scene: Scene, tried: cst.Try, line: cst.BaseStatement) -> bool:
    """Whether a loop around ``tried`` ends once ``line`` went well: it is there to try again."""
    parts: list[cst.CSTNode] = [tried.body, *([tried.orelse] if tried.orelse else [])]
    return any(
        isinstance(node, (cst.Break, cst.Return)) and not scene.before(node, line)
        for part in parts
        for node in walk(part)
    )


def kept_over_rounds(scene: Scene, name: str, send: Place) -> bool:
    """Whether what a variable holds at ``send`` may be from an earlier round of a loop there."""
    call = scene.at(send, cst.Call)
    if call is None:
        return True
    made = scene.assignments(name, scene.function(call))
    return any(not any(loop in scene.loops(one) for one in made) for loop in scene.loops(call))


def grows(scene: Scene, people: cst.BaseExpression, line: cst.BaseStatement) -> bool:
    """Whether ``people`` is a list of which members stay from one run of ``line`` to the next."""
    if not isinstance(people, cst.Name):
        return False
    function = scene.function(line)
    changed = [use for use in scene.uses(people.value, function) if _adds(scene.parent(use))]
    if not changed:
        return False
    if isinstance(function, cst.FunctionDef):
        every = function.params
        for param in (*every.posonly_params, *every.params, *every.kwonly_params):
            if param.name.value == people.value and isinstance(param.default, (cst.List, cst.Call)):
                return True
    made = scene.assignments(people.value, function)
    return any(
        not any(loop in scene.loops(one) for one in made) and any(loop in scene.loops(use) for use in changed)
        for loop in scene.loops(line)
    )


def _adds(parent: cst.CSTNode | None) -> bool:
    """Whether a variable that stands in ``parent`` gains a member there."""
    return isinstance(parent, cst.AugAssign) or (
        isinstance(parent, cst.Attribute) and parent.attr.value in ("append", "extend", "insert", "add", "update")
    )


def tells(line: cst.BaseStatement | cst.BaseSmallStatement) -> bool:
    """Whether a statement only prints or logs."""
    match line:
        case cst.SimpleStatementLine(body=[cst.Pass()]):
            return True
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.Call(func=func))]):
            return name_of(func) == "print" or (isinstance(func, cst.Attribute) and func.attr.value in _LOGS)
        case cst.If(body=cst.IndentedBlock(body=body), orelse=orelse):
            rest = orelse.body if isinstance(orelse, cst.Else) else orelse
            return all(map(tells, body)) and (
                rest is None
                or (isinstance(rest, cst.IndentedBlock) and all(map(tells, rest.body)))
                or (isinstance(rest, cst.If) and tells(rest))
            )
        case _:
            return False
