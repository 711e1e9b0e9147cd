"""Functions that are handed to others: kept in a registry until somebody asks for them, or called by whoever gets them."""

from __future__ import annotations

import contextlib
import functools
import re
from typing import Final

from mailguard.model.value import Parameter, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.arguments import can_be_called, keywords_of, needs
from mailguard.source.interpret.base import last_name
from mailguard.source.interpret.channels import Channels
from mailguard.source.interpret.context import Context, Dead
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, Cls, Func, Val, join_values
from mailguard.source.library import containers
from mailguard.source.project import Module
from mailguard.source.uses import mentions

__all__ = ["Handing"]

_REGISTERS: Final = frozenset(
    "path re_path url include add_url_rule add_api_route add_route add_view add_resource register_blueprint route as_view "
    "register unregister connect disconnect add_handler add_command add_typer".split()
)
"""Functions of frameworks that keep what they are given for requests to come: URL patterns, views, receivers."""
_MAPS: Final = frozenset("map imap imap_unordered map_async starmap starmap_async map_unordered".split())
"""Methods of pools that call a function with each member of a collection."""


class Handing(Channels):
    """Calls that others make of what they are given."""

    def _registered(self, context: Context, state: State, value: Val, node: object) -> list[Func | Cls]:
        """The functions and classes that were handed to what ``value`` was read from, or to what ``node`` calls."""
        label = value.why if isinstance(value, Unknown) else value.name if isinstance(value, Parameter) else ""
        words = _words(label)
        called = self._read_by_call.get(node) if isinstance(node, t.Call) else frozenset()
        if called is None and isinstance(node, t.Call):
            called = self._read_by_call[node] = frozenset(mentions(node.func))
        # Once something is handed to one of these, the run comes to something else.
        self.passed_by.update((frozenset(words), called or frozenset()))
        return self._kept_under(context, state, [*words, *sorted(called or ())]) if self.registered else []

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

    def _handed_on(
        self,
        context: Context,
        state: State,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val | None:
        """A function that is given to code outside the project is called by it: executors, threads, wrappers."""
        if isinstance(node, t.Call) and last_name(node.func) in _REGISTERS and not _at_the_end(node.func):
            return None
        named = dict(keywords)
        target = named.get("target", named.get("func", named.get("function", named.get("fn"))))
        if can_be_called(target):
            given = named.get("args")
            positional = [member.value for member in containers.members_of(state, given)] if given is not None else []
            rest = named.get("kwargs", named.get("kw"))
            spread = keywords_of(state, rest) if rest is not None else []
            if given is None and rest is None:
                spread = [(key, value) for key, value in keywords if value is not target]
                positional = list(args)
            return self._try_call(context, state, target, positional, spread, self._handed_call(node))
        for index, arg in enumerate(args):
            if can_be_called(arg):
                if index + 1 == len(args) and "args" not in named and needs(arg) > len(keywords):
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
                    spread = keywords_of(state, rest) if rest is not None else []
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
        return inner and self._lead_to_mail(names, func.module, threads=True)

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


@functools.cache
def _words(label: str) -> tuple[str, ...]:
    """The names in what is said of a value."""
    return tuple(re.findall(r"\w+", label))


def _at_the_end(node: t.Expr) -> bool:
    """Whether a function is called when the program ends: ``atexit.register``, with the arguments that stand behind it."""
    return isinstance(node, t.Attr) and last_name(node.value) == "atexit"


def _names_module(module: Module, other: Module) -> bool:
    """Whether a file names another one, as one that imports it does."""
    return other.name.rpartition(".")[2].encode() in module.bytes()
