"""The interpreter: roots of a project over abstract values.

Nothing that is scanned is ever run. The layers below, each in a file of its own: statements, expressions, calls,
functions, again, objects, parameters, assignment, models, narrowing, names, base.
"""

from __future__ import annotations

from dataclasses import replace

from mailguard.model.exchange import Dispatch
from mailguard.model.value import ABSENT
from mailguard.source import tree as t
from mailguard.source.interpret.context import Context
from mailguard.source.interpret.repeats import Repeats
from mailguard.source.interpret.unsent import Unsent
from mailguard.source.interpret.values import Cls, Func, Val
from mailguard.source.library import queues
from mailguard.source.project import Module
from mailguard.source.uses import mentions

__all__ = ["Machine", "answered"]


class Machine(Unsent):
    """The interpreter of one project."""

    def _begin(self) -> None:
        self.dispatches, self.steps, self.reached = [], 0, {}
        self.limit, self.share, self.met = 0, None, False
        self._spent.clear()
        self.left_out, self.passed_over, self.cut_short = 0, False, False
        self._frozen.clear()
        self._heights.clear()
        self._frozen_cells.clear()
        self._fed.clear()
        self._made = {}
        self.gathered = set()
        self.unsent, self.sent = {}, set()
        self._handed_out.clear()
        self._carried = ()
        # What one root learns reaches no other one.
        self._memo = {}
        self._repeats = Repeats()
        self.declared = dict(self._declared_by_modules)
        self.looked_up = set()
        self.kept = {}

    def found(self) -> list[Dispatch]:
        """The mail calls of the current root, each as far as it is known."""
        return answered(self.dispatches)

    def run_module(self, module: Module) -> list[Dispatch]:
        """What running the file as a script would send."""
        self._begin()
        context, state = self.root_context(module, main=True)
        state.frames[context.frame] = {}
        flow = self.block(context, module.body, [state])
        for end in flow.normal:
            self.note_unsent(context, end)
        return self.found()

    def run_function(self, module: Module, chain: tuple[t.Class | t.Func, ...]) -> list[Dispatch]:
        """What a call of a function would send; ``chain`` leads from the module to it, its parameters are open."""
        self._begin()
        context, state = self.root_context(module)
        self.ensure(module)
        node = chain[-1]
        owner: Val = None
        if isinstance(chain[0], t.Func) and len(chain) > 1:
            # A function within a function: the outer one makes its closure, so it is run instead.
            return self.run_function(module, chain[:1])
        for outer in chain[:-1]:
            if isinstance(outer, t.Func):
                break
            value = (
                self.lookup_module(state, module, outer.name)
                if owner is None
                else self._class_attr(state, owner, outer.name)
            )
            if not isinstance(value, Cls):
                value = self.define_class(context, state, outer)
            owner = value
        if isinstance(node, t.Class):
            return self.dispatches
        func = self.make_function(context, state, node, owner)
        inherited = self._method(state, owner, node.name) if owner is not None else ABSENT
        if isinstance(inherited, Func) and inherited.node is node:
            # The method of a base class, as the class has it from there.
            func = inherited
        deciding = frozenset().union(*map(mentions, node.decorators)) if owner is None else frozenset()
        if self._lead_to_mail(deciding, module) and not self._lead_to_mail(node.names, module):
            # Nothing in it sends: what its decorators make of it may.
            wrapped = self.lookup_module(state, module, node.name)
            func = wrapped if isinstance(wrapped, Func) else func
        self._note_holders(context, func)
        args: list[Val] = []
        if owner is not None and func.sort != "static":
            receiver = owner if func.sort == "class" else self.open_instance(context, state, owner)
            args.append(receiver)
        self.call_function(context, state, func, args, [], node, opened=True)
        return self.found()

    def _note_holders(self, context: Context, func: Func) -> None:
        """Note whose parameters stay open where ``func`` is run on its own."""
        places = replace(context, module=func.module)
        self.holders.own = frozenset([func.symbol])
        self.holders.classes = frozenset(each.symbol for each in self.mro(func.owner) if isinstance(each, Cls))
        self.holders.makers = frozenset(f"{symbol}.__init__" for symbol in self.holders.classes)
        self.holders.places = frozenset(places.place(param.at) for param in func.node.params)


def answered(dispatches: list[Dispatch]) -> list[Dispatch]:
    """Mail calls without those of a worker that waits for what others put into its queue, where these are known."""
    waiting = {id(each) for each in dispatches if queues.WAITED_FOR in repr(each.exchange)}
    told = {each.place for each in dispatches if id(each) not in waiting} if waiting else set()
    return [each for each in dispatches if id(each) not in waiting or each.place not in told]
