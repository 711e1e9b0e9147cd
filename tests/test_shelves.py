"""Walks the shelves, and says the next single thing that is missing. .github/CONTRIBUTING.md has the whole way."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import mailguard
from mailguard.model.capture import Format, Sample
from mailguard.model.provider import Provider
from mailguard.model.reporter import Reporter

PACKAGE = Path(mailguard.__file__).parent
TESTS = Path(__file__).parent

PROVIDER_STEPS = (
    ("SOURCES", "where its facts are written: pages, package versions (PROVIDER.sources)"),
    ("samples", "requests that a real client made, in tests/providers/{name}/: one reader, two readers, a hidden copy"),
    ("claims", "which request is ours? (PROVIDER.claims)"),
    ("decode", "what does each reader see? (PROVIDER.decode)"),
    ("models", "the Python calls, or none where plain HTTP is used (PROVIDER.library)"),
    ("explain", "what it does to recipients, in two or three sentences (PROVIDER.explain)"),
)


def names(shelf: str) -> list[str]:
    return sorted(file.stem for file in (PACKAGE / shelf).glob("*.py") if not file.stem.startswith("_"))


def nearest(shelf: str, name: str) -> str:
    """The thing on the shelf with the name most like this one, to learn from."""
    others = [other for other in names(shelf) if other != name]
    return max(others, key=lambda other: sum(a == b for a, b in zip(other, name, strict=False)))


def samples_of(name: str) -> list[Path]:
    """The recorded requests beside the tests of a provider."""
    return [
        path
        for path in sorted((TESTS / "providers" / name).rglob("*.json"))
        if {"request", "expect"} <= json.loads(path.read_text("utf-8")).keys()
    ]


def exercised(name: str) -> bool:
    """Whether a test names the module: a provider without a wire form of its own has no requests of its own."""
    return any(
        f"providers.{name}" in text or f"providers import {name}" in text
        for text in (path.read_text("utf-8") for path in (TESTS / "providers").rglob("test_*.py"))
    )


def missing(name: str, module: ModuleType | SimpleNamespace) -> Iterator[str]:
    """The steps that a provider has not taken yet, the easiest first."""
    provider = getattr(module, "PROVIDER", None)
    there = {
        "SOURCES": bool(provider and provider.sources),
        "samples": bool(samples_of(name)) or exercised(name),
        "claims": isinstance(provider, Provider),
        "decode": isinstance(provider, Provider),
        "models": isinstance(provider, Provider),
        "explain": bool(provider and provider.explain),
    }
    for step, what in PROVIDER_STEPS:
        if not there[step]:
            yield f"{step:<10} {what.format(name=name)}"


def complaint(name: str, module: ModuleType | SimpleNamespace) -> str:
    """What somebody reads who has just dropped in a file."""
    steps = list(missing(name, module))
    if not steps:
        return ""
    head = f"{name} is not a provider yet. In the order that is easiest:"
    lines = [f"  {number}  {step}" for number, step in enumerate(steps, 1)]
    return "\n".join([head, *lines, f"A provider to learn from: mailguard/providers/{nearest('providers', name)}.py"])


@pytest.mark.parametrize("name", names("providers"))
def test_provider(name: str) -> None:
    module = importlib.import_module(f"mailguard.providers.{name}")
    said = complaint(name, module)
    assert not said, said
    for path in samples_of(name):
        request = json.loads(path.read_text("utf-8"))["request"]
        assert request.keys() >= {"method", "url"} or request["method"] == "MESSAGE", f"{path.name}: no request"


@pytest.mark.parametrize("name", names("captures"))
def test_format_of_captures(name: str) -> None:
    form = importlib.import_module(f"mailguard.captures.{name}").FORMAT
    assert isinstance(form, Format), f"mailguard/captures/{name}.py declares no FORMAT: a model.capture.Format"
    assert form.proves, f"{name}: say in FORMAT.proves what such a capture can show, and what it cannot"
    assert not form.sniff(Sample("x", b"")), f"{name} takes an empty file for its own; sniff by content"
    folder = TESTS / "captures" / "samples"
    there = (folder / name).is_dir() or (folder / form.name).is_dir()
    assert there, f"put a real recording into tests/captures/samples/{name}/; its expected records lie beside it"


@pytest.mark.parametrize("name", names("reporters"))
def test_reporter(name: str) -> None:
    reporter = importlib.import_module(f"mailguard.reporters.{name}").REPORTER
    assert isinstance(reporter, Reporter), (
        f"mailguard/reporters/{name}.py declares no REPORTER: a model.reporter.Reporter"
    )
    golden = list((TESTS / "reporters" / "golden").glob(f"*.{reporter.name}"))
    assert golden, f"{name} has no golden text: MAILGUARD_WRITE_GOLDEN=1 pytest tests/reporters, and read what it wrote"


def test_an_empty_file_is_told_the_whole_way() -> None:
    said = complaint("pinpoint", SimpleNamespace())
    lines = said.splitlines()
    assert lines[0] == "pinpoint is not a provider yet. In the order that is easiest:"
    assert [line.split()[1] for line in lines[1:-1]] == [step for step, _ in PROVIDER_STEPS]
    assert "tests/providers/pinpoint/" in said
    assert lines[-1].startswith("A provider to learn from: mailguard/providers/")
