"""What ``mailguard init`` writes after a first look: settings, a hook, a workflow.

It makes files that are not there, and adds one entry to those that a project has for hooks and jobs of its own. What is
there stays, byte for byte; where an entry cannot be added without a doubt, it is printed instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from mailguard import __version__, git
from mailguard.adopt import Written, make
from mailguard.baseline import FILE as BASELINE
from mailguard.config import find
from mailguard.discover import NothingToCheck
from mailguard.documents.yaml_values import Document, safe_yaml
from mailguard.gate import Run
from mailguard.ledger import ledger_lines, plural

__all__ = ["HOOKS", "Origin", "begin", "origin_of", "with_entry"]

SETTINGS: Final = "mailguard.toml"
HOOKS: Final = ".pre-commit-config.yaml"
WORKFLOW: Final = ".github/workflows/mailguard.yml"
GITLAB: Final = ".gitlab-ci.yml"

LIMIT: Final = 1 << 20
"""Bytes of a file to which an entry is added."""

_ORIGIN: Final = re.compile(r"[A-Za-z0-9@:/._+=<>~!,-]{1,300}")
"""What can be written into a file of YAML and into a shell without quotes that could be left."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where hooks and jobs get mailguard from."""

    requirement: str
    """What pip installs."""
    repository: str = ""
    """The git repository, where it comes from one."""
    revision: str = ""
    sure: bool = True
    """Whether others can get it from there: not so for what was installed from a folder of this machine."""


def origin_of(text: str | None) -> Origin:
    """Where mailguard is to be had: as told (``git+https://host/mailguard@v1``, ``mailguard==1.0``), else from where it was
    installed here. Raises ``NothingToCheck`` for what is neither.
    """  # noqa: D205  # one sentence
    if text is None:
        return _installed()
    if not _ORIGIN.fullmatch(text) or text.startswith("-"):
        raise NothingToCheck(
            "--from is what pip installs: git+URL with an @ and a revision, or a requirement, as in mailguard==1.0"
        )
    if not text.startswith("git+"):
        return Origin(text)
    url, at, revision = text.removeprefix("git+").rpartition("@")
    if not at or "/" in revision or not revision or "://" not in url:
        raise NothingToCheck("--from names no revision: after the URL an @ and a tag or a commit")
    return Origin(text if text.startswith("mailguard") else f"mailguard @ {text}", url, revision)


def _installed() -> Origin:
    """From where this mailguard was installed, as pip remembers it (PEP 610)."""
    plain = f"mailguard=={__version__}"
    try:
        text = metadata.distribution("mailguard").read_text("direct_url.json")
        about = json.loads(text) if text else None
    except (metadata.PackageNotFoundError, ValueError, OSError):
        return Origin(plain, sure=False)
    if about is None:
        return Origin(plain)
    found = about.get("vcs_info") if isinstance(about, dict) else None
    if isinstance(found, dict) and found.get("vcs") == "git" and "://" in str(about.get("url")):
        text = f"git+{about['url']}@{found.get('commit_id')}"
        if _ORIGIN.fullmatch(text) and "file:" not in text:
            return origin_of(text)
    return Origin(plain, sure=False)


# --- the texts ------------------------------------------------------------------------------------


def _settings(domains: Sequence[str]) -> str:
    names = ", ".join(f'"{domain}"' for domain in domains or ("example.com",))
    seen = (
        "# A first look found mail that shows people of these domains only. If they are your own, take the # away.\n"
        if domains
        else ""
    )
    return (
        "# Settings of mailguard. None are needed; every run works without this file.\n\n"
        "# Whose people are inside: they may see each other. Subdomains are included.\n"
        f"{seen}# internal-domains = [{names}]\n\n"
        "# Folders that are not read.\n"
        '# exclude = ["vendor"]\n\n'
        "# Recorded requests that belong to the project.\n"
        '# captures = ["recorded/*.har"]\n'
    )


def _hook(origin: Origin) -> list[str]:
    """The entry of the hook, with two spaces for each step."""
    if origin.repository:
        return [
            f"- repo: {origin.repository}",
            f"  rev: {origin.revision}",
            "  hooks:",
            "    - id: mailguard",
        ]
    language = (
        ["      language: python", f'      additional_dependencies: ["{origin.requirement}"]']
        if origin.sure
        else [
            "      # The mailguard on the PATH; for one that comes by itself: mailguard init --from git+URL@REVISION",
            "      language: system",
        ]
    )
    return [
        "- repo: local",
        "  hooks:",
        "    - id: mailguard",
        "      name: mailguard",
        "      entry: mailguard check --staged",
        *language,
        "      always_run: true",
        "      pass_filenames: false",
        "      require_serial: true",
    ]


_BRANCH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,100}")


