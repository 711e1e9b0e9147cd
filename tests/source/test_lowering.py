"""The two ways of reading a file give one tree: the running Python's own parser, and libcst for what that refuses."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.finding import SkipReason
from mailguard.source import facts
from mailguard.source import tree as t
from mailguard.source.lowering import from_ast, from_libcst

ROOT = Path(__file__).resolve().parents[2]
OWN = sorted(path for folder in ("mailguard", "tests/laws") for path in (ROOT / folder).rglob("*.py"))
STDLIB = Path(threading.__file__).parent
OTHERS = [
    STDLIB / name
    for name in "ast.py smtplib.py dataclasses.py email/message.py typing.py logging/handlers.py string.py".split()
]


def plain(node: Any) -> Any:
    """A tree as tuples, so that two of them can be compared."""
    if isinstance(node, t.Span):
        return tuple(node)
    if isinstance(node, tuple):
        return tuple(plain(each) for each in node)
    if hasattr(node, "__dataclass_fields__"):
        return (type(node).__name__, *((name, plain(getattr(node, name))) for name in node.__dataclass_fields__))
    return (type(node).__name__, repr(node) if isinstance(node, float) else node)


def agree(text: str) -> None:
    assert plain(from_ast.lower(text, None)) == plain(from_libcst.lower(text, None))


@pytest.mark.parametrize("path", OWN[::12] + OTHERS, ids=lambda path: path.name)
def test_both_readers_give_one_tree(path: Path) -> None:
    try:
        agree(path.read_text(encoding="utf-8"))
    except from_ast.Unsure:
        assert sys.version_info < (3, 12), "an f-string within an f-string"


SAMPLES = [
    "x = (a + b) * (c)\n",
    "x = a and (b and c) and not (d or e or f)\n",
    "f(x for x in y if x)\nf((a for a in b), c, *d, k=1, **e)\n",
    "f(*a, k=(1), *b, **c)\n",
    "a[1:2, ::3]\na[(1, 2)]\na[(1), 2]\na[b][c:]\na[()]\n",
    "x = 'a' 'b' \"c\"\ny = ('a'\n  f'{b}' 'c'\n  'd')\nz = b'a' b'c'\n",
    "x = f'{a!r:>{w}} {b.c + 1} {{no}} {d:%Y-%m}'\n",
    "x = f'{a}{a}' f\"{a['k']}\" rf'\\d{a}' f''\n",
    "x = f'''\n  {a.b}\n{\n c(d,\n   e) }\n'''\n",
    "x = f'é {a} ü' + 'ß' + b.c  # é\n",
    "x = f'{a=} {a == b} {a != b} {a >= b} {(lambda: 1)()} {[i for i in j]}'\n",
    "x = f'{a, b} {(a, b)}'\n",
    "x = f'\\N{EM DASH}{a}\\n{b}'\n",
    "é = ñ.ü(µ)\nﬁ = K\n",
    "async def f(a, /, b: int = 1, *c: str, d, e=2, **g) -> list[str]:\n    async with a as b, c: yield (await d)\n    return\n",
    "class  A (B, *C, metaclass=D):\n    x: int\n    y: str = 'a'; z = 1\n    @p.q(1)\n    def f(self): return self.x\n",
    "try:\n    pass\nexcept (A, B) as e: raise X from e\nexcept: pass\nelse: a\nfinally:\n    b\n",
    "match a:\n    case [x, *y]: z\n    case {'k': v, **w} if v: pass\n    case C(d=e) as f: pass\n    case _: pass\n",
    "if a: b\nelif (c): d\nelse: e\nwhile (x := f()): break\nelse: continue_\nfor (a, b), c in d: continue\n",
    "del a, b[c]\ndel (d, e)\nglobal g\nassert a, b\nx = y = z, *w = 1, 2\na @= b\nx = -1 ** ~y\n",
    "from . import a\nfrom ..b import (c as d,\n  e)\nfrom f import *\nimport g.h, i as j\n",
    "x = a if b else c\ny = lambda a, *b, c=1, **d: (yield)\nz = {**a, 'b': c, **d}\nw = {a: b for a, b in c if d}\n",
    "x = 1j + 0x1F + 1_000 + .5 + ... + None\n",
    "if a:\n\tx = (1\n\t,)\n",
    "x = 'a\\\nb'\r\ny = z\r\nw = 'q'\r\n",
    "\f\nx = 1\n\f\ny = f(\f2)\n",
    "f = 1 #: é\n\n# last",
    "def g():\n    x = yield a, b\n    yield from (c)\n    return [(yield)]\n",
]


@pytest.mark.parametrize("text", SAMPLES)
def test_both_readers_agree_on_every_form(text: str) -> None:
    try:
        from_ast.lower(text, None)
    except from_ast.Unsure:
        assert sys.version_info < (3, 12), "the careful reader is for f-strings of old Pythons, and for new syntax"
        from_libcst.lower(text, None)
    else:
        agree(text)


NEWER = [
    "def first[T](rows: list[T]) -> T:\n    return rows[0]\n",
    "class Box[\n    T: dict[str, int] = dict[str, int],  # é ]\n\n    *Ts,\n    **P,\n](Base[T], metaclass=M):\n    x: T\n",
    "async def é[ü: 'x[' = \"]\"](ß): return f'{x.a}', ß\n",
    "type Rows[T] = dict[\n    str, T,\n] ; x = 1\ntype A = (\n  int  # ;\n)\nif x: type B = \\\n  str\nelse: y = type\n",
    "class A:\r\n    type B = list['é']\r\n    def f[\r\n    T](self) : self.x = send(to=[é, b])\r\n",
    '"""\ntype X = 1\ndef g[T](): pass\n"""\ntype Y = int\nx = "type Z = 1" # type W = 1\n',
    "type X = lambda: 1\ntype = {}\ntype[a] = type\nprint(type, [type])\n",
    *(["def f[*Ts](*args: *Ts, k: int) -> None: pass\ntype A = int\n"] if sys.version_info >= (3, 11) else []),
]


@pytest.mark.parametrize("text", NEWER)
def test_newer_syntax_is_read_without_libcst(text: str) -> None:
    agree(text)


def test_the_star_of_except_is_read_without_libcst() -> None:
    agree("try:\n    a\nexcept* (A, B) as e: b\nexcept *C:\n    c * d\n")


_programs = st.sampled_from(
    [
        "def f{p}(x: T = {s}) -> [T]:\n    return {s}\n",
        "class C{p}(B[{s}]):\n    def g{p}(self): return self.y[{s}]\n",
        "type X{p} = list[{s}]\n",
        "z = {s}; type Y = ({s},\n  {s})\n",
        "'''\n def f[T]():\n type W[T] = 1'''\n",
        "w = type if [{s}] else f'{{x.y}}' # type V = 1\n",
        "@d({s})\nasync def é{p}(*a: int, **k): await h[{s}](k)\n",
    ]
)
_parameters = st.sampled_from(
    ["", "[T]", "[T: (a, b) = {s}, *Ts, **P]", "[\n  T,\n]", "[ # {{ [\n\n T: {s}]", "[T = ']é']"]
)
_strings = st.sampled_from(["''", "'['", '"""]\n"""', "'\\''", "1", "a['é'][b]", "'type T = 1'", "rb'\\\\'", "'#'"])


@given(st.lists(st.tuples(_programs, _parameters, _strings), min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=100, deadline=None)
def test_programs_in_newer_syntax_are_read_as_libcst_reads_them(parts: list[tuple[str, str, str]], ending: str) -> None:
    text = "".join(piece.format(p=brackets.format(s=string), s=string) for piece, brackets, string in parts)
    agree(text.replace("\n", ending))


_names = st.sampled_from(
    ["a", "b.c", "d['k']", "e(1)", "(f)", "g or h", "-i", "[j for j in k]", "l[1:]", "é", "m if n else o"]
)
_texts = st.sampled_from(["", " ", "to: ", "{{", "}}", "\\n", "é", "\\\\", "%s", "#", ": "])


@given(
    st.lists(st.tuples(_texts, _names, st.sampled_from(["", "!r", ":>10", ":{w}", "!s:{w}.{p}"])), max_size=4),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_both_readers_agree_on_strings_with_holes(fields: list[tuple[str, str, str]], long: bool) -> None:
    quote = '"""' if long else '"'
    newline = "\n  " if long else ""
    inner = newline.join(f"{text}{{{name}{end}}}" for text, name, end in fields)
    text = f"x = 'é' f{quote}{inner}{quote} 'z' + y\n"
    try:
        agree(text)
    except from_ast.Unsure:
        assert sys.version_info < (3, 12)


