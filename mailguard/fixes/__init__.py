"""The shelf of repairs: one codemod for each mechanism, and here what all of them need.

Besides :mod:`mailguard.source` the only importer of libcst. A codemod matches the code at the place
of a finding exactly, or leaves it alone; comments and formatting stay, and whatever the
repair does not concern is the same byte for byte.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from mailguard.model.fix import Refusal
from mailguard.model.place import Place

__all__ = [
    "AGAIN",
    "COUNTED",
    "STOPS",
    "USED",
    "Function",
    "HeaderLine",
    "Round",
    "Scene",
    "Sending",
    "added_keys",
    "apart",
    "argument",
    "awaited",
    "bare",
    "called",
    "code",
    "header_line",
    "hoisted",
    "is_at_top",
    "is_named",
    "is_nobody",
    "joined",
    "looped",
    "naked",
    "name_of",
    "names",
    "one_statement",
    "round_over",
    "same",
    "scene_of",
    "sending",
    "silent",
    "simple",
    "statement",
    "text_of",
    "unwrapped",
    "walk",
    "without",
    "writes",
]

Function: TypeAlias = cst.FunctionDef | cst.Module
"""A function, or the module for code outside of functions."""

_N = TypeVar("_N", bound=cst.CSTNode)

Swaps: TypeAlias = Mapping[cst.CSTNode, "cst.CSTNode | Sequence[cst.BaseStatement] | cst.RemovalSentinel"]
"""What stands in place of nodes; several statements may stand in place of one."""


@functools.lru_cache(maxsize=4)
def scene_of(source: bytes) -> Scene | None:
    """A file, parsed; None if libcst cannot."""
    try:
        return Scene(cst.parse_module(source))
    except (cst.ParserSyntaxError, UnicodeError, RecursionError, LookupError):
        return None
    except Exception:  # noqa: BLE001  # libcst raises bare exceptions on some inputs; such a file has no repair
        return None


class Scene:
    """A parsed file in which something is looked for, and then changed."""

    def __init__(self, module: cst.Module) -> None:
        # The parser makes a fresh tree in which no node stands twice.
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = wrapper.module
        self._ranges: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)
        self._parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._taken: dict[cst.CSTNode, frozenset[str]] = {}
        stack: list[cst.CSTNode] = [self.module]
        while stack:
            node = stack.pop()
            for child in node.children:
                self._parents[child] = node
                stack.append(child)

    # --- where things are

    def at(self, place: Place, kind: type[_N]) -> _N | None:
        """The outermost node of a kind that spans exactly ``place``."""
        wanted = (place.line, place.column - 1, place.end_line or place.line, place.end_column - 1)
        found = None
        for node, span in self._ranges.items():
            if (span.start.line, span.start.column, span.end.line, span.end.column) == wanted and isinstance(
                node, kind
            ):
                inner = found is not None and found in self.ancestors(node)
                found = found if inner else node
        return found

    def value_at(self, place: Place) -> cst.BaseExpression | None:
        """The expression at ``place``; for a keyword argument its value."""
        keyword = self.at(place, cst.Arg) or self._keyword_at(place)
        return keyword.value if keyword is not None else self.at(place, cst.BaseExpression)  # type: ignore[type-abstract]  # any of them

    def _keyword_at(self, place: Place) -> cst.Arg | None:
        """The keyword argument at ``place``, which ends where its value does: before a parenthesis around that."""
        for node, span in self._ranges.items():
            if isinstance(node, cst.Arg) and node.value.lpar and span.start.line == place.line:
                end = self._ranges[node.value].end
                wanted = (place.column - 1, place.end_line or place.line, place.end_column - 1)
                if (span.start.column, end.line, end.column) == wanted:
                    return node
        return None

    def before(self, first: cst.CSTNode, second: cst.CSTNode) -> bool:
        """Whether ``first`` starts before ``second`` in the text."""
        one, two = self._ranges[first].start, self._ranges[second].start
        return (one.line, one.column) < (two.line, two.column)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around ``node``."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around ``node``, the closest first."""
        current = self._parents.get(node)
        while current is not None:
            yield current
            current = self._parents.get(current)

    def ancestors_in_line(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """The nodes around ``node`` within its statement."""
        found: list[cst.CSTNode] = []
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (cst.BaseStatement, cst.BaseSmallStatement)):
                break
            found.append(ancestor)
        return found

    def around(self, node: cst.CSTNode, kind: type[_N]) -> _N | None:
        """The closest node of a kind around ``node``, within its function."""
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, kind):
                return ancestor
            if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
                return None
        return None

    def line(self, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
        """The statement around ``node``, if it stands on lines of its own and is the only one there."""
        line = node if isinstance(node, cst.SimpleStatementLine) else self.around(node, cst.SimpleStatementLine)
        return line if line is not None and len(line.body) == 1 else None

    def function(self, node: cst.CSTNode) -> Function:
        """The function that ``node`` is in, or the module. Code of a class body belongs to nobody's function."""
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, cst.FunctionDef):
                return ancestor
        return self.module

    def block(self, line: cst.BaseStatement) -> Sequence[cst.BaseStatement]:
        """The statements beside ``line``, with it; empty for what does not stand in a block."""
        owner = self._parents.get(line)
        if isinstance(owner, (cst.Module, cst.IndentedBlock)):
            return owner.body
        return ()

    def beside(self, line: cst.BaseStatement, inner: cst.CSTNode) -> cst.BaseStatement | None:
        """The statement of the block of ``line`` that is or holds ``inner``."""
        chain = {inner, *self.ancestors(inner)}
        return next((one for one in self.block(line) if one in chain), None)

    def leads_to(self, line: cst.BaseStatement, inner: cst.CSTNode) -> bool:
        """Whether ``line`` has always run, once, when ``inner`` runs: no function, class or loop is entered between."""
        block = self.block(line)
        stop = self.beside(line, inner)
        if stop is None or block.index(stop) <= block.index(line):
            return False
        holder: cst.CSTNode = inner
        for ancestor in self.ancestors(inner):
            if holder is stop:
                return True
            if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.For, cst.While)):
                return False
            holder = ancestor
        return holder is stop

    def between(self, line: cst.BaseStatement, inner: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """All nodes that may run after ``line`` and before ``inner``, which it leads to; or after it, in its statement."""
        block = self.block(line)
        stop = self.beside(line, inner)
        assert stop is not None  # noqa: S101  # line leads to inner
        for one in block[block.index(line) + 1 : block.index(stop)]:
            yield from walk(one)
        if stop is not inner:
            for node in walk(stop):
                if node is not inner and inner not in set(self.ancestors(node)):
                    yield node

    def guarded(self, line: cst.BaseStatement, used: str = "") -> cst.BaseStatement:
        """``line``, or the ``try`` that holds nothing else: around it, one mail that fails does not stop the others.

        Only where every handler goes on behind it, and an ``else`` only tells of it. ``used`` is the variable that ``line`` sets, which may be read in
        the ``else`` and nowhere behind.
        """
        block = self._parents.get(line)
        around = self._parents.get(block) if isinstance(block, cst.IndentedBlock) else None
        if (
            not isinstance(around, cst.Try)
            or around.body is not block
            or len(block.body) != 1
            or around.finalbody is not None
            or not around.handlers
            or not self.block(around)
        ):
            return line
        if any(_leaves(handler.body) for handler in around.handlers) or (used and self.read_after(used, around)):
            return line
        if around.orelse is not None and not all(map(_tells, around.orelse.body.body)):
            return line  # what is done once everything went well is done once
        return around

    def tried_again(self, line: cst.BaseStatement) -> bool:
        """Whether a mail that fails is tried again later, with all that is sent here: by a task queue, or by a loop."""
        function = self.function(line)
        if isinstance(function, cst.FunctionDef):
            for decorator in function.decorators:
                called = decorator.decorator
                keywords = called.args if isinstance(called, cst.Call) else ()
                again = {name_of(called), name_of(called.func) if isinstance(called, cst.Call) else ""}
                if again & _RETRIES or any(arg.keyword and arg.keyword.value in _RETRY_KEYWORDS for arg in keywords):
                    return True
        handled: list[cst.Try] = []
        for ancestor in self.ancestors(line):
            if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef)):
                break
            if isinstance(ancestor, cst.Try) and line not in set(walk(ancestor.finalbody or cst.Pass())):
                handled.append(ancestor)
            elif isinstance(ancestor, (cst.For, cst.While)) and any(self._ends_rounds(one, line) for one in handled):
                return True
        return any(
            isinstance(node, cst.Call) and name_of(node.func) in _RETRIES
            for one in handled
            for handler in one.handlers
            for node in walk(handler)
        )

    def _ends_rounds(self, tried: cst.Try, line: cst.BaseStatement) -> bool:
        """Whether a loop around ``tried`` ends once ``line`` went well: it is there to try again."""
        parts: list[cst.CSTNode] = [tried.body, *([tried.orelse] if tried.orelse else [])]
        return any(
            isinstance(node, (cst.Break, cst.Return)) and not self.before(node, line)
            for part in parts
            for node in walk(part)
        )

    def indented(self, body: Sequence[cst.BaseStatement], near: cst.CSTNode) -> cst.IndentedBlock:
        """A block of statements, indented like the one that ``near`` stands in."""
        around = next((node for node in self.ancestors(near) if isinstance(node, cst.IndentedBlock)), None)
        return cst.IndentedBlock(list(body), indent=around.indent if around is not None else None)

    # --- names

    def taken(self, near: cst.CSTNode) -> frozenset[str]:
        """The names that the function of ``near`` uses for something: any other can become a variable of it."""
        function = self.function(near)
        if function not in self._taken:
            self._taken[function] = frozenset(
                node.value for node in walk(function) if isinstance(node, cst.Name) and not self._stands_apart(node)
            )
        return self._taken[function]

    def _stands_apart(self, node: cst.Name) -> bool:
        """Whether a name is that of an attribute, or the keyword of an argument."""
        parent = self._parents.get(node)
        return (isinstance(parent, cst.Arg) and parent.keyword is node) or (
            isinstance(parent, cst.Attribute) and parent.attr is node
        )

    def free(self, near: cst.CSTNode, *wanted: str) -> str:
        """The first of ``wanted`` that can become a variable of a function; with a number if none can."""
        taken = self.taken(near)
        for name in wanted:
            if name not in taken:
                return name
        number = 2
        while f"{wanted[-1]}_{number}" in taken:
            number += 1
        return f"{wanted[-1]}_{number}"

    def uses(self, name: str, where: cst.CSTNode) -> list[cst.Name]:
        """Where ``name`` is read, written or deleted as a variable."""
        return [
            node for node in walk(where) if isinstance(node, cst.Name) and node.value == name and self.variable(node)
        ]

    def variable(self, name: cst.Name) -> bool:
        """Whether a name stands for a variable: no attribute, no keyword of an argument."""
        parent = self._parents.get(name)
        match parent:
            case cst.Attribute():
                return parent.value is name
            case cst.Arg():
                return parent.value is name
            case cst.NameItem():
                return True
            case cst.ImportAlias() | cst.AsName():
                return False
            case _:
                return True

    def read_after(self, name: str, line: cst.BaseStatement) -> bool:
        """Whether a variable may be read after ``line`` has run: anywhere in its function but before it, outside loops."""
        function = self.function(line)
        inside = {id(node) for node in walk(line)}
        looped = self.around(line, cst.For) is not None or self.around(line, cst.While) is not None
        for use in self.uses(name, function):
            if id(use) in inside or (isinstance(self._parents[use], cst.AssignTarget)):
                continue
            if looped or self.before(line, use) or function is self.module:
                return True
        return False

    def loops(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """The loops around ``node`` within its function, the closest first."""
        found: list[cst.CSTNode] = []
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef)):
                break
            if isinstance(ancestor, (cst.For, cst.While)):
                found.append(ancestor)
        return found

    def assignments(self, name: str, function: cst.CSTNode) -> list[cst.Assign]:
        """The statements ``name = ...`` of a function."""
        found = []
        for use in self.uses(name, function):
            target = self._parents[use]
            if isinstance(target, cst.AssignTarget) and isinstance(assign := self._parents[target], cst.Assign):
                found.append(assign)
        return found

    def kept_over_rounds(self, name: str, send: Place) -> bool:
        """Whether what a variable holds at ``send`` may be from an earlier round of a loop there."""
        call = self.at(send, cst.Call)
        if call is None:
            return True
        made = self.assignments(name, self.function(call))
        return any(not any(loop in self.loops(one) for one in made) for loop in self.loops(call))

    def grows(self, people: cst.BaseExpression, line: cst.BaseStatement) -> bool:
        """Whether ``people`` is a list of which members stay from one run of ``line`` to the next."""
        if not isinstance(people, cst.Name):
            return False
        function = self.function(line)
        changed = [use for use in self.uses(people.value, function) if _adds(self._parents[use])]
        if not changed:
            return False
        if isinstance(function, cst.FunctionDef):
            every = function.params
            for param in (*every.posonly_params, *every.params, *every.kwonly_params):
                if param.name.value == people.value and isinstance(param.default, (cst.List, cst.Call)):
                    return True
        made = self.assignments(people.value, function)
        return any(
            not any(loop in self.loops(one) for one in made) and any(loop in self.loops(use) for use in changed)
            for loop in self.loops(line)
        )

    # --- the change

    def edited(self, swaps: Swaps) -> bytes:
        """The file with some nodes replaced."""
        return self.module.visit(_Swap(swaps)).bytes

    def swapped(self, node: _N, swaps: Swaps) -> _N:
        """One node with some nodes in it replaced."""
        result = node.visit(_Swap(swaps))
        assert isinstance(result, cst.CSTNode)  # noqa: S101  # the node itself is not removed
        return result


