"""What functions mention, noted while they are lowered."""

from __future__ import annotations

from mailguard.source import tree as t

__all__ = ["Scopes", "asked_by_name"]


def asked_by_name(call: t.Call) -> t.Attr | None:
    """The attribute that ``getattr(thing, "name")`` asks for; None of any other call, and where there is a default."""
    match call:
        case t.Call(
            func=t.Name(id="getattr"),
            args=(t.Arg(thing, None, ""), t.Arg(t.Const(value=str() as name), None, "")),
        ) if name.isidentifier() and name.isascii():
            return t.Attr(call.at, thing, name)
    return None


class Scopes:
    """The functions around the node that is being lowered, the innermost last."""

    __slots__ = ("called", "names", "yields")

    def __init__(self) -> None:
        """Begin a file, outside of any function."""
        self.names: list[set[str]] = []
        """Every name and attribute that they mention."""
        self.called: list[set[str]] = []
        """Those of them that are called, or handed to a call."""
        self.yields: list[bool] = []
        """Whether they are generators."""

    def enter(self) -> None:
        """Begin the body of a function."""
        self.names.append(set())
        self.called.append(set())
        self.yields.append(False)

    def leave(self) -> tuple[frozenset[str], frozenset[str], bool]:
        """End it: what it mentions, what of that is called, whether it is a generator. What is in it is in the outer one too."""
        names, called = self.names.pop(), self.called.pop()
        if self.names:
            self.names[-1] |= names
            self.called[-1] |= called
        return frozenset(names), frozenset(called), self.yields.pop()

    def mention(self, name: str) -> None:
        """Note a name or attribute."""
        if self.names:
            self.names[-1].add(name)

    def generates(self) -> None:
        """Note a ``yield``."""
        if self.yields:
            self.yields[-1] = True
