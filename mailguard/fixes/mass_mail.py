"""Django's ``send_mass_mail``: one tuple for each person, and one person in each tuple.

Each tuple becomes one message (Django, "send_mass_mail()"); all of them go through one connection.
"""

from __future__ import annotations

from typing import Final

import libcst as cst

from mailguard.codemod.expressions import argument, bare, is_at_top, simple
from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.tree import names, same
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal

STILL: Final = "All messages still go through one connection."


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Make a tuple for each person."""
    if finding.place.path != finding.send.path or not finding.api.endswith("send_mass_mail"):
        return None
    scene = scene_of(source)
    send = scene.at(finding.send, cst.Call) if scene is not None else None
    given = argument(send, "datatuple", 0) if send is not None else None
    if scene is None or given is None:
        return None
    if isinstance(given.value, cst.Name):
        return _named(scene, given.value)
    new = _each(scene, given.value)
    return new if not isinstance(new, cst.BaseExpression) else Edit(scene.edited({given.value: new}), requests=STILL)


def _named(scene: Scene, name: cst.Name) -> Edit | Refusal | None:
    """``messages = [...]``, or ``messages.append(...)`` in a loop."""
    function = scene.function(name)
    made = scene.assignments(name.value, function)
    if len(made) != 1:
        return None
    swaps: dict[cst.CSTNode, cst.CSTNode] = {}
    new = _each(scene, made[0].value) if not _is_empty(made[0].value) else None
    if isinstance(new, Refusal):
        return new
    if new is not None:
        swaps[made[0].value] = new
    for use in scene.uses(name.value, function):
        attribute = scene.parent(use)
        call = scene.parent(attribute) if isinstance(attribute, cst.Attribute) else None
        if not (isinstance(attribute, cst.Attribute) and isinstance(call, cst.Call)):
            continue
        if attribute.attr.value != "append" or len(call.args) != 1:
            return Refusal(f"{name.value} is filled in a way that is not known")
        one = call.args[0].value
        rounds = scene.around(call, cst.For)
        if not isinstance(one, cst.Tuple):
            return Refusal(f"{name.value} is filled in a way that is not known")
        alone = _alone(one, rounds.iter, rounds.target) if rounds is not None else None
        if alone is not None:
            swaps[call] = call.with_changes(args=[call.args[0].with_changes(value=alone)])
            continue
        many = _spread(scene, one)
        if isinstance(many, Refusal):
            return many
        if many is not None:
            extend = attribute.with_changes(attr=cst.Name("extend"))
            swaps[call] = call.with_changes(func=extend, args=[call.args[0].with_changes(value=many)])
    return Edit(scene.edited(swaps), requests=STILL) if swaps else None


def _is_empty(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.List) and not value.elements


def _each(scene: Scene, listed: cst.BaseExpression) -> cst.BaseExpression | Refusal | None:
    """The tuples, with one person in each."""
    match listed:
        case (
            cst.List(elements=[cst.Element(value=cst.Tuple() as one)])
            | cst.Tuple(elements=[cst.Element(value=cst.Tuple() as one)])
        ):
            many = _spread(scene, one)
            if not isinstance(many, cst.GeneratorExp):
                return many
            return cst.ListComp(elt=many.elt, for_in=many.for_in)
        case cst.ListComp(elt=cst.Tuple() as one, for_in=loop) | cst.GeneratorExp(elt=cst.Tuple() as one, for_in=loop):
            alone = _alone(one, loop.iter, loop.target) if loop.inner_for_in is None else None
            if alone is not None:
                return listed.with_changes(elt=alone)
            many = _spread(scene, one)
            if not isinstance(many, cst.GeneratorExp) or loop.inner_for_in is not None:
                return many if isinstance(many, Refusal) else None
            return listed.with_changes(elt=many.elt, for_in=loop.with_changes(inner_for_in=many.for_in))
        case _:
            return None


def _people(one: cst.Tuple) -> cst.Element | None:
    """The people of a tuple (subject, message, sender, people), if they are more than one written address."""
    if len(one.elements) != 4 or not isinstance(one.elements[3], cst.Element):
        return None
    element = one.elements[3]
    match element.value:
        case cst.List(elements=[_]) | cst.Tuple(elements=[_]) | cst.List(elements=[]) | cst.Tuple(elements=[]):
            return None
        case _:
            return element


def _alone(one: cst.Tuple, people: cst.BaseExpression, person: cst.BaseExpression) -> cst.Tuple | None:
    """The tuple for one ``person`` of the loop over the same ``people`` in which it stands."""
    element = _people(one)
    if element is None or not isinstance(person, cst.Name) or not same(element.value, people):
        return None
    return one.with_deep_changes(element, value=cst.List([cst.Element(person)]))


def _spread(scene: Scene, one: cst.Tuple) -> cst.GeneratorExp | Refusal | None:
    """Tuples for each of the people of one tuple; None if it has one."""
    element = _people(one)
    if element is None:
        return None
    rest = [other for other in one.elements if other is not element]
    if any(not simple(other.value) for other in rest):
        return Refusal("what is in the tuple would be made anew for each person")
    people = element.value
    taken = {name for other in rest for name in names(other.value)}
    match people:
        case cst.ListComp(elt=person, for_in=cst.CompFor(inner_for_in=None) as loop) if not taken & names(loop.target):
            pass
        case _:
            person = cst.Name(scene.free(one, "recipient", "reader", "person"))
            loop = cst.CompFor(target=person, iter=people if is_at_top(people) else bare(people))
    alone = one.with_deep_changes(element, value=cst.List([cst.Element(person)]))
    if not alone.lpar:
        alone = alone.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.GeneratorExp(elt=alone, for_in=loop, lpar=[], rpar=[])


FIX = Fix("mass_mail", "make one tuple for each person", repair, order=20)