class _Swap(cst.CSTTransformer):
    def __init__(self, swaps: Swaps) -> None:
        super().__init__()
        self._swaps = swaps

    def on_visit(self, node: cst.CSTNode) -> bool:
        return node not in self._swaps

    def on_leave(  # type: ignore[override]  # the answer depends on the kind of the node
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.BaseStatement]:
        new = self._swaps.get(original_node, updated_node)
        return cst.FlattenSentinel(new) if isinstance(new, (list, tuple)) else new  # type: ignore[return-value]  # so


_RETRIES: Final = frozenset({"retry", "on_exception", "actor"})
"""Functions and decorators that do something again (Celery, tenacity, retrying, backoff); Dramatiq's actors always do."""

_RETRY_KEYWORDS: Final = frozenset({"autoretry_for", "retries", "retry", "retry_backoff"})
"""Arguments of decorators that ask for it (Celery, Huey, Prefect, RQ)."""


def _leaves(body: cst.CSTNode) -> bool:
    """Whether a block may end the function or a loop around it, or hands something out."""
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.Return, cst.Raise, cst.Break, cst.Continue, cst.Yield)):
            return True
        if not isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            stack.extend(node.children)
    return False


def _adds(parent: cst.CSTNode) -> bool:
    return isinstance(parent, cst.AugAssign) or (
        isinstance(parent, cst.Attribute) and parent.attr.value in ("append", "extend", "insert", "add", "update")
    )


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """``node`` and all nodes in it, in no order."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(current.children)


# --- expressions ----------------------------------------------------------------------------------


def name_of(node: cst.CSTNode | None) -> str:
    """The last name of a dotted expression: ``send_mail`` of ``mail.send_mail``; empty for anything else."""
    match node:
        case cst.Name():
            return node.value
        case cst.Attribute():
            return node.attr.value
        case _:
            return ""


def same(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two pieces of code are the same but for spaces."""
    return one.deep_equals(other) or code(one) == code(other)


