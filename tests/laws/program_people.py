"""Where the people of a program come from, and what it does to the list."""

from __future__ import annotations

from collections.abc import Callable

from .program_code import Code

WRITTEN = ("ann@example.com", "bob@example.org", "cat@example.net")


def a_list(code: Code) -> str:
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


def one_person(code: Code) -> str:
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


def changed(code: Code, x: str) -> str:
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
            y = a_list(code)
            return code.let(code.pick(f"list({x}) + list({y})", f"list(itertools.chain({x}, {y}))"))
        case "extend":
            y = a_list(code)
            made = code.let("[]")
            code.add(f"{made}.extend({x})", code.pick(f"{made}.extend({y})", f'{made}.append("eve@example.com")'))
            return made
        case "text":
            between = code.pick(",", ", ", ";")
            text = code.let(f'"{between}".join({x})', "text")
            return code.let(f'[a.strip() for a in {text}.split("{between.strip()}") if a.strip()]')
        case "branch":
            y = code.pick(a_list, _nobody)(code)
            made = code.let(x)
            with code.block(f"if {code.flag()}:"):
                code.add(f"{made} = {y}")
            return made
        case "choice":
            y = code.pick(a_list, _nobody)(code)
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
