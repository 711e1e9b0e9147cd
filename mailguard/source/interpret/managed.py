"""``with``: what is entered, and the block within.

A function that is a context manager (``@contextmanager``) is run with the block where it yields: what the block puts into
the list or the message that it got is there when the function goes on, and perhaps sends it.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import OPEN, OPTIONAL, Count
from mailguard.model.value import Either, Items, Parameter, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.base import last_name
from mailguard.source.interpret.context import Body, Context, Dead, Flow
from mailguard.source.interpret.expressions import Expressions
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, ModelMethod, Ref, Val
from mailguard.source.library import containers

__all__ = ["Managed"]


class Managed(Expressions):
    """Blocks of context managers."""

    def with_block(self, context: Context, node: t.With, state: State) -> Flow:
        """``with item as target: ...``."""
        last = len(node.items) - 1
        for index, (item, target) in enumerate(node.items):
            body = self._body(context, node, item, target) if index == last else None
            around, self.managed = self.managed, body
            try:
                value = self.eval(context, state, item)
            finally:
                self.managed = around
            if body is not None and body.ran:
                return Flow([state])
            entered = self._entered(context, state, value, item)
            if target is not None:
                self.assign(context, state, target, entered, item.at)
        return self.block(context, node.body, [state])

    def lend(self, context: Context, state: State, value: Val, node: t.Yield) -> None:
        """Run the block that a context manager lends ``value`` to; where none is seen, it may have filled it."""
        func = context.stack[-1] if context.stack else None
        if not isinstance(func, t.Func) or _MANAGERS.isdisjoint(map(last_name, func.decorators)):
            return
        if context.body is not None:
            context.body.ran = True
            context.body.run(state, value)
            return
        lent = [
            option
            for option in (value.options if isinstance(value, Either) else (value,))
            if isinstance(option, Ref) and option in state.heap
        ]
        for option in lent:
            cell = state.heap[option]
            # The lists of a message are filled like a list that is lent itself.
            lists = [option] if cell.sort in {"list", "set"} else []
            if self._model_of(state, option) is not None:
                lists = [item for _, item in cell.fields]
            for held in lists:
                if isinstance(held, Ref) and held in state.heap and state.heap[held].sort in {"list", "set"}:
                    step = Step(StepKind.PARAMETER, context.place(node.at))
                    filled = Parameter(f"{last_name(node.value)}[]", context.symbol, OPTIONAL, (step,))
                    containers.list_append(state, held, filled, Count(0, 0, OPEN.high))

    def _body(self, context: Context, node: t.With, item: t.Expr, target: t.Expr | None) -> Body | None:
        """The block, to be run where the manager yields; None of one that leaves the function or loop around it."""
        if not isinstance(item, t.Call) or any(isinstance(each, _LEAVES) for each in t.statements(node.body)):
            return None

        def run(state: State, value: Val) -> None:
            if target is not None:
                self.assign(context, state, target, value, item.at)
            ends = self.block(context, node.body, [state]).normal
            if not ends:
                raise Dead
            state.become(self._joined(ends))

        around = () if context.body is None else context.body.frames
        return Body(item, run, (*context.frames, *around))

    def _entered(self, context: Context, state: State, value: Val, node: t.Expr) -> Val:
        if isinstance(value, Items) and value.sort == "context":
            return containers.element(state, value)
        if isinstance(value, Ref):
            cls = state.heap[value].cls if value in state.heap else None
            for name in ("__enter__", "__aenter__"):
                method = self.attribute(context, state, value, name, node) if cls is not None else None
                if isinstance(method, (Bound, ModelMethod)):
                    result = self.call(context, state, method, [], [], node)
                    return value if isinstance(result, Unknown) else result
        return value


_LEAVES: Final = (t.Return, t.Break, t.Continue, t.Raise)
_MANAGERS: Final = frozenset({"contextmanager", "asynccontextmanager"})
