"""One message for each person, where the call or the message object takes a list of people.

Two forms. A call that makes and sends the message stands on lines of its own: a loop goes around it. A message object
is made first and sent later: it is made without people, and the loop around the send addresses it anew each time.
What such a list holds, one address in each member, is what these libraries ask for; a text in its place they refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import libcst as cst

from mailguard.codemod.expressions import (
    argument,
    called,
    is_named,
    is_nobody,
    joined,
    naked,
    simple,
    unwrapped,
    without,
    writes,
)
from mailguard.codemod.rounds import round_over
from mailguard.codemod.runs import grows
from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.sending import Sending, apart, hoisted, looped, one_statement, sending, statement
from mailguard.codemod.tree import name_of, names, text_of, walk
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal


@dataclass(frozen=True, slots=True)
class _Api:
    """Where a call takes its people."""

    api: str
    """What the finding's API starts with."""
    calls: tuple[str, ...]
    """Names of the function or class."""
    people: str
    """The keyword; of a message object also the attribute. Of SES: the key of the destination."""
    position: int | None
    """The position, from 0; None where only the keyword is known."""
    copies: tuple[tuple[str, int | None], ...] = ()
    """Arguments and attributes that give the message more readers."""
    is_object: bool = False
    """Whether the call makes a message object, which is sent by another one."""
    is_checked: bool = False
    """Whether the object checks its people when it is made, so that it is made anew for each person."""
    counts: bool = False
    """Whether sending returns the number of messages (Django 5.2, "send_mail()")."""
    parameters: tuple[str, ...] = ("subject", "body", "from_email")
    """The names of its first parameters."""


_SEND_MAIL: Final = ("subject", "message", "from_email")
_COPIES: Final = (("bcc", 4), ("cc", 8))

_APIS: Final = (
    _Api("django.core.mail.send_mail", ("send_mail",), "recipient_list", 3, parameters=_SEND_MAIL, counts=True),
    _Api(
        "django.core.mail.", ("EmailMessage", "EmailMultiAlternatives"), "to", 3, _COPIES, is_object=True, counts=True
    ),
    _Api(
        "anymail.",
        ("EmailMessage", "EmailMultiAlternatives", "AnymailMessage"),
        "to",
        3,
        _COPIES,
        is_object=True,
        counts=True,
    ),
    _Api("flask_mailman.", ("EmailMessage", "EmailMultiAlternatives"), "to", 3, _COPIES, is_object=True, counts=True),
    _Api("flask_mailman.", ("send_mail",), "recipient_list", 3, parameters=_SEND_MAIL, counts=True),
    _Api("flask_mail.", ("Message",), "recipients", 1, (("cc", 5), ("bcc", 6)), is_object=True),
    _Api("flaskext.mail.", ("Message",), "recipients", 1, (("cc", None), ("bcc", None)), is_object=True),
    _Api(
        "fastapi_mail.",
        ("MessageSchema",),
        "recipients",
        None,
        (("cc", None), ("bcc", None)),
        is_object=True,
        is_checked=True,
    ),
)
"""Django 5.2 (django.core.mail), Flask-Mail 0.10, Flask-Mailman 1.1, FastAPI-Mail 1.5."""

_SES: Final = ("botocore.client.SES.send_email", "botocore.client.SESV2.send_email")

