"""What a slice hangs on: only the names that it says can make it larger."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.source import tree as t
from mailguard.source.project import Project, SourceFile
from mailguard.source.slice import Slice, Slicer

NAMES = ["a", "b", "send", "client", "rows", "note"]
LINES = [
    "{x} = {y}",
    "{x} = {y}({z})",
    "{x}.{y}({z})",
    "{x} = []",
    "{x}.append({y})",
    "{x} = {y} = []",
    "self.{x} = {y}",
    "print({x})",
    "if {x}:\n    {y}({z})",
    "if {x}:\n    return",
    "for {x} in {y}:\n    {z}({x})",
    "with {x}({y}) as {z}:\n    {z}.{x}({y})",
    "try:\n    {x}({y})\nexcept Exception:\n    raise {z}({x})",
    "def {x}({y}):\n    {z}({y})",
    "def {x}():\n    {y}.append({z})",
    "class {x}:\n    def {y}(self):\n        {z}()",
    "{x} = lambda: {y}({z})",
    "import {x}",
    "global {x}",
    "yield {x}",
    "return {x}",
]
names = st.sampled_from(NAMES)
lines = st.builds(lambda line, x, y, z: line.format(x=x, y=y, z=z), st.sampled_from(LINES), names, names, names)


def _sliced(body: tuple[t.Stmt, ...], hot: frozenset[str], *, returns: bool, effects: bool) -> Slice:
    return Slicer().slice(body, hot, returns=returns, effects=effects)


def _body(code: list[str]) -> tuple[t.Stmt, ...]:
    text = "def f(self, a, b):\n" + "".join(f"    {line}\n" for each in code for line in each.splitlines())
    module = Project([SourceFile("a.py", text.encode)]).modules["a.py"]
    (node,) = module.body
    assert isinstance(node, t.Func)
    return node.body


def _is_python(code: list[str]) -> bool:
    text = "def f(self, a, b):\n" + "".join(f"    {line}\n" for each in code for line in each.splitlines())
    try:
        compile(ast.parse(text), "a.py", "exec")
    except SyntaxError:
        return False
    return True


@settings(max_examples=300)
@given(
    st.lists(lines, min_size=1, max_size=7).filter(_is_python),
    st.frozensets(names, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_a_name_that_a_slice_does_not_hang_on_makes_it_no_larger(
    code: list[str], hot: frozenset[str], returns: bool, effects: bool
) -> None:
    body = _body(code)
    before = _sliced(body, hot, returns=returns, effects=effects)
    for name in {*NAMES, "self", "append", "print"} - hot - before.without:
        assert _sliced(body, hot | {name}, returns=returns, effects=effects).chosen == before.chosen


@pytest.mark.parametrize(
    ("code", "without"),
    [
        (["note(a)", "send(b)"], {"note", "a"}),
        (["send(b)"], set()),
        (["client = note(a)", "client.go(b)", "send(a)"], {"client", "go", "b", "note", "a"}),
        (["client = note(a)", "rows = client", "send(client)"], {"client", "note", "a"}),
    ],
)
def test_a_slice_hangs_on_the_names_in_what_it_leaves_out(code: list[str], without: set[str]) -> None:
    found = _sliced(_body(code), frozenset({"send"}), returns=False, effects=False)
    assert found.without == without
