"""The rules that come with mailguard, and those of a project's folder."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from mailguard.rulebook.checks import shown_path
from mailguard.rulebook.reading import FILE_BYTES, read_rule
from mailguard.rulebook.rules import Cause, Rule, RulesError

FILES: Final = 200
"""How many rule files one folder may hold."""


def load_rules(extra: Path | None = None) -> tuple[Rule, ...]:
    """All rules: those that come with mailguard, and those of a project's folder ``extra``.

    A project adds rules under names of its own. It cannot replace one of ours: limits and choice belong into the
    settings, where a review sees them.

    Raises:
        RulesError: for a file that cannot be used.

    """
    own = packaged_rules()
    if extra is None:
        return own
    taken = {rule.id for rule in own}
    result = list(own)
    for rule in _folder(extra, own=False):
        if rule.id in taken:
            raise RulesError(
                f"{shown_path(extra)}: there is a rule {rule.id} already. Give yours a name of its own, "
                "or change the limit of ours in the settings"
            )
        taken.add(rule.id)
        result.append(rule)
    return tuple(sorted(result, key=_by_order))


def _by_order(rule: Rule) -> tuple[int, int, str]:
    return list(Cause).index(rule.cause), rule.order, rule.id


@functools.cache
def packaged_rules() -> tuple[Rule, ...]:
    """The rules that come with mailguard, out of the wheel or of a checkout."""
    here = Path(__file__).resolve().parent.parent
    for folder in (here / "_rules", here.parent / "rules"):
        if folder.is_dir():
            return tuple(sorted(_folder(folder, own=True), key=_by_order))
    raise RulesError("mailguard is installed without its rules. Install it again")


def _folder(folder: Path, *, own: bool) -> list[Rule]:
    if not folder.is_dir():
        raise RulesError(f"{shown_path(folder)}: there is no such folder of rules. Correct the path in the settings")
    files = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    if len(files) > FILES:
        raise RulesError(f"{shown_path(folder)}: more than {FILES} rule files. Keep only those in use")
    root = folder.resolve()
    result: dict[str, Rule] = {}
    for path in files:
        try:
            if root not in path.resolve().parents:
                raise RulesError(f"{shown_path(path)}: this link leads out of the folder. Put the file itself there")
            with path.open("rb") as stream:
                data = stream.read(FILE_BYTES + 1)
        except (OSError, RuntimeError):  # RuntimeError: a link that leads to itself, up to Python 3.12
            raise RulesError(f"{shown_path(path)}: cannot be opened. Check its permissions") from None
        rule = read_rule(data, shown_path(path), own=own)
        if path.stem != rule.id:
            raise RulesError(f"{shown_path(path)}: holds the rule {rule.id}. Name the file {rule.id}.yaml")
        if rule.id in result:
            raise RulesError(f"{shown_path(path)}: there is a rule {rule.id} already. Remove one of the two files")
        result[rule.id] = rule
    return list(result.values())