@pytest.mark.parametrize("text", ["print 'x'\n", "x = (\n", "def f(:\n", "x = '\\ud800' = 3\n"])
def test_what_is_no_python_is_said_by_the_careful_reader(text: str) -> None:
    with pytest.raises(from_ast.Unsure):
        from_ast.lower(text, None)
    read = facts.read("a.py", text.encode("utf-8", "surrogatepass"))
    assert isinstance(read, facts.Unreadable)


def test_syntax_that_only_libcst_knows_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str, lines: object) -> tuple[t.Stmt, ...]:
        raise from_ast.Unsure

    usual = facts.read("a.py", b"send(to=[f'{a.b}', c])\n")
    monkeypatch.setattr(from_ast, "lower", refuse)
    assert plain(facts.read("a.py", b"send(to=[f'{a.b}', c])\n")) == plain(usual)


@pytest.mark.parametrize(
    "text", ["(" * 400, "x = " + "-" * 50_000 + "1\n", "x = " + "a." * 20_000 + "b\n", "x = " + "1 + " * 20_000 + "1\n"]
)
def test_hostile_depth_is_answered(text: str) -> None:
    result: list[object] = []
    before = threading.stack_size(256 * 1024 * 1024)
    try:
        thread = threading.Thread(target=lambda: result.append(facts.read("a.py", text.encode())))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    [read] = result
    assert isinstance(read, facts.Facts) or read.reason in {SkipReason.DEPTH, SkipReason.SYNTAX, SkipReason.INTERNAL}
