"""Assignment to names, attributes and items."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, ONE
from mailguard.model.value import ABSENT, Either, Items, Known, Member, Parameter, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.context import Context
from mailguard.source.interpret.models import Models
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Cls, FrameId, Func, Mod, Ref, Val, join_values
from mailguard.source.library import containers, literals, slices

__all__ = ["Assignment"]


_ADDS: Final = frozenset({"append", "extend", "insert"})
"""Methods that add to a list."""


class Assignment(Models):
    """Where values are put."""

    def assign(self, context: Context, state: State, target: t.Expr, value: Val, at: t.Span) -> None:
        """Bind ``value`` to a target; ``at`` is where the value is written."""
        match target:
            case t.Name():
                if isinstance(value, (Items, Either)):
                    value = self._that_grows(context, state, target, value)
                self.bind(context, state, target.id, value)
            case t.Attr():
                holder = self.eval(context, state, target.value)
                self.set_attribute(context, state, holder, target.name, value, at, target)
            case t.Sub():
                holder = self.eval(context, state, target.value)
                if isinstance(target.index, t.Slice):
                    containers.set_slice(state, holder, value, whole=_whole(target.index), place=context.place(at))
                    return
                index = self.eval(context, state, target.index)
                self.set_item(context, state, holder, index, value, at, target)
            case t.Seq():
                self._unpack(context, state, target, value, at)
            case _:
                pass

    def _that_grows(self, context: Context, state: State, target: t.Name, value: Items | Either) -> Val:
        """``value`` as a thing that calls change, where it is a list (of what was split) and the function adds to lists."""
        around = context.stack[-1] if context.stack else None
        if isinstance(around, t.Func) and _ADDS.isdisjoint(around.names):
            return value
        if isinstance(value, Either):
            options = [
                self._that_grows(context, state, target, each) if isinstance(each, Items) else each
                for each in value.options
            ]
            return replace(value, options=tuple(options))
        if value.sort != "list":
            return value
        return state.allocate(
            context.path, (target, "grows"), Cell("list", members=containers.members_of(state, value))
        )

    def _delete_slice(self, context: Context, state: State, holder: Val, node: t.Slice) -> None:
        """``del holder[1:]``: what stands before it stays."""
        first = node.lower.value if isinstance(node.lower, t.Const) and node.upper is None else None
        kept: Val = Items(())
        if isinstance(first, int) and first > 0 and node.step is None:
            kept = slices.limited(self, state, holder, first, context)
            containers.set_slice(state, holder, kept, whole=True)
        else:
            containers.set_slice(state, holder, kept, whole=_whole(node))

    def _unpack(self, context: Context, state: State, target: t.Seq, value: Val, at: t.Span) -> None:
        place = context.place(at)
        members = containers.members_of(state, value, place)
        exact = all(member.count == ONE for member in members) and not isinstance(value, (Unknown, Parameter))
        if True in target.stars:
            star = target.stars.index(True)
            after = len(target.items) - star - 1
            if exact and len(members) >= len(target.items) - 1:
                middle = members[star : len(members) - after]
                for item, member in zip(target.items[:star], members, strict=False):
                    self.assign(context, state, item, member.value, at)
                made = state.allocate(context.path, (target, star), Cell("list", members=tuple(middle)))
                self.assign(context, state, target.items[star], made, at)
                for item, member in zip(target.items[star + 1 :], members[len(members) - after :], strict=False):
                    self.assign(context, state, item, member.value, at)
                return
            element = containers.element(state, value, place)
            for item, is_star in zip(target.items, target.stars, strict=True):
                held = Items((Member(element, MANY),)) if is_star else element
                self.assign(context, state, item, held, at)
            return
        if exact and len(members) == len(target.items):
            for item, member in zip(target.items, members, strict=True):
                self.assign(context, state, item, member.value, at)
            return
        options = value.options if isinstance(value, Either) else ()
        rows = [containers.members_of(state, option, place) for option in options]
        if rows and all(len(row) == len(target.items) and all(each.count == ONE for each in row) for row in rows):
            for index, item in enumerate(target.items):
                self.assign(context, state, item, join_values(*(row[index].value for row in rows)), at)
            return
        for item in target.items:
            name = item.id if isinstance(item, t.Name) else ""
            self.assign(context, state, item, containers.part(value, name, place, state), at)

    def set_attribute(
        self, context: Context, state: State, holder: Val, name: str, value: Val, at: t.Span, node: object
    ) -> None:
        """``holder.name = value``."""
        if isinstance(holder, Either):
            for option in holder.options:
                if option is not ABSENT:
                    self.set_attribute(context, state, option, name, value, at, node)
            return
        if isinstance(holder, Mod):
            self.ensure(holder.module)
            state.writable(FrameId(0, holder.module))[name] = value
            return
        if isinstance(holder, Cls):
            if holder.ref in state.heap:
                state.heap[holder.ref] = state.heap[holder.ref].put(name, value)
            return
        if not isinstance(holder, Ref) or holder not in state.heap:
            return
        cell = state.heap[holder]
        model = self._model_of(state, holder)
        if model is not None:
            if not model.cls.HOLDS:
                value = self.shown(value, context.place(at))
            found = inspect.getattr_static(model.cls, name, None)
            if isinstance(found, property):
                if found.fset is not None:
                    self._run_model(
                        context,
                        state,
                        found.fset,
                        [self.handle(context, state, holder, model, node), self._argument(context, state, value, node)],
                        {},
                        node,
                        f"{model.path}.{name}",
                    )
                return
        setter = self._method(state, cell.cls, f"{name}.setter") if isinstance(cell.cls, Cls) else ABSENT
        if isinstance(setter, Func):
            self.call_function(context, state, setter, [holder, value], [], node)
            return
        if holder.age:
            value = join_values(cell.get(name), value) if cell.get(name) is not ABSENT else value
        state.heap[holder] = cell.put(name, value)

    def set_item(
        self, context: Context, state: State, holder: Val, index: Val, value: Val, at: t.Span, node: object
    ) -> None:
        """``holder[index] = value``."""
        if isinstance(holder, Either):
            for option in holder.options:
                if option is not ABSENT:
                    self.set_item(context, state, option, index, value, at, node)
            return
        model = self._model_of(state, holder)
        if model is not None or (
            isinstance(holder, Ref) and holder in state.heap and state.heap[holder].sort == "object"
        ):
            # What a class of the project does with it is another matter: keep it, or write it into a header there.
            put = value if model is None else self.shown(value, context.place(at))
            self._call_dunder(context, state, holder, "__setitem__", [index, put], node)
            return
        key = literals.string(index)
        if ((key is not None or isinstance(index, Either)) and not isinstance(value, (Known,))) or (
            isinstance(value, Known) and isinstance(value.value, str)
        ):
            value = self._stored(value, context.place(at), key or "")
        containers.set_item(state, holder, index, value)
        if isinstance(holder, Ref) and holder in state.heap:
            self.given(context, state, holder, (Member(value, ONE),), context.place(at), node)

    def _call_dunder(
        self, context: Context, state: State, holder: Val, name: str, args: list[Val], node: object
    ) -> Val:
        if isinstance(holder, Either):
            results = [
                self._call_dunder(context, state, option, name, args, node)
                for option in holder.options
                if option is not ABSENT
            ]
            return join_values(*results) if results else ABSENT
        if not isinstance(holder, Ref) or holder not in state.heap:
            return ABSENT
        found = self._method(state, state.heap[holder].cls, name)
        if isinstance(found, Func):
            return self.call_function(context, state, found, [holder, *args], [], node)
        if isinstance(found, tuple):
            model, function = found
            receiver = self.handle(context, state, holder, model, node)
            frozen = [self._argument(context, state, arg, node) for arg in args]
            return self._run_model(context, state, function, [receiver, *frozen], {}, node, f"{model.path}.{name}")
        return ABSENT


def _whole(node: t.Slice) -> bool:
    """Whether a slice is all of a list: ``[:]``, ``[0:]``."""
    begins = node.lower is None or (isinstance(node.lower, t.Const) and node.lower.value == 0)
    return begins and node.upper is None and node.step is None