def code(node: cst.CSTNode) -> str:
    """The text of a node."""
    return cst.Module([]).code_for_node(node)


def text_of(node: cst.CSTNode | None) -> str | None:
    """The value of a plain string literal; None for anything else."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def simple(node: cst.BaseExpression) -> bool:
    """Whether an expression may be evaluated again with the same result, as it only names and puts together."""
    return all(_simple(inner) for inner in walk(node))


HARMLESS: Final = frozenset(
    {"_", "gettext", "gettext_lazy", "ugettext", "ugettext_lazy", "ngettext", "str", "format", "join", "strip", "strip_tags",
     "dict", "list", "tuple", "int", "len", "lower", "upper", "title", "dumps", "formataddr"}
)  # fmt: skip
"""Functions that give the same answer when they are asked again, quickly."""


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


COMMAS: Final = frozenset({"COMMASPACE", "COMMA"})
"""Names under which modules keep a comma (``email.utils.COMMASPACE``)."""


def awaited(value: cst.BaseExpression) -> cst.BaseExpression:
    """What is awaited, or the expression itself."""
    return value.expression if isinstance(value, cst.Await) else value


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


def names(node: cst.CSTNode) -> frozenset[str]:
    """All names in a piece of code."""
    return frozenset(inner.value for inner in walk(node) if isinstance(inner, cst.Name))


READS: Final = frozenset(
    {"split", "join", "strip", "format", "lower", "upper", "copy", "count", "index", "get", "items", "keys", "values",
     "values_list", "filter", "exclude", "all", "order_by", "distinct", "first", "exists", "startswith", "endswith"}
)  # fmt: skip
"""Methods of texts and collections that change nothing."""


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


def without(args: Sequence[cst.Arg], gone: cst.Arg) -> list[cst.Arg]:
    """The arguments of a call without one of them; the closing parenthesis keeps its place."""
    rest = list(args)
    at = rest.index(gone)
    if at and at == len(rest) - 1:
        rest[at - 1] = rest[at - 1].with_changes(comma=gone.comma, whitespace_after_arg=gone.whitespace_after_arg)
    del rest[at]
    return rest


def is_nobody(node: cst.BaseExpression) -> bool:
    """Whether an expression is written as no list of people at all: ``None``, ``[]``, ``()``."""
    return name_of(node) == "None" or (isinstance(node, (cst.List, cst.Tuple)) and not node.elements)


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A statement that writes a header of a message: ``message["To"] = value``, ``message.add_header("To", value)``."""

    line: cst.SimpleStatementLine
    message: str
    """The variable that holds the message."""
    name: cst.BaseExpression
    """The header's name, as it is written."""
    key: str
    """The header's name in small letters."""
    value: cst.BaseExpression


