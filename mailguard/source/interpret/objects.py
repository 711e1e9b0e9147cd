"""Objects of classes of the project: as a call makes them, and as they may be where nothing is known of who made them."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from typing import Final

from mailguard.model.count import OPEN, OPTIONAL, Count
from mailguard.model.value import (
    ABSENT,
    ORIGIN_OF,
    Known,
    Member,
    Parameter,
    Step,
    StepKind,
    Unknown,
    trail_of,
)
from mailguard.source import tree as t
from mailguard.source.interpret.context import DEAR, SHARE, Budget, Context, Dead
from mailguard.source.interpret.parameters import Parameters, empty
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Cls, Ext, Func, ModelCls, Ref, Val, join_values
from mailguard.source.library import classes, queues
from mailguard.source.uses import filled

__all__ = ["Objects"]


class Objects(Parameters):
    """Objects of the project's classes."""

    def _construct(
        self,
        context: Context,
        state: State,
        cls: Cls,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        if not args and any(isinstance(each, Ext) and each.path in _TYPED for each in self.mro(cls)):
            # Only a type checker knows the class: what is made is a mapping.
            fields = tuple((key, value) for key, value in keywords if key is not None and key not in {"*", "**"})
            return state.allocate(
                context.path, (node, "typed"), Cell("dict", fields=fields, open=len(fields) < len(keywords))
            )
        made = self._made_object(context, state, cls, args, keywords, node)
        if self.used is not None:
            self._use(context, state, cls, made, node)
        return made

    def _use(self, context: Context, state: State, cls: Cls, made: Val, node: object) -> None:
        """Call the method that is asked about on an object that was just made; nothing else of it is seen here."""
        used = self.used
        if used is None or not any(isinstance(each, Cls) and each.node is used[0] for each in self.mro(cls)):
            return
        method = self._method(state, cls, used[1])
        if isinstance(method, Func) and method.sort == "plain" and method.node not in context.stack:
            self.used = None
            try:
                with contextlib.suppress(Dead):
                    self.call_function(context, state.copy(), method, [made], [], node, opened=True)
            finally:
                self.used = used

    def _made_object(
        self,
        context: Context,
        state: State,
        cls: Cls,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        init = self._method(state, cls, "__init__")
        model = next((each for each in self.mro(cls) if isinstance(each, ModelCls)), None)
        if model is not None and not isinstance(init, Func):
            return self._construct_model(context, state, cls, model, args, keywords, node)
        ref = state.allocate(context.path, (node, "object"), Cell("object", cls))
        if isinstance(init, Func):
            self.call_function(context, state, init, [ref, *args], keywords, node)
            # The constructor may have made further objects of its own at this site; the reference stays.
            return ref
        fields = classes.declared_fields(self, state, cls)
        named = {key: value for key, value in keywords if key not in {"*", "**", None}}
        cell = state.heap[ref]
        for index, (name, default) in enumerate(fields):
            if index < len(args):
                cell = cell.put(name, args[index])
            elif name in named:
                cell = cell.put(name, named.pop(name))
            elif default is not ABSENT:
                cell = cell.put(name, classes.default_field(self, context, state, default, node))
        for key, value in named.items():
            cell = cell.put(str(key), value)
        if any(key in {"*", "**"} for key, _ in keywords):
            cell = replace(cell, open=True)
        state.heap[ref] = cell
        post = self._method(state, cls, "__post_init__")
        if isinstance(post, Func):
            self.call_function(context, state, post, [ref], [], node)
        return ref

    def open_instance(self, context: Context, state: State, cls: Cls) -> Val:
        """An object of ``cls`` whose constructor got open parameters."""
        ref = state.allocate(context.path, (cls.node, "open"), Cell("object", cls))
        init = self._method(state, cls, "__init__")
        if not isinstance(init, Func):
            # A dataclass: its fields stay open, what it makes of them does not.
            init = self._method(state, cls, "__post_init__")
        if isinstance(init, Func) and not self.is_dear(init.node):
            begun = self.steps
            self._open_constructor(context, state, init, ref, cls)
            if isinstance(init.node, t.Func) and not self._lead_to_mail(init.node.names, init.module):
                self._spent[init.node] = self._spent.get(init.node, 0) + self.steps - begun
            self._left_open(context, state, cls, ref)
        elif isinstance(init, Func):
            self.left_out += 1
        return ref

    def _open_constructor(self, context: Context, state: State, init: Func, ref: Ref, cls: Cls) -> None:
        """Run a constructor with open parameters, unless it takes so much that nothing is left for what is asked about."""
        outer = self.share
        mine = self.steps + self.effort.steps // SHARE
        self.share = mine if outer is None else min(outer, mine)
        self.limit = 0
        try:
            with contextlib.suppress(Dead):
                self.call_function(context, state, init, [ref], [], cls.node, opened=True)
        except Budget:
            allowed = self.effort.limit(met=self.met)
            if self.steps > (allowed if outer is None else min(allowed, outer)):
                raise
            self.left_out += 1
            self.passed_over = self.cut_short = True
        finally:
            self.share, self.limit = outer, 0

    def open_row(self, context: Context, state: State, cls: Cls, holder: Val) -> Val:
        """An object of ``cls`` that stands for ``holder``: what is read off it comes from where that comes from."""
        origins = tuple(step for step in trail_of(holder) if step.kind in ORIGIN_OF)
        self.guess(cls, holder)
        made = self.open_instance(context, state, cls)
        return replace(made, trail=(*made.trail, *origins)) if isinstance(made, Ref) else made

    def guess(self, cls: Cls, holder: Val) -> None:
        """Take ``holder`` for an object of ``cls``: who hands it over can fill what its constructor left open."""
        symbols = [each.symbol for each in self.mro(cls) if isinstance(each, Cls)]
        self.holders.guess([*symbols, *(f"{symbol}.__init__" for symbol in symbols)], holder)

    def _left_open(self, context: Context, state: State, cls: Cls, ref: Ref) -> None:
        """What a constructor leaves empty and another method fills: before this one is called, it may have been."""
        cell = state.heap[ref]
        for name, value in cell.fields:
            if empty(state, value) and self._set_elsewhere(cls, name, value):
                # Whoever calls the method that sets it, or sets it from outside, decides.
                self.opened.setdefault(name, set()).add(cls.module)
                step = Step(StepKind.PARAMETER, replace(context, module=cls.module).place(cls.node.at), name)
                cell = cell.put(name, join_values(Parameter(name, cls.symbol, OPEN, (step,)), value))
            elif isinstance(value, Known) and value.value is None:
                cell = cell.put(name, join_values(value, Unknown(name, OPEN)))
            elif isinstance(value, Ref) and queues.is_queue(state.heap.get(value)):
                self.opened.setdefault(name, set()).add(cls.module)
                step = Step(StepKind.PARAMETER, replace(context, module=cls.module).place(cls.node.at), name)
                held = Member(Parameter(f"{name}[]", cls.symbol, OPTIONAL, (step,)), Count(0, 0, OPEN.high))
                state.heap[value] = replace(state.heap[value], members=(*state.heap[value].members, held))
            elif empty(state, value) and isinstance(value, Ref) and filled(cls.node.body, name):
                self.opened.setdefault(name, set()).add(cls.module)
                step = Step(StepKind.PARAMETER, replace(context, module=cls.module).place(cls.node.at), name)
                cell = cell.put(name, join_values(Parameter(name, cls.symbol, OPEN, (step,)), value))
            elif self._model_of(state, value) is not None and filled(_others(cls.node), name):
                # A message that the constructor makes and another method writes to: what is in it, callers tell.
                step = Step(StepKind.PARAMETER, replace(context, module=cls.module).place(cls.node.at), name)
                cell = cell.put(name, join_values(value, Parameter(name, cls.symbol, OPEN, (step,))))
        state.heap[ref] = cell

    def _set_elsewhere(self, cls: Cls, name: str, value: Val) -> bool:
        """Whether other code than the constructor sets an attribute that it leaves empty: a list, or what is called like people."""
        if not isinstance(value, Ref) and not _OF_PEOPLE.search(name):
            return False
        others = (node for node in _others(cls.node) if isinstance(node, t.Func))
        targets = (
            target
            for node in others
            for each in t.statements(node.body)
            if isinstance(each, t.Assign)
            for whole in each.targets
            for target in (whole.items if isinstance(whole, t.Seq) else (whole,))
        )
        if any(isinstance(one, t.Attr) and one.name == name and _is_self(one.value) for one in targets):
            return True
        if any(
            _sets_by_name(each, name)
            for node in _others(cls.node)
            if isinstance(node, t.Func)
            for each in t.statements(node.body)
        ):
            return True
        return self.assigns is not None and self.assigns(name, of_others=True)

    def is_dear(self, node: object) -> bool:
        """Whether a helper without mail has cost the current root so much that it is passed over."""
        # As long as the root has steps to spare, nothing is saved by not knowing.
        return self._spent.get(node, 0) > DEAR and self.steps > self.effort.spent


_TYPED: Final = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})
_OF_PEOPLE: Final = re.compile(
    r"mail|recip|addr|receiv|people|person|member|subscriber|^_?(?:to|cc|bcc)s?$|_(?:to|cc|bcc)$", re.IGNORECASE
)
"""Names of attributes that hold whom a mail goes to."""


def _is_self(node: t.Expr) -> bool:
    return isinstance(node, t.Name) and node.id == "self"


def _sets_by_name(node: t.Stmt, name: str) -> bool:
    """Whether a statement is ``setattr(self, "name", value)``."""
    call = node.value if isinstance(node, t.ExprStmt) else None
    if not isinstance(call, t.Call) or not isinstance(call.func, t.Name) or call.func.id != "setattr":
        return False
    written = call.args[1].value if len(call.args) > 1 else None
    return isinstance(written, t.Const) and written.value == name and _is_self(call.args[0].value)


def _others(node: t.Class) -> list[t.Stmt]:
    """The body of a class without its constructor."""
    return [each for each in node.body if not (isinstance(each, t.Func) and each.name == "__init__")]
