"""Truth, and what a test tells about the names in it."""

from __future__ import annotations

from collections.abc import Callable

from mailguard.model.count import Truth
from mailguard.model.value import ABSENT, Either, Items, Known, Parameter, Unknown, inherit, truth
from mailguard.source import tree as t
from mailguard.source.interpret.base import last_name, surely_set
from mailguard.source.interpret.context import Context
from mailguard.source.interpret.names import Later, Names
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import (
    Bound,
    Cls,
    Ext,
    FrameId,
    Func,
    Mod,
    ModelCls,
    ModelFn,
    ModelMethod,
    Native,
    Partial,
    Ref,
    Super,
    Val,
    join_values,
    total,
)
from mailguard.source.library import literals, operators, provenance, slices

__all__ = ["Narrowing", "type_asked"]


class Narrowing(Names):
    """Tests."""

    def truth(self, state: State, value: Val) -> Truth:
        """Whether Python takes the value as true."""
        if isinstance(value, Known) and provenance.is_switch(value):
            return Truth.MAYBE
        if isinstance(value, Ref):
            cell = state.heap.get(value)
            if cell is None:
                return Truth.MAYBE
            if cell.sort in {"list", "set"}:
                count = total(cell.members)
                return Truth.YES if count.low else Truth.MAYBE if count.high else Truth.NO
            if cell.sort == "dict":
                if cell.rest is not None or cell.open:
                    return Truth.YES if any(surely_set(item) for _, item in cell.fields) else Truth.MAYBE
                if not cell.fields:
                    return Truth.NO
                return Truth.YES if any(surely_set(item) for _, item in cell.fields) else Truth.MAYBE
            return Truth.YES
        if isinstance(value, Either):
            answers = {self.truth(state, option) for option in value.options}
            return answers.pop() if len(answers) == 1 else Truth.MAYBE
        if isinstance(value, (Func, Cls, Bound, Mod, ModelFn, ModelCls, ModelMethod, Native, Partial, Super)):
            return Truth.YES
        if isinstance(value, Ext):
            return Truth.MAYBE
        if isinstance(value, Items) and value.sort in {"query", "iterator", "context"}:
            return Truth.MAYBE
        return truth(value)

    def narrow(self, context: Context, state: State, test: t.Expr, *, outcome: bool) -> bool:
        """Take over what a test tells about the names in it; False if the outcome cannot be."""
        match test:
            case t.Unary(op="not"):
                return self.narrow(context, state, test.operand, outcome=not outcome)
            case t.Bool(op="and") if outcome:
                return self.narrow(context, state, test.left, outcome=True) and self.narrow(
                    context, state, test.right, outcome=True
                )
            case t.Bool(op="or") if not outcome:
                return self.narrow(context, state, test.left, outcome=False) and self.narrow(
                    context, state, test.right, outcome=False
                )
            case t.Name() | t.Attr() | t.Walrus():
                target = test.target if isinstance(test, t.Walrus) else test
                wanted = Truth.NO if outcome else Truth.YES
                return self._refine(
                    context, state, target, lambda value: None if self.truth(state, value) is wanted else value
                )
            case t.Compare() if (asked := type_asked(test)) is not None:
                subject_of, kinds_of, positive = asked
                unwanted = Truth.NO if outcome == positive else Truth.YES
                return self._refine(
                    context,
                    state,
                    subject_of,
                    lambda value: None if operators.is_instance(self, state, value, kinds_of) is unwanted else value,
                )
            case t.Compare(rest=((("in" | "not in") as op, right),)):
                if outcome != (op == "in"):
                    self._without(context, state, right, test.left)
                return True
            case t.Sub() if not outcome:
                self._without(context, state, test.value, test.index)
                return True
            case t.Call(func=t.Attr(name="get", value=holder), args=(name, *_)) if not outcome:
                self._without(context, state, holder, name.value)
                return True
            case t.Compare(rest=((op, right),)):
                return self._narrow_compare(context, state, test.left, op, right, outcome=outcome)
            case t.Call(func=t.Name(id="isinstance"), args=(subject, kinds)):
                names = {
                    last_name(each)
                    for each in (kinds.value.items if isinstance(kinds.value, t.Seq) else (kinds.value,))
                }

                def keep(value: Val) -> Val:
                    answer = operators.is_instance(self, state, value, names)
                    return None if answer is (Truth.NO if outcome else Truth.YES) else value

                return self._refine(context, state, subject.value, keep)
        return True

    def _narrow_compare(
        self, context: Context, state: State, left: t.Expr, op: str, right: t.Expr, *, outcome: bool
    ) -> bool:
        if isinstance(left, t.Call) and isinstance(left.func, t.Name) and left.func.id == "len" and len(left.args) == 1:
            bound = literals.number(self.eval(context, state, right))
            if bound is None:
                return True
            if not outcome:
                op = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}.get(op, "")
            limit = {"==": bound, "<": bound - 1, "<=": bound}.get(op)
            if limit is None or limit < 0:
                return True
            subject = left.args[0].value
            return self._refine(
                context, state, subject, lambda value: slices.limited(self, state, value, limit, context)
            )
        if op in {"is", "is not", "==", "!="} and isinstance(right, t.Const) and right.value is None:
            is_none = (op in {"is", "=="}) == outcome
            if is_none and isinstance(left, (t.Sub, t.Call)):
                # The lines of a message: what is None is not there.
                return self.narrow(context, state, left, outcome=False)
            return self._refine(
                context,
                state,
                left,
                lambda value: (
                    value
                    if (isinstance(value, Known) and value.value is None) == is_none or not _certain(value)
                    else None
                ),
            )
        return True

    def _without(self, context: Context, state: State, target: t.Expr, name: t.Expr) -> None:
        """A message has no such line where the code has just found none: ``if "To" not in message``."""
        if not isinstance(target, (t.Name, t.Attr)):
            return
        holder = self.eval(context, state, target)
        model = self._model_of(state, holder) if isinstance(holder, Ref) and holder in state.heap else None
        if model is None or not hasattr(model.cls, "__contains__") or not hasattr(model.cls, "__delitem__"):
            return
        self._call_dunder(context, state, holder, "__delitem__", [self.eval(context, state, name)], target)

    def _refine(self, context: Context, state: State, target: t.Expr, keep: Callable[[Val], Val | None]) -> bool:
        """Filter the alternatives of a name or attribute; ``keep`` returns None for one that cannot be."""
        frame: FrameId | None = None
        if isinstance(target, t.Name):
            frame = next((each for each in context.frames if target.id in state.frames.get(each, {})), None)
            if frame is None:
                return True
            value = self.force(state, state.frames[frame][target.id])
        elif isinstance(target, t.Attr) and isinstance(target.value, t.Name):
            holder = self.eval(context, state, target.value)
            if not isinstance(holder, Ref) or holder not in state.heap:
                return True
            value = state.heap[holder].get(target.name)
            if value is ABSENT or self._model_of(state, holder) is not None:
                return True
        else:
            return True
        if isinstance(value, Either):
            kept = [result for option in value.options if option is not ABSENT and (result := keep(option)) is not None]
            kept = [inherit(each, value.trail) if not isinstance(each, Ref) else each for each in kept]
            if not kept:
                return False
            new = join_values(*kept)
        else:
            kept_value = keep(value)
            if kept_value is None:
                return False
            new = kept_value
        if isinstance(target, t.Name):
            assert frame is not None  # noqa: S101  # found above, or there is nothing to refine
            state.writable(frame)[target.id] = new
        else:
            state.heap[holder] = state.heap[holder].put(target.name, new)
        return True


def type_asked(node: t.Compare) -> tuple[t.Expr, set[str], bool] | None:
    """The subject, the types and the sense of ``type(x) is list``, ``type(x) == str``, ``type(x) in (list, tuple)``."""
    match node:
        case t.Compare(
            left=t.Call(func=t.Name(id="type"), args=(subject,)),
            rest=((("is" | "==" | "in" | "is not" | "!=" | "not in") as op, right),),
        ):
            kinds = right.items if isinstance(right, t.Seq) and op in {"in", "not in"} else (right,)
            return subject.value, {last_name(kind) for kind in kinds}, op in {"is", "==", "in"}
    return None


def _certain(value: Val) -> bool:
    """Whether it is known if the value is None."""
    return not isinstance(value, (Unknown, Parameter, Ext, Later))
