"""Statements that write a header of a message."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from mailguard.codemod.tree import text_of


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A statement that writes a header of a message: ``message["To"] = value``, ``message.add_header("To", value)``."""

    line: cst.SimpleStatementLine
    message: str
    """The variable that holds the message."""
    name: cst.BaseExpression
    """The header's name, as it is written."""
    key: str
    """The header's name in small letters."""
    value: cst.BaseExpression


def header_line(line: cst.SimpleStatementLine | None) -> HeaderLine | None:
    """A statement as the writing of a header; None for any other."""
    match line.body[0] if line is not None and len(line.body) == 1 else None:
        case cst.Assign(
            targets=[
                cst.AssignTarget(
                    target=cst.Subscript(
                        value=cst.Name(value=message), slice=[cst.SubscriptElement(slice=cst.Index(value=name))]
                    )
                )
            ],
            value=value,
        ):
            pass
        case cst.Expr(
            value=cst.Call(
                func=cst.Attribute(value=cst.Name(value=message), attr=cst.Name("add_header")),
                args=[cst.Arg(value=name, keyword=None, star=""), cst.Arg(value=value, keyword=None, star="")],
            )
        ):
            pass
        case _:
            return None
    key = text_of(name)
    assert line is not None  # noqa: S101  # matched
    return HeaderLine(line, message, name, key.casefold(), value) if key is not None else None
