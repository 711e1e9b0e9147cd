"""How a program gets a list to the call that sends."""

from __future__ import annotations

from collections.abc import Callable

from .program_code import Code
from .program_people import one_person

Send = Callable[[Code, str, str, str], None]
"""Writes a send; gets expressions for To, Cc and Bcc: lists, or empty for none."""


def delivered(code: Code, x: str, send: Send) -> None:
    """The list, or parts of it, handed to a send."""
    match code.pick(*_DELIVERIES):
        case "whole":
            send(code, x, "", "")
        case "loop":
            with code.block(f"for a in {x}:"):
                send(code, "[a]", "", "")
        case "chunks":
            size = code.pick(2, 1)
            with code.block(f"for i in range(0, len({x}), {size}):"):
                send(code, code.let(f"{x}[i:i + {size}]", "chunk"), "", "")
        case "chunk helper":
            size = code.pick(2, 1)
            name = code.helper(
                "chunks",
                "def chunks(items, size):\n    for i in range(0, len(items), size):\n        yield items[i:i + size]",
            )
            with code.block(f"for chunk in {name}(list({x}), {size}):"):
                send(code, "chunk", "", "")
        case "islice":
            code.use("from itertools import islice")
            size = code.pick(2, 1)
            rest = code.let(f"iter({x})", "rest")
            with code.block(f"while batch := list(islice({rest}, {size})):"):
                send(code, "batch", "", "")
        case "growing":
            batch = code.let("[]", "batch")
            with code.block(f"for a in {x}:"):
                code.add(f"{batch}.append(a)")
                send(code, batch, "", "")
        case "emptied":
            batch = code.let("[]", "batch")
            with code.block(f"for a in {x}:"):
                code.add(f"{batch}.append(a)")
                send(code, batch, "", "")
                code.add(code.pick(f"{batch} = []", f"{batch}.clear()"))
        case "fresh":
            with code.block(f"for a in {x}:"):
                batch = code.let("[]", "batch")
                code.add(f"{batch}.append(a)")
                send(code, batch, "", "")
        case "batches":
            size = code.pick(2, 1)
            batch = code.let("[]", "batch")
            with code.block(f"for a in {x}:"):
                code.add(f"{batch}.append(a)")
                with code.block(f"if len({batch}) >= {size}:"):
                    send(code, batch, "", "")
                    code.add(f"{batch} = []")
            with code.block(f"if {batch}:"):
                send(code, batch, "", "")
        case "first":
            send(code, f"[{x}[0]]", "", "")
        case "second":
            send(code, f"[{x}[0], {x}[1]]", "", "")
        case "pair":
            one, other = code.let(f"{x}[0]", "one"), code.let(f"{x}[1]", "other")
            send(code, f"[{one}]", f"[{other}]", "")
        case "popped":
            rest = code.let(f"list({x})", "rest")
            with code.block(f"while {rest}:"):
                send(code, code.let(f"[{rest}.pop()]", "one"), "", "")
        case "first and cc":
            send(code, f"[{x}[0]]", f"{x}[1:]", "")
        case "first and bcc":
            send(code, f"[{x}[0]]", "", f"{x}[1:]")
        case "one and cc":
            send(code, f"[{one_person(code)}]", x, "")
        case "one and bcc":
            send(code, f"[{one_person(code)}]", "", x)
        case "bcc":
            send(code, "", "", x)
        case "two":
            one, other = one_person(code), one_person(code)
            send(code, f"[{one}]", f"[{other}]", "")
        case "loop and cc":
            one = one_person(code)
            with code.block(f"for a in {x}:"):
                send(code, "[a]", f"[{one}]", "")
        case "function":
            _function(code, x, send)
        case "class":
            _class(code, x, send)
        case "inner function":
            _inner_function(code, x, send)
        case "inner class":
            _inner_class(code, x, send)
        case "partial":
            _partial(code, x, send)
        case _:
            raise AssertionError