def header_line(line: cst.SimpleStatementLine | None) -> HeaderLine | None:
    """A statement as the writing of a header; None for any other."""
    match line.body[0] if line is not None and len(line.body) == 1 else None:
        case cst.Assign(
            targets=[
                cst.AssignTarget(
                    target=cst.Subscript(
                        value=cst.Name(value=message), slice=[cst.SubscriptElement(slice=cst.Index(value=name))]
                    )
                )
            ],
            value=value,
        ):
            pass
        case cst.Expr(
            value=cst.Call(
                func=cst.Attribute(value=cst.Name(value=message), attr=cst.Name("add_header")),
                args=[cst.Arg(value=name, keyword=None, star=""), cst.Arg(value=value, keyword=None, star="")],
            )
        ):
            pass
        case _:
            return None
    key = text_of(name)
    assert line is not None  # noqa: S101  # matched
    return HeaderLine(line, message, name, key.casefold(), value) if key is not None else None


# --- a round for each person ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Round:
    """A loop over people that can be put around statements."""

    item: cst.BaseExpression
    """One person in it."""
    wrap: Callable[[Sequence[cst.BaseStatement], Sequence[cst.EmptyLine]], cst.For]
    """The loop around statements, with comments and blank lines above it."""


SINGULAR: Final = {
    "recipients": "recipient", "emails": "email", "addresses": "address", "people": "person", "users": "user",
    "to_emails": "to_email", "email_addresses": "email_address", "subscribers": "subscriber", "members": "member",
    "admins": "admin", "customers": "customer", "contacts": "contact", "readers": "reader", "staff": "colleague",
    "emails_list": "email", "email_list": "email", "mails": "mail_address", "receivers": "receiver",
    "to_addrs": "to_addr", "toaddrs": "toaddr", "to_addresses": "to_address", "subscriptions": "subscription",
}  # fmt: skip


