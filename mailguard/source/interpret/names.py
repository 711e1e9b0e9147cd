"""Names: scopes, modules and imports, functions and classes as they are defined."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mailguard.model.count import MANY, OPTIONAL, Count
from mailguard.model.place import Place
from mailguard.model.value import ABSENT, CALLS, Either, Known, Member, Object, Parameter, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.base import last_name, members_of_class
from mailguard.source.interpret.context import Context, Dead
from mailguard.source.interpret.loading import Loading
from mailguard.source.interpret.state import State, join_states
from mailguard.source.interpret.values import (
    Cell,
    Cls,
    Ext,
    FrameId,
    Func,
    Mod,
    ModelCls,
    Native,
    Ref,
    Val,
    join_values,
)
from mailguard.source.library import builtin_functions, classes, provenance
from mailguard.source.project import Module
from mailguard.source.uses import filled

__all__ = ["COMMON", "OF_ANYONE", "Names"]


class Names(Loading):
    """Names and what they mean."""

    def bind(self, context: Context, state: State, name: str, value: Val) -> None:
        """Assign to a name of the innermost frame, or of the one that ``global``/``nonlocal`` means."""
        names = state.frames[context.frame]
        declared = names.get(f"global {name}")
        if isinstance(declared, Known):
            if declared.value:
                for frame in context.frames[1:]:
                    if name in state.frames.get(frame, {}):
                        state.writable(frame)[name] = value
                        return
            state.writable(FrameId(0, context.module))[name] = value
            return
        names[name] = value

    def lookup(self, context: Context, state: State, name: str, at: t.Span) -> Val:
        """The value of a name."""
        for frame in context.frames:
            names = state.frames.get(frame)
            if names is None:
                continue
            value = names.get(name, ABSENT)
            if value is ABSENT:
                continue
            if isinstance(value, Either) and ABSENT in value.options:
                value = join_values(*(option for option in value.options if option is not ABSENT))
            return self.force(state, value)
        value = self.lookup_module(state, context.module, name)
        if value is not ABSENT:
            return value
        if name == "__name__":
            return Known("__main__" if context.main else context.module.name)
        if name in builtin_functions.BUILTINS:
            return Native(name)
        return provenance.named(name, context.place(at))

    def force(self, state: State, value: Val) -> Val:
        """An imported name, now that it is needed."""
        return value.get(self, state) if isinstance(value, Later) else value

    def lookup_module(self, state: State, module: Module, name: str, seen: frozenset[Module] = frozenset()) -> Val:
        """A name of a module's top level; ABSENT if it has none. ``seen``: modules whose stars led here."""
        frame = FrameId(0, module)
        self.ensure(module)
        names = state.frames.get(frame, {})
        value = names.get(name, ABSENT)
        if isinstance(value, Either) and ABSENT in value.options:
            value = join_values(*(option for option in value.options if option is not ABSENT))
        if value is not ABSENT:
            return self.force(state, value)
        node = module.defs.get(name)
        if node is not None:
            made = self._defined(state, module, node)
            if made is not ABSENT:
                return made
        stars = _stars(names)
        for star in stars:
            cyclic = star is module or star in seen
            value = (
                self.lookup_module(state, star, name, seen | {module})
                if isinstance(star, Module) and not cyclic
                else ABSENT
            )
            if value is not ABSENT:
                return value
        for star in stars:
            if isinstance(star, str) and f"{star}.{name}" in self.models:
                return self.models[f"{star}.{name}"]
        return ABSENT

    def function_of(self, symbol: str, modules: Mapping[str, Module]) -> Func | None:
        """The function that a symbol names, as it is outside of any call; ``modules`` are those of the project by name."""
        name, _, path = symbol.partition(":")
        module = modules.get(name)
        if module is None:
            return None
        context, state = self.root_context(module)
        owner: Val = None
        node: t.Func | t.Class | None = None
        for part in path.split("."):
            body = module.defs.values() if node is None else t.statements(node.body)
            within = [each for each in body if isinstance(each, (t.Func, t.Class)) and each.name == part]
            if not within:
                return None
            if isinstance(node, t.Func):
                # What a function defines within it; what it knows of the one around it, only a call tells.
                owner, context = None, replace(context, symbol=symbol.rpartition(".")[0])
            node = within[-1]
            value = self.lookup_module(state, module, part) if node in module.defs.values() else ABSENT
            if isinstance(owner, Cls):
                value = self._class_attr(state, owner, part)
            if isinstance(value, Func) and value.node is node:
                found = value
            elif isinstance(node, t.Func):
                found = self.make_function(context, state, node, owner)
            owner = value if isinstance(value, Cls) else None
        return found if isinstance(node, t.Func) else None

    def _import(self, context: Context, state: State, node: t.Import) -> None:
        for dotted, alias in node.names:
            if alias is not None:
                self.bind(context, state, alias, self.external(dotted, context.module))
            else:
                first = dotted.split(".", 1)[0]
                self.bind(context, state, first, self.external(first, context.module))

    def external(self, dotted: str, importer: Module) -> Val:
        """What a dotted name means: a module of the project, a model, or something outside."""
        module = self.project.find(dotted, importer)
        if module is not None and not self._shadowed(dotted, module):
            return Mod(module)
        model = self.models.get(dotted)
        if model is not None:
            return model
        constant = self.constants.get(dotted)
        return Ext(dotted) if constant is None else Known(constant)

    def _shadowed(self, dotted: str, module: Module) -> bool:
        # A file that happens to be named like a modelled library, or a vendored copy of it, does not hide the model.
        return dotted in self._modelled and module.path.count("/") > dotted.count(".") + 1

    @functools.cached_property
    def _modelled(self) -> frozenset[str]:
        """The names of modelled things, and of the modules that they lie in."""
        names: set[str] = set()
        for path in self.models:
            parts = path.split(".")
            names.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
        return frozenset(names)

    def _from(self, context: Context, state: State, node: t.From) -> None:
        module: Module | None
        if node.level:
            module = self.project.relative(node.level, node.module, context.module)
        else:
            module = self.project.find(node.module, context.module)
            if module is not None and self._shadowed(node.module, module):
                module = None
        for name, alias in node.names:
            if name == "*":
                names = state.frames[context.frame]
                star: Module | str = module if module is not None else node.module
                names["import *"] = (*_stars(names), star)
                continue
            bound = alias or name
            if module is not None:
                self.bind(context, state, bound, Later(module, name, context.module))
                continue
            if node.level:
                package = context.module.package
                base = package.rstrip("/").split("/") if package else []
                base = base[: len(base) - node.level + 1]
                inner = self.project.at("/".join([*base, *(node.module.split(".") if node.module else []), name]))
                value: Val = (
                    Mod(inner) if inner is not None else Ext(f"{'.'.join(base)}.{node.module}.{name}".strip("."))
                )
            else:
                value = self.external(f"{node.module}.{name}", context.module)
            self.bind(context, state, bound, value)

    def make_function(self, context: Context, state: State, node: t.Func, owner: Val) -> Func:
        """The function that a ``def`` makes."""
        sort = "plain"
        for decorator in node.decorators:
            name = last_name(decorator)
            sort = _DECORATORS.get(name, sort)
        defaults = tuple(
            (param.name, self._default(context, state, node, param))
            for param in node.params
            if param.default is not None
        )
        prefix = owner.symbol if isinstance(owner, Cls) else context.symbol
        symbol = f"{context.module.name}:{node.name}" if prefix.endswith(":<module>") else f"{prefix}.{node.name}"
        return Func(node, context.module, context.frames, owner, symbol, defaults, sort)

    def _default(self, context: Context, state: State, node: t.Func | t.Lam, param: t.Param) -> Val:
        assert param.default is not None  # noqa: S101  # the caller asks only for those that have one
        try:
            value = self.eval(context, state, param.default)
        except Dead:
            return Unknown(param.name)
        cell = state.heap.get(value) if isinstance(value, Ref) else None
        kept = cell is not None and cell.sort in {"list", "set"}
        if (
            isinstance(value, Ref)
            and cell is not None
            and kept
            and isinstance(node, t.Func)
            and filled((node,), param.name)
        ):
            # One list for all calls: what earlier ones added to it is still there.
            place = context.place(param.at)
            step = Step(StepKind.GROWN, place, f"{CALLS}{context.symbol}:{param.at.line}")
            earlier = Member(Unknown(f"{param.name} of earlier calls", OPTIONAL, (step,)), MANY)
            state.heap[value] = replace(cell, members=(*cell.members, earlier))
        return value

    def define_class(self, context: Context, state: State, node: t.Class) -> Cls:
        """The class that a ``class`` statement makes; its body is run now."""
        bases = []
        for base in node.bases:
            with contextlib.suppress(Dead):
                # A generic base with its arguments is that base.
                bases.append(self.eval(context, state, base.value if isinstance(base, t.Sub) else base))
        prefix = context.symbol
        symbol = f"{context.module.name}:{node.name}" if prefix.endswith(":<module>") else f"{prefix}.{node.name}"
        frame = FrameId(context.path, node)
        ref = Ref(context.path, (node, "class"))
        cls = Cls(node, context.module, symbol, ref, tuple(bases))
        state.frames[frame] = {}
        state.heap[ref] = Cell("class")
        inner = replace(context, frames=(frame, *context.frames), symbol=symbol, owner=cls, chosen=None)
        self._making.append(node)
        try:
            self._run_class(inner, state, node)
        finally:
            self._making.pop()
            self._asked_within.discard(node)
        names = state.frames.own.pop(frame, {})
        for name, value in names.items():
            self._open_filled(inner, state, name, value, node.body)
        state.heap[ref] = Cell("class", fields=tuple((key, self.force(state, value)) for key, value in names.items()))
        return cls

    def _run_class(self, context: Context, state: State, node: t.Class) -> None:
        """Run the body of a class in the frame of ``context``, which its methods do not see."""
        for statement in node.body:
            if isinstance(statement, t.Func):
                around = replace(context, frames=context.frames[1:])
                func = replace(self.make_function(around, state, statement, context.owner))
                state.frames[context.frame][statement.name] = self._property(state, context.frame, statement, func)
            else:
                flow = self.block(context, [statement], [state])
                if flow.normal:
                    state.become(join_states(flow.normal))

    @staticmethod
    def _property(state: State, frame: FrameId, node: t.Func, func: Func) -> Val:
        for decorator in node.decorators:
            if isinstance(decorator, t.Attr) and decorator.name in {"setter", "deleter", "getter"}:
                # The getter stays under the name; a setter is called when the attribute is written.
                if decorator.name == "setter":
                    state.frames[frame][f"{node.name}.setter"] = replace(func, sort="plain")
                return state.frames[frame].get(node.name, func)
        return func

    def _class_attr(self, state: State, cls: Val, name: str) -> Val:
        if isinstance(cls, Cls):
            cell = state.heap.get(cls.ref)
            if cell is None:
                self.ensure(cls.module)
                cell = state.heap.get(cls.ref)
            return ABSENT if cell is None else cell.get(name)
        return ABSENT

    def _method(self, state: State, cls: Val, name: str) -> Val:
        """What a class and its bases have under ``name``: a value of the project, a model's member, or ABSENT."""
        for each in self.mro(cls):
            if isinstance(each, Cls):
                value = self._class_attr(state, each, name)
                if value is not ABSENT:
                    return value
            elif isinstance(each, ModelCls):
                found = inspect.getattr_static(each.cls, name, None)
                if found is not None and (not hasattr(Object, name) or self._of_its_own(each.cls, name)):
                    return (each, found)
                if name == "__init__" and found is not None and "__init__" in members_of_class(each.cls):
                    return (each, found)
        return ABSENT

    @staticmethod
    def _of_its_own(model: type[Object], name: str) -> bool:
        """Whether the library's class has a method that is called like one which all models have: ``buffer.write(text)``."""
        return name in {"append", "read", "write"} and inspect.getattr_static(model, name) is not vars(Object)[name]

    def classes_of(self, state: State, value: Val, name: str, *, by_name: bool = True) -> list[Cls]:
        """The classes of the project that an object of which little is known may be of, as it is called or by ``name``.

        A row is called after its model, a parameter after what it is; a method that only one class has is its own, where
        ``by_name`` allows it.
        """
        if self.methods is None or not isinstance(value, (Unknown, Parameter)):
            return []
        found = self._called(state, value)
        label = _last_part(value)
        if by_name and not found and not label[:1].isupper() and name not in COMMON and len(name) > 3:
            named = [self.lookup_module(state, module, cls) for module, cls in self.methods.of_method(name)]
            found = [cls for cls in named if isinstance(cls, Cls)]
        found = [cls for cls in found if self._method(state, cls, name) is not ABSENT]
        return [made for cls in found for made in self._implementing(state, cls, name)]

    def _implementing(self, state: State, cls: Cls, name: str) -> list[Cls]:
        """The classes whose method is meant where ``cls`` only says that there is one (a Protocol, an abstract class)."""
        method = self._method(state, cls, name)
        if self.methods is None or not isinstance(method, Func) or not _only_declared(method.node):
            return [cls]
        heirs = [
            self.lookup_module(state, module, heir.name) for module, heir in self.methods.subclasses(cls.node.name)
        ]
        others = heirs or [self.lookup_module(state, module, other) for module, other in self.methods.having(name)]
        made: list[Cls] = []
        for other in others:
            own = self._method(state, other, name) if isinstance(other, Cls) else ABSENT
            if isinstance(other, Cls) and isinstance(own, Func) and not _only_declared(own.node):
                made.append(other)
        return made or [cls]

    def _called(self, state: State, value: Unknown | Parameter) -> list[Cls]:
        """The classes of the project that something is declared to be of, or is called after."""
        if isinstance(value, Parameter) and (value.function, value.name) in self.declared:
            return [self.declared[value.function, value.name]]
        if self.methods is None:
            return []
        found = [self.lookup_module(state, module, cls) for module, cls in self.methods.of_name(_last_part(value))]
        return [cls for cls in found if isinstance(cls, Cls)]

    def field_count(self, state: State, value: Unknown | Parameter, name: str) -> Count | None:
        """How many people a field may hold, as the class of what it is read off declares it; None where nothing is declared."""
        counts = {self.declared_count(cls, name) for cls in self._called(state, value)} - {None}
        return counts.pop() if len(counts) == 1 else None

    def declared_count(self, cls: Val, name: str) -> Count | None:
        """How many people a field may hold as its class declares it, nearest first; None where nothing is declared."""
        counts = (classes.declared_count(node) for node in self.declarations(cls, name))
        return next((count for count in counts if count is not None), None)

    def declarations(self, cls: Val, name: str) -> Iterator[t.Assign]:
        """Where the bodies of a class and its bases assign a name or declare it."""
        for each in self.mro(cls):
            if isinstance(each, Cls):
                declared = self._declared.get(each.node)
                if declared is None:
                    declared = self._declared[each.node] = {}
                    for node in each.node.body:
                        if isinstance(node, t.Assign) and isinstance(node.targets[0], t.Name):
                            declared.setdefault(node.targets[0].id, []).append(node)
                yield from declared.get(name, ())

    def _model_of(self, state: State, value: Val) -> ModelCls | None:
        if isinstance(value, Ref) and value in state.heap:
            for each in self.mro(state.heap[value].cls):
                if isinstance(each, ModelCls):
                    return each
        return None


