"""A grammar of small programs that send mail.

A program gets people (written, queried, read, or from where nothing tells), does to the list what programs do to
lists, and hands it to a real library in one of the ways in which the library takes it.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

FROM = '"from@example.com"'
_T = TypeVar("_T")

Choose = Callable[[Sequence[Any]], Any]
"""Picks one of several options."""


@dataclass(frozen=True)
class Program:
    """A program, and what a run of it needs."""

    text: str
    flags: tuple[str, ...] = ()
    """Names of the flags that it asks for."""
    open: bool = False
    """Whether who receives depends on a value of which the code tells nothing."""
    argument: str = ""
    """What ``main`` is called with: ``list``, ``text``, or nothing."""
    plain_unknown: int = 1
    """How many people are plainly behind what the code does not tell: a collection, where it is used as one, has two."""

    def __repr__(self) -> str:
        return f"Program({', '.join(self.flags)})\n{self.text}"


@dataclass
class Code:
    """A program that is being written."""

    choose: Choose
    imports: set[str] = field(default_factory=set)
    helpers: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    depth: int = 1
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, *lines: str) -> None:
        self.lines.extend("    " * self.depth + line for line in lines)

    @contextlib.contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.add(head)
        self.depth += 1
        yield
        self.depth -= 1

    def let(self, expression: str, name: str = "x") -> str:
        """A new variable."""
        made = f"{name}{next(self.numbers)}"
        self.add(f"{made} = {expression}")
        return made

    def name(self, name: str) -> str:
        return f"{name}{next(self.numbers)}"

    def use(self, *imports: str) -> None:
        self.imports.update(imports)

    def helper(self, name: str, text: str) -> str:
        self.helpers[name] = text
        return name

    def flag(self) -> str:
        """A question that the code cannot answer."""
        self.use("from store import flag")
        name = "ab"[len(self.flags)] if len(self.flags) < 2 else self.pick(*self.flags)
        if name not in self.flags:
            self.flags.append(name)
        return f'flag("{name}")'

    def pick(self, *options: _T) -> _T:
        """One of several, the simplest first."""
        return self.choose(options)

    def text(self, parameter: str = "") -> str:
        imports = "\n".join(sorted(self.imports))
        helpers = "".join(f"\n\n{text.strip()}\n" for text in self.helpers.values())
        body = "\n".join(self.lines) or "    pass"
        return f"{imports}\n{helpers}\n\ndef main({parameter}):\n{body}\n"


# --- Where people come from -----------------------------------------------------------------------

WRITTEN = ("ann@example.com", "bob@example.org", "cat@example.net")


def _texts(code: Code) -> str:
    """A variable that holds a collection of addresses."""
    return code.pick(*_TEXTS)(code)


def _written(code: Code) -> str:
    number = code.pick(2, 1, 3)
    return code.let(f"[{', '.join(repr(address) for address in WRITTEN[:number])}]")


def _written_text(code: Code) -> str:
    number = code.pick(2, 1, 3)
    return code.let(f'"{", ".join(WRITTEN[:number])}".split(", ")')


def _flat_query(code: Code) -> str:
    code.use("from store import Subscriber")
    query = 'Subscriber.objects.values_list("email", flat=True)'
    return code.let(
        code.pick(query, f"list({query})", 'Subscriber.objects.filter(active=True).values_list("email", flat=True)')
    )


def _file(code: Code) -> str:
    return code.let('[line.strip().split(",")[0] for line in open("people.txt")]')


def _csv(code: Code) -> str:
    code.use("import csv")
    return code.let('[row["email"] for row in csv.DictReader(open("people.csv"), ["email", "name"])]')


def _rows(code: Code) -> str:
    code.use("from store import Subscriber, db")
    return code.let(
        code.pick(
            "Subscriber.objects.all()",
            "Subscriber.objects.filter(active=True)",
            'Subscriber.objects.exclude(team="x").order_by("pk")',
            'db.execute("SELECT * FROM subscriber").fetchall()',
        ),
        "rows",
    )


def _of_rows(code: Code) -> str:
    """Addresses read off rows."""
    rows = _rows(code)
    match code.pick(
        "comprehension", "key", "filter", "loop", "map", "helper", "generator", "set", "dict", "pairs", "pks"
    ):
        case "comprehension":
            return code.let(f"[row.email for row in {rows}]")
        case "key":
            return code.let(f'[row["email"] for row in {rows}]')
        case "filter":
            return code.let(f"[row.email for row in {rows} if row.active]")
        case "loop":
            made = code.let("[]")
            with code.block(f"for row in {rows}:"):
                if code.pick(False, True):
                    with code.block("if not row.active:"):
                        code.add("continue")
                code.add(
                    code.pick(f"{made}.append(row.email)", f"{made} += [row.email]", f"{made} = {made} + [row.email]")
                )
            return made
        case "map":
            return code.let(f"list(map(lambda row: row.email, {rows}))")
        case "helper":
            name = code.helper("emails_of", "def emails_of(rows):\n    return [row.email for row in rows if row.email]")
            return code.let(f"{name}({rows})")
        case "generator":
            name = code.helper("each_email", "def each_email(rows):\n    for row in rows:\n        yield row.email")
            return code.let(f"list({name}({rows}))")
        case "set":
            return code.let(f"sorted({{row.email for row in {rows}}})")
        case "dict":
            return code.let(f"list({{row.email: row.name for row in {rows}}})")
        case "pairs":
            code.add(f"{rows} = [(row.name, row.email) for row in {rows}]")
            return code.let(f"[email for name, email in {rows}]")
        case _:
            code.use("from store import Subscriber")
            return code.let(f"[Subscriber.objects.get(pk=row.pk).email for row in {rows}]")


def _nobody(code: Code) -> str:
    return code.let("[]")


_TEXTS: tuple[Callable[[Code], str], ...] = (_of_rows, _written, _flat_query, _written_text, _file, _csv)


def _one(code: Code) -> str:
    """A variable that holds one address."""
    match code.pick("written", "first", "get"):
        case "written":
            return code.let('"dan@example.com"', "one")
        case "first":
            code.use("from store import Subscriber")
            return code.let("Subscriber.objects.first().email", "one")
        case _:
            code.use("from store import Subscriber")
            return code.let("Subscriber.objects.get(pk=1).email", "one")


# --- What programs do to a list -------------------------------------------------------------------


def _changed(code: Code, x: str) -> str:
    """The list after some changes; a variable that holds a list."""
    for _ in range(code.pick(0, 1, 2)):
        x = _change(code, x)
    return x


def _change(code: Code, x: str) -> str:
    match code.pick(*_CHANGES):
        case "list":
            return code.let(f"list({x})")
        case "sorted":
            return code.let(
                code.pick(f"sorted({x})", f"sorted(set({x}))", f"list(dict.fromkeys({x}))", f"list(reversed({x}))")
            )
        case "copy":
            return code.let(
                code.pick(f"{x}[:]", f"[*{x}]", f"{x} or []", f"[a for a in {x}]", f"[a.lower() for a in {x}]")
            )
        case "filter":
            return code.let(
                code.pick(f"[a for a in {x} if a]", f"list(filter(None, {x}))", f'[a for a in {x} if "@" in a]')
            )
        case "slice":
            return code.let(f"{x}[:{code.pick(1, 2, 10)}]")
        case "plus":
            return code.let(code.pick(f'list({x}) + ["eve@example.com"]', f'["eve@example.com", *{x}]'))
        case "chain":
            code.use("import itertools")
            y = _texts(code)
            return code.let(code.pick(f"list({x}) + list({y})", f"list(itertools.chain({x}, {y}))"))
        case "extend":
            y = _texts(code)
            made = code.let("[]")
            code.add(f"{made}.extend({x})", code.pick(f"{made}.extend({y})", f'{made}.append("eve@example.com")'))
            return made
        case "text":
            between = code.pick(",", ", ", ";")
            text = code.let(f'"{between}".join({x})', "text")
            return code.let(f'[a.strip() for a in {text}.split("{between.strip()}") if a.strip()]')
        case "branch":
            y = code.pick(_texts, _nobody)(code)
            made = code.let(x)
            with code.block(f"if {code.flag()}:"):
                code.add(f"{made} = {y}")
            return made
        case "choice":
            y = code.pick(_texts, _nobody)(code)
            return code.let(f"{x} if {code.flag()} else {y}")
        case "guard":
            guard = code.pick(f"if not {x}:", f"if len({x}) > 1:", f"if len({x}) == 0:", f"if {code.flag()}:")
            with code.block(guard):
                code.add("return")
            return x
        case "narrow":
            with code.block(f"if len({x}) != 1:"):
                code.add("return")
            return x
        case "dict":
            made = code.let(f'{{"to": {x}, "subject": "S"}}', "data")
            return code.let(code.pick(f'{made}["to"]', f'{made}.get("to")', f'{made}.get("to", [])'))
        case "object":
            code.helper("Box", "class Box:\n    def __init__(self, people):\n        self.people = people")
            made = code.let(f"Box({x})", "box")
            return code.let(f"{made}.people")
        case "normalise":
            name = code.helper(
                "as_list",
                "def as_list(value):\n    if isinstance(value, str):\n        return [value]\n    return list(value)",
            )
            return code.let(f"{name}({x})")
        case "one":
            made = code.let("[]")
            with code.block(f"for a in {x}:"):
                code.add(f"{made} = [a]")
            return made
        case "break":
            made = code.let("[]")
            with code.block(f"for a in {x}:"):
                code.add(f"{made}.append(a)", "break")
            return made
        case _:
            raise AssertionError


_CHANGES = tuple(
    "list sorted copy filter slice plus chain extend text branch choice guard narrow dict object normalise one break".split()
)


# --- Who gets it ----------------------------------------------------------------------------------

Send = Callable[[Code, str, str, str], None]
"""Writes a send; gets expressions for To, Cc and Bcc: lists, or empty for none."""


def _delivered(code: Code, x: str, send: Send) -> None:
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
            send(code, f"[{_one(code)}]", x, "")
        case "one and bcc":
            send(code, f"[{_one(code)}]", "", x)
        case "bcc":
            send(code, "", "", x)
        case "two":
            one, other = _one(code), _one(code)
            send(code, f"[{one}]", f"[{other}]", "")
        case "loop and cc":
            one = _one(code)
            with code.block(f"for a in {x}:"):
                send(code, "[a]", f"[{one}]", "")
        case "function":
            _function(code, x, send)
        case "class":
            _class(code, x, send)
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
            code.add(f"{name}([{_one(code)}], cc={x})")


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
)


# --- Django ---------------------------------------------------------------------------------------


def django(code: Code, to: str, cc: str, bcc: str) -> None:
    if not cc and not bcc and code.pick(False, True):
        match code.pick("send_mail", "keyword", "mass", "mass generator", "arguments"):
            case "send_mail":
                code.use("from django.core.mail import send_mail")
                code.add(f'send_mail("S", "B", {FROM}, {to})')
            case "keyword":
                code.use("from django.core import mail")
                code.add(f'mail.send_mail("S", "B", None, recipient_list={to}, fail_silently=False)')
            case "mass":
                code.use("from django.core.mail import send_mass_mail")
                code.add(f'send_mass_mail([("S", "B", {FROM}, {to})])')
            case "mass generator":
                code.use("from django.core.mail import send_mass_mail")
                code.add(f'send_mass_mail(("S", "B", {FROM}, [a]) for a in {to})')
            case _:
                code.use("from django.core.mail import send_mail")
                arguments = code.let(
                    f'{{"recipient_list": {to}, "subject": "S", "message": "B", "from_email": None}}', "kwargs"
                )
                code.add(f"send_mail(**{arguments})")
        return
    cls = code.pick("EmailMessage", "EmailMultiAlternatives")
    code.use(f"from django.core.mail import {cls}")
    to = to or "[]"
    match code.pick("keywords", "attributes", "append", "arguments", "headers"):
        case "keywords":
            more = (f", cc={cc}" if cc else "") + (f", bcc={bcc}" if bcc else "")
            message = code.let(f'{cls}("S", "B", {FROM}, {to}{more})', "message")
        case "attributes":
            message = code.let(f'{cls}(subject="S", body="B")', "message")
            code.add(f"{message}.to = {to}")
            for name, value in (("cc", cc), ("bcc", bcc)):
                if value:
                    code.add(f"{message}.{name} = list({value})")
        case "append":
            message = code.let(f'{cls}("S", "B", {FROM})', "message")
            for name, value in (("to", to), ("cc", cc), ("bcc", bcc)):
                if value:
                    with code.block(f"for each in {value}:"):
                        code.add(f"{message}.{name}.append(each)")
        case "arguments":
            arguments = code.let(f'{{"to": {to}}}', "kwargs")
            for name, value in (("cc", cc), ("bcc", bcc)):
                if value:
                    code.add(f'{arguments}["{name}"] = {value}')
            message = code.let(f'{cls}("S", "B", **{arguments})', "message")
        case _:
            code.use(f"from django.core.mail import {cls}")
            headers = code.pick('{"To": "list@example.com"}', '{"X-Other": "1"}', '{"Reply-To": "fay@example.com"}')
            more = (f", cc={cc}" if cc else "") + (f", bcc={bcc}" if bcc else "")
            message = code.let(f'{cls}("S", "B", {FROM}, {to}, headers={headers}{more})', "message")
    if code.pick(True, True, False):
        code.add(f"{message}.send()")
    else:
        code.use("from django.core.mail import get_connection")
        code.add(f"get_connection().send_messages([{message}])")


# --- smtplib --------------------------------------------------------------------------------------


def smtp(code: Code, to: str, cc: str, bcc: str) -> None:
    code.use("import smtplib")
    lists = [(name, value) for name, value in (("To", to), ("Cc", cc)) if value]
    if code.pick(True, True, True, False):
        _smtp_object(code, lists, bcc)
    else:
        _smtp_text(code, lists, bcc)


def _smtp_object(code: Code, lists: list[tuple[str, str]], bcc: str) -> None:
    modern = code.pick(False, True)
    if modern:
        code.use("from email.message import EmailMessage")
        message = code.let("EmailMessage()", "msg")
        code.add(f'{message}.set_content("B")')
    else:
        code.use("from email.mime.text import MIMEText")
        message = code.let('MIMEText("B")', "msg")
    code.add(f'{message}["Subject"] = "S"', f'{message}["From"] = {FROM}')
    how = code.pick("joined", "loop", "loop with del", "list" if modern else "joined", "joined name")
    for name, value in lists:
        match how:
            case "joined":
                code.add(f'{message}["{name}"] = ", ".join({value})')
            case "joined name":
                code.use("from email.utils import COMMASPACE")
                code.add(f'{message}["{name}"] = COMMASPACE.join({value})')
            case "list":
                code.add(f'{message}["{name}"] = {value}')
            case "loop":
                with code.block(f"for each in {value}:"):
                    code.add(f'{message}["{name}"] = each')
            case _:
                with code.block(f"for each in {value}:"):
                    code.add(f'del {message}["{name}"]', f'{message}["{name}"] = each')
    everybody = " + ".join(f"list({value})" for _, value in [*lists, *([("Bcc", bcc)] if bcc else [])])
    written = bool(bcc) and code.pick(False, True)
    if written:
        code.add(f'{message}["Bcc"] = ", ".join({bcc})')
    envelope = code.let(everybody or "[]", "envelope")
    if written and code.pick(False, True):
        code.add(f'del {message}["Bcc"]')
    # A message whose To was set in a loop, sent to each of the same list in a second loop, shows the last one to all.
    # Nobody writes that, and which of the list both loops hold is not followed: an expression that is read in two passes
    # is one person (`addresses.distinct`).
    ways = ("sendmail", "send_message", "send_message to", *(() if how == "loop with del" else ("each",)))
    match code.pick(*ways):
        case "sendmail":
            with code.block('with smtplib.SMTP("relay.example.com", 25) as server:'):
                code.add(f"server.sendmail({FROM}, {envelope}, {message}.as_string())")
        case "send_message":
            server = code.let('smtplib.SMTP("relay.example.com")', "server")
            code.add(f"{server}.send_message({message})", f"{server}.quit()")
        case "send_message to":
            server = code.let('smtplib.SMTP("relay.example.com")', "server")
            code.add(f"{server}.send_message({message}, {FROM}, {envelope})")
        case _:
            server = code.let('smtplib.SMTP("relay.example.com")', "server")
            with code.block(f"for reader in {envelope}:"):
                code.add(f"{server}.sendmail({FROM}, [reader], {message}.as_string())")


def _smtp_text(code: Code, lists: list[tuple[str, str]], bcc: str) -> None:
    parts = []
    for name, value in lists:
        joined = code.let(f'", ".join({value})', "line")
        parts.append((name, joined))
    match code.pick("f", "format", "percent", "plus"):
        case "f":
            block = "".join(f"{name}: {{{value}}}\\r\\n" for name, value in parts)
            source = code.let(f'f"Subject: S\\r\\n{block}\\r\\nB"', "source")
        case "format":
            block = "".join(f"{name}: {{}}\\r\\n" for name, _ in parts)
            source = code.let(
                f'"Subject: S\\r\\n{block}\\r\\nB".format({", ".join(value for _, value in parts)})', "source"
            )
        case "percent":
            block = "".join(f"{name}: %s\\r\\n" for name, _ in parts)
            values = "".join(f"{value}, " for _, value in parts)
            source = code.let(f'"Subject: S\\r\\n{block}\\r\\nB" % ({values})', "source")
        case _:
            block = "".join(f'"{name}: " + {value} + "\\r\\n" + ' for name, value in parts)
            source = code.let(f'"Subject: S\\r\\n" + {block}"\\r\\nB"', "source")
    everybody = " + ".join(f"list({value})" for _, value in [*lists, *([("Bcc", bcc)] if bcc else [])])
    server = code.let('smtplib.SMTP("relay.example.com")', "server")
    code.add(f"{server}.sendmail({FROM}, {everybody or '[]'}, {source})")


# --- SendGrid -------------------------------------------------------------------------------------


def sendgrid(code: Code, to: str, cc: str, bcc: str) -> None:
    match code.pick("mail", "methods", "personalization", "each", "data", "post"):
        case "mail":
            code.use("from sendgrid.helpers.mail import Mail")
            mail = _sendgrid_mail(code, to)
            for name, value in (("cc", cc), ("bcc", bcc)):
                if value:
                    _sendgrid_copies(code, mail, name, value)
        case "methods":
            code.use("from sendgrid.helpers.mail import Mail, To")
            mail = code.let(f'Mail(from_email={FROM}, subject="S", plain_text_content="B")', "mail")
            if to:
                with code.block(f"for each in {to}:"):
                    code.add(code.pick(f"{mail}.add_to(each)", f"{mail}.to = To(each)"))
            for name, value in (("cc", cc), ("bcc", bcc)):
                if value:
                    _sendgrid_copies(code, mail, name, value)
        case "personalization":
            code.use("from sendgrid.helpers.mail import Mail, Personalization, Email")
            mail = code.let(f'Mail(from_email={FROM}, subject="S", plain_text_content="B")', "mail")
            person = code.let("Personalization()", "personalization")
            for name, value in (("to", to), ("cc", cc), ("bcc", bcc)):
                if value:
                    cls = code.pick(name.capitalize(), name.capitalize())
                    code.use(f"from sendgrid.helpers.mail import {cls}")
                    with code.block(f"for each in {value}:"):
                        code.add(f"{person}.add_{name}({cls}(each))")
            code.add(f"{mail}.add_personalization({person})")
        case "each":
            code.use("from sendgrid.helpers.mail import Mail, Personalization, To, Cc, Bcc")
            mail = code.let(f'Mail(from_email={FROM}, subject="S", plain_text_content="B")', "mail")
            with code.block(f"for each in {to or bcc}:"):
                person = code.let("Personalization()", "personalization")
                code.add(f"{person}.add_to(To(each))")
                if cc:
                    with code.block(f"for other in {cc}:"):
                        code.add(f"{person}.add_cc(Cc(other))")
                code.add(f"{mail}.add_personalization({person})")
        case "data":
            body = _sendgrid_data(code, to, cc, bcc)
            code.use("from sendgrid import SendGridAPIClient")
            code.add(f'SendGridAPIClient("key").client.mail.send.post(request_body={body})')
            return
        case _:
            body = _sendgrid_data(code, to, cc, bcc)
            code.use("import requests")
            how = code.pick(f"json={body}", f"data=json.dumps({body})")
            code.use("import json")
            code.add(f'requests.post("https://api.sendgrid.com/v3/mail/send", {how}, timeout=9)')
            return
    code.use("from sendgrid import SendGridAPIClient")
    code.add(f'SendGridAPIClient("key").send({mail})')


def _sendgrid_mail(code: Code, to: str) -> str:
    people = code.pick("{to}", "[To(each) for each in {to}]", "[(each, 'Name') for each in {to}]").format(to=to or "[]")
    if "To(" in people:
        code.use("from sendgrid.helpers.mail import To")
    multiple = code.pick("", ", is_multiple=True", ", is_multiple=1", ", is_multiple=False", ", is_multiple=flag")
    if multiple.endswith("flag"):
        multiple = f", is_multiple={code.flag()}"
    return code.let(f'Mail({FROM}, {people}, "S", "B"{multiple})', "mail")


def _sendgrid_copies(code: Code, mail: str, name: str, value: str) -> None:
    cls = name.capitalize()
    code.use(f"from sendgrid.helpers.mail import {cls}")
    with code.block(f"for each in {value}:"):
        code.add(code.pick(f"{mail}.add_{name}(each)", f"{mail}.{name} = {cls}(each)"))


def _sendgrid_data(code: Code, to: str, cc: str, bcc: str) -> str:
    def entries(value: str) -> str:
        return f'[{{"email": each}} for each in {value}]'

    if not cc and not bcc and code.pick(False, True):
        people = f'[{{"to": [{{"email": each}}]}} for each in {to}]'
    else:
        lists = [(name, value) for name, value in (("to", to), ("cc", cc), ("bcc", bcc)) if value]
        people = "[{" + ", ".join(f'"{name}": {entries(value)}' for name, value in lists) + "}]"
    content = '[{"type": "text/plain", "value": "B"}]'
    return code.let(
        f'{{"personalizations": {people}, "from": {{"email": {FROM}}}, "subject": "S", "content": {content}}}', "body"
    )


# --- Amazon SES -----------------------------------------------------------------------------------

_BODY = '{"Subject": {"Data": "S"}, "Body": {"Text": {"Data": "T"}}}'


def ses(code: Code, to: str, cc: str, bcc: str) -> None:
    code.use("import boto3")
    lists = [(f"{name}Addresses", value) for name, value in (("To", to), ("Cc", cc), ("Bcc", bcc)) if value]
    match code.pick("v1", "v2", "built", "bulk", "raw"):
        case "v1":
            client = code.let('boto3.client("ses", region_name="us-east-1")', "client")
            code.add(f"{client}.send_email(Source={FROM}, Destination={_destination(lists)}, Message={_BODY})")
        case "v2":
            client = code.let('boto3.client("sesv2", region_name="us-east-1")', "client")
            code.add(
                f'{client}.send_email(FromEmailAddress={FROM}, Destination={_destination(lists)}, Content={{"Simple": {_BODY}}})'
            )
        case "built":
            client = code.let('boto3.client(service_name="ses", region_name="us-east-1")', "client")
            destination = code.let("{}", "destination")
            for name, value in lists:
                code.add(f'{destination}["{name}"] = list({value})')
            code.add(f"{client}.send_email(Source={FROM}, Destination={destination}, Message={_BODY})")
        case "bulk":
            client = code.let('boto3.client("ses", region_name="us-east-1")', "client")
            everybody = to or bcc
            one = code.pick(
                f'[{{"Destination": {{"ToAddresses": [each]}}}} for each in {everybody}]',
                f'[{{"Destination": {{"ToAddresses": list({everybody})}}}}]',
            )
            code.add(
                f"{client}.send_bulk_templated_email(Source={FROM}, Template='t', DefaultTemplateData='{{}}', Destinations={one})"
            )
        case _:
            client = code.let('boto3.client("ses", region_name="us-east-1")', "client")
            code.use("from email.mime.multipart import MIMEMultipart")
            message = code.let("MIMEMultipart()", "msg")
            for name, value in (("To", to), ("Cc", cc)):
                if value:
                    code.add(f'{message}["{name}"] = ", ".join({value})')
            everybody = " + ".join(f"list({value})" for _, value in lists)
            code.add(
                f'{client}.send_raw_email(Source={FROM}, Destinations={everybody}, RawMessage={{"Data": {message}.as_string()}})'
            )


def _destination(lists: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f'"{name}": list({value})' for name, value in lists) + "}"


# --- Mailgun --------------------------------------------------------------------------------------


def mailgun(code: Code, to: str, cc: str, bcc: str) -> None:
    code.use("import requests")
    data = code.let(f'{{"from": {FROM}, "subject": "S", "text": "T"}}', "data")
    whole = code.pick("{}", '", ".join({})')
    for name, value in (("to", to), ("cc", cc), ("bcc", bcc)):
        if value:
            code.add(f'{data}["{name}"] = {whole.format(value)}')
    variables = code.pick("", '"{}"', "json.dumps({each: {} for each in people})", "flag")
    if variables == "flag":
        with code.block(f"if {code.flag()}:"):
            code.add(f'{data}["recipient-variables"] = "{{}}"')
    elif variables:
        code.use("import json")
        code.add(f'{data}["recipient-variables"] = {variables.replace("people", to or "[]")}')
    url = code.pick(
        "https://api.mailgun.net/v3/mg.example.com/messages", "https://api.eu.mailgun.net/v3/mg.example.com/messages"
    )
    code.add(f'requests.post("{url}", auth=("api", "key"), data={data}, timeout=9)')


# --- Programs -------------------------------------------------------------------------------------

APIS: dict[str, Send] = {
    "django": django,
    "smtplib": smtp,
    "sendgrid": sendgrid,
    "ses": ses,
    "mailgun": mailgun,
}


def closed_program(choose: Choose, api: str) -> Program:
    """A program all of whose people are written or queried."""
    code = Code(choose)
    x = _changed(code, _texts(code))
    _delivered(code, x, APIS[api])
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
