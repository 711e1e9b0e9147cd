"""SendGrid: ``is_multiple=True`` gives each person of a list a personalization, which is a message, of their own.

The flag counts only if it is exactly True (pypi:sendgrid==6.12, ``Mail._set_emails``). What is then
set on the whole mail must not belong to one personalization: ``dynamic_template_data`` and copies
go to the first one only, so that the other people would get a message without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import libcst as cst

from mailguard.codemod.expressions import argument
from mailguard.codemod.runs import kept_over_rounds
from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.sending import statement
from mailguard.codemod.tree import name_of, walk
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal

STILL: Final = "The number of requests stays as it is: one for at most 1,000 people."

SHARED: Final = frozenset(
    {"template_id", "subject", "from_email", "reply_to", "reply_to_list", "content", "add_content", "attachment",
     "add_attachment", "category", "add_category", "asm", "tracking_settings", "mail_settings", "batch_id",
     "ip_pool_name", "section", "add_section", "get", "contents", "attachments", "categories"}
)  # fmt: skip
"""What of a Mail is not part of one personalization."""


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Put the flag where the list enters."""
    if finding.provider != "sendgrid":
        return None
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    if scene is None or value is None:
        return None
    # The place may be that of a person inside: To(user.email), or the list of them.
    for node in (value, *scene.ancestors(value)):
        parent = scene.parent(node)
        match parent:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
                return _through(scene, parent, name, finding)
            case cst.Arg() if isinstance(call := scene.parent(parent), cst.Call):
                if name_of(call.func) == "Mail" and argument(call, "to_emails", 1) is parent:
                    return _constructor(scene, call, finding)
                if name_of(call.func) == "add_to" and argument(call, "to_email", 0) is parent:
                    return _adding(scene, call, finding)
            case cst.Assign():
                return _assigned(scene, parent, finding)
            case cst.BaseStatement() | None:
                return None
    return None


def _through(scene: Scene, made: cst.Assign, name: str, finding: Finding) -> Edit | Refusal | None:
    """``people = [To(...), ...]``, and then ``Mail(to_emails=people)``."""
    function = scene.function(made)
    if len(scene.assignments(name, function)) != 1:
        return None
    for use in scene.uses(name, function):
        arg = scene.parent(use)
        call = scene.parent(arg) if isinstance(arg, cst.Arg) else None
        if not isinstance(call, cst.Call):
            continue
        if name_of(call.func) == "Mail" and argument(call, "to_emails", 1) is arg:
            return _constructor(scene, call, finding)
        if name_of(call.func) == "add_to" and argument(call, "to_email", 0) is arg:
            return _adding(scene, call, finding)
    return None


def _constructor(scene: Scene, call: cst.Call, finding: Finding) -> Edit | Refusal | None:
    flagged = _flagged(call, argument(call, "to_emails", 1))
    if flagged is None:
        return Refusal("is_multiple is given, and the code does not tell its value")
    around = scene.parent(call)
    if isinstance(around, cst.Assign) and isinstance(around.targets[0].target, cst.Name) and len(around.targets) == 1:
        name = around.targets[0].target.value
        refusal = _uses(scene, call, name, around.targets, finding)
        if refusal is not None:
            return refusal
    elif not _handed_on(scene, call, finding):
        return Refusal("the mail is handed on to code that may add to it")
    return Edit(scene.edited({call: flagged}), requests=STILL)


def _adding(scene: Scene, call: cst.Call, finding: Finding) -> Edit | Refusal | None:
    if not isinstance(call.func, cst.Attribute) or not isinstance(call.func.value, cst.Name):
        return None
    name = call.func.value.value
    function = scene.function(call)
    if any(name_of(getattr(one.value, "func", None)) == "Personalization" for one in scene.assignments(name, function)):
        return None  # another codemod's
    swaps: dict[cst.CSTNode, cst.CSTNode] = {}
    for use in scene.uses(name, function):
        other = _call_of(scene, use, "add_to")
        if other is not None:
            flagged = _flagged(other, argument(other, "to_email", 0))
            if flagged is None:
                return Refusal("is_multiple is given, and the code does not tell its value")
            swaps[other] = flagged
    if kept_over_rounds(scene, name, finding.send):
        return Refusal("one mail is sent again and again, with more people each time")
    refusal = _uses(scene, call, name, (), finding, adds=True)
    return refusal or Edit(scene.edited(swaps), requests=STILL)


def _assigned(scene: Scene, assign: cst.Assign, finding: Finding) -> Edit | Refusal | None:
    """``mail.to = people`` cannot carry the flag; ``mail.add_to(people, is_multiple=True)`` can."""
    match assign:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Attribute(value=cst.Name() as mail, attr=cst.Name("to")))]
        ):
            pass
        case _:
            return None
    refusal = _uses(scene, assign, mail.value, (), finding, assigns=1)
    if refusal is not None:
        return refusal
    call = statement("MAIL.add_to(PEOPLE, is_multiple=True)", MAIL=mail, PEOPLE=assign.value)
    return Edit(scene.edited({assign: call.body[0]}), requests=STILL)