@dataclass(frozen=True, slots=True)
class Later:
    """A name that was imported from a module of the project, looked up when it is needed."""

    module: Module
    name: str
    importer: Module

    def get(self, machine: Names, state: State) -> Val:
        """Its value."""
        # Modules may import a name from each other, and a package its own submodule: the name that leads back to
        # itself is none.
        value: Val = ABSENT
        if self not in machine.looked_up:
            machine.looked_up.add(self)
            try:
                value = machine.lookup_module(state, self.module, self.name)
            finally:
                machine.looked_up.discard(self)
        if value is not ABSENT:
            return value
        inner = machine.project.submodule(self.module, self.name)
        if inner is not None:
            return Mod(inner)
        return provenance.named(f"{self.module.name.rsplit('.', 1)[-1]}.{self.name}", Place(self.module.path))


def _only_declared(node: t.Func | t.Lam) -> bool:
    """Whether a function has no body of its own: ``...``, ``pass``, a docstring, ``raise NotImplementedError``."""
    return isinstance(node, t.Func) and all(
        (isinstance(each, t.ExprStmt) and isinstance(each.value, t.Const)) or isinstance(each, t.Raise)
        for each in node.body
    )


def _last_part(value: Unknown | Parameter) -> str:
    label = value.why if isinstance(value, Unknown) else value.name
    return label.rsplit(".", 1)[-1].removesuffix("[]").removesuffix("()")