def _workflow(origin: Origin, default: str) -> str:
    named = _BRANCH.fullmatch(default) is not None and default not in ("main", "master")
    branches = ", ".join(["main", "master", *([f'"{default}"'] if named else [])])
    return f"""\
name: mailguard

on:
  pull_request:
  push:
    branches: [{branches}]

permissions:
  contents: read

jobs:
  mailguard:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          # A change is compared with what was there before it.
          fetch-depth: 0
          persist-credentials: false
      - uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
        with:
          python-version: "3.12"
      - run: python -I -m venv "$RUNNER_TEMP/mailguard" && "$RUNNER_TEMP/mailguard/bin/pip" install --quiet "{origin.requirement}"
      - env:
          BASE: ${{{{ github.base_ref }}}}
        run: |
          # A pull request answers for what it brings in; a push for everything that the baseline does not know.
          "$RUNNER_TEMP/mailguard/bin/mailguard" check ${{BASE:+--since "origin/$BASE"}} --output github=- --output text=- \\
            --output "markdown=$RUNNER_TEMP/mailguard.md" && code=0 || code=$?
          [ ! -f "$RUNNER_TEMP/mailguard.md" ] || cat "$RUNNER_TEMP/mailguard.md" >> "$GITHUB_STEP_SUMMARY"
          exit "$code"
"""


def _job(origin: Origin) -> list[str]:
    """The job of GitLab."""
    return [
        "mailguard:",
        '  image: "python:3.12"',
        "  variables:",
        "    # A change is compared with what was there before it.",
        '    GIT_DEPTH: "0"',
        "  rules:",
        '    - if: $CI_PIPELINE_SOURCE == "merge_request_event"',
        "    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        "  script:",
        f'    - pip install --quiet "{origin.requirement}"',
        "    # A merge request answers for what it brings in; a push for everything that the baseline does not know.",
        "    - mailguard check ${CI_MERGE_REQUEST_DIFF_BASE_SHA:+--since $CI_MERGE_REQUEST_DIFF_BASE_SHA} --output gitlab=mailguard.json",
        "  artifacts:",
        "    when: always",
        "    reports:",
        "      codequality: mailguard.json",
    ]


TEMPLATE: Final = "/.github/ci-templates/gitlab.yml"
_URL: Final = re.compile(
    r"(?:[a-z+]+://(?:[^@/]*@)?(?P<host>[^:/@]+)(?::\d+)?/|(?:[^@/]*@)(?P<other>[^:/@]+):)(?P<path>.+?)(?:\.git)?/?"
)


def _host_and_path(url: str) -> tuple[str, str] | None:
    found = _URL.fullmatch(url)
    return ((found["host"] or found["other"]).lower(), found["path"]) if found else None


def _include(origin: Origin, remote: str) -> list[str]:
    """The template for GitLab, where mailguard lies on the same server as this repository; nothing where it does not."""
    there, here = _host_and_path(origin.repository), _host_and_path(remote)
    if there is None or here is None or there[0] != here[0]:
        return []
    return [
        "include:",
        f'  - project: "{there[1]}"',
        f'    ref: "{origin.revision}"',
        f"    file: {TEMPLATE}",
        "",
        "mailguard:",
        "  variables:",
        f'    MAILGUARD: "git+{origin.repository}@{origin.revision}"',
    ]


# --- adding to what is there ----------------------------------------------------------------------


def with_entry(data: bytes, lines: Sequence[str], key: str | None) -> bytes | None:
    """A file of YAML with one entry more at its end: of the list ``key``, or of the file itself where it is None.

    None where that is not surely right: the entry would land elsewhere, or anything else would mean something else.
    """
    try:
        old, text = _read(data), data.decode("utf-8")
    except (ValueError, RecursionError):
        return None
    if not isinstance(old, dict) or _NOT_OF_YAML.search(text):
        return None
    indent = ""
    if key is not None:
        found = re.findall(r"^( *)- +repo *:", text, re.MULTILINE)
        if not found or not isinstance(old.get(key), list):
            return None
        indent = found[-1]
    added = "".join(f"{indent}{line}\n" for line in lines)
    between = "" if not data or data.endswith(b"\n") else "\n"
    if key is None:
        between += "\n"
    result = data + (between + added).encode()
    try:
        new, entry = _read(result), _read("".join(f"{line}\n" for line in lines).encode())
    except (ValueError, RecursionError):
        return None
    expected = old | entry if key is None else old | {key: [*old[key], *entry]}
    doubled = key is None and bool(set(old) & set(entry))
    return result if new == expected and not doubled else None


