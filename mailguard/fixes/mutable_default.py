"""A list that is the default of a parameter is one list for all calls (Python reference, "Function definitions").

What one call adds to it, the next one sends to as well.
"""

from __future__ import annotations

import libcst as cst

from mailguard.codemod.scene import Scene, scene_of
from mailguard.codemod.tree import name_of
from mailguard.model.finding import Finding
from mailguard.model.fix import Edit, Fix, Refusal


def repair(source: bytes, finding: Finding) -> Edit | Refusal | None:
    """Make the list anew in each call that brings none."""
    scene = scene_of(source)
    value = scene.value_at(finding.place) if scene is not None else None
    if scene is None or not isinstance(value, cst.Name):
        return None
    function = scene.function(value)
    if not isinstance(function, cst.FunctionDef) or not isinstance(function.body, cst.IndentedBlock):
        return None
    every = function.params
    for param in (*every.posonly_params, *every.params, *every.kwonly_params):
        if param.name.value == value.value and param.default is not None and _is_empty(param.default):
            return _renewed(scene, function.body, param)
    return None


def _is_empty(value: cst.BaseExpression) -> bool:
    return (isinstance(value, cst.List) and not value.elements) or (
        isinstance(value, cst.Call) and name_of(value.func) == "list" and not value.args
    )


def _renewed(scene: Scene, body: cst.IndentedBlock, param: cst.Param) -> Edit | Refusal | None:
    name = param.name.value
    adds = any(
        (isinstance(parent := scene.parent(use), cst.Attribute) and parent.attr.value in ("append", "extend", "insert"))
        or isinstance(parent, cst.AugAssign)
        for use in scene.uses(name, body)
    )
    if not adds:
        return None
    test = cst.parse_statement(f"if {name} is None:\n    {name} = []\n", scene.module.config_for_parsing)
    assert isinstance(test, cst.If)  # noqa: S101  # as written
    assert param.default is not None  # noqa: S101  # looked at by the caller
    if isinstance(test.body, cst.IndentedBlock):
        test = test.with_changes(body=test.body.with_changes(indent=body.indent))
    first, *rest = body.body
    docstring = (
        isinstance(first, cst.SimpleStatementLine)
        and isinstance(first.body[0], cst.Expr)
        and isinstance(first.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
    )
    lines = [first, test, *rest] if docstring else [test, first, *rest]
    none = _annotated(scene, param)
    return Edit(
        scene.edited({param: none, body: body.with_changes(body=lines)}),
        "Each call begins with a list of its own; nobody is written to again.",
        "The number of messages stays as it is.",
    )


def _annotated(scene: Scene, param: cst.Param) -> cst.Param:
    """The parameter with None for a default, also in its annotation."""
    changed = param.with_changes(default=cst.Name("None"))
    if (
        param.annotation is None
        or "None" in scene.module.code_for_node(param.annotation.annotation)
        or ("Optional" in scene.module.code_for_node(param.annotation.annotation))
    ):
        return changed
    either = cst.BinaryOperation(param.annotation.annotation, cst.BitOr(), cst.Name("None"))
    return changed.with_changes(annotation=param.annotation.with_changes(annotation=either))


FIX = Fix("mutable_default", "make the list anew in each call", repair, order=15)
