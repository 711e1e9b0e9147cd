"""Runs the steps of a composite action as the runner of GitHub Actions does, with a real shell.

Expressions, the environment of each step, the files for outputs and for the summary, conditions, ``continue-on-error``
and the end at the first step that fails are those of GitHub's pages "Metadata syntax for GitHub Actions", "Evaluate
expressions in workflows and actions" and "Workflow commands for GitHub Actions". Other people's actions are not run:
what they would be given is kept, and what they answer is said beforehand.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TOKEN = re.compile(r"\s*(?:(&&|\|\||==|!=|!|\(|\))|'((?:[^']|'')*)'|([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*))")


class Expression:
    """``a.b == 'c' && !d`` over nested mappings; what is not there is empty."""

    def __init__(self, text: str, contexts: Mapping[str, Any]) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            assert found, f"not understood: {text[at:]}"
            kind = ("sign", "text", "name")[found.lastindex - 1]  # type: ignore[operator]  # one of them matched
            self.tokens.append((kind, found[found.lastindex]))  # type: ignore[index]  # the same
            at = found.end()
        self.contexts = contexts

    def value(self) -> Any:
        result = self._either()
        assert not self.tokens
        return result

    def _sign(self, *signs: str) -> str:
        if self.tokens and self.tokens[0][0] == "sign" and self.tokens[0][1] in signs:
            return self.tokens.pop(0)[1]
        return ""

    def _either(self) -> Any:
        left = self._both()
        while self._sign("||"):
            right = self._both()
            left = left or right
        return left

    def _both(self) -> Any:
        left = self._compared()
        while self._sign("&&"):
            right = self._compared()
            left = left and right
        return left

    def _compared(self) -> Any:
        left = self._one()
        while sign := self._sign("==", "!="):
            right = self._one()
            # GitHub compares texts without regard to case, and null with a text as numbers: both are no text that matters.
            same = str(left or "").casefold() == str(right or "").casefold()
            left = same if sign == "==" else not same
        return left

    def _one(self) -> Any:
        if self._sign("!"):
            return not self._one()
        if self._sign("("):
            value = self._either()
            assert self._sign(")")
            return value
        kind, text = self.tokens.pop(0)
        if kind == "text":
            return text.replace("''", "'")
        value: Any = self.contexts
        for key in text.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


def filled(text: str, contexts: Mapping[str, Any]) -> str:
    """``text`` with every ``${{ ... }}`` in it replaced by its value."""

    def value(found: re.Match[str]) -> str:
        result = Expression(found[1], contexts).value()
        return "" if result is None else str(result)

    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text))


@dataclass
class Job:
    """What became of a job that is this action alone."""

    ok: bool = True
    log: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    """Each step that ran, by name, with its outcome."""
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    """Other people's actions, with what they were given."""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


def outputs_of(file: Path) -> dict[str, str]:
    """What a step wrote to GITHUB_OUTPUT: lines of ``name=value``. The form with a delimiter is not in use here."""
    pairs = [line.partition("=")[::2] for line in file.read_text("utf-8").splitlines() if line]
    return dict(pairs)


def run(
    action: Path,
    inputs: Mapping[str, str],
    *,
    workspace: Path,
    temp: Path,
    github: Mapping[str, Any],
    others: Callable[[str, dict[str, str]], tuple[bool, dict[str, str]]],
    environment: Mapping[str, str],
) -> Job:
    """Run the action in ``workspace``.

    Args:
        action: its file.
        inputs: the ``with`` of the step that uses it.
        workspace: where the checkout is.
        temp: ``runner.temp``.
        github: the context of that name.
        others: what another action does, by name and ``with``: whether it succeeds, and its outputs.
        environment: further variables of the job.

    """
    definition = yaml.safe_load(action.read_text("utf-8"))
    unknown = set(inputs) - set(definition["inputs"])
    assert not unknown, f"no input of the action: {unknown}"
    contexts: dict[str, Any] = {
        "inputs": {name: inputs.get(name, one.get("default", "")) for name, one in definition["inputs"].items()},
        "github": {**github, "action_path": str(action.parent)},
        "runner": {"temp": str(temp), "os": "Linux"},
        "steps": {},
        "env": {},
    }
    job = Job()
    summary = temp / "summary.md"
    summary.touch()
    for number, step in enumerate(definition["runs"]["steps"]):
        name = step.get("name", step.get("id", str(number)))
        # A condition without a function that asks for the status means success() as well.
        if not job.ok or ("if" in step and not Expression(_bare(step["if"]), contexts).value()):
            continue
        if "uses" in step:
            given = {key: filled(value, contexts) for key, value in step.get("with", {}).items()}
            job.used[step["uses"].partition("@")[0]] = given
            good, outputs = others(step["uses"].partition("@")[0], given)
        else:
            good, outputs = _shell(step, contexts, job, workspace, temp, summary, environment)
        job.steps[name] = "success" if good else "failure"
        if "id" in step:
            contexts["steps"][step["id"]] = {"outputs": outputs, "outcome": job.steps[name]}
        job.ok = good or step.get("continue-on-error") is True
    job.outputs = {name: filled(one["value"], contexts) for name, one in definition.get("outputs", {}).items()}
    job.summary = summary.read_text("utf-8")
    return job


def _bare(condition: str) -> str:
    found = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", condition, re.DOTALL)
    return found[1] if found else condition


def _shell(
    step: Mapping[str, Any],
    contexts: Mapping[str, Any],
    job: Job,
    workspace: Path,
    temp: Path,
    summary: Path,
    environment: Mapping[str, str],
) -> tuple[bool, dict[str, str]]:
    assert step["shell"] == "bash"
    script = temp / "step.sh"
    script.write_text(filled(step["run"], contexts), "utf-8")
    output = temp / "output.txt"
    output.write_text("", "utf-8")
    variables = {
        **os.environ,
        "RUNNER_TEMP": str(temp),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_WORKSPACE": str(workspace),
        **environment,
        **{name: filled(value, contexts) for name, value in step.get("env", {}).items()},
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=workspace,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    job.log += done.stdout
    return done.returncode == 0, outputs_of(output)