def _elsewhere(code: Code, head: str, depth: int, write: Callable[[Code], None]) -> list[str]:
    """Lines of a function that stands outside of ``main``."""
    inner = Code(code.choose, code.imports, code.helpers, [], code.flags, depth, code.numbers)
    write(inner)
    return [head, *inner.lines]


def _function(code: Code, x: str, send: Send) -> None:
    name = code.name("deliver")
    cc = code.pick(False, True)
    lines = _elsewhere(
        code,
        f"def {name}(to, cc=()):",
        1,
        lambda inner: send(inner, "to", "cc" if cc else "", ""),
    )
    code.helper(name, "\n".join(lines))
    match code.pick("whole", "loop", "cc") if cc else code.pick("whole", "loop"):
        case "whole":
            code.add(f"{name}({x})")
        case "loop":
            with code.block(f"for a in {x}:"):
                code.add(code.pick(f"{name}([a])", f"{name}(to=[a])"))
        case _:
            code.add(f"{name}([{one_person(code)}], cc={x})")


def _class(code: Code, x: str, send: Send) -> None:
    name = code.name("Mailer")
    adds = code.pick(False, True)
    head = [
        f"class {name}:",
        "    def __init__(self, people):",
        "        self.people = list(people)",
        "",
        "    def add(self, address):",
        "        self.people.append(address)",
        "",
    ]
    each = code.pick(False, True)

    def write(inner: Code) -> None:
        if each:
            with inner.block("for a in self.people:"):
                send(inner, "[a]", "", "")
        else:
            send(inner, "self.people", "", "")

    code.helper(name, "\n".join([*head, *_elsewhere(code, "    def deliver(self):", 2, write)]))
    if adds:
        made = code.let(f"{name}([])", "mailer")
        with code.block(f"for a in {x}:"):
            code.add(f"{made}.add(a)")
    else:
        made = code.let(f"{name}({x})", "mailer")
    code.add(f"{made}.deliver()")


def _inner_function(code: Code, x: str, send: Send) -> None:
    """A function within ``main``, called by a name that says nothing, perhaps through another."""
    name = code.name("go")
    with code.block(f"def {name}(to):"):
        send(code, "to", "", "")
    if code.pick(False, True):
        inner, name = name, code.name("hop")
        with code.block(f"def {name}(people):"):
            code.add(f"{inner}(people)")
    if code.pick(False, True):
        code.add(f"{name}({x})")
    else:
        with code.block(f"for a in {x}:"):
            code.add(f"{name}([a])")


def _inner_class(code: Code, x: str, send: Send) -> None:
    name = code.name("Inner")
    with code.block(f"class {name}:"), code.block("def go(self, to):"):
        send(code, "to", "", "")
    if code.pick(False, True):
        code.add(f"{name}().go({x})")
    else:
        made = code.let(f"{name}()", "made")
        with code.block(f"for a in {x}:"):
            code.add(f"{made}.go([a])")


def _partial(code: Code, x: str, send: Send) -> None:
    """A function that gets its arguments in two portions."""
    code.use("from functools import partial")
    name = code.name("deliver")
    code.helper(name, "\n".join(_elsewhere(code, f"def {name}(to, note):", 1, lambda inner: send(inner, "to", "", ""))))
    if code.pick(False, True):
        made = code.let(f"partial({name}, {x})", "go")
        code.add(f'{made}("note")')
    else:
        made = code.let(f'partial({name}, note="note")', "go")
        with code.block(f"for a in {x}:"):
            code.add(f"{made}([a])")


_DELIVERIES = (
    "whole",
    "loop",
    "chunks",
    "chunk helper",
    "islice",
    "growing",
    "emptied",
    "fresh",
    "batches",
    "first",
    "second",
    "pair",
    "popped",
    "first and cc",
    "first and bcc",
    "one and cc",
    "one and bcc",
    "bcc",
    "two",
    "loop and cc",
    "function",
    "class",
    "inner function",
    "inner class",
    "partial",
)
