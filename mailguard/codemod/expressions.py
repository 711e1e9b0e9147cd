"""What an expression is worth, as far as that can be told from how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import libcst as cst

from mailguard.codemod.scene import Scene
from mailguard.codemod.tree import code, name_of, text_of, walk

COMMAS: Final = frozenset({"COMMASPACE", "COMMA"})
"""Names under which modules keep a comma (``email.utils.COMMASPACE``)."""

READS: Final = frozenset(
    {"split", "join", "strip", "format", "lower", "upper", "copy", "count", "index", "get", "items", "keys", "values",
     "values_list", "filter", "exclude", "all", "order_by", "distinct", "first", "exists", "startswith", "endswith"}
)  # fmt: skip
"""Methods of texts and collections that change nothing."""

HARMLESS: Final = frozenset(
    {"_", "gettext", "gettext_lazy", "ugettext", "ugettext_lazy", "ngettext", "str", "format", "join", "strip", "strip_tags",
     "dict", "list", "tuple", "int", "len", "lower", "upper", "title", "dumps", "formataddr"}
)  # fmt: skip
"""Functions that give the same answer when they are asked again, quickly."""


def simple(node: cst.BaseExpression) -> bool:
    """Whether an expression may be evaluated again with the same result, as it only names and puts together."""
    return all(_simple(inner) for inner in walk(node))


def _simple(node: cst.CSTNode) -> bool:
    match node:
        case cst.Call():
            return name_of(node.func) in HARMLESS
        case cst.Await() | cst.Yield() | cst.NamedExpr() | cst.BaseComp() | cst.Lambda():
            return False
        case _:
            return True


def is_named(members: cst.BaseExpression) -> bool:
    """Whether nothing of ours is run to get at ``members``, but their own iteration."""
    match members:
        case cst.ListComp(for_in=loop) | cst.GeneratorExp(for_in=loop) | cst.SetComp(for_in=loop):
            return simple(loop.iter)
        case _:
            return simple(members)


def is_at_top(node: cst.BaseExpression) -> bool:
    """Whether an expression can stand behind ``in`` as it is."""
    return bool(node.lpar) or not isinstance(node, (cst.IfExp, cst.Lambda, cst.GeneratorExp, cst.Tuple, cst.NamedExpr))


def is_nobody(node: cst.BaseExpression) -> bool:
    """Whether an expression is written as no list of people at all: ``None``, ``[]``, ``()``."""
    return name_of(node) == "None" or (isinstance(node, (cst.List, cst.Tuple)) and not node.elements)


def naked(value: cst.BaseExpression) -> cst.BaseExpression:
    """An expression for a statement of its own: on one line it needs no parentheses around it."""
    if isinstance(value, (cst.GeneratorExp, cst.NamedExpr)) or not value.lpar:
        return value
    inner = value.with_changes(lpar=(), rpar=())
    return value if "\n" in code(inner) else inner


def bare(value: cst.BaseExpression) -> cst.BaseExpression:
    """An expression for a place of its own: a generator without parentheses needs some."""
    if not is_at_top(value):
        return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return value


def awaited(value: cst.BaseExpression) -> cst.BaseExpression:
    """What is awaited, or the expression itself."""
    return value.expression if isinstance(value, cst.Await) else value


def argument(call: cst.Call, keyword: str, position: int | None = None) -> cst.Arg | None:
    """An argument of a call, by its keyword or its position from 0; None where stars may hide it."""
    for number, arg in enumerate(call.args):
        if arg.star:
            return None
        if arg.keyword is not None and arg.keyword.value == keyword:
            return arg
        if arg.keyword is None and number == position:
            return arg
    return None


def without(args: Sequence[cst.Arg], gone: cst.Arg) -> list[cst.Arg]:
    """The arguments of a call without one of them; the closing parenthesis keeps its place."""
    rest = list(args)
    at = rest.index(gone)
    if at and at == len(rest) - 1:
        rest[at - 1] = rest[at - 1].with_changes(comma=gone.comma, whitespace_after_arg=gone.whitespace_after_arg)
    del rest[at]
    return rest


def called(scene: Scene, call: cst.Call) -> frozenset[str]:
    """The names under which a function or class is known that ``call`` calls: its own, and those that it stands for here."""
    name = name_of(call.func)
    if not isinstance(call.func, cst.Name):
        return frozenset({name})
    found = {name}
    for node in walk(scene.module):
        match node:
            case cst.ImportAlias(name=original, asname=cst.AsName(name=cst.Name(value=alias))) if alias == name:
                found.add(name_of(original))
            case _:
                pass
    made = [name_of(one.value) for one in scene.assignments(name, scene.function(call))]
    # A variable stands for all that it may hold, and only together.
    return frozenset({*found, *made}) if all(made) else frozenset(found)


def silent(*calls: cst.Call) -> bool:
    """Whether a mail call of Django is told to fail silently: then the others are sent all the same."""
    return any(
        arg.keyword is not None and arg.keyword.value == "fail_silently" and name_of(arg.value) == "True"
        for call in calls
        for arg in call.args
    )


def joined(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What is joined with commas into one text: ``x`` of ``", ".join(x)``; None for any other expression."""
    match node:
        case cst.Call(
            func=cst.Attribute(value=between, attr=cst.Name(value="join")), args=[cst.Arg(star="", keyword=None)]
        ):
            text = text_of(between)
            commas = name_of(between) in COMMAS if text is None else text.strip() in (",", ";")
            return node.args[0].value if commas else None
        case _:
            return None


