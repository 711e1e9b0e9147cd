"""Calls of what is not in the project."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import OPEN, OPTIONAL
from mailguard.model.place import Place
from mailguard.model.value import ORIGIN_OF, Known, Parameter, StepKind, Unknown, trail_of
from mailguard.source import tree as t
from mailguard.source.interpret.arguments import keywords_of, lacks
from mailguard.source.interpret.context import Dead
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, Ext, Func, Native, Ref, Val
from mailguard.source.library.attributes import method, unknown_method
from mailguard.source.library.builtin_functions import BUILTIN_FUNCTIONS
from mailguard.source.library.container_methods import container_method
from mailguard.source.library.containers import members_of, update
from mailguard.source.library.provenance import FIRSTS, QUERIES, configured_name, origin_of
from mailguard.source.library.standard_modules import EXTERNAL_FUNCTIONS, batches


def unresolved_method(holder: Unknown | Parameter, name: str, place: Place) -> Val:
    """The result of a method that nothing tells about."""
    label = holder.why if isinstance(holder, Unknown) else holder.name
    if isinstance(holder, Parameter):
        return replace(holder, name=f"{label}.{name}()", count=OPEN)
    count = OPEN
    if re.search(r"(?:email|address|mail)$", name) and not name.endswith("s"):
        count = OPTIONAL
    return Unknown(f"{label}.{name}()", count, holder.trail)


_WRAPS: Final = re.compile(r"\w*(?:Email|Addr|Mailbox|Recipient)\w*|To|validate_email|normali[sz]e_email|parse_email")
"""Classes and functions that make an address of one: pydantic's ``EmailStr``, ``Address``, ``validate_email``."""


def unresolved(
    machine: Any,
    context: Any,
    state: State,
    callee: Val,
    args: list[Val],
    keywords: list[tuple[str | None, Val]],
    place: Place,
) -> Val:
    """The result of calling something outside the project."""
    path = (
        callee.path
        if isinstance(callee, Ext)
        else callee.why
        if isinstance(callee, Unknown)
        else getattr(callee, "name", "")
    )
    named_args = {str(key): value for key, value in keywords}
    known_function = EXTERNAL_FUNCTIONS.get(path) or EXTERNAL_FUNCTIONS.get(
        path.rsplit(".", 1)[-1] if path.count(".") else ""
    )
    if isinstance(callee, Ext) and known_function is not None:
        return known_function(machine, context, state, args, named_args, place)
    one = args[0] if len(args) == 1 and not keywords else None
    wraps = _WRAPS.fullmatch(path.rsplit(".", 1)[-1]) is not None
    if isinstance(one, (Unknown, Parameter)) and one.count.high <= 1 and wraps:
        return one
    if isinstance(callee, Ext):
        short = path.rsplit(".", 1)[-1]
        if (
            re.fullmatch(
                r"(?:i?chunk(?:s|ed|er|ify|_list|s_of|_iterable)?|batch(?:es|ed|er|_list|ify)?|grouper|sliced|partition_all|divide_chunks)",
                short,
            )
            and args
        ):
            return batches(state, args[0], args[1] if len(args) > 1 else None, place)
        receiver, _, name = path.rpartition(".")
        if receiver and receiver[:1].isalpha():
            base = Unknown(
                receiver.rsplit(".", 1)[-1],
                OPEN,
                callee.trail or (origin_of(path, place) if configured_name(path) else ()),
            )
            if (
                name in QUERIES
                or name in FIRSTS
                or name in {"items", "keys", "getlist", "find", "split", "json", "read", "readlines"}
            ) and receiver.split(".")[0] not in {"os", "sys", "re", "json"}:
                return unknown_method(machine, context, state, base, name, args, named_args, place, None)
        if short[:1].isupper():
            # A class of another package: an object of which nothing is known.
            trail = callee.trail or origin_of(path, place)
            return Unknown(short, OPEN, trail)
    if isinstance(callee, Parameter):
        return replace(callee, name=f"{callee.name}()", count=OPEN)
    if _FORMATS.search(path.rsplit(".", 1)[-1].lower()):
        # What makes an address out of its parts keeps where they come from, as formataddr does.
        parts = [trail_of(arg) for arg in (*args, *named_args.values())]
        carried = next((way for way in reversed(parts) if any(step.kind in ORIGIN_OF for step in way)), None)
        if carried is not None:
            return Unknown(f"{path.rsplit('.', 1)[-1]}()", OPEN, carried)
    short = path.rsplit(".", 1)[-1]
    if configured_name(path) and _NAMES_MAIL.search(short):
        # The operator says how a name becomes an address; whose name it is, is not the operator's to say.
        given = [arg for arg in (*args, *named_args.values()) if isinstance(arg, (Unknown, Parameter))]
        foreign = [arg for arg in given if all(step.kind is not StepKind.CONFIGURED for step in trail_of(arg))]
        if foreign:
            return Unknown(f"{short}()", OPEN, trail_of(foreign[0]))
    return Unknown(f"{short}()", OPEN, origin_of(path, place) if path else ())