def _stars(names: Mapping[str, Val]) -> tuple[Val, ...]:
    """What a frame imported with a star: modules of the project, names of those outside."""
    found = names.get("import *", ())
    # Branches may import different modules: what either of them has may be meant.
    options = found.options if isinstance(found, Either) else (found,)
    return tuple(dict.fromkeys(star for option in options if isinstance(option, tuple) for star in option))


COMMON: Final = frozenset(
    "send save run post execute create call process handle start submit write delete update notify apply work task publish "
    "dispatch emit push validate clean setup build render list load parse index detail edit view register login invite "
    "share check test stop close open patch read connect login logout quit copy json text data name value values items "
    "keys count find replace encode decode format strip join split search match group render commit rollback query".split()
)
"""Names of methods that any object may have: one class of the project that has it is not meant by that."""

OF_ANYONE: Final = frozenset(
    "email mail email_address mail_address address full_name first_name last_name username phone user owner author sender "
    "recipient receiver person member contact customer client account profile group team organization company manager "
    "parent title label status state slug link type kind".split()
)
"""Names under which any row may keep something: one class that has a property of such a name is not meant by reading it."""

_DECORATORS: Final = {
    "staticmethod": "static",
    "classmethod": "class",
    "property": "property",
    "cached_property": "cached",
    "hybrid_property": "property",
    "contextmanager": "context",
    "asynccontextmanager": "context",
}
