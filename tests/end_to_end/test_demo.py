"""The demo tells what happens, and only what happens."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

from mailguard import cli, demo, gate
from mailguard.redact import holds_address

sys.path.insert(0, str(Path(__file__).parent))
import record_demo

sys.path.pop(0)

STORY = """\
1 November 2019, in a temporary folder.
  the mailer         bulk.py:14   Each batch of 1,000 becomes one message: its readers all see each other
    the list         bulk.py:11   read from a file
    the batch        bulk.py:7    cut into batches
    the To line      bulk.py:14   shown to every reader
  what it sent       request 1    1,000 outside people can see each other
  the repair         bulk.py:14   is_multiple=True
  what it sends now  request 1    1,000 messages, one reader each
Now yours: mailguard check
"""


def test_the_story_is_told_word_for_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["demo"]) == 0
    out, err = capsys.readouterr()
    assert out == STORY
    assert err == ""
    assert not holds_address(out)


@pytest.mark.parametrize("name", ["bulk", "repaired"])
def test_the_recordings_are_what_the_real_client_sends(name: str) -> None:
    pytest.importorskip("sendgrid")
    recorded = json.loads(gzip.decompress((record_demo.DATA / f"{name}.har.gz").read_bytes()))
    again = record_demo.as_har(record_demo.requests_of(record_demo.DATA / f"{name}.txt"))
    assert again == recorded
    assert len(recorded["log"]["entries"]) == 1


def test_the_two_mailers_differ_in_the_repair_alone() -> None:
    bulk, repaired = ((record_demo.DATA / f"{name}.txt").read_text() for name in ("bulk", "repaired"))
    assert repaired.replace(" is_multiple=True,", "") == bulk != repaired


@pytest.mark.parametrize("swapped", [{"repaired": "bulk"}, {"bulk": "repaired"}])
def test_a_story_that_does_not_happen_is_not_told_as_if_it_did(
    swapped: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = demo._day
    monkeypatch.setattr(demo, "_day", lambda folder, name: real(folder, swapped.get(name, name)))
    assert cli.run(["demo"]) == 1
    assert "The story did not happen" in capsys.readouterr().out


def test_a_blind_replay_is_not_told_as_a_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "messages_of", lambda _: ())
    assert demo.tell()[1] is False