_FORMATS: Final = re.compile(r"addr|format|mailbox|sanit|clean|strip|escape|quote|encode|decode|lower|normali[sz]e")
"""Names of functions that give back what they are given, in another form."""


def call(
    machine: Any,
    context: Any,
    state: State,
    callee: Native,
    args: list[Val],
    keywords: list[tuple[str | None, Val]],
    node: object,
) -> Val:
    """A function or method of Python itself."""
    at = getattr(node, "at", t.Span(0, 0, 0, 0))
    place = context.place(at)
    named_args = {str(key): value for key, value in keywords if key not in {"*", "**", None}}
    star = next((value for key, value in keywords if key == "*"), None)
    if star is not None:
        args = [*args, star]
    spread = next((value for key, value in keywords if key == "**"), None)
    if spread is not None and callee.name in {"dict", "dict.update"}:
        # What a mapping of which nothing is known brings comes over what is there.
        made = call(machine, context, state, callee, args, [pair for pair in keywords if pair[0] != "**"], node)
        holder = callee.receiver if callee.bound else made
        if isinstance(holder, Ref):
            update(state, holder, spread)
        return made
    sort, _, name = callee.name.partition(".")
    if callee.bound:
        if sort == "callable":
            return _callable_method(machine, context, state, callee.receiver, name, args, keywords, node, place)
        if sort == "value":
            return method(machine, context, state, callee.receiver, name, args, named_args, place, node)
        return container_method(machine, context, state, callee.receiver, name, args, named_args, place, node)
    function = BUILTIN_FUNCTIONS.get(callee.name)
    return (
        function(machine, context, state, args, named_args, place, node)
        if function is not None
        else Unknown(f"{callee.name}()", OPTIONAL)
    )


def _callable_method(
    machine: Any,
    context: Any,
    state: State,
    receiver: Val,
    name: str,
    args: list[Val],
    keywords: list[tuple[str | None, Val]],
    node: object,
    place: Place,
) -> Val:
    """Task queues hand a function on: ``task.delay(x)`` calls it later with the same arguments."""
    named_args = dict(keywords)
    if name in {"s", "subtask"} and isinstance(receiver, (Func, Bound)) and lacks([receiver, *args], keywords):
        # A link of a chain gets first what the one before it came to, of which nothing is known here.
        return machine.call(context, state, receiver, [Unknown("result of a task", OPEN), *args], keywords, node)
    if name in {"apply_async", "signature", "subtask", "schedule", "si_async"} or (
        name == "send_with_options" and not args
    ):
        given = args[0] if args else named_args.get("args")
        positional = (
            [member.value for member in members_of(state, given, place)]
            if given is not None and not (isinstance(given, Known))
            else []
        )
        rest = args[1] if len(args) > 1 else named_args.get("kwargs")
        spread = keywords_of(state, rest) if rest is not None and not isinstance(rest, Known) else []
        return machine.call(context, state, receiver, positional, spread, node)
    if name == "start":
        # A thread that never ends, or fails, does not end who starts it.
        with contextlib.suppress(Dead):
            machine.call(context, state, receiver, args, keywords, node)
        return Known(None)
    if name in {
        "delay",
        "send",
        "enqueue",
        "defer",
        "delay_on_commit",
        "s",
        "si",
        "async_",
        "spawn",
        "submit",
        "remote",
        "run",
        "call",
        "__call__",
        "fn",
        "apply",
        "original",
        "kicker",
        "kiq",
        "queue",
        "asyncio",
        "now",
        "defer_async",
        "map",
        "send_with_options",
    }:
        return machine.call(context, state, receiver, args, keywords, node)
    if name in {"connect", "register", "task", "route", "setter"} and args:
        return args[0]
    return Unknown(name)


_NAMES_MAIL: Final = re.compile(r"mail|addr|recipient", re.IGNORECASE)
"""Names of functions that give the address of what they are given."""