def _one_of(people: cst.BaseExpression) -> str:
    """A name for one of ``people``."""
    name = name_of(people)
    if name in SINGULAR:
        return SINGULAR[name]
    head, _, tail = name.rpartition("_")
    if head and tail in SINGULAR:
        return f"{head}_{SINGULAR[tail]}"
    return "recipient"


def round_over(scene: Scene, people: cst.BaseExpression, near: cst.CSTNode, *, once: bool = True) -> Round:
    """A loop over ``people``, for statements in the function of ``near``.

    Args:
        scene: the file.
        people: an expression whose value is a collection, one address in each member.
        near: a node of the function.
        once: whether the item is written once into the body; a comprehension is then turned into the loop itself
            where its variable is used for nothing else.

    """
    loop = _unrolled(scene, people, near, once=once)
    if loop is not None:
        return loop
    person = scene.free(near, _one_of(people), "recipient", "reader")
    items = _or_nobody(scene, people, near)

    def wrap(body: Sequence[cst.BaseStatement], leading: Sequence[cst.EmptyLine]) -> cst.For:
        return cst.For(
            target=cst.Name(person), iter=items, body=scene.indented(body, near), leading_lines=list(leading)
        )

    return Round(cst.Name(person), wrap)


def _or_nobody(scene: Scene, people: cst.BaseExpression, near: cst.CSTNode) -> cst.BaseExpression:
    """``people``, or nobody if it is an argument whose default is None."""
    function = scene.function(near)
    if isinstance(people, cst.Name) and isinstance(function, cst.FunctionDef):
        every = function.params
        for param in (*every.params, *every.kwonly_params, *every.posonly_params):
            if param.name.value == people.value and name_of(param.default) == "None":
                return cst.BooleanOperation(people, cst.Or(), cst.Tuple([]))
    return bare(people)


