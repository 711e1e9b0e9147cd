"""Expressions: each changes one state and yields one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Final

from mailguard.model.count import MANY, ONE, OPTIONAL, PLAIN_MANY, Count, Truth
from mailguard.model.value import ABSENT, Either, Items, Known, Member, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.attributes import Attributes
from mailguard.source.interpret.context import UNROLL_LIMIT, YIELDS, Context, Dead
from mailguard.source.interpret.narrowing import type_asked
from mailguard.source.interpret.state import State, join_states
from mailguard.source.interpret.values import (
    Cell,
    Cls,
    FrameId,
    Func,
    ModelCls,
    Ref,
    Val,
    bounded,
    join_values,
    nested,
    total,
)
from mailguard.source.library import containers, literals, operators, queues, slices, texts

__all__ = ["Expressions"]


class Expressions(Attributes):
    """Expressions."""

    def eval(self, context: Context, state: State, node: t.Expr) -> Val:
        """The value of an expression."""
        self.steps += 1
        if self.steps > self.limit:
            self.exceed()
        return self._evaluators[type(node)](self, context, state, node)

    def _name(self, context: Context, state: State, node: t.Name) -> Val:
        return self.lookup(context, state, node.id, node.at)

    def _attr(self, context: Context, state: State, node: t.Attr) -> Val:
        return self.attribute(context, state, self.eval(context, state, node.value), node.name, node)

    def _text(self, context: Context, state: State, node: t.FStr) -> Val:
        parts = [self.eval(context, state, part) for part in node.parts]
        return texts.concat(state, parts, context.place(node.at))

    def _unary(self, context: Context, state: State, node: t.Unary) -> Val:
        value = self.eval(context, state, node.operand)
        if node.op == "not":
            answer = self.truth(state, value)
            return Unknown("a flag", OPTIONAL) if answer is Truth.MAYBE else Known(answer is Truth.NO)
        return literals.negated(value) if node.op == "-" else value

    def _lambda(self, context: Context, state: State, node: t.Lam) -> Val:
        defaults = tuple(
            (param.name, self._default(context, state, node, param))
            for param in node.params
            if param.default is not None
        )
        return Func(node, context.module, context.frames, context.owner, f"{context.symbol}.<lambda>", defaults)

    def _walrus(self, context: Context, state: State, node: t.Walrus) -> Val:
        value = self.eval(context, state, node.value)
        self.assign(context, state, node.target, value, node.value.at)
        return value

    def _slice(self, context: Context, state: State, node: t.Slice) -> Val:
        del context, state, node
        return Unknown("a slice")

    def _const(self, context: Context, state: State, node: t.Const) -> Val:
        del state
        made = self._constants.get(node)
        if made is not None:
            return made
        value = node.value
        if value is ...:
            made = Unknown("...", OPTIONAL)
        elif isinstance(value, str) and "@" in value:
            return Known(value, (Step(StepKind.WRITTEN, context.place(node.at)),))
        elif isinstance(value, (str, bytes, int, float, bool)) or value is None:
            made = Known(value)
        else:
            made = Unknown("a number", OPTIONAL)
        self._constants[node] = made
        return made

    def _binary(self, context: Context, state: State, node: t.Bin) -> Val:
        # The left side of a long sum is evaluated in a loop: the stack stays flat.
        chain: list[t.Bin] = []
        left: t.Expr = node
        while isinstance(left, t.Bin):
            chain.append(left)
            left = left.left
        value = self.eval(context, state, left)
        for link in reversed(chain):
            right = self.eval(context, state, link.right)
            value = self.binary(context, state, link.op, value, right, link.at)
        return value

    def binary(self, context: Context, state: State, op: str, left: Val, right: Val, at: t.Span) -> Val:
        """``left op right``."""
        return operators.binary(self, context, state, op, left, right, at)

    def _boolean(self, context: Context, state: State, node: t.Bool) -> Val:
        left = self.eval(context, state, node.left)
        answer = self.truth(state, left)
        if (answer is Truth.YES and node.op == "or") or (answer is Truth.NO and node.op == "and"):
            return left
        if answer is not Truth.MAYBE:
            return self.eval(context, state, node.right)
        branch = state.copy()
        if not self.narrow(context, branch, node.left, outcome=node.op == "and"):
            return left
        right = self.eval(context, branch, node.right)
        state.become(join_states([state, branch]))
        options = left.options if isinstance(left, Either) else (left,)
        unwanted = Truth.NO if node.op == "or" else Truth.YES
        kept = [option for option in options if option is ABSENT or self.truth(state, option) is not unwanted]
        return join_values(*kept, right)

    def _conditional(self, context: Context, state: State, node: t.Cond) -> Val:
        answer = self.truth(state, self.eval(context, state, node.test))
        if answer is Truth.YES:
            return self.eval(context, state, node.body)
        if answer is Truth.NO:
            return self.eval(context, state, node.orelse)
        results: list[Val] = []
        states: list[State] = []
        for outcome, part in ((True, node.body), (False, node.orelse)):
            branch = state.copy()
            if not self.narrow(context, branch, node.test, outcome=outcome):
                continue
            try:
                results.append(self.eval(context, branch, part))
            except Dead:
                continue
            states.append(branch)
        if not results:
            raise Dead
        state.become(join_states(states))
        return join_values(*results)

    def _compare(self, context: Context, state: State, node: t.Compare) -> Val:
        asked = type_asked(node)
        if asked is not None:
            subject, names, positive = asked
            found = operators.is_instance(self, state, self.eval(context, state, subject), names)
            return Unknown("a flag", OPTIONAL) if found is Truth.MAYBE else Known((found is Truth.YES) == positive)
        left = self.eval(context, state, node.left)
        answer = Truth.YES
        for op, operand in node.rest:
            right = self.eval(context, state, operand)
            held = ABSENT
            if op in {"in", "not in"} and self._model_of(state, right) is not None:
                # Whether a message has a header line.
                held = self._call_dunder(context, state, right, "__contains__", [left], node)
            if held is ABSENT:
                answer = answer & operators.compare(self, state, op, left, right)
            else:
                found = self.truth(state, held)
                answer = answer & (found if op == "in" else ~found)
            left = right
        return Unknown("a flag", OPTIONAL) if answer is Truth.MAYBE else Known(answer is Truth.YES)

    def _sequence(self, context: Context, state: State, node: t.Seq) -> Val:
        members: list[Member] = []
        for item, star in zip(node.items, node.stars, strict=True):
            value = self.eval(context, state, item)
            if star:
                members += containers.members_of(state, value, context.place(item.at))
            else:
                members.append(Member(value, ONE))
        if node.sort == "tuple":
            return nested(Items(bounded(members) if True in node.stars else tuple(members), sort="tuple"))
        held = bounded(members) if True in node.stars else tuple(members)
        return state.allocate(context.path, node, Cell(node.sort, members=held))

    def _dict(self, context: Context, state: State, node: t.Dict) -> Val:
        ref = state.allocate(context.path, node, Cell("dict"))
        for key, item in node.items:
            value = self.eval(context, state, item)
            if key is None:
                containers.update(state, ref, value)
                continue
            index = self.eval(context, state, key)
            name = literals.string(index)
            if name is not None or isinstance(index, Either):
                # One of several keys, or the one of this name.
                value = self._stored(value, context.place(item.at), name or "")
            containers.set_item(state, ref, index, value)
        return ref

    def _comprehension(self, context: Context, state: State, node: t.Comp) -> Val:
        frame = FrameId(context.path, node)
        state.frames[frame] = {}
        inner = replace(context, frames=(frame, *context.frames))
        first = node.clauses[0].iter
        iterable = self.iterated(inner, state, self.eval(inner, state, first), first)
        options = iterable.options if isinstance(iterable, Either) and node.sort in {"list", "set"} else ()
        if 1 < len(options) <= _BRANCHES and all(isinstance(option, (Ref, Items)) for option in options):
            # Lists of branches that never meet: what is collected of one is not beside what is collected of another.
            found: list[Val] = []
            for index, option in enumerate(options):
                state.frames.own[frame] = {}
                way = self.round(inner, node, index)
                found.append(self._collected(way, state, node, containers.inherited(option, iterable.trail), frame))
            return join_values(*found)
        return self._collected(inner, state, node, iterable, frame)

    def _collected(self, inner: Context, state: State, node: t.Comp, iterable: Val, frame: FrameId) -> Val:
        """What a comprehension gives whose first clause goes over ``iterable``."""
        context = inner
        result: list[Member] = []
        pairs: list[tuple[Val, Val, Count]] = []
        self._clause(inner, state, node, 0, ONE, result, pairs, iterable)
        state.frames.own.pop(frame, None)
        step = Step(StepKind.COLLECTED, context.place(node.at))
        if node.sort == "dict":
            ref = state.allocate(context.path, node, Cell("dict"))
            for key, value, _ in pairs:
                containers.set_item(state, ref, key, value)
            return ref
        grown = any(member.count.plain >= PLAIN_MANY for member in result)
        trail = (step,) if grown else ()
        if node.sort == "iterator":
            return Items(tuple(result), trail, "iterator")
        return replace(state.allocate(context.path, node, Cell(node.sort, members=tuple(result))), trail=trail)

    def _clause(
        self,
        context: Context,
        state: State,
        node: t.Comp,
        depth: int,
        count: Count,
        result: list[Member],
        pairs: list[tuple[Val, Val, Count]],
        given: Val = None,
    ) -> None:
        if depth == len(node.clauses):
            if count.plain >= PLAIN_MANY and _adds(node.element):
                # It is done for each member: what it adds to a list, it adds that often.
                context = replace(context, loops=context.loops | {f"{context.symbol}:{node.at.line}"})
                self.eval(context, state, node.element)
            key = self.eval(context, state, node.element)
            if node.value is None:
                result.append(Member(key, count))
            else:
                pairs.append((key, self.eval(context, state, node.value), count))
            return
        clause = node.clauses[depth]
        iterable = self.eval(context, state, clause.iter) if given is None else given
        place = context.place(clause.iter.at)
        members = containers.members_of(state, iterable, place)
        if len(members) > UNROLL_LIMIT:
            members = (Member(containers.element(state, iterable, place), total(members)),)
        names = state.frames[context.frame]
        outer = context
        for index, member in enumerate(members):
            # Each round makes things of its own: the members met before are still held here.
            context = self.round(outer, clause, index) if len(members) > 1 else outer
            before = dict(names)
            self.assign(context, state, clause.target, member.value, clause.iter.at)
            each = count * member.count
            possible = True
            for test in clause.ifs:
                answer = self.truth(state, self.eval(context, state, test))
                possible = answer is not Truth.NO and self.narrow(context, state, test, outcome=True)
                if answer is Truth.MAYBE:
                    each = replace(each, low=0)
                if not possible:
                    break
            if possible:
                self._clause(context, state, node, depth + 1, each, result, pairs)
            names = state.frames[context.frame]
            names.clear()
            names.update(before)

    def round(self, context: Context, node: object, index: int) -> Context:
        """The context of one round of several that are run side by side."""
        path = self._paths.setdefault((context.path, (id(node), index)), len(self._paths) + 1)
        return replace(context, path=path)

    def _yield(self, context: Context, state: State, node: t.Yield) -> Val:
        value = Known(None) if node.value is None else self.eval(context, state, node.value)
        holder = next(
            (names[YIELDS] for names in map(state.frames.get, context.frames) if names and YIELDS in names), None
        )
        if isinstance(holder, Ref):
            if node.each:
                containers.extend(state, holder, value, context.place(node.at))
            else:
                containers.list_append(state, holder, value)
            self.lend(context, state, value, node)
            return Unknown("sent into the generator")
        # A coroutine that yields to wait gets what it waited for.
        return value

    def _subscript(self, context: Context, state: State, node: t.Sub) -> Val:
        holder = self.eval(context, state, node.value)
        if isinstance(holder, (Cls, ModelCls)):
            # A generic class with its arguments.
            return holder
        if isinstance(node.index, t.Slice):
            bounds = [
                None if each is None else self.eval(context, state, each)
                for each in (node.index.lower, node.index.upper, node.index.step)
            ]
            return slices.sliced(state, holder, bounds, context, node)
        index = self.eval(context, state, node.index)
        found = self._call_dunder(context, state, holder, "__getitem__", [index], node)
        if found is not ABSENT:
            return found
        value = containers.item(state, holder, index, context.place(node.at))
        if self.gathered and isinstance(value, Unknown) and literals.string(index) in self.gathered:
            return replace(value, count=MANY)
        return value

    _evaluators: ClassVar[dict[type, Callable[[Any, Context, State, Any], Val]]] = {
        t.Const: _const,
        t.Name: _name,
        t.Attr: _attr,
        t.Call: Attributes._call,  # noqa: SLF001  # of a layer below
        t.Sub: _subscript,
        t.FStr: _text,
        t.Bin: _binary,
        t.Bool: _boolean,
        t.Unary: _unary,
        t.Compare: _compare,
        t.Cond: _conditional,
        t.Seq: _sequence,
        t.Dict: _dict,
        t.Comp: _comprehension,
        t.Lam: _lambda,
        t.Yield: _yield,
        t.Walrus: _walrus,
        t.Slice: _slice,
    }
    """What evaluates each kind of expression; a table, as this is asked for millions of times."""


def _adds(node: t.Expr) -> bool:
    """Whether an expression adds something to a container."""
    return isinstance(node, t.Call) and isinstance(node.func, t.Attr) and node.func.name in queues.GIVES


_BRANCHES: Final = 3
"""So many lists that a comprehension may go over are looked at one by one."""
