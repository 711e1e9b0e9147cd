"""Reading rule files: what is accepted, what every mistake says, and that hostile files do no harm."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.message import Trait
from mailguard.rulebook import examples, reading
from mailguard.rulebook.checks import words_of
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.reading import read_rule
from mailguard.rulebook.rule_yaml import read_yaml
from mailguard.rulebook.rules import Cause, Measure, Over, Rule, RulesError

FOLDER = Path(__file__).parents[2] / "rules"
FILES = sorted(FOLDER.glob("*.yaml"))
SCHEMA = json.loads((FOLDER / "rule.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

SMALL = """\
id: list-in-cc
title: "Several outside people stand in {line}"
why: "Every reader sees the others."
change: "send one message to each person"
measure: visible-external
limit: 3
severity: warning
cause: visible
"""


def read(text: str) -> Rule:
    return read_rule(text.encode(), "rules/list-in-cc.yaml")


def error_of(text: str | bytes) -> str:
    with pytest.raises(RulesError) as caught:
        read_rule(text if isinstance(text, bytes) else text.encode(), "r.yaml")
    return str(caught.value)


# --- the schema ---------------------------------------------------------------------------------------------------


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rule_keeps_the_schema(path: Path) -> None:
    VALIDATOR.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_rule_file_means_the_same_to_every_yaml_reader(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert read_yaml(text, path.name)[0] == yaml.safe_load(text)


def test_the_schema_knows_the_same_words_as_the_code() -> None:
    properties, person = SCHEMA["properties"], SCHEMA["$defs"]["person"]["oneOf"][1]["properties"]
    assert properties["measure"]["enum"] == [member.value for member in Measure]
    assert properties["cause"]["enum"] == [member.value for member in Cause]
    assert properties["over"]["enum"] == [member.value for member in Over]
    assert properties["severity"]["enum"] == list(reading._SEVERITIES)
    assert properties["when"]["items"]["enum"] == list(words_of(Trait))
    assert SCHEMA["$defs"]["example"]["properties"]["certainty"]["enum"] == list(examples._CERTAINTIES)
    assert set(person["count"] and SCHEMA["$defs"]["count"]["oneOf"][1]["enum"]) == set(examples._COUNTS)
    assert person["origin"]["enum"] == list(examples._ORIGINS)
    assert person["steps"]["items"]["enum"] == list(examples._STEPS)
    assert set(properties) == {*reading._REQUIRED, *reading._FURTHER}
    assert SCHEMA["required"] == list(reading._REQUIRED)


def spots(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in ``data``."""
    found = [path] if path else []
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        found.extend(spots(value, (*path, key)))
    return found


SOURCES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES}
SPOTS = [(name, spot) for name, data in SOURCES.items() for spot in spots(data)]
JUNK = st.sampled_from(
    [None, True, -1, 0, 7, 10**9, "", "word", "visible", "many", [], ["word"], [7], [[]], {}, {"to": []}, {"word": 1}]
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SPOTS), st.sampled_from(["replace", "remove", "rename"]), JUNK)
def test_the_checks_and_the_schema_agree(where: tuple[str, tuple[Any, ...]], what: str, junk: Any) -> None:
    name, spot = where
    data = copy.deepcopy(SOURCES[name])
    parent = data
    for key in spot[:-1]:
        parent = parent[key]
    if what == "replace":
        parent[spot[-1]] = junk
    elif what == "remove":
        del parent[spot[-1]]
    elif isinstance(parent, dict):
        parent["unheard-of"] = parent.pop(spot[-1])
    text = yaml.safe_dump(data, allow_unicode=True)
    # What YAML 1.1 and 1.2 read differently is no question of the schema.
    sound = VALIDATOR.is_valid(read_yaml(text, "r.yaml")[0])
    said = None
    try:
        read_rule(text.encode(), "r.yaml")
    except RulesError as error:
        said = str(error)
    if said is None:
        assert sound
    else:
        assert "\n" not in said
        # A few checks are such as a schema cannot express.
        assert not sound or re.search(r"slot|must be a text|may belong to somebody", said), said