def _unrolled(scene: Scene, people: cst.BaseExpression, near: cst.CSTNode, *, once: bool) -> Round | None:
    if not isinstance(people, (cst.ListComp, cst.GeneratorExp)) or not isinstance(people.for_in, cst.CompFor):
        return None
    head = people.for_in
    if head.inner_for_in is not None or head.asynchronous is not None:
        return None
    if not once and not isinstance(people.elt, (cst.Name, cst.Attribute)):
        return None
    inside = {id(node) for node in walk(people)}
    targets = [node.value for node in walk(head.target) if isinstance(node, cst.Name) and scene.variable(node)]
    function = scene.function(near)
    for name in targets:
        # The variable of a loop lives on, that of a comprehension does not.
        if any(id(use) not in inside for use in scene.uses(name, function)):
            return None

    def wrap(body: Sequence[cst.BaseStatement], leading: Sequence[cst.EmptyLine]) -> cst.For:
        for test in reversed(head.ifs):
            body = [cst.If(test=test.test, body=scene.indented(body, near))]
        target = head.target
        if isinstance(target, cst.Tuple):
            target = target.with_changes(lpar=(), rpar=())
        return cst.For(
            target=target,  # what a comprehension may assign to, a loop may as well
            iter=bare(head.iter),
            body=scene.indented(body, near),
            leading_lines=list(leading),
        )

    return Round(people.elt, wrap)


# --- statements -----------------------------------------------------------------------------------


def statement(text: str, **holes: cst.BaseExpression) -> cst.SimpleStatementLine:
    """A statement of one line with expressions put in where names of ``holes`` stand."""
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)  # noqa: S101  # one line of code
    swaps: dict[cst.CSTNode, cst.CSTNode] = {
        node: holes[node.value] for node in walk(line) if isinstance(node, cst.Name) and node.value in holes
    }
    result = line.visit(_Swap(swaps))
    assert isinstance(result, cst.SimpleStatementLine)  # noqa: S101  # what stands in place of a name is an expression
    return result


@dataclass(frozen=True, slots=True)
class Sending:
    """The statement of a mail call, as it can stand in a loop."""

    line: cst.SimpleStatementLine
    tail: tuple[cst.BaseStatement, ...] = ()
    """The statements behind it that only tell what became of it, and belong to each mail."""
    used: str = ""
    """The variable that holds the result, where the tail or the ``else`` of a ``try`` reads it."""
    count: str = ""
    """The variable in which the results are added up, where they count messages."""
    returns: bool = False
    """Whether the statement returns the result."""

    def alone(self, inner: cst.SimpleStatementLine) -> list[cst.BaseStatement]:
        """What stands in the loop, where ``inner`` is the statement for one person."""
        if not self.count:
            return [inner, *self.tail]
        small = inner.body[0]
        value = small.value if isinstance(small, (cst.Return, cst.Assign)) else None
        assert value is not None  # noqa: S101  # found so by sending
        added = cst.AugAssign(target=cst.Name(self.count), operator=cst.AddAssign(), value=value)
        return [inner.with_changes(body=[added])]

    def before(self) -> list[cst.SimpleStatementLine]:
        """What stands in front of the loop."""
        return [statement(f"{self.count} = 0")] if self.count else []

    def behind(self) -> list[cst.SimpleStatementLine]:
        """What stands behind the loop."""
        return [statement(f"return {self.count}")] if self.returns else []


