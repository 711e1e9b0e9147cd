"""A grammar of small programs that send mail.

A program gets people (written, queried, read, or from where nothing tells), does to the list what programs do to
lists, and hands it to a real library in one of the ways in which the library takes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from .program_apis import APIS
from .program_code import Choose, Code, Program
from .program_deliveries import delivered
from .program_people import a_list, changed


def closed_program(choose: Choose, api: str) -> Program:
    """A program all of whose people are written or queried."""
    code = Code(choose)
    x = changed(code, a_list(code))
    delivered(code, x, APIS[api])
    return Program(code.text(), tuple(code.flags))


def open_program(choose: Choose, api: str) -> Program:
    """A program that leaves open how many people there are."""
    code = Code(choose)
    # The models of SendGrid take a member of a list for one mailbox, as the package does unless there is a name.
    source = code.pick("parameter", "call", *(() if api == "sendgrid" else ("address",)))
    argument = "list" if source == "parameter" else ""
    if source == "parameter":
        x = raw = "given"
    elif source == "call":
        code.use("from store import people")
        x = raw = code.let("people()")
    else:
        code.use("from store import address")
        x, raw = code.let("[address()]"), ""
    match code.pick("bare", "comprehension", "loop", "accumulated") if raw else "bare":
        case "bare":
            _shipped(code, x, api)
        case "comprehension":
            _shipped(code, code.let(f"[a.strip() for a in {x}]"), api)
        case "loop":
            with code.block(f"for a in {x}:"):
                APIS[api](code, "[a]", "", "")
        case _:
            made = code.let("[]")
            with code.block(f"for a in {x}:"):
                code.add(f"{made}.append(a)")
            _shipped(code, made, api)
    # Where what is shown is iterated or joined, it is plainly a collection, and a collection plainly holds two. That the
    # envelope is iterated tells nothing of what is shown.
    shown = "\n".join(line for line in code.lines if "envelope" not in line and ".sendmail(" not in line)
    iterated = raw and re.search(rf"for \w+ in {raw}\b|(?:join|list)\({raw}\)", shown)
    plain = 2 if iterated else 1
    return Program(
        code.text(argument and "given"), tuple(code.flags), open=True, argument=argument, plain_unknown=plain
    )


def _shipped(code: Code, x: str, api: str) -> None:
    match code.pick("whole", "bcc", "cc"):
        case "whole":
            APIS[api](code, x, "", "")
        case "bcc":
            APIS[api](code, '["dan@example.com"]', "", x)
        case _:
            APIS[api](code, '["dan@example.com"]', x, "")


@st.composite
def programs(draw: Any, make: Callable[[Choose, str], Program], api: str) -> Program:
    """Programs that use one library; shrinking goes towards the options that are named first."""
    return make(lambda options: draw(st.sampled_from(options)), api)
