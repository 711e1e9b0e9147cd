"""Modules as they are once imported: what the top level of each file makes, worked out once and shared by all roots.

What a module holds does not depend on who asks for it first, nor on when: its body is run by itself, with its own budget,
and changes nothing that another module made. So roots can be run in any order, and in several processes.

Modules that import each other see each other half done, as they would in Python. What was worked out that way counts only
until the module that was asked for is done; then it is worked out again, now that this one is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from mailguard.model.count import OPEN, OPTIONAL, Count
from mailguard.model.place import Place
from mailguard.model.value import ABSENT, Member, Parameter, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.base import Base
from mailguard.source.interpret.context import FULL, SKIM, Budget, Context, Dead
from mailguard.source.interpret.repeats import Repeats
from mailguard.source.interpret.state import State, join_states
from mailguard.source.interpret.values import Cell, Cls, FrameId, Func, Ref, Val
from mailguard.source.interpret.waiting import waiting
from mailguard.source.library import provenance, queues
from mailguard.source.project import Module
from mailguard.source.uses import filled

__all__ = ["Loading"]


@dataclass(eq=False)
class _Load:
    """A module whose body was run, or is being run."""

    module: Module
    met: set[Module] = field(default_factory=set)
    """The modules that it asked for, and those that they asked for."""
    heap: dict[Ref, Cell] = field(default_factory=dict)
    frames: dict[FrameId, dict[str, Val]] = field(default_factory=dict)
    """What it left behind."""
    whole: _Load | None = None
    """What it stands in for while another module is half done."""


class Loading(Base):
    """The modules of the project."""

    _loads: list[_Load]
    """Modules that are being run, each asked for by the one before it."""
    _loaded: dict[Module, _Load]
    _half: dict[Module, _Load]
    """Those that saw a module half done that is still being run."""
    _making: list[t.Func | t.Class]
    """Classes whose bodies are being run."""
    _asked_within: set[t.Func | t.Class]
    """Those of them for which such a body asked."""
    _lent: dict[Ref, Module]
    """What was made of a module half done, for another one."""
    _early: dict[t.Class, tuple[_Load, Val, set[Module], tuple[Ref, ...]]]
    """Classes that were made while a module was half done that they asked for: which asked for what, and made what."""

    def ensure(self, module: Module) -> None:
        """Make the names of a module's top level known: its body is run once, as an import would."""
        if not self._loads:
            if module not in self._loaded and not module.unreadable:
                self._load(module)
            return
        asking = self._loads[-1]
        if module in asking.met or module is asking.module or module.unreadable:
            return
        under_way = {each.module for each in self._loads}
        if module not in under_way:
            known = self._half.get(module) or self._loaded.get(module)
            if known is None or (module not in self._half and not known.met.isdisjoint(under_way)):
                known = self._load(module)
            asking.met |= known.met
        asking.met.add(module)

    def _load(self, module: Module) -> _Load:
        before = set(self._half)
        load = _Load(module, whole=self._loaded.pop(module, None))
        if load.whole is not None:
            self._take_back(load.whole)
        self._loads.append(load)
        try:
            with self.alone():
                self._run_body(load)
        finally:
            self._loads.pop()
            if not self._loads:
                self._lent.clear()
        self._heap.update(load.heap)
        self._frames.update(load.frames)
        if load.whole is not None or any(each.module in load.met for each in self._loads):
            self._half[module] = load
            return load
        self._loaded[module] = load
        again = [self._half.pop(each) for each in list(self._half) if each not in before]
        for half in again:
            self._take_back(half)
            if half.whole is not None:
                self._loaded[half.module] = half.whole
                self._heap.update(half.whole.heap)
                self._frames.update(half.whole.frames)
        for half in again:
            if half.module not in self._loaded and half.module not in self._half:
                self._load(half.module)
        if self._early and not self._loads:
            self._make_whole()
        return load

    def _take_back(self, load: _Load) -> None:
        for ref in load.heap:
            self._heap.pop(ref, None)
        for frame in load.frames:
            self._frames.pop(frame, None)

    def _run_body(self, load: _Load) -> None:
        """Run the body of a module, as hard as its steps allow, and note what it made."""
        module = load.module
        for effort in (FULL, SKIM):
            self.effort, self.steps, self.limit = effort, 0, 0
            context, fresh = self.root_context(module)
            # What the module holds is visible, half done, to modules that import each other.
            self._frames[context.frame] = fresh.frames[context.frame] = {}
            end = fresh
            try:
                normal = self.block(context, module.body, [fresh]).normal
            except Dead:
                break
            except Budget:
                continue
            if normal:
                end = join_states(normal)
            break
        for name, value in end.frames.own.get(context.frame, {}).items():
            self._open_filled(context, end, name, value, module.body)
        self._note(load, end, context.frame)

    def _note(self, load: _Load, end: State, own: FrameId | None) -> None:
        """What a module left behind: not what it changed of other modules, which depends on who came first."""
        for ref, cell in end.heap.own.items():
            if ref not in self._heap and self._lent.get(ref, load.module) is load.module:
                load.heap[ref] = cell
        load.frames.update(
            {frame: names for frame, names in end.frames.own.items() if frame == own or frame not in self._frames}
        )

    def _defined(self, state: State, module: Module, node: t.Func | t.Class) -> Val:
        """A function or class at the top level of a module that running its body did not define.

        ABSENT where its own body asks for it: a class is there once its body was run. What was made meanwhile of others, which
        saw it absent, is not kept.
        """
        frame = FrameId(0, module)
        context = Context(module, f"{module.name}:<module>", 0, (frame,))
        names = self._frames.get(frame)
        known = names.get(node.name) if names is not None else None
        if isinstance(known, (Func, Cls)):
            return known
        if node in self._making:
            self._asked_within.add(node)
            return ABSENT
        load = self._half.get(module) or self._loaded.get(module)
        if load is not None and node not in self._early:
            # It was made before and not kept, if at all: what its body came to is worked out anew.
            ref = Ref(0, (node, "class"))
            load.heap.pop(ref, None)
            self._heap.pop(ref, None)
        if load is None:
            before = set(state.heap.own)
            made = self._made_of(context, state, node)
            if node not in self.waiting_in(module):
                # It is being run, and will make the same itself.
                self._lent.update(dict.fromkeys(state.heap.own.keys() - before, module))
            elif self._loads[-1].module is module and frame in state.frames.own:
                # Its own body asks for it, which has passed it by.
                state.frames.own[frame][node.name] = made
                return made
            else:
                # It will be made again where it is asked for.
                self._lent.update(dict.fromkeys(state.heap.own.keys() - before, module))
                return made
        elif isinstance(node, t.Class) and self._loads:
            return self._ahead(load, context, node)
        else:
            with self.alone():
                _, fresh = self.root_context(module)
                try:
                    made = self._made_of(context, fresh, node)
                except (Dead, Budget):
                    return ABSENT
            self._note(load, fresh, None)
            self._heap.update(load.heap)
            self._frames.update(load.frames)
        if names is not None and not self._asked_within:
            names[node.name] = made
        return made

    def _ahead(self, load: _Load, context: Context, node: t.Class) -> Val:
        """A class that waited in a module that is loaded, while others are being run.

        It may see one of those half done; then it counts only until they are, as does a module that asks for it.
        """
        asking = self._loads[-1]
        known = self._early.get(node)
        if known is not None:
            asking.met |= known[2]
            return known[1]
        asked, asking.met = asking.met, set()
        try:
            with self.alone():
                _, fresh = self.root_context(load.module)
                try:
                    made: Val = self._made_of(context, fresh, node)
                except (Dead, Budget):
                    return ABSENT
        finally:
            met, asking.met = asking.met, asked | asking.met
        before = set(load.heap)
        self._note(load, fresh, None)
        self._heap.update(load.heap)
        self._frames.update(load.frames)
        if not met.isdisjoint({each.module for each in self._loads}):
            self._early[node] = (load, made, met, tuple(load.heap.keys() - before))
        elif not self._asked_within:
            self._frames[context.frame][node.name] = made
        return made

    def _make_whole(self) -> None:
        """Forget the classes that were made while a module was half done; whoever asks for one now has it made again."""
        for load, _, _, refs in self._early.values():
            for ref in refs:
                load.heap.pop(ref, None)
                self._heap.pop(ref, None)
        again = [(load.module, node) for node, (load, *_) in self._early.items()]
        self._early.clear()
        for module, node in again:
            # Under the same name as before, for those that hold it.
            self._defined(self.root_context(module)[1], module, node)

    def is_loading(self, context: Context) -> bool:
        """Whether this is the top level of a file that is being loaded."""
        return bool(self._loads) and self._loads[-1].module is context.module and len(context.frames) == 1

    def waiting_in(self, module: Module) -> frozenset[t.Class]:
        """The classes of a file that are made once somebody asks for them."""
        found = self._waiting.get(module)
        if found is None:
            found = self._waiting[module] = waiting(module.body)
        return found

    def _made_of(self, context: Context, state: State, node: t.Func | t.Class) -> Val:
        if isinstance(node, t.Class):
            return self.define_class(context, state, node)
        return self.make_function(context, state, node, None)

    def made_with(self, ref: Ref) -> dict[Ref, Cell]:
        """What the module made that made a thing."""
        return next((load.heap for load in self._loaded.values() if ref in load.heap), {})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run something that nothing of the current root reaches, and that reaches nothing of it."""
        kept = {name: getattr(self, name) for name in _OF_A_ROOT}
        self.dispatches, self.reached, self.first, self.passed_by = [], {}, False, set()
        self.effort, self.steps, self.left_out, self.passed_over = FULL, 0, 0, False
        self.limit, self.share, self.met = 0, None, False
        self._repeats = Repeats()
        self._memo, self._spent, self.looked_up, self._read_so_far = {}, {}, set(), 0
        self.wrappers, self.registered, self.declared = None, {}, self._declared_by_modules
        self.kept, self.used, self._carried, self._handed_out, self._fed = self.kept_by_modules, None, (), [], {}
        self._made, self.gathered, self.unsent, self.sent = {}, set(), {}, self.sent_by_modules
        self._loading += 1
        if self.settled is not None:
            self.relevant, self.nearby = self.settled
        try:
            yield
        finally:
            for site, dispatch in self.unsent.items():
                # Whichever module comes last.
                self.unsent_by_modules[site] = min(self.unsent_by_modules.get(site, dispatch), dispatch, key=repr)
            for name, value in kept.items():
                setattr(self, name, value)

    def _open_filled(self, context: Context, state: State, name: str, value: Val, body: tuple[t.Stmt, ...]) -> None:
        """An empty list or table that functions within ``body`` fill: what is in it when another one is called, only its callers tell."""
        cell = state.heap.get(value) if isinstance(value, Ref) else None
        empty = cell is not None and (
            (cell.sort in {"list", "set"} and not cell.members)
            or (cell.sort == "dict" and not cell.fields and cell.rest is None)
        )
        if not isinstance(value, Ref) or cell is None or not empty:
            return
        if not queues.is_queue(cell) and not filled(body, name) and not self._filled_elsewhere(context, name):
            return
        if cell.sort == "dict" and provenance.configured_name(name):
            return  # the operator's settings, which no caller of a function brings
        self.opened.setdefault(name, set()).add(context.module)
        step = Step(StepKind.PARAMETER, _kept_at(context, body, name), name)
        member = Parameter(f"{name}[]", context.symbol, OPTIONAL, (step,))
        if cell.sort == "dict":
            state.heap[value] = replace(cell, open=True, rest=member, rest_key=Unknown("a key", OPTIONAL))
        else:
            state.heap[value] = replace(cell, members=(Member(member, Count(0, 0, OPEN.high)),))

    def _filled_elsewhere(self, context: Context, name: str) -> bool:
        """Whether another file fills an empty container of this file's top level."""
        top = context.owner is None and not name.startswith("__")
        return top and self.fills is not None and self.fills(name, context.module)

    # What a lower layer calls of a higher one.

    def make_function(self, context: Context, state: State, node: t.Func, owner: Val) -> Func:
        """The function that a ``def`` makes."""
        raise NotImplementedError

    def define_class(self, context: Context, state: State, node: t.Class) -> Cls:
        """The class that a ``class`` statement makes; its body is run now."""
        raise NotImplementedError


def _kept_at(context: Context, body: tuple[t.Stmt, ...], name: str) -> Place:
    """Where a body assigns a name."""
    for node in body:
        if isinstance(node, t.Assign) and any(isinstance(each, t.Name) and each.id == name for each in node.targets):
            return context.place(node.at)
    return Place(context.module.path)


_OF_A_ROOT = (
    *(
        "dispatches",
        "reached",
        "passed_by",
        "first",
        "effort",
        "steps",
        "left_out",
        "passed_over",
        "_memo",
        "_spent",
        "looked_up",
    ),
    *("_repeats", "_read_so_far", "wrappers", "registered", "declared", "relevant", "nearby", "kept"),
    *(
        "limit",
        "share",
        "met",
        "cut_short",
        "used",
        "_loading",
        "_carried",
        "_handed_out",
        "_fed",
        "_made",
        "gathered",
        "unsent",
        "sent",
    ),
)
"""What belongs to the root that is being run."""
