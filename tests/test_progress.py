"""Progress of a long replay, watched on a real terminal: a pty."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

# Said at once and often, so that the test need not last.
RUN = "import sys; import mailguard.watch as w; w._FIRST = w._EVERY = 0.0; from mailguard.cli import main; main(sys.argv[1:])"
LINE = re.compile(r"([0-9,]+) records, ([0-9,]+) a second, ([0-9]+) %, ([0-9]+) (?:s|min|h) left")


def log(path: Path, count: int) -> Path:
    body = {
        "personalizations": [{"to": [{"email": "ann@example.com"}]}],
        "from": {"email": "x@example.com"},
        "subject": "S",
    }
    headers = {"Content-Type": "application/json"}
    url = "https://api.sendgrid.com/v3/mail/send"
    line = json.dumps({"method": "POST", "url": url, "headers": headers, "body": json.dumps(body)})
    path.write_text(f"{line}\n" * count, "utf-8")
    return path


def on_a_terminal(*arguments: str) -> str:
    """What a person sees: all that the program writes to its terminal."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {"COLUMNS": "100", "TERM": "xterm", "MAILGUARD_CACHE_DIR": ""}
        os.execv(sys.executable, [sys.executable, "-c", RUN, *arguments])
    pieces: list[bytes] = []
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(terminal)
    os.waitpid(child, 0)
    return b"".join(pieces).decode()


def test_a_terminal_is_told_the_rate_and_the_time_left(tmp_path: Path) -> None:
    seen = on_a_terminal("replay", str(log(tmp_path / "log.jsonl", 20_000)))
    told = LINE.findall(seen)
    assert len(told) > 2
    counts = [int(count.replace(",", "")) for count, *_ in told]
    assert counts == sorted(counts)
    assert 0 < counts[0] < counts[-1] <= 20_000
    assert all(int(percent) <= 100 and int(rate.replace(",", "")) > 0 for _, rate, percent, _ in told)
    # Each line is written over the one before, and the last is wiped out before the report.
    *_, wiped, report = seen.split("\r")[-4:] if "\r\n" not in seen else seen.partition("\r\n")[0].rsplit("\r", 2)
    assert not wiped.strip()
    assert not LINE.search(report)
    assert "20,000 requests" in seen
    assert "@" not in seen


def test_what_is_no_terminal_is_told_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, "replay", str(log(tmp_path / "log.jsonl", 2000))]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "MAILGUARD_CACHE_DIR": ""}
    )
    assert done.returncode == 0
    assert " a second" not in done.stdout + done.stderr
    assert "2,000 requests" in done.stdout
