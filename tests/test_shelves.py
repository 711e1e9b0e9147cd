"""Walks the shelves, and says the next single thing that is missing. .github/CONTRIBUTING.md has the whole way."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import mailguard
from mailguard import capture, tokens
from mailguard.model.capture import Format, Sample
from mailguard.model.message import CannotTell
from mailguard.model.provider import Provider
from mailguard.model.reporter import Reporter
from mailguard.rulebook.reading import read_rule
from mailguard.rulebook.rules import Measure, Rule, RulesError

from .captures.golden import SAMPLES, TWIN, shown
from .planting import FORMS, planted, traces_in
from .providers import samples
from .reporters.report_samples import CAPTURES, LEAK, OPTIONS, UNREAD

PACKAGE = Path(mailguard.__file__).parent
TESTS = Path(__file__).parent
ROOT = TESTS.parent
README = (ROOT / "README.md").read_text("utf-8")
WRITE = "MAILGUARD_WRITE_GOLDEN"

Step = tuple[str, str, Callable[[str, Any], str]]
"""A label, what is to be done, and what is wrong with it: empty if it is done. ``{name}`` is filled in."""


def names(shelf: str) -> list[str]:
    found = (module.name for module in pkgutil.iter_modules([str(PACKAGE / shelf)]))
    return sorted(name for name in found if not name.startswith("_"))


def rule_files() -> list[Path]:
    return sorted((ROOT / "rules").glob("*.yaml"))


PLAIN = {
    "providers": "mailguard/providers/mailpace.py",
    "captures": "mailguard/captures/mailcatcher.py",
    "reporters": "mailguard/reporters/concise.py",
    "rules": "rules/joined-recipient-string.yaml",
}
"""Of each shelf one thing to learn from: it has all parts, and nothing out of the way."""


def complaint(name: str, thing: Any, kind: str, steps: tuple[Step, ...], learn: str) -> str:
    """What somebody reads who has just dropped in a file: what is missing from the first step on, and where to look."""
    missing: list[str] = []
    problem = ""
    for label, what, check in steps:
        if problem or (problem := check(name, thing)):
            missing.append(f"  {len(missing) + 1:<2} {label:<10} {what.format(name=name)}")
    if not problem:
        return ""
    head = f"{name} is not {kind} yet. In the order that is easiest:"
    return "\n".join([head, *missing, f"Next: {problem}", f"One to learn from: {learn}"])


def follow(said: str) -> None:
    """Fail with what is missing and nothing else around it."""
    if said:
        pytest.fail(said, pytrace=False)


def module_of(shelf: str, name: str) -> ModuleType | SimpleNamespace:
    """A module of a shelf; one that cannot be imported is as good as empty, with the error beside it."""
    try:
        return importlib.import_module(f"mailguard.{shelf}.{name}")
    except (ImportError, SyntaxError, TypeError, NameError, AttributeError) as error:
        return SimpleNamespace(
            problem=f"mailguard/{shelf}/{name}.py cannot be imported ({type(error).__name__}: {error})"
        )


def declares(shelf: str, attribute: str, kind: type) -> Callable[[str, Any], str]:
    """Whether a module holds what its shelf asks for."""

    def check(name: str, module: Any) -> str:
        if isinstance(getattr(module, attribute, None), kind):
            return ""
        problem = getattr(module, "problem", "")
        return problem or f"mailguard/{shelf}/{name}.py declares no {attribute}, a {kind.__module__}.{kind.__name__}"

    return check


def listed(name: str, _: object) -> str:
    """Whether the README names it in one of its tables."""
    spelled = f"| `{name}` |"
    return "" if spelled in README else "the README does not name it: python tests/end_to_end/draw_readme.py"


# --- mail services --------------------------------------------------------------------------------


def samples_of(name: str) -> list[samples.Sample]:
    """The recorded requests beside the tests of a provider."""
    return samples.samples(TESTS / "providers" / name)


def exercised(name: str) -> bool:
    """Whether a test of its own names the module: a provider without a wire form has no requests of its own."""
    return any(
        f"providers.{name}" in text or f"providers import {name}" in text
        for text in (path.read_text("utf-8") for path in (TESTS / "providers").rglob("test_*.py"))
    )


def _has_sources(_: str, module: Any) -> str:
    return "" if module.PROVIDER.sources else "PROVIDER.sources is empty"


def _has_samples(name: str, _: object) -> str:
    if exercised(name):
        return ""
    folder = f"tests/providers/{name}/"
    meanings = [sample.messages for sample in samples_of(name)]
    messages = [message for meaning in meanings for message in meaning]
    if not messages:
        return f'there is no sample in {folder}: a JSON file with "request" and "expect"'
    seen = [len(message["to"]) + len(message["cc"]) for message in messages]
    if 1 not in seen:
        return f"no sample in {folder} has a message with one reader"
    if max(seen) < 2 and max(map(len, meanings)) < 2:
        return f"no sample in {folder} has two readers"
    if not any(message["bcc"] or message["visible_bcc"] for message in messages):
        return f"no sample in {folder} has a hidden copy"
    return ""


def _claims(name: str, module: Any) -> str:
    for sample in samples_of(name):
        if module.PROVIDER.claims(sample.exchange) is None:
            return f"PROVIDER.claims says that {sample.path.relative_to(ROOT)} is not of this service"
    return ""


def _decodes(name: str, module: Any) -> str:
    for sample in samples_of(name):
        answer = module.PROVIDER.decode(module.PROVIDER.claims(sample.exchange), sample.exchange)
        where = f"PROVIDER.decode of {sample.path.relative_to(ROOT)}"
        if isinstance(answer, CannotTell):
            return f"{where}: {answer.reason.value}"
        found = samples.readings(answer)
        if sample.messages not in found and sample.alternative not in found:
            return f"{where} gives {found}, expected is {sample.messages}"
    return ""


def _has_models(_: str, module: Any) -> str:
    library = module.PROVIDER.library
    if not (library.functions or library.classes or module.PROVIDER.address):
        return "PROVIDER.library is empty. Where plain HTTP is used, say the address of its API in PROVIDER.address"
    if not library.tokens:
        return "PROVIDER.library.tokens is empty: without a word of it no file is looked at (for plain HTTP, its host)"
    return ""


def _explains(_: str, module: Any) -> str:
    return "" if module.PROVIDER.explain else "PROVIDER.explain is empty"


def _has_leak(_: str, module: Any) -> str:
    file = PACKAGE / "drill_data" / f"{module.PROVIDER.name}.txt"
    return "" if file.is_file() else f"there is no mailguard/drill_data/{file.name}"


def _has_good_code(_: str, module: Any) -> str:
    file = PACKAGE / "explain_data" / f"{module.PROVIDER.name}.txt"
    return "" if file.is_file() else f"there is no mailguard/explain_data/{file.name}"


def _is_searched_for(name: str, module: Any) -> str:
    asked = {tuple(part.encode() for part in each.split(" & ")) for each in module.PROVIDER.library.tokens}
    known = asked <= set(tokens.TOKENS) and name in dict(tokens.MODULES)["providers"]
    return "" if known else "mailguard/tokens.py does not have its words: python tests/write_tokens.py"


PROVIDER_STEPS: tuple[Step, ...] = (
    ("PROVIDER", "what is declared: mailguard/model/provider.py", declares("providers", "PROVIDER", Provider)),
    ("sources", "where its facts are written: pages, package versions (PROVIDER.sources)", _has_sources),
    (
        "samples",
        "requests that a real client made, in tests/providers/{name}/: one reader, two readers, a hidden copy",
        _has_samples,
    ),
    ("claims", "which request is ours? (PROVIDER.claims)", _claims),
    ("decode", "what does each reader see? (PROVIDER.decode)", _decodes),
    ("models", "the Python calls, or none where plain HTTP is used (PROVIDER.library)", _has_models),
    ("explain", "what it does to recipients, in two or three sentences (PROVIDER.explain)", _explains),
    ("leak", "a leak to plant: mailguard/drill_data/{name}.txt", _has_leak),
    ("good code", "the rule that the leak breaks, and code that breaks none: mailguard/explain_data/", _has_good_code),
    ("tokens", "its words among those of all libraries: python tests/write_tokens.py", _is_searched_for),
    (
        "README",
        "its line in the table: python tests/end_to_end/draw_readme.py",
        lambda name, module: listed(module.PROVIDER.name, name),
    ),
)


@pytest.mark.parametrize("name", names("providers"))
def test_provider(name: str) -> None:
    follow(complaint(name, module_of("providers", name), "a provider", PROVIDER_STEPS, PLAIN["providers"]))


# --- formats of captures --------------------------------------------------------------------------


def _files_of(form: Format) -> list[Path]:
    folder = SAMPLES / form.name
    return sorted(path for path in folder.iterdir() if not path.name.endswith(TWIN)) if folder.is_dir() else []


def _proves(_: str, module: Any) -> str:
    return "" if module.FORMAT.proves.endswith(".") else "FORMAT.proves is no sentence"


def _has_recordings(_: str, module: Any) -> str:
    folder = (SAMPLES / module.FORMAT.name).relative_to(ROOT)
    count = len(_files_of(module.FORMAT))
    return "" if count > 1 else f"there is {'only one' if count else 'no'} recording in {folder}/; two are the least"


def _sniffs(_: str, module: Any) -> str:
    form = module.FORMAT
    if form.sniff(Sample("x", b"")):
        return "FORMAT.sniff takes an empty file for its own"
    for file in _files_of(form):
        sample = capture.sample_of(str(file), {})
        takers = [other.name for other in capture.formats() if other.sniff(sample)]
        if form.name not in takers:
            return f"FORMAT.sniff does not know {file.relative_to(ROOT)}"
        if len(takers) > 1:
            return f"{' and '.join(takers)} both take {file.relative_to(ROOT)} for their own"
    return ""


def _has_twins(name: str, module: Any) -> str:
    for file in _files_of(module.FORMAT):
        twin = file.with_name(file.name + TWIN)
        if not twin.exists() and os.environ.get(WRITE):
            found = [shown(record, file.name) for record in capture.records(file.name, file)]
            twin.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        if not twin.exists():
            again = f"{WRITE}=1 pytest tests/test_shelves.py -k {name}"
            return f"nothing says what {file.relative_to(ROOT)} is read as: {again} writes it; read it before you commit it"
        if not json.loads(twin.read_text("utf-8")):
            return f"FORMAT.read finds nothing in {file.relative_to(ROOT)}"
    return ""


FORMAT_STEPS: tuple[Step, ...] = (
    ("FORMAT", "what is declared: mailguard/model/capture.py", declares("captures", "FORMAT", Format)),
    ("proves", "what such a capture can show, and what it cannot (FORMAT.proves)", _proves),
    ("samples", "real recordings, in tests/captures/samples/ under the format's name", _has_recordings),
    ("sniff", "is a file one of these? told by content (FORMAT.sniff)", _sniffs),
    ("read", "its records, and beside each recording what it must be read as (FORMAT.read)", _has_twins),
    (
        "README",
        "its line in the table: python tests/end_to_end/draw_readme.py",
        lambda name, module: listed(module.FORMAT.name, name),
    ),
)


@pytest.mark.parametrize("name", names("captures"))
def test_format_of_captures(name: str) -> None:
    follow(complaint(name, module_of("captures", name), "a format", FORMAT_STEPS, PLAIN["captures"]))


# --- reporters ------------------------------------------------------------------------------------


def _keeps_people(_: str, module: Any) -> str:
    report = planted(replace(CAPTURES, findings=(LEAK, *CAPTURES.findings), skips=(UNREAD,)), FORMS["plain"])
    leaks = traces_in(module.REPORTER.render(report, OPTIONS))
    return "an address that stands in a report is printed: see mailguard/redact/" if leaks else ""


def _says_what_was_not_read(_: str, module: Any) -> str:
    whole = replace(CAPTURES, skips=(UNREAD,))
    silent = module.REPORTER.render(whole, OPTIONS) == module.REPORTER.render(replace(whole, skips=()), OPTIONS)
    return "a file that was not read (Report.skips) is not told" if silent else ""


def _has_golden(_: str, module: Any) -> str:
    golden = list((TESTS / "reporters" / "golden").glob(f"*.{module.REPORTER.name}"))
    return "" if golden else f"there is no golden text: {WRITE}=1 pytest tests/reporters -k golden; read what it wrote"


REPORTER_STEPS: tuple[Step, ...] = (
    ("REPORTER", "what is declared: mailguard/model/reporter.py", declares("reporters", "REPORTER", Reporter)),
    ("people", "no address that stands anywhere in a report is printed: mailguard/redact/", _keeps_people),
    ("skips", "what was not read is told as well as what was found", _says_what_was_not_read),
    ("golden", "what it makes of fixed reports, in tests/reporters/golden/", _has_golden),
    (
        "README",
        "its line in the table: python tests/end_to_end/draw_readme.py",
        lambda name, module: listed(module.REPORTER.name, name),
    ),
)


@pytest.mark.parametrize("name", names("reporters"))
def test_reporter(name: str) -> None:
    follow(complaint(name, module_of("reporters", name), "a reporter", REPORTER_STEPS, PLAIN["reporters"]))


# --- rules ----------------------------------------------------------------------------------------


def _reads(name: str, _: object) -> str:
    try:
        rule = read_rule((ROOT / "rules" / f"{name}.yaml").read_bytes(), f"rules/{name}.yaml", own=True)
    except RulesError as error:
        return str(error)
    return "" if rule.id == name else f'its id is "{rule.id}". Name file and rule alike'


RECORDED = {
    *(Measure.CONTENT, Measure.CALENDAR, Measure.HEADER, Measure.MERGE_KEY, Measure.MERGE_SHARED),
    *(Measure.MERGE_TAG, Measure.LINK),
}
"""Measures that only a capture has: what the code writes into texts is not followed."""


def _rule(name: str) -> Rule:
    return read_rule((ROOT / "rules" / f"{name}.yaml").read_bytes(), name, own=True)


def _has_words(name: str, _: object) -> str:
    rule = _rule(name)
    lacking = [key for key, there in (("what", rule.what), ("incident", rule.incident)) if not there]
    return f'"{lacking[0]}" is missing' if lacking else ""


def _has_examples(name: str, _: object) -> str:
    rule = _rule(name)
    # What the code writes into a text is not followed: there a recorded request is the second witness.
    witness = "exchange" if rule.measure in RECORDED else "code"
    wanted = (("bad", "message"), ("good", "message"), ("unsure", "message"), ("bad", witness), ("good", witness))
    for kind, key in wanted:
        if not any(getattr(example, key) for example in getattr(rule.examples, kind)):
            return f'no {kind} example has a "{key}"'
    return ""


def _examples_hold(name: str, _: object) -> str:
    from mailguard.explain import examples_hold
    from mailguard.rulebook.loading import load_rules

    everything = load_rules()
    return next(examples_hold(next(rule for rule in everything if rule.id == name), everything), "")


RULE_STEPS: tuple[Step, ...] = (
    ("rule", "what must not happen, and the words: rules/rule.schema.json", _reads),
    ("words", "how it comes about, and what happened to somebody (what, incident)", _has_words),
    ("examples", "bad, good and unsure ones as messages, bad and good ones as code", _has_examples),
    ("they hold", "each example comes out as it says", _examples_hold),
    ("README", "its line in the table: python tests/end_to_end/draw_readme.py", listed),
)


@pytest.mark.parametrize("name", [file.stem for file in rule_files()])
def test_rule(name: str) -> None:
    follow(complaint(name, None, "a rule", RULE_STEPS, PLAIN["rules"]))


# --- what is said ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "first"),
    [(PROVIDER_STEPS, "PROVIDER"), (FORMAT_STEPS, "FORMAT"), (REPORTER_STEPS, "REPORTER"), (RULE_STEPS, "rule")],
)
def test_an_empty_file_is_told_the_whole_way(steps: tuple[Step, ...], first: str, tmp_path: Path) -> None:
    assert steps[0][0] == first
    nothing = SimpleNamespace()
    if first == "rule":
        steps = (("rule", steps[0][1], lambda *_: "rules/pinpoint.yaml: empty"), *steps[1:])
    lines = complaint("pinpoint", nothing, "a thing", steps, "x.py").splitlines()
    assert lines[0] == "pinpoint is not a thing yet. In the order that is easiest:"
    assert [line[5:15].strip() for line in lines[1:-2]] == [label for label, _, _ in steps]
    assert lines[-2].startswith("Next: ")
    assert lines[-1] == "One to learn from: x.py"


def told(steps: tuple[Step, ...], name: str, thing: Any) -> Iterator[str]:
    """The next thing that is said."""
    lines = complaint(name, thing, "a thing", steps, "x.py").splitlines()
    yield lines[1].split()[1] if lines else ""
    yield lines[-2] if lines else ""


def test_a_provider_is_led_from_step_to_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mailguard.model.message import Message, Recipient
    from mailguard.model.provider import Source

    here = globals()
    (tmp_path / "providers" / "pinpoint").mkdir(parents=True)
    monkeypatch.setitem(here, "TESTS", tmp_path)
    monkeypatch.setitem(here, "ROOT", tmp_path)

    def put(name: str, **people: list[str]) -> None:
        text = json.dumps({"request": {"method": "POST", "url": "https://x"}, "expect": {"messages": [people]}})
        (tmp_path / "providers" / "pinpoint" / name).write_text(text)

    def provider(**values: Any) -> SimpleNamespace:
        whole = {"name": "pinpoint", "title": "P", "sources": (), "claims": lambda _: None, "decode": lambda *_: ()}
        return SimpleNamespace(PROVIDER=Provider(**{**whole, **values}))  # type: ignore[arg-type]  # one thing is missing

    one = provider()
    assert list(told(PROVIDER_STEPS, "pinpoint", one)) == ["sources", "Next: PROVIDER.sources is empty"]
    sources = (Source("https://example.com", "a fact"),)
    one = provider(sources=sources)
    label, said = told(PROVIDER_STEPS, "pinpoint", one)
    assert (label, "there is no sample" in said) == ("samples", True)
    put("two.json", to=["a@example.com", "b@example.com"])
    assert "has a message with one reader" in list(told(PROVIDER_STEPS, "pinpoint", one))[1]
    put("one.json", to=["a@example.com"])
    assert "has a hidden copy" in list(told(PROVIDER_STEPS, "pinpoint", one))[1]
    put("bcc.json", to=["a@example.com"], bcc=["b@example.com"])
    label, said = told(PROVIDER_STEPS, "pinpoint", one)
    assert (label, said) == (
        "claims",
        "Next: PROVIDER.claims says that providers/pinpoint/bcc.json is not of this service",
    )
    one = provider(sources=sources, claims=lambda _: "send")
    label, said = told(PROVIDER_STEPS, "pinpoint", one)
    assert (label, "providers/pinpoint/bcc.json gives [[]], expected is" in said) == ("decode", True)
    message = Message(to=(Recipient("a@example.com"),), bcc=(Recipient("b@example.com"),))
    one = provider(sources=sources, claims=lambda _: "send", decode=lambda *_: (message,))
    assert "providers/pinpoint/one.json" in list(told(PROVIDER_STEPS, "pinpoint", one))[1]
    for name in ("one.json", "two.json"):
        put(name, to=["a@example.com"], bcc=["b@example.com"])
    one = provider(sources=sources, claims=lambda _: "send", decode=lambda *_: (message,))
    assert list(told(PROVIDER_STEPS, "pinpoint", one))[1].endswith("has two readers")
