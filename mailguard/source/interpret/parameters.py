"""Arguments and parameters: what a call fills, and what stays open where a function is run on its own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, Count
from mailguard.model.value import (
    ABSENT,
    Either,
    Items,
    Known,
    Member,
    Parameter,
    Step,
    StepKind,
    Unknown,
)
from mailguard.source import tree as t
from mailguard.source.interpret.assignment import Assignment
from mailguard.source.interpret.base import last_name
from mailguard.source.interpret.context import Context
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Cls, Ext, Func, ModelCls, ModelFn, Ref, Val, join_values
from mailguard.source.library import classes, containers, provenance

__all__ = ["Parameters", "empty"]


class Parameters(Assignment):
    """The parameters of functions of the project."""

    def _bind_parameters(
        self,
        context: Context,
        state: State,
        func: Func,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        *,
        opened: bool,
    ) -> None:
        names = state.frames[context.frame]
        params = func.node.params
        named = {key: value for key, value in keywords if key not in {"*", "**", None}}
        star = next((value for key, value in keywords if key == "*"), None)
        open_rest = next((value for key, value in keywords if key == "**"), None)
        defaults = dict(func.defaults)
        position = 0
        for param in params:
            value: Val = ABSENT
            if param.sort in {"positional", "both"} and position < len(args):
                value = args[position]
                position += 1
            elif param.sort not in {"*", "**"} and param.name in named:
                value = named.pop(param.name)
                if isinstance(value, Either) and ABSENT in value.options and param.name in defaults:
                    value = join_values(
                        *(option for option in value.options if option is not ABSENT), defaults[param.name]
                    )
            elif param.sort in {"positional", "both"} and star is not None:
                value = star
            elif param.sort == "*":
                rest = args[position:]
                position = len(args)
                members = [Member(each, ONE) for each in rest]
                if star is not None:
                    members.append(Member(star, MANY))
                if opened and not members:
                    members = [
                        Member(Parameter(f"*{param.name}", func.symbol, OPTIONAL, self._given(context, param)), MANY)
                    ]
                value = Items(tuple(members), sort="tuple")
            elif param.sort == "**":
                rest_fields = tuple((key, item) for key, item in named.items() if key is not None)
                named = {}
                value = state.allocate(
                    context.path,
                    (func.node, param.name),
                    Cell("dict", fields=rest_fields, open=opened or open_rest is not None),
                )
                further = open_rest
                if opened and further is None:
                    trail = self._given(context, param)
                    if self._of_command(func):
                        trail = (Step(StepKind.CONFIGURED, context.place(param.at), param.name),)
                    further = Parameter(f"**{param.name}", func.symbol, ANY, trail)
                if further is not None:
                    state.heap[value] = replace(state.heap[value], rest=further, rest_key=Unknown("a key", OPTIONAL))
            if value is ABSENT:
                if opened and not (param.name in defaults and param.name.startswith("_")):
                    value = self._open_parameter(context, state, func, param, defaults.get(param.name, ABSENT))
                elif open_rest is not None and param.sort != "*":
                    value = containers.part(open_rest, param.name, context.place(param.at), state)
                    if param.name in defaults:
                        value = join_values(value, defaults[param.name])
                elif param.name in defaults:
                    value = defaults[param.name]
                else:
                    value = Unknown(param.name)
            if not opened and isinstance(value, Parameter) and provenance.configured_name(param.name):
                # Who gets it calls it settings, and nobody was seen to give anything else.
                value = replace(value, trail=(Step(StepKind.CONFIGURED, context.place(param.at), param.name),))
            names[param.name] = value

    def _given(self, context: Context, param: t.Param) -> tuple[Step, ...]:
        return (Step(StepKind.PARAMETER, context.place(param.at), param.name),)

    def _annotated(self, context: Context, state: State, param: t.Param) -> Val | None:
        """An object of the modelled class that a parameter is declared to be (a client, a message)."""
        annotation = param.annotation
        if isinstance(annotation, t.Sub) and last_name(annotation.value) in {"Optional", "Annotated"}:
            annotation = annotation.index.items[0] if isinstance(annotation.index, t.Seq) else annotation.index
        if isinstance(annotation, t.Bin) and annotation.op == "|":
            annotation = annotation.left
        if not isinstance(annotation, (t.Name, t.Attr)):
            return None
        declared = replace(context, frames=context.frames[1:]) if len(context.frames) > 1 else context
        cls = self.eval(declared, state, annotation)
        if isinstance(cls, ModelCls) and cls.path.startswith("email."):
            # Whose header lines a message has that somebody else made, only the caller tells.
            return None
        if isinstance(cls, ModelCls):
            return state.allocate(context.path, (param, "declared"), Cell("object", cls))
        if isinstance(cls, Cls):
            self.declared[context.symbol, param.name] = cls
        return None

    def _open_parameter(self, context: Context, state: State, func: Func, param: t.Param, default: Val) -> Val:
        trail = self._given(context, param)
        # An object is made by somebody, often elsewhere: what its class may be given says less than what a function takes.
        made_with = isinstance(func.node, t.Func) and func.node.name == "__init__"
        several = classes.collection_annotation(param.annotation, or_text=not made_with)
        count = MANY if several else OPEN
        if param.name in {"request", "req"}:
            return Unknown("request", OPEN, (Step(StepKind.REQUEST, context.place(param.at)),))
        scheduled = default is not ABSENT and empty(state, default) and _is_scheduled(func.node, param.name)
        if provenance.configured_name(param.name) or self._of_account(func) or scheduled:
            # What a task can do without and no caller gives comes from the schedule, which is the operator's.
            trail = (Step(StepKind.CONFIGURED, context.place(param.at), param.name),)
        if isinstance(default, (Cls, ModelCls)):
            # The class that a caller may replace: what is made of it is of that kind, if not what is read off it.
            return join_values(default, Parameter(param.name, func.symbol, OPEN, trail))
        made = self._annotated(context, state, param)
        if made is not None:
            return made
        if count == OPEN and (empty(state, default)):
            # Plainly nobody: what a caller leaves out.
            count = Count(0, 0, OPEN.high)
        value = Parameter(param.name, func.symbol, count, trail)
        if isinstance(default, Known) and isinstance(default.value, bool):
            return value
        if isinstance(default, (Ref, Func, ModelFn)) or _address_of_service(default):
            return join_values(value, default)
        return value

    def _of_command(self, func: Func) -> bool:
        """Whether a method is what a command of Django does: its options stand on the command line of the operator.

        Unless the program starts the command by itself, and gives it options.
        """
        return (
            isinstance(func.node, t.Func)
            and func.node.name.startswith("handle")
            and any(isinstance(each, Ext) and _COMMAND.search(each.path) for each in self.mro(func.owner))
            and not (self.commands is not None and self.commands(func.module.name.rpartition(".")[2]))
        )

    @staticmethod
    def _of_account(func: Func) -> bool:
        """Whether a constructor takes a mail server and a password: what else it keeps, the operator sets as well."""
        names = [param.name for param in func.node.params] if isinstance(func.node, t.Func) else []
        return isinstance(func.node, t.Func) and func.node.name == "__init__" and provenance.is_account(names)


_COMMAND: Final = re.compile(r"\.management\..*Command$|(?:^|\.)BaseCommand$")
"""Dotted names of the classes of commands: Django's own, and those that packages derive from them in the same folder."""


