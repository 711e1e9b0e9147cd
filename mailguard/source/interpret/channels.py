"""Containers that functions share: what one puts in, another one takes out.

A queue, a deque, a list or a table of a module, of a class or of an object. Whoever takes something out of it is called
where it is put in, with that in the container and nothing else: one thing at a time, as the program does it.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Final

from mailguard.model.count import PLAIN_MANY, UNBOUNDED, Count
from mailguard.model.place import Place
from mailguard.model.value import ABSENT, Either, Items, Member, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.callables import leads
from mailguard.source.interpret.context import Activation, Context, Dead
from mailguard.source.interpret.functions import Functions
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, Cell, Cls, Func, ModelFn, Partial, Ref, Val
from mailguard.source.library import queues
from mailguard.source.project import Module

__all__ = ["Channels"]

_NESTED: Final = 3
"""Containers that were filled by those who took something out of another one."""
_TAKERS: Final = 3
"""So many functions that lead to a mail call take things out of a list or a table by which one tells the other something."""
_DEEP: Final = 3
"""Containers within containers that are searched for a message."""


class Channels(Functions):
    """Who gets what is put into a container."""

    def keep(self, context: Context, state: State, node: t.Assign, value: Val) -> None:
        """Note the names of a container that more than one function can reach: of a file, a class or an object."""
        if (
            not isinstance(value, Ref)
            or value not in (state.heap.own if self._loading else state.heap)
            or state.heap[value].sort not in {"list", "set", "dict"}
        ):
            return
        for target in node.targets:
            name = ""
            if isinstance(target, t.Attr):
                name = target.name
            elif isinstance(target, t.Name) and (
                context.symbol.endswith(":<module>") or (context.owner is not None and not context.stack)
            ):
                name = target.id
            if name:
                self.kept.setdefault(value.site, {}).setdefault(name, context.module)

    def taken(self, context: Context, holder: Ref) -> None:
        """Tell that a member is taken out of a queue."""
        if any(ref.site == holder.site for ref in self._carried):
            return
        calls = self._fed.setdefault(holder.site, [])
        nodes = [[each.node for each in active] for active in calls]
        if context.active and [each.node for each in context.active] not in nodes:
            calls.append(context.active)

    def given(
        self, context: Context, state: State, holder: Ref, members: tuple[Member, ...], place: Place, node: object
    ) -> None:
        """Tell that a container was given ``members``: whoever takes them out is called."""
        names = self.kept_by_modules.get(holder.site, {}) | self.kept.get(holder.site, {})
        waiting = self._fed.get(holder.site)
        if (not names and not waiting) or self._loading or len(self._carried) >= _NESTED:
            return
        if any(ref.site == holder.site for ref in self._carried):
            return
        if holder not in state.heap or all(_is_found_by_name(state, item) for item, _ in members):
            return
        cell = replace(state.heap[holder], members=_some(members, many=bool(context.loops)), fields=(), rest=None)
        if cell.sort == "dict":
            found = tuple(item for item, _ in members)
            cell = replace(cell, members=(), open=True, rest=found[0], rest_key=Unknown("a key"))
        for activations in waiting or ():
            self._feed(context, state, holder, cell, activations, node)
        if not names or self.takers is None:
            return
        hot = self._lead_to_mail(names, context.module, threads=True)
        calls = any(self._is_mail(state, item, callables=True) for item, _ in members)
        if not hot and not calls and not any(self._is_mail(state, item) for item, _ in members):
            return
        for name, home in names.items():
            takers = [
                (module, chain, own)
                for module, chain, own in self.takers(name, home)
                if isinstance(chain[-1], t.Func) and (calls or self._lead_to_mail(chain[-1].names, module))
            ]
            if len(takers) > _TAKERS and not queues.is_queue(cell):
                # What so many functions read is the state of the program, no way from one to the other.
                continue
            for module, chain, own in takers:
                if chain[-1] not in context.stack:
                    names_held, self._of_callables = self._of_callables, frozenset({name}) if calls else frozenset()
                    try:
                        self._hand_out(
                            context, state, holder, cell, module, chain, place, node, own=name if own else ""
                        )
                    finally:
                        self._of_callables = names_held

    def _feed(
        self,
        context: Context,
        state: State,
        holder: Ref,
        cell: Cell,
        activations: tuple[Activation, ...],
        node: object,
    ) -> None:
        """Call again what took something out of a queue before it was put there: the outermost call that is over."""
        for activation in activations:
            if activation.func.node in context.stack:
                continue
            branch = state.copy()
            branch.heap[holder] = cell
            carried, self._carried = self._carried, (*self._carried, holder)
            try:
                with contextlib.suppress(Dead):
                    self.call_function(context, branch, activation.func, activation.args, activation.keywords, node)
            finally:
                self._carried = carried
            return

    def _hand_out(
        self,
        context: Context,
        state: State,
        holder: Ref,
        cell: Cell,
        module: Module,
        chain: tuple[t.Class | t.Func, ...],
        place: Place,
        node: object,
        *,
        own: str,
    ) -> None:
        """Call a function that takes something out of a container, as far as it is this one."""
        branch = state.copy()
        owner: Val = None
        func: Val = self.lookup_module(branch, module, chain[0].name)
        args: list[Val] = []
        refs = [holder]
        if len(chain) > 1:
            owner = func
            func = self._method(branch, owner, chain[-1].name) if isinstance(owner, Cls) else ABSENT
        if not isinstance(func, Func) or len(chain) > 2:
            return
        reaches = holder in self._heap and not own
        in_hand = False
        if isinstance(owner, Cls) and func.sort != "static":
            held = owner if func.sort == "class" else self._holding(branch, owner, holder)
            # What is done with an object that was made here is seen here, but for what a thread does with its queue.
            in_hand = isinstance(held, Ref) and held not in self._heap and not queues.is_queue(cell)
            in_hand = in_hand and isinstance(held, Ref) and not _is_open(held)
            args.append(self.open_instance(context, branch, owner) if held is None else held)
            reached = branch.part(args, []).heap.own
            same = [ref for ref in reached if ref.site == holder.site and ref.age == 0]
            by_name = own and self._method(branch, owner, own) == holder
            reaches = reaches or bool(same) or by_name or isinstance(held, Ref)
            refs += [ref for ref in same if ref != holder]
            _settle(branch, reached, holder.site)
        if not reaches or in_hand:
            return
        for ref in refs:
            branch.heap[ref] = cell
        context = replace(context, calls=(*context.calls, Step(StepKind.PASSED, place, func.symbol)))
        # What is put in does not change from one pass of a loop, or from one branch, to the next: who takes it out
        # does the same with it.
        content = (cell, branch.part([item for item, _ in cell.members] + [cell.rest], []).heap.own)
        for taker, at, before, sent in self._handed_out:
            if taker is func.node and at == place and before == content:
                self.dispatches += [each for each in sent if not any(each is other for other in self.dispatches)]
                return
        mark = len(self.dispatches)
        carried, self._carried = self._carried, (*self._carried, *refs)
        try:
            with contextlib.suppress(Dead):
                self.call_function(context, branch, func, args, [], node, opened=True)
        finally:
            self._carried = carried
        self._handed_out.append((func.node, place, content, self.dispatches[mark:]))

    def _holding(self, state: State, cls: Cls, holder: Ref) -> Ref | None:
        """An object of the class that holds a container."""
        for heap in (state.heap.own, self.made_with(holder)):
            for ref, cell in heap.items():
                if (
                    cell.sort == "object"
                    and any(value == holder for _, value in cell.fields)
                    and cls in self.mro(cell.cls)
                ):
                    return ref
        return None

    def _is_mail(self, state: State, value: Val, depth: int = 0, *, callables: bool = False) -> bool:
        """Whether a value is an object of a modelled library, or holds one; ``callables``: a function that leads to a mail call."""
        if depth > _DEEP:
            return False
        if isinstance(value, Either):
            return any(self._is_mail(state, option, depth, callables=callables) for option in value.options)
        if isinstance(value, Items):
            return any(self._is_mail(state, item, depth + 1, callables=callables) for item, _ in value.members)
        if callables and isinstance(value, (Func, Bound, Partial)):
            return leads(state, value, self._lead_to_mail, 0)
        if not isinstance(value, Ref) or value not in state.heap:
            return False
        if not callables and self._model_of(state, value) is not None:
            return True
        cell = state.heap[value]
        held = (*(item for item, _ in cell.members), *(item for _, item in cell.fields), cell.rest)
        return any(self._is_mail(state, item, depth + 1, callables=callables) for item in held)


def _is_found_by_name(state: State, value: Val, depth: int = 0) -> bool:
    """Whether something is a function or class of a file, which is called through whatever keeps those that are handed to it.

    The same of a list of them, as a table of handlers keeps one for each event; an empty one holds nothing to be called.
    """
    if isinstance(value, Func):
        return isinstance(value.node, t.Func) and len(value.frames) <= 1
    if isinstance(value, Ref) and value in state.heap and depth < _NESTED:
        cell = state.heap[value]
        held = [item for item, _ in cell.members]
        plain = cell.sort == "list" and cell.cls is None and cell.rest is None and not cell.fields
        return plain and all(_is_found_by_name(state, item, depth + 1) for item in held)
    if isinstance(value, Items) and depth < _NESTED:
        return all(_is_found_by_name(state, item, depth + 1) for item, _ in value.members)
    return isinstance(value, (Partial, ModelFn, Cls))


def _is_open(ref: Ref) -> bool:
    """Whether an object stands for any of its class: nothing is known of what made it."""
    return isinstance(ref.site, tuple) and ref.site[-1] == "open"


def _some(members: tuple[Member, ...], *, many: bool) -> tuple[Member, ...]:
    """What is put in once, as whoever takes it out may find it: once, or as often as it was put there."""
    plain = PLAIN_MANY if many else 1
    return tuple(Member(item, Count(0, max(plain, count.plain), UNBOUNDED)) for item, count in members)


def _settle(state: State, reached: dict[Ref, Cell], site: object) -> None:
    """Where an object may hold this container or one of which nothing is known, it holds this one."""
    for ref, cell in reached.items():
        for name, value in cell.fields:
            if isinstance(value, Either):
                same = [option for option in value.options if isinstance(option, Ref) and option.site == site]
                if same:
                    state.heap[ref] = state.heap[ref].put(name, same[0])
