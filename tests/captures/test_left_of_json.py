"""A capture of which no JSON is left does not pass unread beside others, and other files are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from mailguard import capture, cli

GOOD: Final[dict[str, Any]] = {
    "method": "POST",
    "url": "https://api.postmarkapp.com/email",
    "headers": {"Content-Type": "application/json"},
    "body": json.dumps({"To": "ann@example.com", "TextBody": "T"}),
}
LEAK: Final = json.dumps({**GOOD, "body": json.dumps({"To": "ann@example.com, bob@example.org", "TextBody": "T"})})
LEFT: Final = {
    "the beginning is lost": LEAK[30:],
    "the end is lost": LEAK[:-12],
    "a colon is lost": LEAK.replace('"headers":', '"headers"'),
    "a word in between": LEAK.replace('"body":', 'null "body":'),
    "in an array": f"[{LEAK[:-12]}]",
}
OTHERS: Final = {
    "settings.json": json.dumps({"url": "https://example.com", "headers": {}, "body": "", "owner": "ann@example.com"}),
    "tsconfig.json": '{\n  // a note: ann@example.com\n  "url": "x", "compilerOptions": {},\n}',
    "names.json": '{"name": "mail", "author": "Ann <ann@example.com>",}',
    "client.txt": 'send({"method": "POST", "url": u, "headers": {"X": "y"}, "body": "ann@example.com"})',
    # Descriptions of a service and notebooks, with its address and somebody in an example.
    "openapi.json": json.dumps({"openapi": "3.1.0", "info": {"title": "Mail"}, "example": GOOD}),
    "swagger.json": json.dumps({"host": "x", "swagger": "2.0", "paths": {"/email": {"example": GOOD}}}),
    "schema.json": json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", "examples": [GOOD]}),
    "tour.ipynb": json.dumps({"cells": [{"source": ["post(url)"], "outputs": [GOOD]}], "nbformat": 4}),
    # Answers of an API, each with an address of its own, in a file that is larger than what is looked at.
    "routes.json": json.dumps(
        [{"url": f"/page/{number}", "name": "main", "by": "ann@example.com"} for number in range(2_000)]
    ),
    "commits.json": json.dumps(
        {
            "url": "https://api.example.com/compare",
            "base": {"by": "ann@example.com"},
            "commits": [{"sha": "0" * 40, "note": "n"}] * 2_000,
        }
    ),
    "kinesis.json": json.dumps(
        {
            "definitions": {
                "Edge": {
                    "properties": {
                        "Destination": {"type": "string"},
                        "Source": {"type": "string"},
                        "Id": {"type": "string"},
                        "Region": {},
                    }
                }
            }
        }
    ),
    "masked.json": LEAK.replace("@", " at ")[:-5],
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_of_a_capture_is_told(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.json").write_text(json.dumps(GOOD), "utf-8")
    assert cli.run(["replay", str(tmp_path), "--isolated"]) == 0
    (tmp_path / "left.json").write_text(LEFT[name], "utf-8")
    assert cli.run(["replay", str(tmp_path), "--isolated"]) == 3
    assert cli.run(["replay", str(tmp_path / "left.json"), "--isolated"]) == 3
    said = capsys.readouterr()
    assert "left.json" in said.out
    assert "example" not in said.out + said.err


SHAPES: Final = {
    "capitals": {name.title(): value for name, value in GOOD.items()},
    "a proxy": {"verb": "POST", "uri": GOOD["url"], "payload": json.loads(GOOD["body"]), "header": {}},
    "a collection": {
        "info": {"name": "mail"},
        "item": [{"request": {"method": "POST", "url": {"raw": GOOD["url"]}, "body": {"mode": "raw", "raw": GOOD["body"]}}}],
    },
    "a mock": {"requests": [{"method": "POST", "headers": {"Host": "api.postmarkapp.com"}, "url": GOOD["url"], "body": GOOD["body"]}], "port": 1},
}  # fmt: skip


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("name", SHAPES)
def test_requests_to_a_mail_service_in_a_shape_of_their_own_are_told(
    name: str, lines: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.json").write_text(json.dumps(GOOD), "utf-8")
    text = json.dumps(SHAPES[name], indent=None if lines else 1) + "\n"
    (tmp_path / "other.json").write_text(text * (2 if lines else 1), "utf-8")
    assert cli.run(["replay", str(tmp_path), "--isolated"]) == 3
    assert cli.run(["replay", str(tmp_path / "other.json"), "--isolated"]) == 3
    assert "in a shape of its own" in " ".join(capsys.readouterr().out.split())
    elsewhere = text.replace("api.postmarkapp.com/email", "api.example.net/people")
    (tmp_path / "other.json").write_text(elsewhere, "utf-8")
    assert cli.run(["replay", str(tmp_path), "--isolated"]) == 0


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_none(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(OTHERS[name], "utf-8")
    assert not capture.is_damaged(tmp_path / name)


def test_a_large_file_is_damaged_only_where_that_is_seen(tmp_path: Path) -> None:
    entries = [{"method": "POST", "uri": "/", "headers": {}, "mail": "ann@example.com", "text": "x" * 500}] * 300
    text = json.dumps({"log": entries})
    for name, content, damaged in (("a.json", text, False), ("b.json", text.replace(":", "", 3), True)):
        (tmp_path / name).write_text(content, "utf-8")
        assert capture.is_damaged(tmp_path / name) is damaged