# --- what is read -------------------------------------------------------------------------------------------------


def test_a_small_rule_has_sensible_defaults() -> None:
    rule = read(SMALL)
    assert rule.default
    assert not rule.own
    assert rule.order == 50
    assert rule.cwe == ("CWE-359",)
    assert rule.title.number == rule.title.several == "Several outside people stand in {line}"


def test_advice_is_for_the_provider_in_use() -> None:
    rule = read(SMALL + 'changes:\n  sendgrid: "add is_multiple=True"\n')
    assert rule.advice("sendgrid") == "add is_multiple=True"
    assert rule.advice("mailgun") == rule.advice() == "send one message to each person"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_are_named_after_their_rules(path: Path) -> None:
    assert SOURCES[path.stem]["id"] == path.stem


def test_the_rules_of_a_project_stand_beside_ours(tmp_path: Path) -> None:
    (tmp_path / "list-in-cc.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "README.md").write_text("not a rule", encoding="utf-8")
    rules = load_rules(tmp_path)
    assert len(rules) == len(load_rules()) + 1
    assert [rule.id for rule in rules if not rule.own] == ["list-in-cc"]


# --- what is wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "r.yaml: empty. Write a rule into it, or remove it"),
        ("- a", "r.yaml:1: the file must be a block of names and values. Write NAME: VALUE lines"),
        ("a: [", "r.yaml:2: not valid YAML. Check indentation, colons and quotes there"),
        ("a: 1\n---\nb: 1\n", "r.yaml:3: a second document. Keep one rule in one file"),
        (
            "a: &x 1\n",
            "r.yaml:1: an anchor or alias (& or *), which rules do not have. Write the text out, or quote it",
        ),
        ("a: *x\n", "r.yaml:1: an anchor or alias (& or *), which rules do not have. Write the text out, or quote it"),
        (
            "a: !!python/object/apply:os.getcwd []",
            "r.yaml:1: a tag (!), which rules do not have. Remove it, or quote the",
        ),
        ("a: !!str x", "r.yaml:1: a tag (!), which rules do not have. Remove it, or quote the text"),
        ("? [a]\n: b\n", "r.yaml:1: a key that is no word. Write a word before the colon"),
        (SMALL + "limit: 4\n", 'r.yaml:9: "limit" stands here twice. Keep one'),
        (SMALL + "sevrity: note\n", 'r.yaml:9: there is no "sevrity". Did you mean "severity"?'),
        (SMALL.replace("limit: 3\n", ""), 'r.yaml:1: a rule needs "limit". Add it'),
        (SMALL.replace("limit: 3", "limit: many"), 'r.yaml:6: "limit" must be a whole number from 0 to 1,000,000'),
        (SMALL.replace("limit: 3", "limit: true"), 'r.yaml:6: "limit" must be a whole number from 0 to 1,000,000'),
        (SMALL.replace("list-in-cc", "List in Cc"), 'r.yaml:1: "id" must be words in small letters with dashes.'),
        (SMALL.replace("warning", "warn"), 'r.yaml:7: there is no "severity" "warn". Did you mean "warning"?'),
        (SMALL.replace("warning", "7"), 'r.yaml:7: "severity" must be one of: note, warning, error'),
        (SMALL + "when: [batch]\n", 'r.yaml:9: there is no "when" "batch". Did you mean "batched"?'),
        (SMALL + "default: on\n", 'r.yaml:9: "default" must be true or false'),
        (SMALL + "cwe: [359]\n", 'r.yaml:9: "cwe" must hold numbers of the CWE list. Write them as CWE-359'),
        (SMALL.replace("{line}", "{m}"), 'r.yaml:2: "title" has the slot "{m}". Known here: {limit}, {line}'),
        (SMALL.replace("{line}", "{0.__class__}"), 'r.yaml:2: "title" has the slot "{0.__class__}". Known here: '),
        (SMALL.replace("the others", "ann@example.com"), 'r.yaml:3: "why" holds an @. Keep addresses out of what is'),
        (SMALL.replace("the others", "\\e[31m"), 'r.yaml:3: "why" holds a control character. Remove it'),
        (SMALL.replace("the others", "\N{RIGHT-TO-LEFT OVERRIDE}x"), 'r.yaml:3: "why" holds a control character.'),
        (SMALL.replace("the others", "x" * 700), 'r.yaml:3: "why" is longer than 600 characters. Shorten it'),
        (SMALL + "incident: {name: A, date: B}\n", 'r.yaml:9: an incident needs "url". Add it'),
        (SMALL + "incident: {name: A, date: B, url: 'javascript:1'}\n", 'r.yaml:9: "url" must be a web address. Start'),
        (
            SMALL + "examples:\n  bad:\n    - {name: x}\n",
            "r.yaml:11: an example needs one of message, request, smtp or",
        ),
        (SMALL + "examples:\n  bad:\n    - {code: x = 1}\n", 'r.yaml:11: an example needs "name". Say in a few words'),
        (
            SMALL + "examples:\n  bad:\n    - name: x\n      message: {to: [ann@acme.com]}\n",
            "r.yaml:12: an address that may belong to somebody. Use example.com, example.net or example.org",
        ),
        (b"\xff\xfe\x00", "r.yaml: not UTF-8. Save it in that encoding"),
        (b"a: " + b"x" * 70_000, "r.yaml: larger than 65,536 bytes. Shorten its examples"),
    ],
)
def test_a_mistake_says_where_what_and_what_to_do(text: str | bytes, words: str) -> None:
    said = error_of(text)
    assert said.startswith(words)
    assert "\n" not in said