def empty(state: State, default: Val) -> bool:
    """Whether a default holds nobody: None, an empty text or list."""
    if isinstance(default, Known):
        return default.value is None or default.value == ""
    cell = state.heap.get(default) if isinstance(default, Ref) else None
    return cell is not None and (
        (cell.sort in {"list", "set"} and not cell.members)
        or (cell.sort == "dict" and not cell.fields and cell.rest is None)
    )


def _address_of_service(default: Val) -> bool:
    """Whether a default is an address on the web: it tells which service a function nobody calls writes to."""
    return isinstance(default, Known) and isinstance(default.value, str) and "://" in default.value[:12]


def _is_task(node: t.Func | t.Lam) -> bool:
    """Whether a function is one that a scheduler may start by itself: Celery's, Huey's, APScheduler's.

    A bare ``@task`` is a step of a flow elsewhere (Prefect, Airflow), which gives it what it works on.
    """
    if not isinstance(node, t.Func):
        return False
    made = [each.func if isinstance(each, t.Call) else each for each in node.decorators]
    return any(
        last_name(each) in _SCHEDULED or (isinstance(each, t.Attr) and each.name == "task" and _is_app(each.value))
        for each in made
    )


def _is_scheduled(node: t.Func | t.Lam, name: str) -> bool:
    """Whether a scheduler starts a function by itself, with ``name`` or without: it ends at once where nothing is given.

    A task that goes on without it is given it by whoever calls it.
    """
    return (
        isinstance(node, t.Func)
        and _is_task(node)
        and any(
            isinstance(each, t.If)
            and isinstance(each.test, t.Unary)
            and each.test.op == "not"
            and isinstance(each.test.operand, t.Name)
            and each.test.operand.id == name
            and isinstance(each.body[-1], t.Return)
            for each in node.body
        )
    )


def _is_app(node: t.Expr) -> bool:
    return last_name(node).removesuffix("_app") in {"app", "celery", "huey"}


_SCHEDULED: Final = frozenset("shared_task periodic_task db_periodic_task scheduled_job cron".split())
