"""Calls: what is called, with which arguments, and what happens to what nobody knows."""

from __future__ import annotations

import contextlib
import inspect
import re
from typing import Final

from mailguard.model.count import ONE, OPEN
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Object,
    Parameter,
    Step,
    StepKind,
    Text,
    Unknown,
    trail_of,
)
from mailguard.source import library
from mailguard.source import tree as t
from mailguard.source.interpret.base import last_name, members_of_class
from mailguard.source.interpret.context import Budget, Context, Dead
from mailguard.source.interpret.functions import Functions
from mailguard.source.interpret.models import plain_function
from mailguard.source.interpret.values import (
    Bound,
    Cell,
    Cls,
    Ext,
    Func,
    ModelCls,
    ModelFn,
    ModelMethod,
    Native,
    Partial,
    Ref,
    State,
    Super,
    Val,
    join_states,
    join_values,
)
from mailguard.source.slice import mentions

__all__ = ["Calls"]


class Calls(Functions):
    """Calls of any callable."""

    def _call(self, context: Context, state: State, node: t.Call) -> Val:
        func = node.func
        if isinstance(func, t.Name) and func.id == "super":
            return self._make_super(context, state, node)
        callee = self._callee(context, state, func)
        passes = isinstance(callee, (Func, Bound, Cls, Partial, Either))
        args: list[Val] = []
        keywords: list[tuple[str | None, Val]] = []
        for arg in node.args:
            value = self.eval(context, state, arg.value)
            if arg.star == "*":
                members = library.members_of(state, value, context.place(arg.value.at))
                if all(member.count == ONE for member in members) and not isinstance(value, (Unknown, Parameter)):
                    args += [member.value for member in members]
                else:
                    keywords.append(("*", library.element(state, value, context.place(arg.value.at))))
            elif arg.star == "**":
                keywords += self._spread(state, value)
            elif arg.keyword is not None:
                keywords.append((arg.keyword, self._passed(context, value, arg.at) if passes else value))
            else:
                args.append(self._passed(context, value, arg.at) if passes else value)
        return self.call(context, state, callee, args, keywords, node)

    def _callee(self, context: Context, state: State, func: t.Expr) -> Val:
        if not isinstance(func, t.Attr):
            return self.eval(context, state, func)
        holder = self.eval(context, state, func.value)
        options = holder.options if isinstance(holder, Either) else (holder,)
        found: list[Val] = []
        for option in options:
            if option is ABSENT or (isinstance(option, Known) and option.value is None and len(options) > 1):
                continue
            if isinstance(option, Native) and option.name == "dict" and func.name == "fromkeys":
                found.append(Native("fromkeys"))
            elif isinstance(option, (Known, Text, Items, Unknown, Parameter, Fields)):
                found.append(Native(f"value.{func.name}", option, bound=True))
            else:
                value = self.attribute(context, state, option, func.name, func)
                if isinstance(value, (Unknown, Parameter)) and isinstance(option, Ref):
                    # A method that the class of the project does not have: its base lies outside.
                    value = Native(
                        f"value.{func.name}",
                        Unknown(last_name(func.value) or "self", OPEN, trail_of(value)),
                        bound=True,
                    )
                found.append(value)
        return join_values(*found) if found else Unknown(func.name)

    def _spread(self, state: State, value: Val) -> list[tuple[str | None, Val]]:
        if isinstance(value, Either):
            found: dict[str | None, list[Val]] = {}
            options = [option for option in value.options if option is not ABSENT]
            spreads = [dict(self._spread(state, option)) for option in options]
            for spread in spreads:
                for key in spread:
                    found.setdefault(key, [])
            for key, values in found.items():
                values += [spread.get(key, ABSENT) for spread in spreads]
            return [(key, join_values(*values)) for key, values in found.items()]
        if isinstance(value, Ref) and value in state.heap and state.heap[value].sort == "dict":
            cell = state.heap[value]
            result: list[tuple[str | None, Val]] = list(cell.fields)
            if cell.open or cell.rest is not None:
                result.append(("**", cell.rest if cell.rest is not None else Unknown("**")))
            return result
        if isinstance(value, Fields):
            return list(value.known)
        return [("**", value if isinstance(value, (Unknown, Parameter)) else Unknown("**"))]

    def _passed(self, context: Context, value: Val, at: t.Span) -> Val:
        if isinstance(value, (Ref, Items, Text, Unknown, Parameter, Either)):
            return self._mark(value, Step(StepKind.PASSED, context.place(at)))
        return value

    def _make_super(self, context: Context, state: State, node: t.Call) -> Val:
        owner = context.owner
        if node.args:
            first = self.eval(context, state, node.args[0].value)
            owner = first if isinstance(first, Cls) else owner
        receiver: Val = None
        if len(node.args) > 1:
            receiver = self.eval(context, state, node.args[1].value)
        else:
            names = state.frames.get(context.frame, {})
            receiver = next((value for name, value in names.items() if not name.startswith("global ")), None)
        return Super(owner, receiver) if isinstance(owner, Cls) else Unknown("super")

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
        self.steps += 1
        if self.steps > self.effort.steps:
            raise Budget
        callee = self.force(state, callee)
        match callee:
            case Func():
                return self.call_function(context, state, callee, args, keywords, node)
            case Bound():
                return self.call_function(context, state, callee.func, [callee.receiver, *args], keywords, node)
            case Partial():
                filled = {key for key, _ in keywords}
                rest = [(key, value) for key, value in callee.keywords if key not in filled]
                return self.call(context, state, callee.func, [*callee.args, *args], [*rest, *keywords], node)
            case Cls():
                return self._construct(context, state, callee, args, keywords, node)
            case ModelFn():
                return self._call_model_function(context, state, callee, args, keywords, node)
            case ModelMethod():
                receiver = callee.receiver
                if isinstance(receiver, ModelCls):
                    # A class method: it gets the model class itself.
                    return self._call_model(
                        context, state, callee.call, receiver, args, keywords, node, f"{callee.cls.path}.{callee.name}"
                    )
                if receiver is None:
                    if inspect.getattr_static(callee.cls.cls, callee.name, None).__class__ is staticmethod:
                        return self._call_model(
                            context, state, callee.call, None, args, keywords, node, f"{callee.cls.path}.{callee.name}"
                        )
                    receiver, args = (args[0], args[1:]) if args else (Unknown("self"), args)
                handle = self._argument(context, state, receiver, node)
                if isinstance(handle, Either):
                    handle = next((option for option in handle.options if isinstance(option, Object)), handle)
                if not isinstance(handle, Object):
                    return Unknown(callee.name)
                return self._call_model(
                    context, state, callee.call, handle, args, keywords, node, f"{callee.cls.path}.{callee.name}"
                )
            case ModelCls():
                return self._construct_model(context, state, callee, callee, args, keywords, node)
            case Native():
                return library.call(self, context, state, callee, args, keywords, node)
            case Either():
                return self._call_either(context, state, callee, args, keywords, node)
            case Ref():
                found = self._method(state, state.heap[callee].cls, "__call__") if callee in state.heap else ABSENT
                if isinstance(found, Func):
                    return self.call_function(context, state, found, [callee, *args], keywords, node)
                if isinstance(found, tuple):
                    model, function = found
                    handle = self.handle(context, state, callee, model, node)
                    return self._call_model(context, state, function, handle, args, keywords, node, model.path)
                return self._call_unknown(context, state, callee, args, keywords, node)
            case _:
                return self._call_unknown(context, state, callee, args, keywords, node)

    def _call_either(
        self,
        context: Context,
        state: State,
        callee: Either,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        results: list[Val] = []
        states: list[State] = []
        for option in callee.options:
            if option is ABSENT or (isinstance(option, Known) and option.value is None):
                continue
            branch = state.copy()
            try:
                results.append(self.call(context, branch, option, list(args), list(keywords), node))
            except Dead:
                continue
            states.append(branch)
        if not results:
            raise Dead
        state.become(join_states(states))
        return join_values(*results)

    def _call_unknown(
        self,
        context: Context,
        state: State,
        callee: Val,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        at = node.at if isinstance(node, (t.Call, t.Func, t.Name)) else t.Span(0, 0, 0, 0)
        if isinstance(callee, Ext) and callee.path.count(".") >= 2 and self.wrappers is not None:
            # Something that the program keeps on an object of a framework: `g.mailer`, `current_app.mailer`.
            name = callee.path.rpartition(".")[2]
            if any(isinstance(func.owner, Cls) for func in self.wrappers(name)):
                holder = Unknown(callee.path.rpartition(".")[0], OPEN)
                return self.unknown_method(context, state, holder, name, args, named_of(keywords), node)
        handed = self._handed_on(context, state, args, keywords, node)
        if handed is not None:
            return handed
        return library.unresolved(self, context, state, callee, args, keywords, context.place(at))

    def unknown_method(
        self,
        context: Context,
        state: State,
        holder: Val,
        name: str,
        args: list[Val],
        named: dict[str, Val],
        node: object,
    ) -> Val:
        """A method of an object that nothing tells: functions of the project that send and have this name."""
        keywords: list[tuple[str | None, Val]] = list(named.items())
        if self.wrappers is not None:
            candidates = self.wrappers(name)
            if 0 < len(candidates) <= 3:
                results = []
                for func in candidates:
                    if func.node in context.stack:
                        continue
                    branch = state.copy()
                    receiver: list[Val] = []
                    try:
                        if isinstance(func.owner, Cls) and func.sort != "static":
                            receiver = [self.open_instance(context, branch, func.owner)]
                        results.append(self.call_function(context, branch, func, [*receiver, *args], keywords, node))
                    except Dead:
                        continue
                    state.become(branch)
                if results:
                    return join_values(*results)
        sent = self._client_of(context, state, name, args, keywords, node)
        if sent is not None:
            return sent
        for cls in self.classes_of(state, holder, name):
            found = self._method(state, cls, name)
            if isinstance(found, Func) and found.sort == "plain" and found.node not in context.stack:
                receiver = [self.open_row(context, state, cls, holder)]
                return self.call_function(context, state, found, [*receiver, *args], keywords, node)
        handed = self._handed_on(context, state, args, keywords, node)
        if handed is not None:
            return handed
        at = getattr(node, "at", t.Span(0, 0, 0, 0))
        return library.unresolved_method(holder, name, context.place(at))

    def _client_of(
        self,
        context: Context,
        state: State,
        name: str,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val | None:
        """A message of a modelled library handed to an object that nothing tells: the client of that library."""
        for value in (*args, *(value for _, value in keywords)):
            model = self._model_of(state, value)
            if model is None:
                continue
            first = model.path.split(".", 1)[0]
            packages = {"smtplib"} if first == "email" else {first}
            for path in sorted(self.models):
                client = self.models[path]
                if (
                    isinstance(client, ModelCls)
                    and path.split(".", 1)[0] in packages
                    and client.cls is not model.cls
                    and name in members_of_class(client.cls)
                    and _SENDING.search(name)
                ):
                    ref = state.allocate(context.path, (node, "client"), Cell("object", client))
                    function = plain_function(inspect.getattr_static(client.cls, name))
                    return self.call(context, state, ModelMethod(function, name, client, ref), args, keywords, node)
        if name in {"sendmail", "send_message"} and "smtplib.SMTP" in self.models:
            client = self.models["smtplib.SMTP"]
            if (
                isinstance(client, ModelCls)
                and name in members_of_class(client.cls)
                and len(args) + len(keywords) >= (3 if name == "sendmail" else 1)
            ):
                ref = state.allocate(context.path, (node, "client"), Cell("object", client))
                function = plain_function(inspect.getattr_static(client.cls, name))
                return self.call(context, state, ModelMethod(function, name, client, ref), args, keywords, node)
        return None

    def _handed_on(
        self,
        context: Context,
        state: State,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val | None:
        """A function that is given to code outside the project is called by it: executors, threads, wrappers."""
        named = dict(keywords)
        target = named.get("target", named.get("func", named.get("function", named.get("fn"))))
        if _callable(target):
            given = named.get("args")
            positional = [member.value for member in library.members_of(state, given)] if given is not None else []
            rest = named.get("kwargs", named.get("kw"))
            spread = self._spread(state, rest) if rest is not None else []
            if given is None and rest is None:
                spread = [(key, value) for key, value in keywords if value is not target]
                positional = list(args)
            return self._try_call(context, state, target, positional, spread, self._handed_call(node))
        for index, arg in enumerate(args):
            if _callable(arg):
                if index + 1 == len(args) and "args" not in named and _needs(arg) > len(keywords):
                    # Registered (a view under a path), not called with what is at hand.
                    continue
                positional = args[index + 1 :]
                spread = list(keywords)
                given = named.get("args")
                if given is not None:
                    positional = [member.value for member in library.members_of(state, given)]
                    rest = named.get("kwargs")
                    spread = self._spread(state, rest) if rest is not None else []
                    return self._try_call(context, state, arg, positional, spread, self._handed_call(node))
                return self._try_call(context, state, arg, positional, spread, node)
        for value in (*args, *(each for _, each in keywords)):
            if isinstance(value, Func) and self._calls_back(context, value):
                # A lambda or an inner function: whoever gets it calls it with what nobody knows.
                with contextlib.suppress(Dead):
                    self.call_function(context, state.copy(), value, [], [], node, opened=True)
        return None

    def _handed_call(self, node: object) -> object:
        """The call that ``Thread(target=f, args=(x,), kwargs={"key": y})`` makes later, its arguments where they stand."""
        if not isinstance(node, t.Call):
            return node
        made = self._handed.get(id(node))
        if made is None:
            args: list[t.Arg] = []
            for arg in node.args:
                if arg.keyword == "args" and isinstance(arg.value, t.Seq) and not any(arg.value.stars):
                    args += [t.Arg(item, None, "", item.at) for item in arg.value.items]
                elif arg.keyword in {"kwargs", "kw"} and isinstance(arg.value, t.Dict):
                    args += [
                        t.Arg(item, key.value, "", item.at)
                        for key, item in arg.value.items
                        if isinstance(key, t.Const) and isinstance(key.value, str)
                    ]
            made = self._handed[id(node)] = t.Call(node.at, node.func, tuple(args))
        return made

    def _calls_back(self, context: Context, func: Func) -> bool:
        """Whether a function that was made here, and is handed to somebody else, leads to a mail call."""
        inner = len(func.frames) > 1 and func.node not in context.stack
        names = func.node.names if isinstance(func.node, t.Func) else mentions(func.node.body)
        return inner and not self.relevant.isdisjoint(names)

    def _try_call(
        self,
        context: Context,
        state: State,
        callee: Val,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        try:
            return self.call(context, state, callee, args, keywords, node)
        except Dead:
            return Unknown("result")


_SENDING: Final = re.compile(r"send|deliver")


def _callable(value: Val) -> bool:
    if isinstance(value, Either):
        return any(_callable(option) for option in value.options)
    if isinstance(value, Native):
        return value.bound and value.name in {"value.sendmail", "value.send_message"}
    return isinstance(value, (Func, Bound, Partial, ModelFn, ModelMethod))


def _needs(value: Val) -> int:
    """How many arguments a function surely needs."""
    bound = 0
    if isinstance(value, Bound):
        value, bound = value.func, 1
    if not isinstance(value, Func):
        return 0
    required = [param for param in value.node.params if param.sort in {"positional", "both"} and param.default is None]
    return len(required) - bound


def named_of(keywords: list[tuple[str | None, Val]]) -> dict[str, Val]:
    """Arguments by keyword, without what ``**`` may hold."""
    return {key: value for key, value in keywords if key is not None}
