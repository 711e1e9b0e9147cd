"""The last on the shelf: it repairs nothing, and says why in the words of the code where the others only know that they cannot."""

from __future__ import annotations

from typing import Final

import libcst as cst

from mailguard.codemod.headers import header_line
from mailguard.codemod.scene import scene_of
from mailguard.codemod.sending import apart
from mailguard.codemod.tree import name_of
from mailguard.model.finding import Finding
from mailguard.model.fix import Fix, Refusal

IN_KEYWORDS: Final = "the list is in a dictionary of arguments"
IN_CC: Final = "the list is in Cc, beside the people in To"
_HANDS_ON: Final = frozenset(
    {"Thread", "Timer", "Process", "submit", "partial", "run_in_executor", "to_thread", "run_sync", "on_commit",
     "apply_async", "delay", "enqueue", "add_task", "send_task", "create_task", "sync_to_async", "async_to_sync"}
)  # fmt: skip
"""Calls that are given a function, to call it elsewhere or later."""


def repair(source: bytes, finding: Finding) -> Refusal | None:
    """Say why no codemod knows the code at a finding; None if nothing tells."""
    reason = _obstacle(source, finding)
    return Refusal(reason) if reason else None


def _obstacle(source: bytes, finding: Finding) -> str:
    if finding.rule == "reply-to-lists-recipients":
        return "people must choose the one address that answers go to"
    if finding.place.path != finding.send.path:
        return "the list enters the message in one file, and the mail is sent from another"
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    send = scene.at(finding.send, cst.Call) if scene is not None else None
    if scene is None or value is None:
        return ""
    if isinstance(value, cst.Call) and any(arg.star == "**" for arg in value.args):
        return IN_KEYWORDS
    header = header_line(scene.line(value))
    for node in (value, *scene.ancestors_in_line(value)):
        arg = scene.parent(node)
        if not isinstance(arg, cst.Arg):
            continue
        keyword = arg.keyword.value if arg.keyword is not None else ""
        call = scene.parent(arg)
        if keyword.casefold() in ("cc", "cc_emails"):
            return IN_CC
        if arg.star == "**":
            return IN_KEYWORDS
        if keyword in ("args", "kwargs") or (isinstance(call, cst.Call) and name_of(call.func) in _HANDS_ON):
            return "the mail call is handed to other code, which makes it"
    target = scene.parent(value)
    attribute = target.targets[0].target if isinstance(target, cst.Assign) else None
    if (header is not None and header.key == "cc") or name_of(attribute) == "cc":
        return IN_CC
    if send is not None and scene.function(send) is not scene.function(value):
        return apart(scene, value, send).reason
    return ""


FIX = Fix("left_alone", "say why there is no repair", repair, order=100)
