"""Calls of modelled libraries: which arguments go where, and what comes back."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import ANY, OPTIONAL
from mailguard.model.place import Place
from mailguard.model.provider import Refused
from mailguard.model.value import ABSENT, Either, Fields, Known, Object, Parameter, StepKind, Unknown, trail_of
from mailguard.source import tree as t
from mailguard.source.interpret.base import members_of_class
from mailguard.source.interpret.context import Context, Dead
from mailguard.source.interpret.sending import Sending, is_exchange, sends
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Cls, ModelCls, ModelFn, Ref, Val
from mailguard.source.library import containers

__all__ = ["Models"]

_AS_DATA: Final = frozenset(
    "as_string as_bytes __str__ __bytes__ get message to_dict as_dict json serialize render as_json build".split()
)
"""Methods that turn a message into data, which is followed from there."""


class Models(Sending):
    """Calls of modelled libraries."""

    def _construct_model(
        self,
        context: Context,
        state: State,
        cls: Cls | ModelCls,
        model: ModelCls,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        ref = state.allocate(context.path, (node, "object"), Cell("object", cls))
        if not model.cls.HOLDS:
            place = context.place(getattr(node, "at", t.Span(0, 0, 0, 0)))
            self._made[ref] = (place, context.symbol)
            self.made_at.setdefault(ref.site, place)
        if "__init__" in members_of_class(model.cls):
            handle = self.handle(context, state, ref, model, node)
            self._call_model(context, state, model.cls.__init__, handle, args, keywords, node, model.path)
        return ref

    def _argument(self, context: Context, state: State, value: Val, node: object) -> Val:
        return self.freeze(state, value, context, node)

    def _call_model(
        self,
        context: Context,
        state: State,
        function: Callable[..., object],
        receiver: Val,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
        api: str,
        *,
        converts: bool = False,
    ) -> Val:
        spans: dict[object, t.Span] = {}
        if isinstance(node, t.Call):
            position = 0
            for arg in node.args:
                if arg.star == "" and arg.keyword is None:
                    spans[position] = arg.at
                    position += 1
                elif arg.keyword is not None:
                    spans[arg.keyword] = arg.at
        whole = getattr(node, "at", t.Span(0, 0, 0, 0))
        around = context.stack[-1] if context.stack else None
        here = replace(context.place(whole), line=around.at.line if isinstance(around, t.Func) else 1)

        def ready(value: Val, key: object) -> Val:
            if marked:
                # A constructor of the program's own that hands everything on shows people where they were given to it.
                given = None
                if key not in spans:
                    # Keywords out of a mapping that was filled here were given there.
                    given = _given_at(value) if context.symbol.endswith(".__init__") else _filled_at(value, key, here)
                place = context.place(spans.get(key, whole)) if given is None else given
                value = self._shown_whole(state, value, place)
            return self._argument(context, state, value, node)

        # A function that only converts (formataddr, json.dumps) shows nobody anything: it is tried unmarked first.
        marked = not converts and not (isinstance(receiver, Object) and receiver.HOLDS)
        positional = [ready(value, index) for index, value in enumerate(args)]
        named = {key: ready(value, key) for key, value in keywords if key not in {"*", "**", None}}
        star = next((value for key, value in keywords if key == "*"), None)
        rest = next((value for key, value in keywords if key == "**"), None)
        if receiver is not None:
            positional.insert(0, receiver.cls if isinstance(receiver, ModelCls) else receiver)
        signature = self._signatures.get(function)
        if signature is None:
            signature = self._signatures.setdefault(function, inspect.signature(function))
        if converts:
            try:
                trial = function(*positional, **named) if star is None and rest is None else None
            except (Refused, TypeError):
                trial = None
            if trial is not None and not sends(trial):
                return self.thaw(state, trial, context, (node, api))
            marked = True
            positional = [ready(value, index) for index, value in enumerate(args)]
            named = {key: ready(value, key) for key, value in keywords if key not in {"*", "**", None}}
        if star is not None:
            place = context.place(whole)
            self._fill(signature, positional, named, self.freeze(state, self.shown(star, place), context, node))
        if rest is not None:
            self._fill_rest(signature, positional, named, self.shown(rest, context.place(whole)), context)
        return self._bind_model(context, state, function, signature, positional, named, node, api)

    def _call_model_function(
        self,
        context: Context,
        state: State,
        callee: ModelFn,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        return self._call_model(
            context, state, callee.function.call, None, args, keywords, node, callee.path, converts=True
        )

    def _shown_whole(self, state: State, value: Val, place: Place) -> Val:
        """``value`` as it enters a message, unless it is a mapping or an object that says where its parts entered."""
        if isinstance(value, Either):
            shown = tuple(
                option if option is ABSENT else self._shown_whole(state, option, place) for option in value.options
            )
            return replace(value, options=shown)
        if isinstance(value, Fields):
            return value
        if isinstance(value, Ref) and value in state.heap:
            sort = state.heap[value].sort
            if sort == "dict":
                return value
            if sort == "object":
                model = self._model_of(state, value)
                return self.shown(value, place) if model is not None and model.cls.HOLDS else value
        return self.shown(value, place)

    @staticmethod
    def _fill(signature: inspect.Signature, positional: list[Val], named: dict[str, Val], filler: Val) -> None:
        """Parameters without a default that nothing fills get what the starred argument may hold."""
        for index, (name, parameter) in enumerate(signature.parameters.items()):
            if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
                continue
            if index < len(positional) or name in named or parameter.default is not parameter.empty:
                continue
            named[name] = filler

    @staticmethod
    def _fill_rest(
        signature: inspect.Signature, positional: list[Val], named: dict[str, Val], rest: Val, context: Context
    ) -> None:
        """Keyword arguments that nothing tells may hold any parameter; plainly they hold nobody."""
        for index, (name, parameter) in enumerate(signature.parameters.items()):
            if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
                continue
            if index >= len(positional) and name not in named:
                part = containers.part(rest, name, Place(context.module.path))
                named[name] = replace(part, count=ANY) if isinstance(part, (Unknown, Parameter)) else part

    def _bind_model(
        self,
        context: Context,
        state: State,
        function: Callable[..., object],
        signature: inspect.Signature,
        positional: list[Val],
        named: dict[str, Any],
        node: object,
        api: str,
    ) -> Val:
        try:
            signature.bind(*positional, **named)
        except TypeError:
            # Not as the library writes it: a release that we do not know, or a mistake. What fits is used.
            parameters = list(signature.parameters.values())
            names = {each.name for each in parameters}
            if not any(each.kind is each.VAR_KEYWORD for each in parameters):
                named = {key: value for key, value in named.items() if key in names}
            if not any(each.kind is each.VAR_POSITIONAL for each in parameters):
                takes = [each for each in parameters if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}]
                positional = positional[: len(takes)]
                for each in takes[: len(positional)]:
                    named.pop(each.name, None)
            for index, each in enumerate(parameters):
                missing = each.default is each.empty and index >= len(positional) and each.name not in named
                if missing and each.kind in {each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}:
                    named[each.name] = Unknown(each.name)
            try:
                signature.bind(*positional, **named)
            except TypeError:
                return Unknown(api)
        return self._run_model(context, state, function, positional, named, node, api)

    def _run_model(
        self,
        context: Context,
        state: State,
        function: Callable[..., object],
        positional: list[Val],
        named: dict[str, Val],
        node: object,
        api: str,
    ) -> Val:
        try:
            result = function(*positional, **named)
        except Refused:
            raise Dead from None
        found = (
            result
            if isinstance(result, (list, tuple)) and result and all(is_exchange(each) for each in result)
            else [result]
        )
        if api.rpartition(".")[2] in _AS_DATA:
            self._note_sent((*positional, *named.values()))
        if all(is_exchange(each) for each in found):
            self._note_sent((*positional, *named.values()))
            for each in found:
                self.record(context, each, node, api)
            return Unknown(f"{api.rsplit('.', 1)[-1]}()", OPTIONAL)
        # What is given to another thing (a personalization to a mail) is a part of it, and goes where that goes.
        self._note_sent((*positional[1:], *named.values()))
        if result is None:
            return Known(None)
        return self.thaw(state, result, context, (node, api))


def _given_at(value: Val) -> Place | None:
    """Where an argument that a function only hands on (``**kwargs``) was written."""
    if isinstance(value, Either):
        return next((place for option in value.options if (place := _given_at(option)) is not None), None)
    trail = value.trail if isinstance(value, Ref) else trail_of(value)
    passed = [step.place for step in trail if step.kind is StepKind.PASSED]
    return passed[-1] if passed else None


def _filled_at(value: Val, key: object, here: Place) -> Place | None:
    """Where a value was put under ``key`` of the mapping that brings the keywords of a call, if that was ``here``."""
    if isinstance(value, Either):
        # One of several keys: it is there, or it is not.
        places = {_filled_at(option, key, here) for option in value.options if option is not ABSENT}
        return places.pop() if len(places) == 1 else None
    trail = value.trail if isinstance(value, Ref) else trail_of(value)
    stored = [step for step in trail if step.kind is StepKind.STORED]
    if not stored or stored[-1].detail not in {key, ""}:
        return None
    place = stored[-1].place
    return place if place.path == here.path and here.line <= place.line <= (here.end_line or here.line) else None