GROWS: Final = "the list grows from one mail to the next"
HIDDEN: Final = "a dictionary of arguments may hold people in Cc or Bcc, who would get a copy of each message"
COPIED: Final = "people in {} would get a copy of each message"


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Send one message to each person."""
    if finding.place.path != finding.send.path or finding.rule == "recipient-list-growth":
        return None  # a list that grows would be sent to again and again
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    send = scene.at(finding.send, cst.Call) if scene is not None else None
    if scene is None or value is None or send is None:
        return None
    if finding.api.startswith(_SES):
        return _ses(scene, value, send)
    for api in _APIS:
        if finding.api.startswith(api.api):
            found = _known(scene, api, value, send)
            if found is not None:
                return found
    return None


def _known(scene: Scene, api: _Api, value: cst.BaseExpression, send: cst.Call) -> Edit | Refusal | None:
    for node in (value, *scene.ancestors(value)):
        parent = scene.parent(node)
        match parent:
            case cst.Arg() if isinstance(call := scene.parent(parent), cst.Call) and _is_one(scene, call, api):
                return _argument(scene, api, call, parent, send)
            case cst.Assign(
                targets=[cst.AssignTarget(target=cst.Attribute(value=cst.Name(), attr=cst.Name(value=attribute)))]
            ) if api.is_object and attribute == api.people:
                return _attribute(scene, api, parent, send)
            case cst.BaseStatement() | None:
                return None
    return None


def _argument(scene: Scene, api: _Api, call: cst.Call, people: cst.Arg, send: cst.Call) -> Edit | Refusal | None:
    """The people are an argument of the call that sends, or that makes what is sent."""
    if argument(call, api.people, api.position) is not people:
        return None
    if api.copies and any(other.star for other in call.args):
        return Refusal(HIDDEN)
    for keyword, position in api.copies:
        copy = argument(call, keyword, position)
        if copy is not None and not is_nobody(copy.value):
            return Refusal(COPIED.format(keyword.capitalize()))
    if call is send or call in scene.ancestors_in_line(send) or send in scene.ancestors_in_line(call):
        calls = (send, call) if call is not send else (send,)
        return _direct(scene, people.value, calls, api.parameters, counts=api.counts)
    return _object(scene, api, call, people, send) if api.is_object else None


def _is_one(scene: Scene, call: cst.Call, api: _Api) -> bool:
    known = called(scene, call)
    own = name_of(call.func)
    return own in api.calls or (len(known) > 1 and known - {own} <= set(api.calls))


# --- a call that makes and sends ------------------------------------------------------------------


def _direct(
    scene: Scene,
    people: cst.BaseExpression,
    calls: Sequence[cst.Call],
    parameters: Sequence[str] = (),
    *,
    counts: bool = False,
    made: cst.SimpleStatementLine | None = None,
) -> Edit | Refusal | None:
    """A loop around the call. ``made`` is a statement with the people in it that belongs to each round."""
    sent = sending(scene, calls[0], counts=counts)
    if isinstance(sent, Refusal):
        return sent
    line = sent.line
    members = _members(people)
    if members is None:
        return None
    if grows(scene, members, line):
        return Refusal(GROWS)
    members = unwrapped(scene, members, ())
    each = round_over(scene, members, line)
    taken: set[str] = set()
    before: list[cst.SimpleStatementLine] = []
    swaps: dict[cst.CSTNode, cst.CSTNode] = {people: cst.List([cst.Element(each.item)])}
    holders = {people, *scene.ancestors(people), *calls}
    for call in calls:
        computed, changed = hoisted(scene, call, holders, taken, parameters if call is calls[-1] else ())
        before += computed
        swaps.update(changed)
    base = _base(calls[0])
    if isinstance(base, cst.Call) and base not in calls and not simple(base):
        name = scene.free(line, "client", "connection", "sender")
        before.insert(0, statement(f"{name} = VALUE", VALUE=base))
        swaps[base] = cst.Name(name)
    ahead = []
    if made is not None:
        comments = [one for one in made.leading_lines if one.comment]
        ahead.append(scene.swapped(made, swaps).with_changes(leading_lines=comments))
    inner = scene.swapped(line, swaps)
    whole, remarks = looped(scene, each, sent, inner, ahead, before=before, guard=is_named(members))
    if made is not None:
        whole[made] = cst.RemoveFromParent()
    return Edit(scene.edited(whole), remarks=remarks)


def _base(call: cst.Call) -> cst.BaseExpression:
    """What a chain of attributes starts with: ``boto3.client("ses")`` of ``boto3.client("ses").send_email(...)``."""
    base = call.func
    while isinstance(base, cst.Attribute):
        base = base.value
    return base


def _members(people: cst.BaseExpression) -> cst.BaseExpression | None:
    """The collection of addresses that ``people`` is, or that was joined into its only member; None if it is one address."""
    match people:
        case cst.List(elements=[cst.Element(value=only)]) | cst.Tuple(elements=[cst.Element(value=only)]):
            return joined(only)
        case cst.SimpleString() | cst.ConcatenatedString() | cst.FormattedString():
            return None
        case _:
            return None if joined(people) is not None else people


# --- Amazon SES -----------------------------------------------------------------------------------


def _ses(scene: Scene, value: cst.BaseExpression, send: cst.Call) -> Edit | Refusal | None:
    """``Destination={"ToAddresses": people}``, in the call itself or in a variable that is made for it."""
    destination = argument(send, "Destination")
    if destination is None:
        return None
    made = None
    written = destination.value
    if isinstance(written, cst.Name):
        made = _made_for(scene, written, send)
        if made is None:
            return Refusal("the destination is put together in several places")
        assign = made.body[0]
        assert isinstance(assign, cst.Assign)  # noqa: S101  # narrows for the type checker
        written = assign.value
    if not isinstance(written, cst.Dict):
        return None
    people = None
    for element in written.elements:
        key = text_of(element.key) if isinstance(element, cst.DictElement) else None
        if key == "ToAddresses" and (element.value is value or value in set(walk(element.value))):
            people = element.value
        elif key is None or not is_nobody(element.value):
            return Refusal("the message has copies, and each person would add one")
    return None if people is None else _direct(scene, people, (send,), made=made)


def _made_for(scene: Scene, name: cst.Name, send: cst.Call) -> cst.SimpleStatementLine | None:
    """The statement ``name = {...}``, if it is for this call alone, and what is in it is the same at the call."""
    function = scene.function(send)
    made = scene.assignments(name.value, function)
    line = one_statement(scene, made[0]) if len(made) == 1 else None
    if line is None or line.body[0] is not made[0] or len(scene.uses(name.value, function)) != 2:
        return None
    sent = one_statement(scene, send)
    if sent is None or not scene.leads_to(line, sent):
        return None
    between = list(scene.between(line, sent))
    if any(writes(scene, between, used) for used in names(made[0].value)) or not simple(made[0].value):
        return None
    return line


# --- a message object -----------------------------------------------------------------------------


def _object(scene: Scene, api: _Api, call: cst.Call, arg: cst.Arg, send: cst.Call) -> Edit | Refusal | None:
    """``message = Message(..., people)`` and, later, ``message.send()``."""
    line = one_statement(scene, call)
    match line.body[0] if line is not None else None:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name) as target)], value=made) if made is call:
            pass
        case _:
            return apart(scene, call, send)
    if api.is_checked:
        return _made_anew(scene, name, line, call, arg, send)
    last = [one for one in call.args if one.keyword is None][-1:] == [arg] or arg.keyword is not None
    rest = (
        without(call.args, arg)
        if last
        else [one.with_changes(value=cst.List([])) if one is arg else one for one in call.args]
    )
    assert line is not None  # noqa: S101  # matched above
    held = _Held(name, line, arg.value, {call: call.with_changes(args=rest)}, target)
    return _later(scene, api, held, send)


def _made_anew(
    scene: Scene, name: str, line: cst.SimpleStatementLine | None, call: cst.Call, arg: cst.Arg, send: cst.Call
) -> Edit | Refusal | None:
    """The message object is made in the loop."""
    sent = sending(scene, send)
    members = _members(arg.value)
    if isinstance(sent, Refusal):
        return sent
    if members is None or line is None:
        return None
    if not scene.leads_to(line, sent.line) or len(scene.uses(name, scene.function(line))) != 2:
        return Refusal(f"{name} is used for more than this mail")
    between = list(scene.between(line, sent.line))
    if any(writes(scene, between, used) for used in names(call)):
        return Refusal("the message changes before it is sent")
    if grows(scene, members, line) or not all(simple(one.value) for one in call.args if one is not arg):
        return Refusal("the message would be made differently for each person")
    members = unwrapped(scene, members, between)
    each = round_over(scene, members, line)
    made = scene.swapped(line, {arg.value: cst.List([cst.Element(each.item)])})
    made = made.with_changes(leading_lines=[one for one in line.leading_lines if one.comment])
    whole, remarks = looped(scene, each, sent, sent.line, [made], guard=is_named(members))
    return Edit(scene.edited({**whole, line: cst.RemoveFromParent()}), remarks=remarks)


def _attribute(scene: Scene, api: _Api, assign: cst.Assign, send: cst.Call) -> Edit | Refusal | None:
    """``message.to = people`` and, later, ``message.send()``."""
    line = one_statement(scene, assign)
    target = assign.targets[0].target
    if line is None or not isinstance(target, cst.Attribute) or not isinstance(target.value, cst.Name):
        return None
    name = target.value
    return _later(scene, api, _Held(name.value, line, assign.value, {}, name), send)


@dataclass(frozen=True, slots=True)
class _Held:
    """A message object that holds the people, in a variable."""

    name: str
    line: cst.SimpleStatementLine
    """The statement that puts them into it."""
    people: cst.BaseExpression
    swaps: dict[cst.CSTNode, cst.CSTNode]
    """What is left of that statement, where the people are taken out of it."""
    use: cst.CSTNode
    """The variable in that statement."""


def _later(scene: Scene, api: _Api, held: _Held, send: cst.Call) -> Edit | Refusal | None:
    """The message gets its people in one statement, and is sent in another one."""
    name, line, swaps = held.name, held.line, held.swaps
    sent = sending(scene, send, counts=api.counts)
    if isinstance(sent, Refusal):
        return sent
    members = _members(held.people)
    if members is None:
        return None
    if grows(scene, members, line):
        return Refusal(GROWS)
    if not scene.leads_to(line, sent.line):
        return apart(scene, line, sent.line)
    between = list(scene.between(line, sent.line))
    members = unwrapped(scene, members, between)
    handed = _handed_on(scene, api, held, sent)
    if handed is not None:
        return handed
    kept: list[cst.SimpleStatementLine] = [scene.swapped(line, swaps)] if swaps else []
    if isinstance(members, cst.Name):
        if writes(scene, between, members.value):
            return Refusal(f"{members.value} changes before the message is sent")
    elif not _steady(members):
        # What is computed at the old place is computed there still.
        people_name = scene.free(line, "recipients", "people", "readers")
        kept.insert(0, statement(f"{people_name} = VALUE", VALUE=naked(members)))
        members = cst.Name(people_name)
    if kept:
        kept[0] = kept[0].with_changes(leading_lines=line.leading_lines)
        if len(kept) > 1:
            kept[1] = kept[1].with_changes(leading_lines=[])
    each = round_over(scene, members, line)
    address = statement(f"{name}.{api.people} = [PERSON]", PERSON=each.item)
    if not kept:
        # The statement moves with what is written beside it.
        address = address.with_changes(trailing_whitespace=line.trailing_whitespace)
        address = address.with_changes(leading_lines=[one for one in line.leading_lines if one.comment])
    looping, remarks = looped(scene, each, sent, sent.line, [address], guard=is_named(members))
    return Edit(scene.edited({**looping, line: kept or cst.RemoveFromParent()}), remarks=remarks)


def _handed_on(scene: Scene, api: _Api, held: _Held, sent: Sending) -> Refusal | None:
    """Why the message is not only made there and sent; None if it is."""
    name = held.name
    in_send = {id(node) for one in (sent.line, *sent.tail) for node in walk(one)}
    made = 0
    for use in scene.uses(name, scene.function(held.line)):
        parent = scene.parent(use)
        if isinstance(parent, cst.AssignTarget):
            made += 1
        if use is held.use or id(use) in in_send or isinstance(parent, cst.AssignTarget):
            continue
        if not isinstance(parent, cst.Attribute):
            return Refusal(f"{name} is handed on to other code")
        attribute = parent.attr.value
        if attribute in (api.people, "recipients", "message", "send", "send_to"):
            return Refusal(f"{name}.{attribute} is used elsewhere")
        if attribute in {keyword for keyword, _ in api.copies} and not _emptied(scene, parent):
            return Refusal(COPIED.format(attribute.capitalize()))
    if made != 1:
        return Refusal(f"{name} is not made once and here")
    return None


def _steady(members: cst.BaseExpression) -> bool:
    """Whether ``members`` is written out: the same people wherever it stands."""
    return isinstance(members, (cst.List, cst.Tuple)) and all(
        text_of(element.value) is not None for element in members.elements
    )


def _emptied(scene: Scene, attribute: cst.Attribute) -> bool:
    target = scene.parent(attribute)
    assign = scene.parent(target) if isinstance(target, cst.AssignTarget) else None
    return isinstance(assign, cst.Assign) and is_nobody(assign.value)


FIX = Fix("message_each", "send one message to each person", repair, order=60)