def writes(scene: Scene, nodes: Iterable[cst.CSTNode], name: str) -> bool:
    """Whether ``nodes`` may change the variable ``name`` or what it holds: they set it, or call a method of it."""
    for node in nodes:
        if not (isinstance(node, cst.Name) and node.value == name and scene.variable(node)):
            continue
        parent = scene.parent(node)
        match parent:
            case cst.AssignTarget() | cst.AnnAssign() | cst.AugAssign() | cst.NamedExpr() | cst.Del() | cst.For():
                if not (isinstance(parent, (cst.AnnAssign, cst.AugAssign)) and parent.value is node) and not (
                    isinstance(parent, cst.For) and parent.iter is node
                ):
                    return True
            case cst.Element() | cst.StarredElement() | cst.AsName():
                if any(isinstance(one, (cst.AssignTarget, cst.CompFor)) for one in _targets(scene, node)):
                    return True
            case cst.Attribute():
                if parent.attr.value not in READS:
                    return True
            case cst.Subscript():
                if parent.value is node and any(
                    isinstance(one, (cst.AssignTarget, cst.Del)) for one in scene.ancestors(parent)
                ):
                    return True
            case _:
                pass
    return False


def _targets(scene: Scene, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for ancestor in scene.ancestors(node):
        if isinstance(ancestor, (cst.Tuple, cst.List, cst.Element, cst.StarredElement, cst.AsName)):
            continue
        yield ancestor
        return


def unwrapped(scene: Scene, people: cst.BaseExpression, since: Iterable[cst.CSTNode]) -> cst.BaseExpression:
    """``people`` of ``list(people)`` and ``[*people]``: a loop needs no copy, if nothing of ``since`` changes them."""
    match people:
        case cst.Call(func=cst.Name("list" | "tuple"), args=[cst.Arg(star="", keyword=None, value=inner)]):
            pass
        case (
            cst.List(elements=[cst.StarredElement(value=inner)]) | cst.Tuple(elements=[cst.StarredElement(value=inner)])
        ):
            pass
        case _:
            return people
    if isinstance(inner, cst.Name) and not writes(scene, since, inner.value):
        return inner
    return people


def added_keys(scene: Scene, written: cst.Dict) -> frozenset[str]:
    """The keys that are put later into a dictionary that is written out here, with its parts; ``?`` for unknown ones.

    What other functions do with it is not followed.
    """
    assign = scene.around(written, cst.Assign)
    if assign is None or not isinstance(assign.targets[0].target, cst.Name):
        return frozenset()
    found: set[str] = set()
    for use in scene.uses(assign.targets[0].target.value, scene.function(written)):
        node: cst.CSTNode = use
        keys: list[str] = []
        while isinstance(outer := scene.parent(node), cst.Subscript) and outer.value is node:
            index = outer.slice[0].slice
            keys.append((text_of(index.value) if isinstance(index, cst.Index) else None) or "?")
            node = outer
        if isinstance(outer, cst.AssignTarget) and keys:
            found.update(key for key in keys if key != "?" or len(keys) == 1)
        elif isinstance(outer, cst.Attribute):
            call = scene.parent(outer)
            if outer.attr.value == "setdefault" and isinstance(call, cst.Call) and call.args:
                found.add(text_of(call.args[0].value) or "?")
            elif outer.attr.value in ("append", "extend", "insert", "__setitem__", "update"):
                found.update(keys or ("?",))
    return frozenset(found)
