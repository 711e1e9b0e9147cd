"""What every part of the interpreter stands on: the project, the models and the marks on values."""

from __future__ import annotations

import inspect
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

from mailguard.model.exchange import Dispatch
from mailguard.model.place import Place
from mailguard.model.provider import Library
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Parameter,
    Step,
    StepKind,
    Text,
    Unknown,
    with_step,
)
from mailguard.source import tree as t
from mailguard.source.asking import Holders
from mailguard.source.interpret.context import FULL, Activation, Body, Budget, Context, Flow
from mailguard.source.interpret.passes import Own, collects
from mailguard.source.interpret.repeats import Repeats
from mailguard.source.interpret.state import State, join_states
from mailguard.source.interpret.values import Cell, Cls, Ext, FrameId, Func, ModelCls, ModelFn, Ref, Val
from mailguard.source.methods import Methods
from mailguard.source.nearby import Nearby
from mailguard.source.project import Module, Project
from mailguard.source.slice import Slicer

__all__ = ["Base"]


class Base:
    """What the layers share, and the entry points of the higher ones that the lower ones call."""

    def __init__(self, project: Project, libraries: Iterable[Library]) -> None:
        self.project = project
        self.models: dict[str, ModelFn | ModelCls] = {}
        self.telling: dict[str, list[tuple[frozenset[str], ModelFn | ModelCls]]] = {}
        """By method: the keyword arguments that tell whose it is, and that class."""
        self.constants: dict[str, Val] = {}
        for entry in libraries:
            self.constants.update(entry.constants)
            for function in entry.functions:
                for path in function.paths:
                    self.models[path] = ModelFn(function, path)
            for cls in entry.classes:
                for path in cls.PATHS:
                    self.models[path] = ModelCls(cls, path)
                for method, keywords in cls.TELLS.items() if cls.PATHS else ():
                    self.telling.setdefault(method, []).append((keywords, self.models[cls.PATHS[0]]))
        self.dispatches: list[Dispatch] = []
        self.first = False
        """Whether a run ends with the first mail call."""
        self.steps = 0
        self.limit = 0
        """Steps at which it is looked up whether the run ends."""
        self.share: int | None = None
        """Steps at which the constructor ends that is being run for an object of which nothing is known."""
        self.met = False
        """Whether the current root met a mail call."""
        self._spent: dict[object, int] = {}
        """Steps of the current root within functions that name no mail call."""
        self.left_out = 0
        """Calls of such functions that were passed over, as they had cost too much."""
        self.passed_over = False
        """Whether one of them was given something that it may have changed."""
        self.holders = Holders()
        """Whose parameters the current root leaves open."""
        self.cut_short = False
        """Whether the constructor of an object was given up, as it took too many of the root's steps."""
        self.relevant: set[str] = set()
        """Names by which mail calls, and functions that lead to them, are called."""
        self.web: dict[Module, frozenset[str]] = {}
        """By file that names a mail service: the methods that make web requests, too common to count elsewhere."""
        self.nearby = Nearby(project)
        """Names that lead to mail calls in some files only."""
        self.used: tuple[t.Class, str] | None = None
        """A class and a method that every object of it is asked for as soon as it is made: whoever gets it may call that."""
        self.passed_by: set[frozenset[str]] = set()
        """Names of which none was known to lead to a mail call, where the current run left something out, or went another way,
        for that reason; and the names of calls of which nothing is known."""
        self.reached: dict[str, t.Func | t.Lam] = {}
        """The functions that the current root called, by symbol."""
        self.settled: tuple[set[str], Nearby] | None = None
        """Those that were known before the first root was run: modules are run with these."""
        self._paths: dict[tuple[int, object], int] = {}
        self._loads: list[Any] = []
        self._making: list[t.Func | t.Class] = []
        self._asked_within: set[t.Func | t.Class] = set()
        self._loaded: dict[Module, Any] = {}
        self._half: dict[Module, Any] = {}
        self._lent: dict[Ref, Module] = {}
        self._early: dict[t.Class, Any] = {}
        """Classes that were made while a module was half done, until it is whole."""
        self._waiting: dict[Module, frozenset[t.Class]] = {}
        """By file: the classes that are made once they are asked for."""
        self._frames: dict[FrameId, dict[str, Val]] = {}
        """The frames of loaded modules, shared by all states."""
        self._heap: dict[Ref, Cell] = {}
        """What loaded modules made, likewise."""
        self._memo: dict[object, Val] = {}
        self._repeats = Repeats()
        """What the calls of the current root came to."""
        self.slicer = Slicer()
        self._frozen: dict[int, tuple[Val, int, Val, int]] = {}
        """By the id of a value without references: itself, its height, what a model gets for it, and how much that is."""
        self._read_so_far = 0
        """Values within values that were read for one argument of a model."""
        self._heights: dict[int, tuple[Val, int | None]] = {}
        """By the id of a value: itself, and its height if it holds no reference."""
        self._frozen_cells: dict[int, tuple[Cell, int, Val, int]] = {}
        """By the id of a cell without references: itself, its height, and what a model gets for it."""
        self._constants: dict[t.Const, Val] = {}
        """The values of literals, which are the same each time."""
        self._declared: dict[t.Class, dict[str, list[t.Assign]]] = {}
        """Where the body of a class assigns which name."""
        self._mros: dict[int, tuple[Val, list[Val]]] = {}
        """The order of look-up of a class, by its id."""
        self.methods: Methods | None = None
        """Classes of the project by name: what an object of which little is known may be."""
        self.registered: dict[str, dict[tuple[Module, str], Module | None]] = {}
        """By the name of a registry, a signal, a task or a setting: the functions and classes of the project that were
        handed to it, by file and name, with the file that keeps them."""
        self._read_by_call: dict[t.Call, frozenset[str]] = {}
        """The names in what a call calls."""
        self.declared: dict[tuple[str, str], Cls] = {}
        """Classes of the project that parameters are declared to be of, by function and name."""
        self._declared_by_modules: dict[tuple[str, str], Cls] = {}
        self.looked_up: set[object] = set()
        """Imported names whose look-up is under way."""
        self._handed: dict[tuple[int, int | None], t.Call] = {}
        """By the id of a call that hands a function on: the call that is made of it later."""
        self._renamed: dict[int, t.Call] = {}
        """By the id of a call of a client that nothing tells: the call of the modelled one that stands for it."""
        self._unread: set[int] = set()
        """Calls that stand as statements: nobody reads what they return."""
        self.kept: dict[object, dict[str, Module]] = {}
        self.kept_by_modules: dict[object, dict[str, Module]] = {}
        """By the site of a container that functions share: the names under which it is kept, and the files that do."""
        self.opened: dict[str, set[Module]] = {}
        """Names of containers that were read and are filled elsewhere, with the files that keep them."""
        self.takers: Callable[[str, Module], Sequence[tuple[Module, tuple[t.Class | t.Func, ...], bool]]] | None = None
        """Functions of the project that take something out of a container of a name, kept in a file, and whether it is
        their object's own."""
        self.fills: Callable[[str, Module], bool] | None = None
        """Whether a file other than the one that keeps a container puts something into it."""
        self.assigns: Callable[..., bool] | None = None
        """Whether some code sets an attribute of a name."""
        self.commands: Callable[[str], bool] | None = None
        """Whether some code starts a command of a name, and gives it options."""
        self._loading = 0
        """How many files are being loaded, one within the other."""
        self._carried: tuple[Ref, ...] = ()
        """Containers with what was just put into them, for the functions that take it out."""
        self._of_callables: frozenset[str] = frozenset()
        """Their names, where functions that lead to a mail call were put into them."""
        self.named_tuples: dict[tuple[Module, Place], t.Class] = {}
        """The classes that ``namedtuple(...)`` makes, by where it is called."""
        self.gathered: set[str] = set()
        """Columns of queries of the current root in which the values of several rows are gathered."""
        self._made: dict[Ref, tuple[Place, str]] = {}
        """Objects of modelled classes that the current root made, with the place and the function."""
        self.made_at: dict[object, Place] = {}
        """By the site of a message: its place."""
        self.unsent: dict[object, Dispatch] = {}
        """By the site of a message of the current root: what sending it as it was last seen would be."""
        self.sent: set[object] = set()
        """The sites of messages that the current root was seen to send, or to turn into data."""
        self.unsent_by_modules: dict[object, Dispatch] = {}
        self.sent_by_modules: set[object] = set()
        self._handed_out: list[tuple[t.Func | t.Lam, Place, object, list[Dispatch]]] = []
        """Who was given what out of a container in the current root, where it was put in, and the mail calls of that."""
        self._fed: dict[object, list[tuple[Activation, ...]]] = {}
        """By the site of a queue: the calls that took something out of it in the current root."""
        self._own_names: dict[t.For, Own] = {}
        """By loop: the names that belong to it."""
        self.managed: Body | None = None
        """The block of the ``with`` whose manager is being made."""
        self.loop_ends: dict[str, int] = {}
        """The last lines of loops, by their names."""
        self._mentioned: dict[t.Func, Counter[str]] = {}
        """By function with a loop: how often it mentions which name."""
        self.effort = FULL
        self._signatures: dict[object, inspect.Signature] = {}
        self.wrappers: Callable[[str], Sequence[Func]] | None = None
        """Functions of the project that send, by name: what a call on an unknown object may mean."""

    # What a lower layer calls of a higher one.

    def eval(self, context: Context, state: State, node: t.Expr) -> Val:
        """The value of an expression."""
        raise NotImplementedError

    def attribute(self, context: Context, state: State, holder: Val, name: str, node: t.Expr) -> Val:
        """``holder.name``."""
        raise NotImplementedError

    def block(self, context: Context, body: Sequence[t.Stmt], states: list[State]) -> Flow:
        """Run statements from each of ``states``."""
        raise NotImplementedError

    def call(
        self,
        context: Context,
        state: State,
        callee: Val,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        """``callee(*args, **keywords)``."""
        raise NotImplementedError

    def _call_dunder(
        self, context: Context, state: State, holder: Val, name: str, args: list[Val], node: object
    ) -> Val:
        """Call a special method of an object; ABSENT where its class has none."""
        raise NotImplementedError

    def given(
        self, context: Context, state: State, holder: Ref, members: tuple[Member, ...], place: Place, node: object
    ) -> None:
        """Tell that a container was given ``members``."""
        raise NotImplementedError

    def is_to_be_told(self, ref: Ref) -> bool:
        """Whether something is a message that is not seen to be sent."""
        return ref in self._made and ref.site not in self.sent

    def lend(self, context: Context, state: State, value: Val, node: t.Yield) -> None:
        """Run the block to which a context manager lends ``value``."""
        raise NotImplementedError

    def note_unsent(self, context: Context, state: State) -> None:
        """Note the messages that a function made and did not send."""
        raise NotImplementedError

    def taken(self, context: Context, holder: Ref) -> None:
        """Tell that a member is taken out of a queue."""
        raise NotImplementedError

    def call_function(
        self,
        context: Context,
        state: State,
        func: Func,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
        *,
        opened: bool = False,
    ) -> Val:
        """Call a function of the project. ``opened``: parameters that are not given stay open."""
        raise NotImplementedError

    # What all layers use.

    def _lead_to_mail(self, names: Collection[str], module: Module | None, *, threads: bool = False) -> bool:
        """Whether one of the names that stand in a function of ``module`` leads to a mail call.

        Without a file, whether it does in any. ``start`` alone, as a thread has it, is no sign that a function is worth what it
        costs; with ``threads`` it is one, where a call is not to be lost.
        """
        if self._is_hot(names, module, threads=threads):
            return True
        self.passed_by.add(frozenset(names))
        return False

    def _is_hot(self, names: Collection[str], module: Module | None, *, threads: bool = False) -> bool:
        """The same, where nothing is left out if it is not so."""
        near = self.nearby.everything if module is None else self.nearby.of(module)
        if not near.isdisjoint(names):
            return True
        return not self.relevant.isdisjoint(names) and (threads or self.relevant.intersection(names) != {"start"})

    def exceed(self) -> None:
        """Go on where steps are left; raises Budget where none are."""
        allowed = self.effort.limit(met=self.met)
        self.limit = allowed if self.share is None else min(allowed, self.share)
        if self.steps > self.limit:
            raise Budget

    def root_context(self, module: Module, *, main: bool = False) -> tuple[Context, State]:
        """A fresh state in which the module's own names are known."""
        state = State(self._frames, self._heap)
        frame = FrameId(0, module)
        context = Context(module, f"{module.name}:<module>", 0, (frame,), main=main)
        return context, state

    def _joined(self, states: list[State]) -> State:
        """One state for several; the work counts as steps, as it grows with what the states hold."""
        if len(states) > 1:
            self.steps += sum(len(state.heap.own) for state in states) // 8
        return join_states(states)

    def _mark(self, value: Val, step: Step) -> Val:
        if isinstance(value, Ref):
            trail = value.trail
            return value if step in trail else Ref(value.path, value.site, value.age, (*trail, step)[-40:])
        if isinstance(value, Either):
            options = [option if option is ABSENT else self._mark(option, step) for option in value.options]
            return Either(tuple(options), value.trail)
        if isinstance(value, (Known, Text, Items, Unknown, Parameter, Fields)):
            return with_step(value, step)
        return value

    def collects(self, context: Context, holder: Val) -> bool:
        """Whether a list holds what several passes of a loop add to it: it was not made in this one."""
        if not context.loops:
            return False
        return not isinstance(holder, Ref) or collects(context.loops, self.loop_ends, context, holder)

    def shown(self, value: Val, place: Place) -> Val:
        """``value`` as it enters a message at ``place``. A mapping carries the places of its own fields."""
        return self._mark(value, Step(StepKind.SHOWN, place))

    def _stored(self, value: Val, place: Place, key: str) -> Val:
        return self._mark(value, Step(StepKind.STORED, place, key))

    def mro(self, cls: Val) -> list[Val]:
        """A class and its bases, in the order of look-up."""
        result: list[Val] = []
        if isinstance(cls, Cls):
            held = self._mros.get(id(cls))
            if held is not None:
                return held[1]
            result.append(cls)
            for base in cls.bases:
                result += [each for each in self.mro(base) if each not in result]
            self._mros[id(cls)] = (cls, result)
        elif isinstance(cls, (ModelCls, Ext)):
            result.append(cls)
        elif isinstance(cls, Either):
            for option in cls.options:
                result += [each for each in self.mro(option) if each not in result]
        return result


_MEMBERS: Final[dict[type, frozenset[str]]] = {}
"""What was found, by class: classes do not change. ``functools.cache`` would do, but for mypy no class of ours is hashable."""


def members_of_class(cls: type) -> frozenset[str]:
    """Names that a model class defines itself or inherits from other models."""
    if cls not in _MEMBERS:
        own = (each for each in cls.__mro__ if each not in {Object, object})
        _MEMBERS[cls] = frozenset(itertools.chain.from_iterable(map(vars, own)))
    return _MEMBERS[cls]


def plain_function(member: object) -> Any:
    """The function behind a static or class method; anything else as it is."""
    return member.__func__ if isinstance(member, (staticmethod, classmethod)) else member


def last_name(node: object) -> str:
    """The name that a node ends in, of a call that of what is called; empty for what has none."""
    if isinstance(node, t.Call):
        return last_name(node.func)
    if isinstance(node, t.Attr):
        return node.name
    return node.id if isinstance(node, t.Name) else ""


def surely_set(item: Val) -> bool:
    """Whether what a key holds is there in every branch."""
    return not (isinstance(item, Either) and ABSENT in item.options)
