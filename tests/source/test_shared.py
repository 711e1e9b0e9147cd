"""Which names of a function can be a container that functions share."""

from __future__ import annotations

import pytest

from mailguard.source import tree as t
from mailguard.source.project import Project, SourceFile
from mailguard.source.shared import Shared


def _taken(text: str) -> frozenset[str]:
    module = Project([SourceFile("a.py", text.encode)]).modules["a.py"]
    (node,) = (node for node in module.body if isinstance(node, t.Func))
    return Shared(lambda _: (), lambda _: (), lambda _: ()).taken_by(node)


@pytest.mark.parametrize(
    "body",
    ["return data", "for one in data: send(one)", "global data; data = data or []", "x = self.data", "x = app.data"],
)
def test_what_comes_from_around_a_function_may_be_shared(body: str) -> None:
    assert "data" in _taken(f"def f(self, app):\n    {body}\n")


def test_a_parameter_may_be_what_others_share() -> None:
    assert "data" in _taken("def f(data):\n    data = data or []\n    return data\n")


@pytest.mark.parametrize("body", ["data = ask()\n    return data", "if data := ask():\n        send(data)"])
def test_what_a_function_makes_itself_is_not_shared(body: str) -> None:
    assert "data" not in _taken(f"def f():\n    {body}\n")
