"""Statements: each works on a list of states, so that branches stay apart until the next call boundary.

Loops run to a fixed point with widening, so that a To line that gains a person in each pass is seen to grow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

from mailguard.model.count import ONE, OPTIONAL, Truth
from mailguard.model.value import Either, Items, Known, Parameter, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.context import PASSES_LIMIT, UNROLL_LIMIT, Context, Dead, Flow
from mailguard.source.interpret.managed import Managed
from mailguard.source.interpret.passes import NOTHING, Own, last_line, left_by, names_in, own_names
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, Cls, Func, ModelCls, ModelFn, ModelMethod, Partial, Ref, Val, total
from mailguard.source.interpret.widening import widen
from mailguard.source.library import containers, provenance

__all__ = ["Statements"]


_CONFIG: Final = re.compile(r"(?:^|_)(?:config|configuration|conf|cfg|settings)$", re.IGNORECASE)
"""What programs call the operator's file once it is read."""


class Statements(Managed):
    """Statements."""

    def block(self, context: Context, body: Sequence[t.Stmt], states: list[State]) -> Flow:
        """Run statements from each of ``states``."""
        flow = Flow()
        chosen = context.chosen
        for node in body:
            if not states:
                break
            if chosen is not None and id(node) not in chosen:
                continue
            plain = self._plain.get(type(node))
            if plain is not None:
                states = self._limit(self._each(plain, context, node, states), context)
                continue
            result = self.statement(context, node, states)
            flow.take(result)
            states = self._limit(result.normal, context)
        flow.normal = states
        return flow

    def _each(
        self, plain: Callable[[Any, Context, Any, State], None], context: Context, node: t.Stmt, states: list[State]
    ) -> list[State]:
        """The states from which a statement that leaves no block goes on."""
        left: list[State] = []
        for state in states:
            try:
                plain(self, context, node, state)
            except Dead:
                continue
            left.append(state)
        return left

    def _limit(self, states: list[State], context: Context | None = None) -> list[State]:
        if len(states) <= 1:
            return states
        if (context is not None and context.idle) or self.effort.states == 1:
            return [self._joined(states)]
        different: list[State] = []
        for state in states:
            if not any(state.same(other) for other in different):
                different.append(state)
        return different if len(different) <= self.effort.states else [self._joined(different)]

    def statement(self, context: Context, node: t.Stmt, states: list[State]) -> Flow:
        """Run one statement from each of ``states``."""
        if isinstance(node, (t.For, t.While)):
            flow = Flow()
            for state in [self._joined(states)] if len(states) > 2 else states:
                try:
                    part = (
                        self._for(context, node, state)
                        if isinstance(node, t.For)
                        else self._while(context, node, state)
                    )
                except Dead:
                    continue
                flow.normal += part.normal
                flow.take(part)
            return flow
        flow = Flow()
        for state in states:
            try:
                part = self._one(context, node, state)
            except Dead:
                continue
            flow.normal += part.normal
            flow.take(part)
        return flow

    def _one(self, context: Context, node: t.Stmt, state: State) -> Flow:
        plain = self._plain.get(type(node))
        if plain is not None:
            plain(self, context, node, state)
            return Flow(normal=[state])
        match node:
            case t.If():
                return self._if(context, node, state)
            case t.Return():
                value = Known(None) if node.value is None else self.eval(context, state, node.value)
                return Flow(returns=[(state, value)])
            case t.Try():
                return self._try(context, node, state)
            case t.With():
                return self.with_block(context, node, state)
            case t.Match():
                return self._match(context, node, state)
            case t.Break():
                return Flow(breaks=[state])
            case t.Continue():
                return Flow(continues=[state])
            case t.For() | t.While():
                return self.statement(context, node, [state])
        return Flow(normal=[state])

    def _expression(self, context: Context, node: t.ExprStmt, state: State) -> None:
        self._unread.add(id(node.value))
        if not self._idle(context, state, node.value):
            self.eval(context, state, node.value)

    def _assignment(self, context: Context, node: t.Assign, state: State) -> None:
        if node.value is None:
            return
        value = self.eval(context, state, node.value)
        if context.symbol.endswith(":<module>"):
            value = self._constant(context, state, node, value)
        value = self._switch(context, node, value)
        value = self._named_settings(context, node, value)
        self.keep(context, state, node, value)
        if len(node.targets) > 1 and isinstance(node.targets[0], t.Name) and isinstance(value, (Items, Either)):
            # one = two = text.split(","): one list, whichever name it is changed by.
            value = self._that_grows(context, state, node.targets[0], value)
        for target in node.targets:
            self.assign(context, state, target, value, node.value.at)

    def _raise(self, context: Context, node: t.Raise, state: State) -> None:
        if node.value is not None:
            self.eval(context, state, node.value)
        raise Dead

    def _assert(self, context: Context, node: t.Assert, state: State) -> None:
        value = self.eval(context, state, node.test)
        if self.truth(state, value) is Truth.NO:
            raise Dead
        self.narrow(context, state, node.test, outcome=True)

    def _deletion(self, context: Context, node: t.Delete, state: State) -> None:
        for target in node.targets:
            self._delete(context, state, target)

    def _declaration(self, context: Context, node: t.Global, state: State) -> None:
        names = state.frames[context.frame]
        for name in node.names:
            names[f"global {name}"] = Known(node.nonlocal_)

    def _importing(self, context: Context, node: t.Import, state: State) -> None:
        self._import(context, state, node)

    def _from_importing(self, context: Context, node: t.From, state: State) -> None:
        self._from(context, state, node)

    def _definition(self, context: Context, node: t.Func, state: State) -> None:
        func = self.make_function(context, state, node, None)
        self.bind(context, state, node.name, self._decorated(context, state, node.decorators, func))

    def _class(self, context: Context, node: t.Class, state: State) -> None:
        if self.is_loading(context) and node in self.waiting_in(context.module):
            return  # made once it is asked for
        self.bind(context, state, node.name, self.define_class(context, state, node))

    def _named_settings(self, context: Context, node: t.Assign, value: Val) -> Val:
        """Data out of a file that the program calls its configuration: the operator's file."""
        names = [target.id for target in node.targets if isinstance(target, t.Name)]
        if not isinstance(value, Unknown) or not names or not all(_CONFIG.search(name) for name in names):
            return value
        if [step.kind for step in value.trail] != [StepKind.FILE]:
            return value
        return replace(value, trail=(Step(StepKind.CONFIGURED, context.place(node.at), names[0]),))

    def _constant(self, context: Context, state: State, node: t.Assign, value: Val) -> Val:
        """People who are written into a constant of a module (``ALERTS = [...]``) are configured there."""
        if all(isinstance(target, t.Name) and target.id.isupper() for target in node.targets):
            step = Step(StepKind.CONFIGURED, context.place(node.at), "a constant")
            return provenance.configured_literals(state, value, step)
        return value

    def _switch(self, context: Context, node: t.Assign, value: Val) -> Val:
        """What a module or a class of settings sets at its top level: an operator may turn it, so no branch is ruled out."""
        if not isinstance(value, Known) or not (context.owner is not None or context.symbol.endswith(":<module>")):
            return value
        if len(context.stack) or not all(isinstance(target, t.Name) for target in node.targets):
            return value
        names = [target.id for target in node.targets if isinstance(target, t.Name)]
        holder = context.symbol.removesuffix(":<module>").rsplit(".", 1)[-1].rsplit(":", 1)[-1]
        if all(name.isupper() for name in names) or provenance.settings_like(holder):
            return replace(
                value, trail=(*value.trail, Step(StepKind.CONFIGURED, context.place(node.at), provenance.SWITCH))
            )
        return value

    def _idle(self, context: Context, state: State, node: t.Expr) -> bool:
        """Whether a statement is a call that can neither send nor change anything that is looked at."""
        if isinstance(node, t.Const):
            return True
        if not isinstance(node, t.Call) or not isinstance(node.func, t.Name):
            return False
        if any(isinstance(arg.value, (t.Call, t.Lam, t.Walrus, t.Comp, t.Yield)) for arg in node.args):
            return False
        callee = self.lookup(context, state, node.func.id, node.func.at)
        if not isinstance(callee, Func) or not isinstance(callee.node, t.Func):
            return False
        if self._lead_to_mail(callee.node.names, callee.module, threads=True) or len(callee.frames) > 1:
            return False  # what an inner function leads to, its names need not tell
        for arg in node.args:
            value = self.eval(context, state, arg.value)
            if isinstance(value, (Ref, Either, Func, Cls, Bound, Partial, ModelFn, ModelCls, ModelMethod)):
                return False
        return True

    def _decorated(self, context: Context, state: State, decorators: Sequence[t.Expr], func: Func) -> Val:
        # A decorator of the project that returns a function of its own is applied; every other one is taken
        # to keep what the function does (login_required, shared_task, cache).
        value: Val = func
        if func.sort != "plain":
            return value
        for decorator in reversed(decorators):
            if isinstance(decorator, t.Call) and any(
                arg.keyword == "bind" and isinstance(arg.value, t.Const) and arg.value.value is True
                for arg in decorator.args
            ):
                # A task that gets itself first (Celery): whoever calls it leaves that out.
                value = Bound(func, Unknown("self"))
                continue
            try:
                wrap = self.eval(context, state, decorator)
            except Dead:
                continue
            if isinstance(wrap, Func) and isinstance(wrap.node, t.Func):
                try:
                    result = self.call(context, state, wrap, [value], [], decorator)
                except Dead:
                    continue
                if isinstance(result, (Func, Partial, Bound)):
                    value = result
        return value

    def _if(self, context: Context, node: t.If, state: State) -> Flow:
        value = self.eval(context, state, node.test)
        answer = self.truth(state, value)
        flow = Flow()
        if answer is not Truth.NO:
            taken = state.copy() if answer is Truth.MAYBE else state
            if self.narrow(context, taken, node.test, outcome=True):
                part = self.block(context, node.body, [taken])
                flow.normal += part.normal
                flow.take(part)
        if answer is not Truth.YES and self.narrow(context, state, node.test, outcome=False):
            part = self.block(context, node.orelse, [state])
            flow.normal += part.normal
            flow.take(part)
        return flow

    def _try(self, context: Context, node: t.Try, state: State) -> Flow:
        before = state.copy() if node.handlers else state
        part = self.block(context, node.body, [state])
        flow = Flow()
        flow.take(part)
        normal = part.normal
        if node.orelse:
            rest = self.block(context, node.orelse, [each.copy() for each in normal])
            flow.take(rest)
            ends = rest.normal
        else:
            ends = normal
        for handler in node.handlers:
            entry = [before.copy(), *(each.copy() for each in normal)]
            start = self._joined(entry)
            if handler.name is not None:
                self.bind(context, start, handler.name, Unknown(handler.name, OPTIONAL))
            rest = self.block(context, handler.body, [start])
            flow.take(rest)
            ends = ends + rest.normal
        if node.final:
            leaving = self.block(context, node.final, self._limit(ends) or [before.copy()])
            flow.take(leaving)
            ends = leaving.normal if ends else []
        flow.normal = ends
        return flow

    def _match(self, context: Context, node: t.Match, state: State) -> Flow:
        subject = self.eval(context, state, node.subject)
        flow = Flow()
        for case in node.cases:
            branch = state.copy()
            for name in case.binds:
                self.bind(context, branch, name, containers.part(subject, name, context.place(node.at)))
            if case.guard is not None:
                self.eval(context, branch, case.guard)
            part = self.block(context, case.body, [branch])
            flow.normal += part.normal
            flow.take(part)
        if not any(case.wildcard for case in node.cases):
            flow.normal.append(state)
        return flow

    def _for(self, context: Context, node: t.For, state: State) -> Flow:
        iterable = self.iterated(context, state, self.eval(context, state, node.iter), node.iter)
        members = containers.members_of(state, iterable, context.place(node.iter.at))
        flow = Flow()
        exact = len(members) <= UNROLL_LIMIT and all(member.count == ONE for member in members)
        if exact and not isinstance(iterable, (Unknown, Parameter)):
            single, rest = members, members[:0]
        else:
            single, rest = containers.named_first(members, UNROLL_LIMIT)
        states = [state]
        for member in single:
            passed = states if member.count.low else [each.copy() for each in states]
            left_out = [] if member.count.low else states
            for each in passed:
                self.assign(context, each, node.target, member.value, node.iter.at)
            part = self.block(context, node.body, passed)
            flow.returns += part.returns
            flow.normal += part.breaks
            states = self._limit([*part.normal, *part.continues, *left_out])
            if not states:
                break
        if states and rest:
            if single:
                state = self._joined(states)
            count = total(rest)
            element = containers.one_of(rest)
            if count.high <= 1:
                # At most one pass: nothing can grow.
                once = state.copy()
                self.assign(context, once, node.target, element, node.iter.at)
                part = self.block(context, node.body, [once])
                flow.returns += part.returns
                flow.normal += part.breaks
                states = self._limit([*part.normal, *part.continues, *([] if count.low else [state])])
            else:
                states = self._loop(context, node, state, flow, element, least=count.low)
        if node.orelse and states:
            part = self.block(context, node.orelse, states)
            flow.take(part)
            states = part.normal
        flow.normal += states
        return flow

    def _while(self, context: Context, node: t.While, state: State) -> Flow:
        flow = Flow()
        states = self._loop(context, node, state, flow, None, least=0)
        if node.orelse and states:
            part = self.block(context, node.orelse, states)
            flow.take(part)
            states = part.normal
        flow.normal += states
        return flow

    def _loop(
        self, context: Context, node: t.For | t.While, state: State, flow: Flow, element: Val, *, least: int
    ) -> list[State]:
        """Run a loop to a fixed point; the states in which it ends by itself."""
        loop = f"{context.symbol}:{node.at.line}"
        inner = replace(context, loops=context.loops | {loop})
        if loop not in self.loop_ends:
            self.loop_ends[loop] = last_line(node)
        own = self._names_of(context, node)
        mark = len(self.dispatches)
        head = state.copy()
        for turn in range(PASSES_LIMIT):
            del self.dispatches[mark:]
            current = head.copy()
            part_flow = Flow()
            if isinstance(node, t.While):
                value = self.eval(inner, current, node.test)
                if self.truth(current, value) is Truth.NO:
                    if turn == 0:
                        return [state]
                    break
                self.narrow(inner, current, node.test, outcome=True)
            else:
                self.assign(inner, current, node.target, element, node.iter.at)
            part = self.block(inner, node.body, [current])
            part_flow.take(part)
            ends = part.normal + part.continues
            if not ends:
                head_next = head
                last = part
                break
            left = left_by(ends, head, context.frame, own, context.pinned, told=self.is_to_be_told)
            joined = self._joined([head, *left])
            head_next = widen(head, joined, loop, context.place(node.at)) if turn else joined
            last = part
            if head_next.same(head):
                break
            head = head_next
        else:
            last = part
        flow.returns += last.returns
        ends = last.normal + last.continues
        exits = list(last.breaks)
        if isinstance(node, t.While):
            always = isinstance(node.test, t.Const) and bool(node.test.value)
            result = [] if always else [head.copy()]
            for each in result:
                self.narrow(context, each, node.test, outcome=False)
            return self._limit([*result, *exits])
        if least and ends:
            # The body surely ran: what it always does has been done.
            return self._limit([self._joined(ends), *exits])
        # The plain reading of a loop is that its body ran; that it did not is kept as a possibility by the join.
        result = [self._joined([*ends, state])] if ends else [state]
        return self._limit([*result, *exits])

    def _names_of(self, context: Context, node: t.For | t.While) -> Own:
        """The names that belong to a loop in a function."""
        function = context.stack[-1] if context.stack else None
        if not isinstance(node, t.For) or not isinstance(function, t.Func):
            return NOTHING
        if node not in self._own_names:
            if function not in self._mentioned:
                self._mentioned[function] = names_in(function.body)
            self._own_names[node] = own_names(node, self._mentioned[function])
        return self._own_names[node]

    def _delete(self, context: Context, state: State, target: t.Expr) -> None:
        if isinstance(target, t.Name):
            state.frames[context.frame].pop(target.id, None)
        elif isinstance(target, t.Sub):
            holder = self.eval(context, state, target.value)
            if isinstance(target.index, t.Slice):
                self._delete_slice(context, state, holder, target.index)
                return
            index = self.eval(context, state, target.index)
            self._call_dunder(context, state, holder, "__delitem__", [index], target)
            containers.delete_item(state, holder, index)
        elif isinstance(target, t.Attr):
            holder = self.eval(context, state, target.value)
            if isinstance(holder, Ref) and holder in state.heap:
                state.heap[holder] = state.heap[holder].drop(target.name)

    def _augmented(self, context: Context, node: t.AugAssign, state: State) -> None:
        target = node.target
        current = self.eval(context, state, target)
        value = self.eval(context, state, node.value)
        if node.op in {"+", "|"} and isinstance(current, Ref) and current in state.heap:
            cell = state.heap[current]
            if cell.sort in {"list", "set"}:
                shown = self._shown_if_model(context, state, target, value, node.value.at)
                containers.extend(
                    state, current, shown, context.place(node.value.at), looping=self.collects(context, current)
                )
                if isinstance(target, t.Attr):
                    # `message.to += people` also assigns, which a model's setter sees.
                    return
                self.assign(context, state, target, current, node.value.at)
                return
            if cell.sort == "dict" and node.op == "|":
                containers.update(state, current, value)
                return
        result = self.binary(context, state, node.op, current, value, node.at)
        self.assign(context, state, target, result, node.value.at)

    def _shown_if_model(self, context: Context, state: State, target: t.Expr, value: Val, at: t.Span) -> Val:
        if isinstance(target, t.Attr):
            holder = self.eval(context, state, target.value)
            if self._model_of(state, holder) is not None:
                return self.shown(value, context.place(at))
        return value

    _plain: ClassVar[dict[type, Callable[[Any, Context, Any, State], None]]] = {
        t.ExprStmt: _expression,
        t.Assign: _assignment,
        t.AugAssign: _augmented,
        t.Raise: _raise,
        t.Assert: _assert,
        t.Delete: _deletion,
        t.Global: _declaration,
        t.Import: _importing,
        t.From: _from_importing,
        t.Func: _definition,
        t.Class: _class,
    }
    """What runs a statement that has no block and goes on with the next one, or ends the path (``Dead``)."""