_NOT_OF_YAML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that stand in no file of YAML (1.2.2, section 5.1). Captures are read all the same; here another program reads on."""


def _read(data: bytes) -> Any:
    """What a file of YAML says. Raises ``ValueError`` for one that cannot be read."""
    document = safe_yaml(data) if len(data) <= LIMIT else None
    if isinstance(document, Document):
        return document.value
    raise ValueError("no YAML")


# --- the command ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """One thing to set up."""

    path: str
    data: bytes | None
    """What is to be written; None where nothing is."""
    words: str
    """What is said of it when it is written: its name, or the name and what was added."""
    by_hand: tuple[str, ...] = ()
    """What a person has to add, where it cannot be added here."""


def begin(run: Run, origin: Origin, policy: str = "") -> list[Written]:
    """What to write, and last what to say. ``run`` is the first look.

    ``policy`` names the settings of an organisation, under which the look was taken: the repository needs none of its own,
    and what the policy finds in it is set aside at once.
    """
    root = run.tree.root
    report = run.report()
    parts = list(_parts(run, origin, policy))
    new = [part for part in parts if part.data is not None]
    lines = list(ledger_lines(report.ledger))
    lines.append(f"Written: {', '.join(part.words for part in new)}." if new else "There is nothing to write.")
    there = [part.path for part in parts if part.data is None and not part.by_hand]
    if there:
        lines.append(f"There already, and left as it is: {', '.join(there)}.")
    lines.append("Nothing else was changed." if new else "Nothing was changed.")
    for part in parts:
        if part.by_hand:
            lines.append(f"{part.path} is there, and nothing can be added to it without a doubt. Add this:")
            lines += [f"    {line}" for line in part.by_hand]
    if git.root_of(root) != root:
        lines.append("There is no git repository here, so there is no hook and no workflow.")
    elif not origin.sure and new:
        lines.append("They take mailguard from where others may not have it: see mailguard init --help, and edit them.")
    if policy:
        lines.append(f"Hook and job have to be told of the policy as well: --policy {policy}")
    lines += _next(run, hook=git.root_of(root) == root, set_aside=bool(policy))
    return [*(Written((), part.path, part.data) for part in new if part.data is not None), Written(tuple(lines))]


def _parts(run: Run, origin: Origin, policy: str) -> Iterator[_Part]:
    root = run.tree.root
    settings = find(root, root)
    if settings is not None:
        yield _Part(settings.name, None, settings.name)
    elif not policy:
        text = _settings(run.proposed_domains())
        yield _Part(SETTINGS, text.encode(), SETTINGS)
    if git.root_of(root) == root:
        yield from _hook_and_job(root, origin)
    if policy:
        yield from _known(run)


def _hook_and_job(root: Path, origin: Origin) -> Iterator[_Part]:
    yield _added(root, HOOKS, _hook(origin), "repos", "one entry", lambda lines: "repos:\n" + _indented(lines))
    if (root / GITLAB).exists():
        part = None
        if include := _include(origin, git.remote(root)):
            part = _added(root, GITLAB, include, None, "one include", "\n".join)
        # Where there is an include already, the job itself is what can be added without a doubt.
        yield part if part and not part.by_hand else _added(root, GITLAB, _job(origin), None, "one job", "\n".join)
    elif (root / WORKFLOW).exists():
        yield _Part(WORKFLOW, None, WORKFLOW)
    else:
        yield _Part(WORKFLOW, _workflow(origin, git.default_branch(root)).encode(), WORKFLOW)


def _known(run: Run) -> Iterator[_Part]:
    """The baseline, where there is none and something to set aside."""
    if run.baseline is not None:
        yield _Part(BASELINE, None, BASELINE)
        return
    made = make(run)
    if made.path:
        problems, unread = run.problems()
        yield _Part(made.path, made.data, f"a baseline ({len(problems) + len(unread):,} known)")


def _indented(lines: Sequence[str]) -> str:
    return "".join(f"  {line}\n" for line in lines)


def _added(
    root: Path, name: str, lines: list[str], key: str | None, what: str, fresh: Callable[[Sequence[str]], str]
) -> _Part:
    """A file with an entry more, or a new one with the entry."""
    file = root / name
    if not file.exists() and not file.is_symlink():
        return _Part(name, fresh(lines).encode(), name)
    if file.is_symlink() or not file.is_file():
        return _Part(name, None, name, tuple(lines))
    try:
        with file.open("rb") as stream:
            data = stream.read(LIMIT + 1)
    except OSError:
        return _Part(name, None, name, tuple(lines))
    if re.search(rb"^[^#\n]*\bmailguard\b", data, re.MULTILINE):
        return _Part(name, None, name)
    result = with_entry(data, lines, key)
    return _Part(name, result, f"{name} ({what})", () if result is not None else tuple(lines))


def _next(run: Run, *, hook: bool, set_aside: bool) -> Iterator[str]:
    """What to do next, each with its command."""
    problems, unread = run.problems()
    yield "Next:"
    if run.baseline is None and not set_aside and (problems or unread):
        parts = [plural(len(problems), "problem")] if problems else []
        parts += [plural(len({one.path for one in unread}), "file") + " that cannot be read"] if unread else []
        yield f"  mailguard baseline        set aside what is old: {' and '.join(parts)} ({BASELINE})"
    if hook:
        yield "  pre-commit install        switch the hook on, once in each clone"
    yield "  mailguard check --drill   see whether a leak would be blocked"
