"""Calls: what is called, with which arguments, and what happens to what nobody knows."""

from __future__ import annotations

import contextlib
import inspect
import re
from dataclasses import replace
from typing import Final

from mailguard.model.count import ONE, OPEN
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
    trail_of,
)
from mailguard.source import tree as t
from mailguard.source.interpret import foreign
from mailguard.source.interpret.base import last_name, members_of_class
from mailguard.source.interpret.channels import Channels
from mailguard.source.interpret.context import Context, Dead
from mailguard.source.interpret.functions import flat
from mailguard.source.interpret.models import plain_function
from mailguard.source.interpret.requested import by_unknown_client
from mailguard.source.interpret.state import State, join_states
from mailguard.source.interpret.values import (
    Bound,
    Cell,
    Cls,
    Ext,
    Func,
    Mod,
    ModelCls,
    ModelFn,
    ModelMethod,
    Native,
    Partial,
    Ref,
    Super,
    Val,
    join_values,
)
from mailguard.source.library import containers, outside
from mailguard.source.project import Module
from mailguard.source.slice import mentions

__all__ = ["BY_NAME", "Calls"]


class Calls(Channels):
    """Calls of any callable."""

    def _call(self, context: Context, state: State, node: t.Call) -> Val:
        func = node.func
        if isinstance(func, t.Name) and func.id == "super":
            return self._make_super(context, state, node)
        if isinstance(func, t.Attr) and func.name == "__subclasses__" and self.methods is not None:
            cls = self.eval(context, state, func.value)
            if isinstance(cls, Cls):
                return self._subclasses(state, cls)
        callee = self._callee(context, state, func)
        # A task is queued with its arguments: ``tell.delay(people)``.
        queued = isinstance(callee, Native) and callee.name.startswith("callable.")
        passes = queued or isinstance(callee, (Func, Bound, Cls, Partial, Either))
        taker = last_name(func.value if queued and isinstance(func, t.Attr) else func)
        args: list[Val] = []
        keywords: list[tuple[str | None, Val]] = []
        for arg in node.args:
            value = self.eval(context, state, arg.value)
            if arg.star == "*":
                members = containers.members_of(state, value, context.place(arg.value.at))
                if all(member.count == ONE for member in members) and not isinstance(value, (Unknown, Parameter)):
                    args += [member.value for member in members]
                else:
                    rest = containers.element(state, value, context.place(arg.value.at))
                    if isinstance(rest, Parameter) and rest.name.startswith("*"):
                        # One of the arguments that a caller gives, which may be a list as well.
                        rest = replace(rest, count=OPEN)
                    keywords.append(("*", rest))
            elif arg.star == "**":
                keywords += self._spread(state, value)
            elif arg.keyword is not None:
                keywords.append((arg.keyword, self._passed(context, value, arg.at, taker) if passes else value))
            else:
                args.append(self._passed(context, value, arg.at, taker) if passes else value)
        return self.call(context, state, callee, args, keywords, node)

    def _subclasses(self, state: State, cls: Cls) -> Items:
        """The classes of the project that are derived from ``cls``."""
        heirs = self.methods.subclasses(cls.node.name) if self.methods is not None else []
        found: list[Val] = [self.lookup_module(state, module, heir.name) for module, heir in heirs]
        return Items(tuple(Member(heir, ONE) for heir in found if heir is not ABSENT), sort="list")

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
                further = cell.spread if cell.rest is None else cell.rest
                result.append(("**", Unknown("**") if further is None else further))
            return result
        if isinstance(value, Fields):
            return list(value.known)
        return [("**", value if isinstance(value, (Unknown, Parameter)) else Unknown("**"))]

    def _passed(self, context: Context, value: Val, at: t.Span, taker: str) -> Val:
        """``value`` as it is handed to the function called ``taker``."""
        if isinstance(value, (Ref, Items, Text, Unknown, Parameter, Either)):
            return self._mark(value, Step(StepKind.PASSED, context.place(at), taker))
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
        if self.steps > self.limit:
            self.exceed()
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
                return outside.call(self, context, state, callee, args, keywords, node)
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
        if args and isinstance(callee, (Ext, Native, Unknown)):
            path = callee.path if isinstance(callee, Ext) else callee.name if isinstance(callee, Native) else callee.why
            if path.rpartition(".")[2] in _IMPORTS:
                return self._imported(context, state, args[0])
        if isinstance(callee, Ext) and callee.path.count(".") >= 2 and self.wrappers is not None:
            # Something that the program keeps on an object of a framework: `g.mailer`, `current_app.mailer`.
            name = callee.path.rpartition(".")[2]
            if any(isinstance(func.owner, Cls) for func in self.wrappers(name)):
                holder = Unknown(callee.path.rpartition(".")[0], OPEN)
                return self.unknown_method(context, state, holder, name, args, named_of(keywords), node)
        if isinstance(callee, Ext) and args and _callable(args[0]) and callee.path.rpartition(".")[2] in _TURNS:
            return args[0]
        kept = self._registered(context, state, callee, node)
        if kept:
            return self._call_kept(context, state, kept, "", args, keywords, node)
        if isinstance(callee, Ext):
            # What another package holds, `current_app.mail`, an extension of a package that is not here: is it given a message?
            sent = self.client_of(context, state, callee.path.rpartition(".")[2], args, keywords, node)
            if sent is not None:
                return sent
        if isinstance(callee, (Ext, Unknown)):
            asked = by_unknown_client(
                self.models,
                state,
                foreign.label_of(callee),
                args,
                named_of(keywords),
                node,
                self._renamed,
            )
            if asked is not None:
                return self.call(context, state, *asked)
        path = callee.path if isinstance(callee, Ext) else ""
        if path != "functools.reduce" and not (path == "functools.partial" and _lacks(args, keywords)):
            # A partial that has all it needs counts as a call, as nobody need call it where it can be seen.
            handed = self._handed_on(context, state, args, keywords, node)
            if handed is not None:
                return handed
        if isinstance(callee, (Ext, Unknown)):
            foreign.note_letter(self, context, state, foreign.label_of(callee), args, keywords, node)
        return outside.unresolved(self, context, state, callee, args, keywords, context.place(at))

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
        if name == "flatten":
            # A generator of the email package: the message goes on as its text.
            self.sent.update(value.site for value in args if isinstance(value, Ref))
        kept = self._registered(context, state, holder, node) if name not in _KEEPS else []
        if kept:
            return self._call_kept(context, state, kept, name, args, keywords, node)
        if name in BY_NAME and args and isinstance(args[0], Known):
            kept = self._kept_under(context, state, [str(args[0].value)])
            if kept:
                given = named.get("args", args[1] if len(args) > 1 else None)
                positional = (
                    [member.value for member in containers.members_of(state, given)] if given is not None else []
                )
                rest = named.get("kwargs", args[2] if len(args) > 2 else None)
                spread = self._spread(state, rest) if rest is not None else []
                return self._call_kept(context, state, kept, "", positional, spread, self._handed_call(node))
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
                            self.guess(func.owner, holder)
                            receiver = [self.open_instance(context, branch, func.owner)]
                        results.append(self.call_function(context, branch, func, [*receiver, *args], keywords, node))
                    except Dead:
                        continue
                    state.become(branch)
                if results:
                    return join_values(*results)
        sent = self.client_of(context, state, name, args, keywords, node)
        if sent is not None:
            return sent
        label = f"{holder.why if isinstance(holder, Unknown) else getattr(holder, 'name', '')}.{name}"
        asked = by_unknown_client(self.models, state, label, args, named, node, self._renamed)
        if asked is not None:
            return self.call(context, state, *asked)
        for cls in self.classes_of(state, holder, name):
            found = self._method(state, cls, name)
            if isinstance(found, Func) and found.sort == "plain" and found.node not in context.stack:
                if self.is_dear(found.node):
                    # The object is only a guess of what the name may mean: what is not looked at again changes nothing real.
                    self.left_out += 1
                    self.passed_over |= not all(map(flat, (*args, *named.values())))
                    break
                receiver = [self.open_row(context, state, cls, holder)]
                return self.call_function(context, state, found, [*receiver, *args], keywords, node)
        handed = self._handed_on(context, state, args, keywords, node)
        if handed is not None:
            return handed
        foreign.note_letter(self, context, state, label, args, keywords, node)
        at = getattr(node, "at", t.Span(0, 0, 0, 0))
        return outside.unresolved_method(holder, name, context.place(at))

    def _imported(self, context: Context, state: State, name: Val) -> Val:
        """What a text names that is imported while the program runs: a module, or a thing in one; one of a package's modules."""
        options = name.options if isinstance(name, Either) else (name,)
        found: list[Val] = []
        for option in options:
            if isinstance(option, Known) and isinstance(option.value, str):
                found.append(self._dotted(context, state, option.value.replace(":", ".")))
            elif isinstance(option, Text) and isinstance(first := _plain(option.parts[0]), str) and first.endswith("."):
                package = self.project.find(first.rstrip("."), context.module)
                found += [Mod(module) for module in self.project.modules_in(package)] if package else []
            elif isinstance(option, (Unknown, Parameter)):
                label = option.why if isinstance(option, Unknown) else option.name
                found.append(Unknown(f"{label}()", OPEN, trail_of(option)))
        return join_values(*found) if found else Unknown("import")

    def _dotted(self, context: Context, state: State, dotted: str) -> Val:
        module = self.project.find(dotted, context.module)
        if module is not None:
            return Mod(module)
        stem, _, name = dotted.rpartition(".")
        module = self.project.find(stem, context.module) if stem else None
        if module is not None:
            value = self.lookup_module(state, module, name)
            return Unknown(dotted) if value is ABSENT else value
        return self.external(dotted, context.module)

    def _registered(self, context: Context, state: State, value: Val, node: object) -> list[Func | Cls]:
        """The functions and classes that were handed to what ``value`` was read from, or to what ``node`` calls."""
        if not self.registered:
            return []
        label = value.why if isinstance(value, Unknown) else value.name if isinstance(value, Parameter) else ""
        names = re.findall(r"\w+", label)
        if isinstance(node, t.Call):
            names += sorted(mentions(node.func))
        return self._kept_under(context, state, names)

    def _kept_under(self, context: Context, state: State, names: list[str]) -> list[Func | Cls]:
        found: list[Func | Cls] = []
        for name in names:
            for (module, thing), home in self.registered.get(name, {}).items():
                if home is not None and home is not context.module and not _names_module(context.module, home):
                    continue
                value = self.lookup_module(state, module, thing)
                value = value.func if isinstance(value, Bound) else value
                if isinstance(value, (Func, Cls)) and value not in found and value.node not in context.stack:
                    found.append(value)
        return found

    def _call_kept(
        self,
        context: Context,
        state: State,
        kept: list[Func | Cls],
        method: str,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        """Call what a registry holds, one after the other: a function itself, the method of an object of a class."""
        results: list[Val] = []
        for thing in kept:
            branch = state.copy()
            try:
                if isinstance(thing, Func):
                    results.append(self.call_function(context, branch, thing, args, keywords, node))
                elif method:
                    found = self._method(branch, thing, method)
                    if not isinstance(found, Func):
                        continue
                    receiver = [] if found.sort == "static" else [self.open_instance(context, branch, thing)]
                    results.append(self.call_function(context, branch, found, [*receiver, *args], keywords, node))
                else:
                    results.append(self._construct(context, branch, thing, args, keywords, node))
            except Dead:
                continue
            state.become(branch)
        return join_values(*results) if results else Unknown("result")

    def client_of(
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
        for wanted, client in self.telling.get(name, ()):
            if isinstance(client, ModelCls) and wanted <= {keyword for keyword, _ in keywords}:
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
        if isinstance(node, t.Call) and last_name(node.func) in _REGISTERS:
            return None
        named = dict(keywords)
        target = named.get("target", named.get("func", named.get("function", named.get("fn"))))
        if _callable(target):
            given = named.get("args")
            positional = [member.value for member in containers.members_of(state, given)] if given is not None else []
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
                called = last_name(node.func) if isinstance(node, t.Call) else ""
                if called in _MAPS:
                    positional = [containers.element(state, each) for each in positional[:1]]
                    if called.startswith("starmap"):
                        positional = [item for each in positional for item, _ in containers.members_of(state, each)]
                    return self._try_call(context, state, arg, positional, [], node)
                if called == "Timer" and positional and "args" not in named:
                    # What a timer calls it with comes as two arguments, a list and a mapping.
                    named = dict(zip(("args", "kwargs"), positional, strict=False))
                given = named.get("args")
                if given is not None:
                    positional = [member.value for member in containers.members_of(state, given)]
                    rest = named.get("kwargs")
                    spread = self._spread(state, rest) if rest is not None else []
                    return self._try_call(context, state, arg, positional, spread, self._handed_call(node))
                return self._try_call(context, state, arg, positional, spread, self._handed_call(node, index + 1))
        for value in (*args, *(each for _, each in keywords)):
            if isinstance(value, Func) and self._calls_back(context, value):
                # A lambda or an inner function: whoever gets it calls it with what nobody knows.
                with contextlib.suppress(Dead):
                    self.call_function(context, state.copy(), value, [], [], node, opened=True)
        return None

    def _handed_call(self, node: object, before: int | None = None) -> object:
        """The call that ``Thread(target=f, args=(x,), kwargs={"key": y})`` makes later, its arguments where they stand.

        With ``before`` the one that ``submit(f, x, key=y)`` makes, where so many arguments are the caller's own.
        """
        if not isinstance(node, t.Call):
            return node
        made = self._handed.get((id(node), before))
        if made is None:
            args: list[t.Arg] = []
            if before is not None:
                own = [arg for arg in node.args if arg.keyword is None and not arg.star][:before]
                args = [arg for arg in node.args if arg not in own]
            for arg in node.args if before is None else ():
                if arg.keyword == "args" and isinstance(arg.value, t.Seq) and not any(arg.value.stars):
                    args += [t.Arg(item, None, "", item.at) for item in arg.value.items]
                elif arg.keyword in {"kwargs", "kw"} and isinstance(arg.value, t.Dict):
                    args += [
                        t.Arg(item, key.value, "", item.at)
                        for key, item in arg.value.items
                        if isinstance(key, t.Const) and isinstance(key.value, str)
                    ]
            made = self._handed[id(node), before] = t.Call(node.at, node.func, tuple(args))
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


BY_NAME: Final = frozenset({"send_task", "signature", "enqueue"})
"""Methods of task queues that take the name of what they run: Celery's, RQ's."""
_REGISTERS: Final = frozenset(
    "path re_path url include add_url_rule add_api_route add_route add_view add_resource register_blueprint route as_view "
    "register unregister connect disconnect add_handler add_command add_typer".split()
)
"""Functions of frameworks that keep what they are given for requests to come: URL patterns, views, receivers."""
_MAPS: Final = frozenset("map imap imap_unordered map_async starmap starmap_async map_unordered".split())
"""Methods of pools that call a function with each member of a collection."""
_IMPORTS: Final = frozenset(
    {"import_module", "import_string", "__import__", "import_by_path", "load_object", "locate", "import_from_string",
     "get_class", "import_object", "symbol_by_name"}
)  # fmt: skip
"""Functions that import what a text names: importlib's, Django's, Werkzeug's, Scrapy's, pydoc's, Kombu's."""
_KEEPS: Final = frozenset(
    "connect disconnect subscribe unsubscribe add_listener remove_listener append add insert setdefault update extend remove "
    "discard pop clear get items values keys register unregister copy sort index count".split()
)
"""Methods of registries and signals that call nothing."""
_TURNS: Final = frozenset({"sync_to_async", "async_to_sync", "database_sync_to_async"})
"""Functions that give back a function as it is, to be waited for or not: asgiref's, Channels'."""
_SENDING: Final = re.compile(r"send|deliver")


def _plain(part: object) -> object:
    return part.value if isinstance(part, Known) else part


def _names_module(module: Module, other: Module) -> bool:
    """Whether a file names another one, as one that imports it does."""
    return other.name.rpartition(".")[2].encode() in module.bytes()


def _callable(value: Val) -> bool:
    if isinstance(value, Either):
        return any(_callable(option) for option in value.options)
    if isinstance(value, Native):
        return value.bound and value.name in {"value.sendmail", "value.send_message"}
    return isinstance(value, (Func, Bound, Partial, ModelFn, ModelMethod))


def _lacks(args: list[Val], keywords: list[tuple[str | None, Val]]) -> bool:
    """Whether a function is given fewer arguments than it needs: ``partial(send_mail, "Subject")``."""
    function = args[0] if args else None
    bound = 0
    if isinstance(function, Bound):
        function, bound = function.func, 1
    if isinstance(function, Func):
        names = [one.name for one in function.node.params if one.sort in {"positional", "both"} and one.default is None]
    elif isinstance(function, (ModelFn, ModelMethod)):
        call = function.function.call if isinstance(function, ModelFn) else function.call
        bound = isinstance(function, ModelMethod) and function.receiver is not None
        plain = [one for one in inspect.signature(call).parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
        names = [one.name for one in plain if one.default is one.empty]
    else:
        return False
    return not {key for key, _ in keywords}.issuperset(names[bound + len(args) - 1 :])


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