USED: Final = "the result of the mail call is used"
AGAIN: Final = "a mail that fails is tried again, and those who have theirs would get it twice"
COUNTED: Final = "The result still counts messages: it is no longer 0 or 1."
STOPS: Final = "If one message fails, those after it are not sent."


def sending(scene: Scene, send: cst.Call, *, counts: bool = False) -> Sending | Refusal:
    """The statement of a mail call, whose result nobody uses, or in a way that a loop leaves as it is.

    ``counts`` says that the result is the number of messages.
    """
    line = one_statement(scene, send)
    if line is None:
        return Refusal("the mail call does not stand on lines of its own")
    if scene.tried_again(line):
        return Refusal(AGAIN)
    match line.body[0]:
        case cst.Expr(value=value) if awaited(value) is send:
            return Sending(line)
        case cst.AugAssign(target=cst.Name(), operator=cst.AddAssign(), value=value) if counts and value is send:
            return Sending(line)
        case cst.Return(value=value) if counts and value is send and not scene.loops(line):
            return Sending(line, count=scene.free(line, "sent", "delivered"), returns=True)
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value) if awaited(value) is send:
            if not scene.read_after(name, line):
                return Sending(line)
            if counts and value is send:
                return Sending(line, count=name)
            if scene.guarded(line, name) is not line:
                return Sending(line, used=name)
            tail = _telling(scene, line, name)
            return Sending(line, tail, name) if tail else Refusal(USED)
        case _:
            return Refusal(USED)


def _telling(scene: Scene, line: cst.SimpleStatementLine, name: str) -> tuple[cst.BaseStatement, ...]:
    """The statements right behind ``line`` that print or log a result, if nothing else reads it."""
    block = scene.block(line)
    at = block.index(line) + 1
    end = at
    while end < len(block) and _tells(block[end]):
        end += 1
    while end > at and name not in names(block[end - 1]):
        end -= 1
    tail = tuple(block[at:end])
    inside = {id(node) for one in (line, *tail) for node in walk(one)}
    own = {id(use) for use in scene.uses(name, scene.function(line))}
    return tail if tail and own <= inside else ()


def looped(
    scene: Scene,
    each: Round,
    sent: Sending,
    inner: cst.SimpleStatementLine,
    ahead: Sequence[cst.BaseStatement] = (),
    *,
    before: Sequence[cst.SimpleStatementLine] = (),
    guard: bool = True,
) -> tuple[dict[cst.CSTNode, list[cst.BaseStatement] | cst.RemovalSentinel], tuple[str, ...]]:
    """The loop in place of a mail call, and what a reviewer should know of it.

    Args:
        scene: the file.
        each: the loop.
        sent: the mail call.
        inner: its statement, for one person.
        ahead: what comes before it in each round.
        before: what is computed once, in front of the loop.
        guard: whether the loop may go around a ``try`` that holds nothing else.

    """
    line = sent.line
    outer = scene.guarded(line, sent.used) if guard and not (sent.count or sent.tail or before) else line
    swaps: dict[cst.CSTNode, list[cst.BaseStatement] | cst.RemovalSentinel] = {}
    if isinstance(outer, cst.Try):
        kept = [one for one in line.leading_lines if one.comment]
        tried = scene.swapped(outer, {line: inner.with_changes(leading_lines=kept)})
        swaps[outer] = [each.wrap([*ahead, tried.with_changes(leading_lines=[])], outer.leading_lines)]
        return swaps, ()
    for told in sent.tail:
        swaps[told] = cst.RemoveFromParent()
    plain = inner.with_changes(leading_lines=[])
    ready = [*before, *sent.before()]
    above = () if ready else line.leading_lines
    if ready:
        ready[0] = ready[0].with_changes(leading_lines=line.leading_lines)
    swaps[line] = [*ready, each.wrap([*ahead, *sent.alone(plain)], above), *sent.behind()]
    added = sent.count or isinstance(line.body[0], cst.AugAssign)
    calls = [node for node in walk(line) if isinstance(node, cst.Call)]
    return swaps, (*((COUNTED,) if added else ()), *(() if silent(*calls) else (STOPS,)))