def test_an_error_never_repeats_an_address() -> None:
    for text in ("ann@example.com: 1\n", SMALL.replace("warning", "ann@example.com"), SMALL + "ann@example.com: 1\n"):
        assert "ann" not in error_of(text)


@pytest.mark.parametrize("unit", ["[", "{", "- ", "? ", "[{a: ", "{a: [", "a:\n "])
def test_a_file_that_nests_without_end_is_refused(unit: str) -> None:
    assert error_of(unit * (60_000 // len(unit))).startswith("r.yaml")


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("abc:-?[]{}&*!|>'\"%@\\ \n\t#,.1\x85\u2028\ufeff\x07é"), max_size=60)
    | st.binary(max_size=40)
)
def test_any_bytes_are_a_rule_or_one_line_of_error(content: str | bytes) -> None:
    assert "\n" not in error_of(content)


def test_a_folder_is_checked_as_a_whole(tmp_path: Path) -> None:
    def said() -> str:
        with pytest.raises(RulesError) as caught:
            load_rules(tmp_path)
        return str(caught.value).replace(tmp_path.as_posix(), "FOLDER")

    file = tmp_path / "other.yaml"
    file.write_text(SMALL, encoding="utf-8")
    assert said() == "FOLDER/other.yaml: holds the rule list-in-cc. Name the file list-in-cc.yaml"
    file.rename(tmp_path / "list-in-cc.yaml")
    (tmp_path / "list-in-cc.yml").write_text(SMALL, encoding="utf-8")
    assert said() == "FOLDER/list-in-cc.yml: there is a rule list-in-cc already. Remove one of the two files"
    (tmp_path / "list-in-cc.yml").unlink()
    (tmp_path / "bcc-bulk.yaml").write_text(SMALL.replace("list-in-cc", "bcc-bulk"), encoding="utf-8")
    assert said().startswith("FOLDER: there is a rule bcc-bulk already. Give yours a name of its own, or change")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(SMALL, encoding="utf-8")
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "list-in-cc.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(RulesError, match="this link leads out of the folder"):
        load_rules(folder)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="there is no such folder of rules"):
        load_rules(tmp_path / "none")
