"""Recorded mail on the command line."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from mailguard import cli

from .support import LEAK, MESSAGE, Run, put


def test_a_captured_message_is_replayed(folder: Path, run: Run) -> None:
    (folder / "sent.eml").write_bytes(MESSAGE)
    code, out, _ = run("check", "sent.eml")
    assert code == 1
    assert "2 outside people can see each other" in out
    assert run("replay", "sent.eml")[0] == 1
    assert run("replay", ".")[0] == 1
    assert run("scan", ".")[0] == 0


def test_captures_of_the_settings_are_checked_with_the_code(folder: Path, run: Run) -> None:
    (folder / "sent.eml").write_bytes(MESSAGE)
    assert run("check")[0] == 0
    (folder / "pyproject.toml").write_text('[tool.mailguard]\ncaptures = ["*.eml"]\n')
    assert run("check")[0] == 1


def test_a_log_in_a_shape_of_its_own_is_read_as_the_settings_say(folder: Path, run: Run) -> None:
    body = {"personalizations": [{"to": [{"email": f"r{number}@example.com"} for number in range(3)]}]}
    packed = base64.b64encode(json.dumps(body).encode()).decode()
    line = {
        "req": {"verb": "POST", "uri": "https://api.sendgrid.com/v3/mail/send", "payload": packed},
        "ts": 1700000000,
    }
    (folder / "logs").mkdir()
    (folder / "logs" / "gateway-1.jsonl").write_text(json.dumps(line) + "\n")
    (folder / "mailguard.toml").write_text(
        '[captures.gateway]\nfiles = "logs/gateway-*.jsonl"\n'
        'fields = { method = "req.verb", url = "req.uri", body = "req.payload", body_encoding = "base64", time = "ts" }\n'
    )
    code, out, _ = run("check")
    assert code == 1
    assert "3 outside people can see each other" in out


def test_a_capture_of_the_settings_in_no_known_format_is_no_pass(folder: Path, run: Run) -> None:
    (folder / "mailguard.toml").write_text('captures = ["recorded/*"]\nexclude = ["vendor"]\n')
    code, out, _ = run("check")
    assert code == 0
    assert 'No file is named by captures "captures" of mailguard.toml: recorded/*.' in out
    (folder / "recorded").mkdir()
    (folder / "recorded" / "x").write_text("neither code nor a capture")
    code, out, _ = run("check")
    assert code == 3
    assert "no format that mailguard knows" in out
    put(folder, vendor__a=LEAK)
    code, out, _ = run("scan", "vendor")
    assert code == 0
    assert "What was named is excluded by mailguard.toml." in out


def test_inspect_shows_who_sees_whom_and_addresses_only_when_asked(
    folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sent.eml").write_bytes(MESSAGE)
    code, out, _ = run("inspect", "sent.eml")
    assert code == 0
    assert "r1 outside" in out
    assert "r2 outside" in out
    assert cli.run(["inspect", "--reveal", "sent.eml"]) == 0
    assert "ann.planted@example.org" in capsys.readouterr().out