def apart(scene: Scene, made: cst.CSTNode, sent: cst.CSTNode) -> Refusal:
    """That a message is addressed in one place and sent in another, where not always one leads to the other."""
    rounds, others = scene.loops(made), scene.loops(sent)
    if scene.function(made) is not scene.function(sent):
        return Refusal("the message is made in one function and sent in another")
    if any(loop not in others for loop in rounds):
        return Refusal("the message is made in a loop, and sent after it")
    if any(loop not in rounds for loop in others):
        return Refusal("the message is made once, and sent in a loop")
    return Refusal("the message is made in one place and sent in another")


_LOGS: Final = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "pprint"})


def _tells(line: cst.BaseStatement | cst.BaseSmallStatement) -> bool:
    """Whether a statement only prints or logs."""
    match line:
        case cst.SimpleStatementLine(body=[cst.Pass()]):
            return True
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.Call(func=func))]):
            return name_of(func) == "print" or (isinstance(func, cst.Attribute) and func.attr.value in _LOGS)
        case cst.If(body=cst.IndentedBlock(body=body), orelse=orelse):
            rest = orelse.body if isinstance(orelse, cst.Else) else orelse
            return all(map(_tells, body)) and (
                rest is None
                or (isinstance(rest, cst.IndentedBlock) and all(map(_tells, rest.body)))
                or (isinstance(rest, cst.If) and _tells(rest))
            )
        case _:
            return False


def one_statement(scene: Scene, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
    """The line around ``node``, if it stands in a block, so that others can be put beside it."""
    line = scene.line(node)
    return line if line is not None and scene.block(line) else None


def _name_for(scene: Scene, call: cst.Call, value: cst.BaseExpression, wanted: str) -> str:
    """A variable for what is computed once, in front of a loop.

    ``subject = clean(subject)`` where the old value is not asked for again; else a name that is free.
    """
    line = scene.line(call)
    function = scene.function(call)
    if line is not None and isinstance(function, cst.FunctionDef) and wanted in names(value):
        own = {param.name.value for param in walk(function.params) if isinstance(param, cst.Param)}
        uses = [use for use in scene.uses(wanted, line) if use not in set(walk(value))]
        local = wanted in own or scene.assignments(wanted, function)
        nested = any(
            isinstance(node, (cst.FunctionDef, cst.Lambda, cst.Global, cst.Nonlocal)) and wanted in names(node)
            for node in walk(function.body)
        )
        if local and not uses and not nested and not scene.read_after(wanted, line):
            return wanted
    return scene.free(call, wanted)


def hoisted(
    scene: Scene, call: cst.Call, keep: Iterable[cst.CSTNode], taken: set[str], positions: Sequence[str] = ()
) -> tuple[list[cst.SimpleStatementLine], dict[cst.CSTNode, cst.CSTNode]]:
    """Statements that evaluate, once, what a call would evaluate anew in each round; and what stands in its place.

    Arguments of ``call`` that only name things stay; so do those in ``keep``. ``taken`` are the names given so far,
    ``positions`` those of the positional parameters.
    """
    before: list[cst.SimpleStatementLine] = []
    swaps: dict[cst.CSTNode, cst.CSTNode] = {}
    kept = set(keep)
    for number, arg in enumerate(call.args):
        if arg.value in kept or simple(arg.value):
            continue
        if arg.keyword is not None:
            wanted = arg.keyword.value
        elif number < len(positions) and not arg.star:
            wanted = positions[number]
        else:
            wanted = "arguments" if arg.star else "value"
        name = _name_for(scene, call, arg.value, wanted)
        while name in taken:
            name += "_"
        taken.add(name)
        before.append(statement(f"{name} = VALUE", VALUE=naked(bare(arg.value))))
        swaps[arg.value] = cst.Name(name)
    return before, swaps


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
