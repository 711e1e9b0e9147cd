"""Calls of what nothing tells: what the code around them, and the names in them, say that they are."""

from __future__ import annotations

import inspect
import re
from typing import Final

from mailguard.model.count import OPEN
from mailguard.model.value import ABSENT, Either, Known, Parameter, Text, Unknown, trail_of
from mailguard.source import tree as t
from mailguard.source.interpret import foreign
from mailguard.source.interpret.arguments import can_be_called, keywords_of, lacks, named_of
from mailguard.source.interpret.base import members_of_class, plain_function
from mailguard.source.interpret.context import Context, Dead
from mailguard.source.interpret.functions import flat
from mailguard.source.interpret.handing import Handing
from mailguard.source.interpret.requested import by_unknown_client
from mailguard.source.interpret.state import State
from mailguard.source.interpret.touched import lent
from mailguard.source.interpret.values import (
    Cell,
    Cls,
    Ext,
    Func,
    Mod,
    ModelCls,
    ModelMethod,
    Native,
    Ref,
    Val,
    join_values,
)
from mailguard.source.library import containers, outside

__all__ = ["BY_NAME", "Guessing"]

BY_NAME: Final = frozenset({"send_task", "signature", "enqueue"})
"""Methods of task queues that take the name of what they run: Celery's, RQ's."""
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


class Guessing(Handing):
    """Calls of what is not known."""

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
            self.passed_by.add(frozenset([name]))
            if any(isinstance(func.owner, Cls) for func in self.wrappers(name)):
                holder = Unknown(callee.path.rpartition(".")[0], OPEN)
                return self.unknown_method(context, state, holder, name, args, named_of(keywords), node)
        if isinstance(callee, Ext) and args and can_be_called(args[0]) and callee.path.rpartition(".")[2] in _TURNS:
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
        if path not in {"functools.reduce", "functools.partialmethod"} and not (
            path == "functools.partial" and lacks(args, keywords)
        ):
            # A partial that has all it needs counts as a call, as nobody need call it where it can be seen.
            handed = self._handed_on(context, state, args, keywords, node)
            if handed is not None:
                return handed
        if isinstance(callee, (Ext, Unknown)):
            foreign.note_letter(self, context, state, foreign.label_of(callee), args, keywords, node)
        lent(state, callee, args, keywords)
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
                spread = keywords_of(state, rest) if rest is not None else []
                return self._call_kept(context, state, kept, "", positional, spread, self._handed_call(node))
        self.passed_by.add(frozenset([name]))
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


def _plain(part: object) -> object:
    return part.value if isinstance(part, Known) else part
