"""What a class declares: fields of data classes and ORM models, and what an annotation tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import MANY, OPTIONAL, Count
from mailguard.model.place import Place
from mailguard.model.value import ABSENT, Known, Step, StepKind
from mailguard.source import tree as t
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cls, Ext, Val
from mailguard.source.library.provenance import SWITCH, settings_like


def declared_fields(machine: Any, state: State, cls: Cls) -> list[tuple[str, Val]]:
    """The fields of a dataclass, NamedTuple or model class, in order, with what they default to (an expression)."""
    fields: dict[str, Val] = {}
    for each_cls in reversed(machine.mro(cls)):
        if isinstance(each_cls, Cls):
            for node in each_cls.node.body:
                if isinstance(node, t.Assign) and node.annotation is not None and isinstance(node.targets[0], t.Name):
                    fields[node.targets[0].id] = ABSENT if node.value is None else (each_cls, node.value)
    return list(fields.items())


def declared_count(node: t.Assign) -> Count | None:
    """How many people a field of a class may hold, by its annotation or by the field of a form or model; None if open."""
    if node.annotation is not None:
        if collection_annotation(node.annotation):
            return MANY
        return OPTIONAL if _last(node.annotation) in _TEXTS else None
    if isinstance(node.value, t.Call):
        field = _last(node.value.func)
        return OPTIONAL if field in _ONE_FIELDS else MANY if field in _MANY_FIELDS else None
    return None


def unset_field(node: t.Assign) -> Val:
    """What a field of an ORM model holds on an object that the code made and did not fill; ABSENT where nothing tells.

    Django: ``default=``, else the empty text of ``blank=True`` fields of text; SQLAlchemy: None before it is stored.
    """
    call = node.value
    if not isinstance(call, t.Call):
        return ABSENT
    given = {arg.keyword: arg.value for arg in call.args if arg.keyword is not None}
    default = given.get("default")
    if isinstance(default, t.Const) and (default.value is None or isinstance(default.value, (str, bool, int))):
        return Known(default.value)
    if default is None and _last(call.func) in _TEXT_FIELDS:
        return Known("")
    return Known(None) if default is None and _last(call.func) in {"Column", "mapped_column"} else ABSENT


_TEXT_FIELDS: Final = frozenset({"CharField", "TextField", "EmailField", "SlugField", "URLField"})


def _last(node: t.Expr) -> str:
    return node.id if isinstance(node, t.Name) else node.name if isinstance(node, t.Attr) else ""


_TEXTS: Final = frozenset({"str", "EmailStr", "NameEmail"})
_ONE_FIELDS: Final = frozenset({"EmailField"})
_MANY_FIELDS: Final = frozenset(
    {"ArrayField", "ListField", "MultiEmailField", "MultipleChoiceField", "ModelMultipleChoiceField", "ManyToManyField"}
)


def field_of_many(node: t.Stmt) -> str | None:
    """The name of a field that a form or a serializer declares to hold several things; None of anything else."""
    if not isinstance(node, t.Assign) or not isinstance(node.value, t.Call) or not isinstance(node.targets[0], t.Name):
        return None
    given = {arg.keyword: arg.value for arg in node.value.args if arg.keyword is not None}
    many = given.get("many")
    several = _last(node.value.func) in _MANY_FIELDS or (isinstance(many, t.Const) and many.value is True)
    return node.targets[0].id if several else None


def default_field(machine: Any, context: Any, state: State, default: Val, node: object) -> Val:
    """The default of a declared field: ``field(default_factory=list)`` or an expression."""
    cls, expression = default
    found = _default_of(machine, context, state, cls, expression, node)
    if isinstance(found, Known) and (settings_like(cls.node.name) or any(isinstance(base, Ext) for base in cls.bases)):
        # pydantic and its kind read such a field from the environment when the program runs.
        step = Step(StepKind.CONFIGURED, Place(cls.module.path, cls.node.at.line), SWITCH)
        return replace(found, trail=(*found.trail, step))
    return found


def _default_of(machine: Any, context: Any, state: State, cls: Cls, expression: t.Expr, node: object) -> Val:
    if isinstance(expression, t.Call):
        for arg in expression.args:
            if arg.keyword == "default_factory":
                factory = machine.eval(replace(context, module=cls.module), state, arg.value)
                return machine.call(context, state, factory, [], [], node)
            if arg.keyword == "default":
                return machine.eval(replace(context, module=cls.module), state, arg.value)
    return machine.eval(replace(context, module=cls.module), state, expression)


_COLLECTIONS: Final = frozenset(
    "list List tuple Tuple set Set frozenset FrozenSet Sequence Iterable Collection Iterator Generator QuerySet MutableSequence "
    "AbstractSet Queryset ValuesListQuerySet BaseManager".split()
)


_QUOTED: Final = re.compile(r"(?:typing\.)?(?:list|List|tuple|Tuple|set|Set|Sequence|Iterable|Collection)\[")
_UNION: Final = re.compile(r"(?:typing\.)?(?:Union|Optional)\[(.*)\]", re.DOTALL)
_SIDES: Final = re.compile(r"[|,]")


def collection_annotation(annotation: t.Expr | None, *, or_text: bool = False) -> bool:
    """Whether a parameter is declared to be a collection; with ``or_text`` also one that may be a text as well."""
    match annotation:
        case t.Name():
            return annotation.id in _COLLECTIONS
        case t.Attr():
            return annotation.name in _COLLECTIONS
        case t.Sub():
            outer = annotation.value
            name = outer.id if isinstance(outer, t.Name) else outer.name if isinstance(outer, t.Attr) else ""
            if name in {"Optional", "Annotated", "Final"}:
                inner = annotation.index.items[0] if isinstance(annotation.index, t.Seq) else annotation.index
                return collection_annotation(inner, or_text=or_text)
            if name == "Union" and isinstance(annotation.index, t.Seq):
                return _among(annotation.index.items, or_text=or_text)
            return name in _COLLECTIONS
        case t.Bin(op="|"):
            return _among((annotation.left, annotation.right), or_text=or_text)
        case t.Const(value=str() as quoted):
            whole = quoted.strip()
            while (union := _UNION.fullmatch(whole)) is not None:
                whole = union[1].strip()
            sides = [side.strip() for side in _SIDES.split(whole)]
            if any(side.count("[") != side.count("]") for side in sides):
                sides = [whole]  # what was cut is no alternative: Dict[str, List[str]]
            kinds = [_QUOTED.match(side) is not None for side in sides if side and side != "None"]
            return any(kinds) and (or_text or all(kinds))
    return False


def _among(kinds: Iterable[t.Expr], *, or_text: bool) -> bool:
    found = [
        collection_annotation(kind, or_text=or_text)
        for kind in kinds
        if not (isinstance(kind, t.Const) and kind.value is None)
    ]
    return any(found) and (or_text or all(found))