def _flagged(call: cst.Call, people: cst.Arg | None) -> cst.Call | None:
    """``call`` with the flag, right behind the people where it is not there yet; None if its value is not known."""
    there = argument(call, "is_multiple")
    if there is not None:
        if name_of(there.value) == "True":
            return call
        return call.with_deep_changes(there, value=cst.Name("True")) if name_of(there.value) == "False" else None
    if people is None or len([arg for arg in call.args if arg.keyword is None]) > 7:
        return None
    flag = cst.Arg(
        keyword=cst.Name("is_multiple"),
        value=cst.Name("True"),
        equal=cst.AssignEqual(
            whitespace_before=cst.SimpleWhitespace(""),
            whitespace_after=cst.SimpleWhitespace(""),
        ),
    )
    args = list(call.args)
    # A keyword must not stand before a positional argument.
    at = max([args.index(people), *(number for number, arg in enumerate(args) if arg.keyword is None)])
    return call.with_changes(args=inserted(args, at, flag))


def inserted(args: list[cst.Arg], at: int, new: cst.Arg) -> list[cst.Arg]:
    """``args`` with ``new`` behind the one at ``at``, in the way in which they stand there."""
    there = args[at]
    last = at == len(args) - 1
    before = args[at - 1].comma if at else None
    between = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if last:
        # The way in which those before it are kept apart; what closes the call stays behind the new one.
        if isinstance(before, cst.Comma):
            between = _bare(before)
        first, second = between, there.comma
    else:
        own = there.comma if isinstance(there.comma, cst.Comma) else between
        apart = isinstance(own.whitespace_after, cst.ParenthesizedWhitespace)
        alone = apart and (at == 0 or (isinstance(before, cst.Comma) and _breaks(before)))
        first, second = (own, _bare(own)) if alone else (between, own)
    return [
        *args[:at],
        there.with_changes(comma=first, whitespace_after_arg=cst.SimpleWhitespace("")),
        new.with_changes(comma=second, whitespace_after_arg=there.whitespace_after_arg),
        *args[at + 1 :],
    ]


def _breaks(comma: cst.Comma) -> bool:
    return isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace)


def _bare(comma: cst.Comma) -> cst.Comma:
    """``comma``, without the comment that speaks of the argument before it."""
    space = comma.whitespace_after
    if isinstance(space, cst.ParenthesizedWhitespace):
        plain = space.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=[])
        return comma.with_changes(whitespace_after=plain)
    return comma


def _call_of(scene: Scene, use: cst.Name, method: str) -> cst.Call | None:
    attribute = scene.parent(use)
    if isinstance(attribute, cst.Attribute) and attribute.value is use and attribute.attr.value == method:
        call = scene.parent(attribute)
        if isinstance(call, cst.Call) and call.func is attribute:
            return call
    return None


def _handed_on(scene: Scene, mail: cst.CSTNode, finding: Finding) -> bool:
    """Whether a mail goes right into the mail call: ``client.send(mail)``, ``client.post(request_body=mail.get())``."""
    if finding.send.path != finding.place.path:
        return False
    send = scene.at(finding.send, cst.Call)
    if send is None:
        return False
    inside = {id(node) for arg in send.args for node in walk(arg)}
    return id(mail) in inside


def _uses(
    scene: Scene,
    node: cst.CSTNode,
    name: str,
    targets: Iterable[cst.CSTNode],
    finding: Finding,
    *,
    adds: bool = False,
    assigns: int = 0,
) -> Refusal | None:
    """Why a mail that is called ``name`` cannot be split, after a look at everything that is done with it."""
    bound = {id(inner) for target in targets for inner in walk(target)}
    for use in scene.uses(name, scene.function(node)):
        parent = scene.parent(use)
        if id(use) in bound:
            continue
        if isinstance(parent, cst.Attribute) and parent.value is use:
            attribute = parent.attr.value
            if attribute in SHARED or (adds and attribute == "add_to"):
                continue
            if attribute == "to" and assigns:
                assigns -= 1
                continue
            return Refusal(f"{attribute} would reach the first person only")
        if isinstance(parent, cst.AssignTarget):
            made = scene.parent(parent)
            if isinstance(made, cst.Assign) and isinstance(made.value, cst.Call) and name_of(made.value.func) == "Mail":
                continue
            return Refusal("the mail is made in a way that is not known")
        if not _handed_on(scene, use, finding):
            return Refusal("the mail is handed on to code that may add to it")
    return None


FIX = Fix("split_flag", "add is_multiple=True", repair, order=10)
