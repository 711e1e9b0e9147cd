"""smtplib: ``send_message`` takes the Bcc line out of the message, ``sendmail`` sends it along.

Both take the same envelope, and ``send_message`` uses the one it is given (library ``smtplib``, "SMTP.send_message").
"""

from __future__ import annotations

from typing import Final

import libcst as cst

from mailguard.codemod.expressions import argument
from mailguard.codemod.headers import header_line
from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.sending import one_statement
from mailguard.codemod.tree import name_of, walk
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal

RENDERS: Final = frozenset({"as_string", "as_bytes"})
OUTCOME: Final = "The same people get the mail, and the Bcc line is no longer sent along."


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Hand over the message in place of its text."""
    if finding.place.path != finding.send.path or not finding.api.startswith("smtplib."):
        return None
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    send = scene.at(finding.send, cst.Call) if scene is not None else None
    if scene is None or value is None or send is None or name_of(send.func) != "sendmail":
        return None
    header = header_line(one_statement(scene, value))
    if header is None or header.key != "bcc" or not isinstance(send.func, cst.Attribute):
        return None
    return _repaired(scene, send, send.func, header.message)


def _repaired(scene: Scene, send: cst.Call, method: cst.Attribute, message: str) -> Edit | Refusal | None:
    text = argument(send, "msg", 2)
    sender, people = argument(send, "from_addr", 0), argument(send, "to_addrs", 1)
    if text is None or sender is None or people is None:
        return None
    swaps: dict[cst.CSTNode, cst.CSTNode | cst.RemovalSentinel] = {}
    if not _renders(text.value, message):
        line = _rendered(scene, text.value, message, send)
        if not isinstance(line, cst.SimpleStatementLine):
            return line
        swaps[line] = cst.RemoveFromParent()
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if isinstance(send.whitespace_before_args, cst.ParenthesizedWhitespace) and isinstance(
        send.args[0].comma, cst.Comma
    ):
        comma = send.args[0].comma  # each argument has a line of its own
    whole = cst.Arg(cst.Name(message), comma=comma)
    if text.keyword is not None:
        # Keywords have the same names; only the value changes.
        args = [arg.with_changes(value=cst.Name(message)) if arg is text else arg for arg in send.args]
    else:
        first, second, third, *rest = send.args
        args = [
            whole,
            first,
            second.with_changes(comma=third.comma, whitespace_after_arg=third.whitespace_after_arg),
            *rest,
        ]
    swaps[send] = send.with_changes(func=method.with_changes(attr=cst.Name("send_message")), args=args)
    return Edit(scene.edited(swaps), OUTCOME, "The number of messages stays as it is.")


def _renders(value: cst.BaseExpression, message: str) -> bool:
    match value:
        case cst.Call(func=cst.Attribute(value=cst.Name(value=name), attr=method), args=[]):
            return name == message and method.value in RENDERS
        case _:
            return False


def _rendered(
    scene: Scene, text: cst.BaseExpression, message: str, send: cst.Call
) -> cst.SimpleStatementLine | Refusal | None:
    """The statement ``text = message.as_string()``, if its text is for this mail call only."""
    function = scene.function(send)
    if not isinstance(text, cst.Name):
        return None
    made = scene.assignments(text.value, function)
    if len(made) != 1 or not _renders(made[0].value, message):
        return None
    line = one_statement(scene, made[0])
    if line is None or len(scene.uses(text.value, function)) != 2 or not scene.leads_to(line, send):
        return Refusal("the text of the message is used elsewhere")
    inside = set(walk(line)) | set(walk(send))
    if any(scene.before(line, use) for use in scene.uses(message, function) if use not in inside):
        return Refusal("the message changes after its text was made")
    return line


FIX = Fix("send_message", "use send_message, which takes the Bcc line out", repair, order=10)
