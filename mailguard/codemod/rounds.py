"""A round for each person: the loop that a repair puts around statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import libcst as cst

from mailguard.codemod.expressions import bare
from mailguard.codemod.scene import Scene
from mailguard.codemod.tree import name_of, walk


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
