"""The statement of a mail call, and the loop that stands in its place once there is one message for each person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import libcst as cst

from mailguard.codemod.expressions import awaited, bare, naked, silent, simple
from mailguard.codemod.rounds import Round
from mailguard.codemod.runs import guarded, tells, tried_again
from mailguard.codemod.scene import Scene
from mailguard.codemod.tree import Swap, names, walk
from mailguard.model.fix import Refusal

USED: Final = "the result of the mail call is used"

AGAIN: Final = "a mail that fails is tried again, and those who have theirs would get it twice"

COUNTED: Final = "The result still counts messages: it is no longer 0 or 1."

STOPS: Final = "If one message fails, those after it are not sent."


def statement(text: str, **holes: cst.BaseExpression) -> cst.SimpleStatementLine:
    """A statement of one line with expressions put in where names of ``holes`` stand."""
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)  # noqa: S101  # one line of code
    swaps: dict[cst.CSTNode, cst.CSTNode] = {
        node: holes[node.value] for node in walk(line) if isinstance(node, cst.Name) and node.value in holes
    }
    result = line.visit(Swap(swaps))
    assert isinstance(result, cst.SimpleStatementLine)  # noqa: S101  # what stands in place of a name is an expression
    return result


def one_statement(scene: Scene, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
    """The line around ``node``, if it stands in a block, so that others can be put beside it."""
    line = scene.line(node)
    return line if line is not None and scene.block(line) else None


@dataclass(frozen=True, slots=True)
class Sending:
    """The statement of a mail call, as it can stand in a loop."""

    line: cst.SimpleStatementLine
    tail: tuple[cst.BaseStatement, ...] = ()
    """The statements behind it that only tell what became of it, and belong to each mail."""
    used: str = ""
    """The variable that holds the result, where the tail or the ``else`` of a ``try`` reads it."""
    count: str = ""
    """The variable in which the results are added up, where they count messages."""
    returns: bool = False
    """Whether the statement returns the result."""

    def alone(self, inner: cst.SimpleStatementLine) -> list[cst.BaseStatement]:
        """What stands in the loop, where ``inner`` is the statement for one person."""
        if not self.count:
            return [inner, *self.tail]
        small = inner.body[0]
        value = small.value if isinstance(small, (cst.Return, cst.Assign)) else None
        assert value is not None  # noqa: S101  # found so by sending
        added = cst.AugAssign(target=cst.Name(self.count), operator=cst.AddAssign(), value=value)
        return [inner.with_changes(body=[added])]

    def before(self) -> list[cst.SimpleStatementLine]:
        """What stands in front of the loop."""
        return [statement(f"{self.count} = 0")] if self.count else []

    def behind(self) -> list[cst.SimpleStatementLine]:
        """What stands behind the loop."""
        return [statement(f"return {self.count}")] if self.returns else []


def sending(scene: Scene, send: cst.Call, *, counts: bool = False) -> Sending | Refusal:
    """The statement of a mail call, whose result nobody uses, or in a way that a loop leaves as it is.

    ``counts`` says that the result is the number of messages.
    """
    line = one_statement(scene, send)
    if line is None:
        return Refusal("the mail call does not stand on lines of its own")
    if tried_again(scene, line):
        return Refusal(AGAIN)
    match line.body[0]:
        case cst.Expr(value=value) if awaited(value) is send:
            return Sending(line)
        case cst.AugAssign(target=cst.Name(), operator=cst.AddAssign(), value=value) if counts and value is send:
            return Sending(line)
        case cst.Return(value=value) if counts and value is send and not scene.loops(line):
            return Sending(line, count=scene.free(line, "sent", "delivered"), returns=True)
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value) if awaited(value) is send:
            if not scene.read_after(name, line):
                return Sending(line)
            if counts and value is send:
                return Sending(line, count=name)
            if guarded(scene, line, name) is not line:
                return Sending(line, used=name)
            tail = _telling(scene, line, name)
            return Sending(line, tail, name) if tail else Refusal(USED)
        case _:
            return Refusal(USED)


def _telling(scene: Scene, line: cst.SimpleStatementLine, name: str) -> tuple[cst.BaseStatement, ...]:
    """The statements right behind ``line`` that print or log a result, if nothing else reads it."""
    block = scene.block(line)
    at = block.index(line) + 1
    end = at
    while end < len(block) and tells(block[end]):
        end += 1
    while end > at and name not in names(block[end - 1]):
        end -= 1
    tail = tuple(block[at:end])
    inside = {id(node) for one in (line, *tail) for node in walk(one)}
    own = {id(use) for use in scene.uses(name, scene.function(line))}
    return tail if tail and own <= inside else ()


def looped(
    scene: Scene,
    each: Round,
    sent: Sending,
    inner: cst.SimpleStatementLine,
    ahead: Sequence[cst.BaseStatement] = (),
    *,
    before: Sequence[cst.SimpleStatementLine] = (),
    guard: bool = True,
) -> tuple[dict[cst.CSTNode, list[cst.BaseStatement] | cst.RemovalSentinel], tuple[str, ...]]:
    """The loop in place of a mail call, and what a reviewer should know of it.

    Args:
        scene: the file.
        each: the loop.
        sent: the mail call.
        inner: its statement, for one person.
        ahead: what comes before it in each round.
        before: what is computed once, in front of the loop.
        guard: whether the loop may go around a ``try`` that holds nothing else.

    """
    line = sent.line
    outer = guarded(scene, line, sent.used) if guard and not (sent.count or sent.tail or before) else line
    swaps: dict[cst.CSTNode, list[cst.BaseStatement] | cst.RemovalSentinel] = {}
    if isinstance(outer, cst.Try):
        kept = [one for one in line.leading_lines if one.comment]
        tried = scene.swapped(outer, {line: inner.with_changes(leading_lines=kept)})
        swaps[outer] = [each.wrap([*ahead, tried.with_changes(leading_lines=[])], outer.leading_lines)]
        return swaps, ()
    for told in sent.tail:
        swaps[told] = cst.RemoveFromParent()
    plain = inner.with_changes(leading_lines=[])
    ready = [*before, *sent.before()]
    above = () if ready else line.leading_lines
    if ready:
        ready[0] = ready[0].with_changes(leading_lines=line.leading_lines)
    swaps[line] = [*ready, each.wrap([*ahead, *sent.alone(plain)], above), *sent.behind()]
    added = sent.count or isinstance(line.body[0], cst.AugAssign)
    calls = [node for node in walk(line) if isinstance(node, cst.Call)]
    return swaps, (*((COUNTED,) if added else ()), *(() if silent(*calls) else (STOPS,)))


def apart(scene: Scene, made: cst.CSTNode, sent: cst.CSTNode) -> Refusal:
    """That a message is addressed in one place and sent in another, where not always one leads to the other."""
    rounds, others = scene.loops(made), scene.loops(sent)
    if scene.function(made) is not scene.function(sent):
        return Refusal("the message is made in one function and sent in another")
    if any(loop not in others for loop in rounds):
        return Refusal("the message is made in a loop, and sent after it")
    if any(loop not in rounds for loop in others):
        return Refusal("the message is made once, and sent in a loop")
    return Refusal("the message is made in one place and sent in another")


def hoisted(
    scene: Scene, call: cst.Call, keep: Iterable[cst.CSTNode], taken: set[str], positions: Sequence[str] = ()
) -> tuple[list[cst.SimpleStatementLine], dict[cst.CSTNode, cst.CSTNode]]:
    """Statements that evaluate, once, what a call would evaluate anew in each round; and what stands in its place.

    Arguments of ``call`` that only name things stay; so do those in ``keep``. ``taken`` are the names given so far,
    ``positions`` those of the positional parameters.
    """
    before: list[cst.SimpleStatementLine] = []
    swaps: dict[cst.CSTNode, cst.CSTNode] = {}
    kept = set(keep)
    for number, arg in enumerate(call.args):
        if arg.value in kept or simple(arg.value):
            continue
        if arg.keyword is not None:
            wanted = arg.keyword.value
        elif number < len(positions) and not arg.star:
            wanted = positions[number]
        else:
            wanted = "arguments" if arg.star else "value"
        name = _name_for(scene, call, arg.value, wanted)
        while name in taken:
            name += "_"
        taken.add(name)
        before.append(statement(f"{name} = VALUE", VALUE=naked(bare(arg.value))))
        swaps[arg.value] = cst.Name(name)
    return before, swaps


def _name_for(scene: Scene, call: cst.Call, value: cst.BaseExpression, wanted: str) -> str:
    """A variable for what is computed once, in front of a loop.

    ``subject = clean(subject)`` where the old value is not asked for again; else a name that is free.
    """
    line = scene.line(call)
    function = scene.function(call)
    if line is not None and isinstance(function, cst.FunctionDef) and wanted in names(value):
        own = {param.name.value for param in walk(function.params) if isinstance(param, cst.Param)}
        uses = [use for use in scene.uses(wanted, line) if use not in set(walk(value))]
        local = wanted in own or scene.assignments(wanted, function)
        nested = any(
            isinstance(node, (cst.FunctionDef, cst.Lambda, cst.Global, cst.Nonlocal)) and wanted in names(node)
            for node in walk(function.body)
        )
        if local and not uses and not nested and not scene.read_after(wanted, line):
            return wanted
    return scene.free(call, wanted)
