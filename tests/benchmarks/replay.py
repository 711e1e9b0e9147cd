"""How fast ``replay`` is, against a loop that only parses the JSON: ``python tests/benchmarks/replay.py``.

The loop does ``orjson.loads`` (where orjson is installed, else ``json.loads``) on each line and on each body. Both do their
work in this process, on the same file, one after the other; a ratio is the median of the ratios of so many pairs. CPU time,
except for processes, where it is the time on the wall, and what it would be on idle cores. Memory is the peak of a process of its own.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

try:
    from orjson import loads

    PARSER = "orjson"
except ImportError:
    from json import loads

    PARSER = "json"

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mailguard import discover, gate  # noqa: E402  # the checkout, wherever this is started
from mailguard.config import Settings  # noqa: E402


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    ratio: float
    goal: str
    unit: str = "x"
    detail: str = ""


TEXT = "Dear reader {number},\n\n" + 'this month there is much to tell, and "more" to come. ' * 7
LINKED = f'<p>{TEXT}</p><a href="https://example.org/u?id={{number:016x}}">leave</a> or write to help@example.org'

ROW = """<tr><td align="center" style="padding:24px 32px;font-family:Helvetica,Arial,sans-serif;font-size:16px">
<h2 style="margin:0;color:#1a1a1a">What is new in part {row}</h2><p>Hello {name}, this month there is much to tell &amp; &quot;more&quot; to
come, as you know from the last time.&nbsp;Read on.</p><a href="https://click.example.org/c/{token}/{row}?utm_source=news&amp;utm_medium=mail"
style="background:#0b5fff;color:#ffffff;padding:12px 24px">Read part {row}</a><img src="https://img.example.org/2026/11/part-{row}.png" alt="">
</td></tr>
"""
FOOTER = """<tr><td style="font-size:12px">You get this as {person}. Questions? <a href="mailto:help@example.org">help@example.org</a><br>
<a href="https://click.example.org/unsubscribe?token={token}&amp;list=news">Unsubscribe</a> |
<a href="https://www.example.org/privacy">Privacy</a></td></tr></table></body></html>
"""
PLAIN = "Hello {name},\n\nread it in the browser: https://click.example.org/v/{token}\n\nQuestions? Write to help@example.org.\n"


def token(number: int) -> str:
    """A word that belongs to one person."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:24]


def letter(number: int, rows: int, person: str = "", name: str = "") -> str:
    """The HTML of a newsletter as they are: some 600 bytes for each of ``rows``, links with a token, an address in the footer."""
    words = {"name": name or f"Person {number}", "token": token(number), "person": person or "a reader"}
    head = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>News</title></head><body><table width="100%">\n'
    return head + "".join(ROW.format(row=row, **words) for row in range(rows)) + FOOTER.format(**words)


def record(number: int, url: str, body: Any, content_type: str = "application/json") -> dict[str, Any]:
    """A line of a log, as an object."""
    return {"method": "POST", "url": url, "status": 202, "time": f"2026-11-01T10:00:{number % 60:02}Z",
            "headers": {"Content-Type": content_type, "Authorization": "Bearer x"},
            "body": body if isinstance(body, str) else json.dumps(body)}  # fmt: skip


SENDGRID = "https://api.sendgrid.com/v3/mail/send"


def person_of(number: int, place: int = 0) -> str:
    """An address of which there is no other."""
    return f"person{number}.{place}@example{place % 50}.com"


def quiet(number: int, people: int = 1, text: str = TEXT) -> dict[str, Any]:
    """A request of about 1 KB with one recipient; each recipient more adds some 60 bytes. No two are alike."""
    to = [{"email": person_of(number, place), "name": f"Person {number} {place}"} for place in range(people)]
    body = {"personalizations": [{"to": to}], "from": {"email": "news@example.org"}, "subject": f"News {number}",
            "content": [{"type": "text/plain", "value": text.format(number=number)}]}  # fmt: skip
    return record(number, SENDGRID, body)


def real(number: int, rows: int = 8, people: int = 1) -> dict[str, Any]:
    """A newsletter: to one person, with links of his own; or one letter for all."""
    to = [{"email": person_of(number, place), "name": f"Person {number} {place}"} for place in range(people)]
    html = letter(number, rows, person_of(number) if people == 1 else "", "" if people == 1 else "all")
    plain = PLAIN.format(name=f"Person {number}", token=token(number))
    body = {"personalizations": [{"to": to}], "from": {"email": "news@example.org", "name": "News"}, "subject": f"News {number}",
            "headers": {"List-Unsubscribe": f"<mailto:off@example.org?subject={token(number)}>, <https://click.example.org/off/{token(number)}>"},
            "categories": ["news"], "content": [{"type": "text/plain", "value": plain}, {"type": "text/html", "value": html}]}  # fmt: skip
    return record(number, SENDGRID, body)


def merged(number: int) -> dict[str, Any]:
    """One request for a thousand people, a message each, filled with what belongs to each."""
    each = [{"to": [{"email": person_of(number, place), "name": f"Person {number} {place}"}],
             "substitutions": {"-name-": f"Person {place}", "-link-": f"https://click.example.org/off/{token(number * 1000 + place)}"}}
            for place in range(1000)]  # fmt: skip
    html = letter(0, 8, "-email-", "-name-").replace(token(0), "all")
    body = {"personalizations": each, "from": {"email": "news@example.org"}, "subject": f"News {number}",
            "content": [{"type": "text/html", "value": html + '<a href="-link-">leave</a>'}]}  # fmt: skip
    return record(number, SENDGRID, body)


def templated(number: int) -> dict[str, Any]:
    """One request for one person, with what a template at the service is filled with."""
    data = {"name": f"Person {number}", "order": {"id": number, "total": "12.50 EUR", "url": f"https://shop.example.org/o/{token(number)}"}}  # fmt: skip
    each = {"to": [{"email": person_of(number), "name": f"Person {number}"}], "dynamic_template_data": data}
    body = {
        "personalizations": [each],
        "from": {"email": "news@example.org"},
        "template_id": "d-0123456789abcdef0123456789abcdef",
    }
    return record(number, SENDGRID, body)


def postmark(number: int) -> dict[str, Any]:
    """The same letter with addresses as texts."""
    body = {"From": "News <news@example.org>", "To": f"Some Body <{person_of(number)}>", "Subject": f"News {number}", "Tag": "news",
            "HtmlBody": letter(number, 8, person_of(number)), "TextBody": PLAIN.format(name="you", token=token(number)),
            "Headers": [{"Name": "List-Unsubscribe", "Value": f"<https://click.example.org/off/{token(number)}>"}], "MessageStream": "news"}  # fmt: skip
    return record(number, "https://api.postmarkapp.com/email", body)


def mime(number: int, rows: int = 8) -> bytes:
    """The same letter as a message, its parts in base64."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = (
        "News <news@example.org>",
        f"Some Body <{person_of(number)}>",
        f"News {number}",
    )
    mail["Date"], mail["Message-ID"] = "Sun, 01 Nov 2026 10:00:00 +0000", f"<{token(number)}@mail.example.org>"
    mail["List-Unsubscribe"] = f"<https://click.example.org/off/{token(number)}>"
    mail.set_content(PLAIN.format(name="you", token=token(number)), cte="base64")
    mail.add_alternative(letter(number, rows, person_of(number)), subtype="html", cte="base64")
    mail.set_boundary(f"==={number:024d}==")
    return mail.as_bytes()


def ses_raw(number: int) -> dict[str, Any]:
    """MIME in base64 in JSON."""
    raw = base64.b64encode(mime(number)).decode()
    body = {
        "FromEmailAddress": "news@example.org",
        "Destination": {"ToAddresses": [person_of(number)]},
        "Content": {"Raw": {"Data": raw}},
    }
    return record(number, "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails", body)


def gmail(number: int) -> dict[str, Any]:
    """The same in the other alphabet of base64."""
    raw = base64.urlsafe_b64encode(mime(number)).decode()
    return record(number, "https://gmail.googleapis.com/gmail/v1/users/me/messages/send", {"raw": raw})


def smtp(number: int) -> dict[str, Any]:
    """A transmission over SMTP."""
    return {"method": "SMTP", "url": "smtp://mail.example.org:25", "time": f"2026-11-01T10:00:{number % 60:02}Z",
            "envelope": {"mail_from": "bounce@example.org", "rcpt_to": [person_of(number)]},
            "body": mime(number).decode("ascii").replace("\r\n", "\n")}  # fmt: skip


FORM = "application/x-www-form-urlencoded"


def mailgun(number: int) -> dict[str, Any]:
    """A short letter as a form."""
    fields = {"from": "News <news@example.org>", "to": f"Some Body <{person_of(number)}>", "subject": f"News {number}",
              "text": TEXT.format(number=number), "html": letter(number, 1, person_of(number)), "o:tag": "news"}  # fmt: skip
    return record(number, "https://api.mailgun.net/v3/example.org/messages", urlencode(fields), FORM)


def ses_query(number: int) -> dict[str, Any]:
    """A request of 1 KB in the query protocol."""
    fields = {"Action": "SendEmail", "Source": "news@example.org", "Destination.ToAddresses.member.1": person_of(number),
              "Message.Subject.Data": f"News {number}", "Message.Body.Text.Data": TEXT.format(number=number), "Version": "2010-12-01"}  # fmt: skip
    return record(number, "https://email.eu-west-1.amazonaws.com/", urlencode(fields), FORM)


def batch(number: int) -> dict[str, Any]:
    """Ten messages as a list."""
    mails = [{"From": "news@example.org", "To": person_of(number, place), "Subject": f"News {number}", "TextBody": TEXT.format(number=number)}
             for place in range(10)]  # fmt: skip
    return record(number, "https://api.postmarkapp.com/email/batch", mails)


Maker = Callable[[int], dict[str, Any]]

LOGS: dict[str, tuple[str, Maker, str]] = {
    "quiet": ("1 recipient", quiet, "at most 4, go for 2.5"),
    "crowd": ("1,000 recipients", lambda number: quiet(number, 1000), "at most 6, go for 4"),
    "linked": (
        "1 recipient, a link and an address, 1 KB",
        lambda number: quiet(number, 1, LINKED),
        "at most 4, go for 2.5",
    ),
    "letter-2": ("1 recipient, a letter of 2 KB", lambda number: real(number, 1), "at most 4, go for 2.5"),
    "letter-8": ("1 recipient, a letter of 6 KB", real, "at most 4, go for 2.5"),
    "letter-60": ("1 recipient, a letter of 40 KB", lambda number: real(number, 60), "at most 4, go for 2.5"),
    "letter-crowd": (
        "1,000 recipients, a letter of 6 KB",
        lambda number: real(number, 8, 1000),
        "at most 6, go for 4",
    ),
    "merged": ("1,000 messages with merge data, 6 KB", merged, "at most 6, go for 4"),
    "templated": ("1 recipient, data for a template, 0.6 KB", templated, "at most 4, go for 2.5"),
    "postmark": ("addresses as texts, a letter of 6 KB", postmark, "at most 4, go for 2.5"),
    "ses-raw": ("MIME in JSON (SES), a letter of 6 KB", ses_raw, "at most 4, go for 2.5"),
    "gmail": ("MIME in JSON (Gmail), a letter of 6 KB", gmail, "at most 4, go for 2.5"),
    "smtp": ("SMTP, a letter of 6 KB in base64", smtp, "at most 4, go for 2.5"),
    "batch": ("a list of ten messages, 5 KB", batch, "at most 6"),
    "mailgun": ("a form (Mailgun), a letter of 2 KB", mailgun, "none: it is not JSON"),
    "ses-query": ("a form (SES, query protocol), 1 KB", ses_query, "none: it is not JSON"),
}
"""What is measured: in words, how a record is made, the goal."""


def write(file: Path, size: int, make: Maker) -> int:
    """A log of at least ``size`` bytes; returns the number of requests. No two are alike."""
    count = 0
    with file.open("w", encoding="utf-8") as stream:
        while stream.tell() < size:
            stream.writelines(json.dumps(make(count + number)) + "\n" for number in range(10))
            count += 10
    return count


def parse(file: Path) -> None:
    """What everything is measured against."""
    with file.open("rb") as stream:
        for line in stream:
            body = loads(line)["body"]
            if body[:1] in "{[":
                loads(body)


def replay(file: Path, jobs: int = 1) -> int:
    """Look at a log; returns the number of requests."""
    tree = discover.tree_of([str(file)], file.parent)
    run = gate.prepare([str(file)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=file.parent)
    return replace(run, jobs=jobs).report().ledger.requests


def timed(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Seconds that ``work`` takes."""
    start = clock()
    work()
    return clock() - start


def paired(one: Callable[[], Any], other: Callable[[], Any], rounds: int, clock: Callable[[], float]) -> float:
    """The median of ``one`` in units of ``other``."""
    return statistics.median(timed(one, clock) / max(timed(other, clock), 1e-9) for _ in range(rounds))


USED = """
import resource, sys
sys.path.insert(0, {folder!r})
import replay
from pathlib import Path
def used():
    here, there = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return here.ru_utime + here.ru_stime, there.ru_utime + there.ru_stime
replay.replay(Path({small!r}))
before = used()
replay.replay(Path({file!r}), {jobs})
after = used()
print(after[0] - before[0], after[1] - before[1])
"""


def reckoned(file: Path, small: Path) -> float:
    """How much sooner two processes are done than one, by their processor time: where other work has the cores no clock can tell.

    Two are done when the busier of them is. Each run is a process of its own, so that it is as small as when a user starts
    it; what it loads it has loaded for the ``small`` log.
    """

    def used(jobs: int) -> tuple[float, float]:
        source = USED.format(folder=str(Path(__file__).parent), small=str(small), file=str(file), jobs=jobs)
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True, text=True)
        here, there = map(float, done.stdout.split())
        return here, there

    (one, _), (first, others) = used(1), used(2)
    return one / max(1e-9, first, others)


PEAK = """
import sys
sys.path.insert(0, {root!r})
import mailguard
from mailguard.config import Settings
mailguard.replay({file!r}, Settings())
# Not ru_maxrss, which begins with the size of the process that started this one.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak(file: Path) -> int:
    """Peak memory of a replay, in KiB (Linux)."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK.format(root=str(ROOT), file=str(file))], capture_output=True, check=True, text=True
    )
    return int(done.stdout)


def parse_har(file: Path) -> None:
    """The same of a HAR file."""
    for entry in loads(file.read_bytes())["log"]["entries"]:
        loads(entry["request"]["postData"]["text"])


def write_har(file: Path, size: int, make: Maker = quiet) -> None:
    """A HAR file of at least ``size`` bytes."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [')
        number = 0
        while stream.tell() < size:
            made = make(number)
            headers = [{"name": name, "value": value} for name, value in made["headers"].items()]
            post = {"mimeType": "application/json", "text": made["body"]}
            entry = {"startedDateTime": made["time"], "time": 1, "request": {"method": "POST", "url": made["url"], "httpVersion": "HTTP/1.1",
                     "headers": headers, "queryString": [], "cookies": [], "headersSize": -1, "bodySize": -1, "postData": post},
                     "response": {"status": 202, "headers": [], "content": {}}, "cache": {}, "timings": {}}  # fmt: skip
            stream.write(("," if number else "") + json.dumps(entry))
            number += 1
        stream.write("]}}")


def rows(folder: Path, size: int, large_size: int, rounds: int, only: Sequence[str] = ()) -> Iterator[Row]:
    """The table, line after line."""
    for name in only or LOGS:
        words, make, goal = LOGS[name]
        file = folder / f"{name}.jsonl"
        count = write(file, size, make)
        replay(file)  # what is loaded once is loaded
        ratio = paired(lambda file=file: replay(file), lambda file=file: parse(file), rounds, time.process_time)  # type: ignore[misc]  # bound now
        each = timed(lambda file=file: replay(file), time.process_time) / count  # type: ignore[misc]  # bound now
        file.unlink()
        yield Row(f"CPU, {words}, against {PARSER}", ratio, goal, detail=f"{each * 1e6:,.0f} us a request")
    for words, make in (("1 recipient", quiet), ("1 recipient, a letter of 6 KB", real)) if not only else ():
        file = folder / "one.har"
        write_har(file, size, make)
        replay(file)
        ratio = paired(lambda file=file: replay(file), lambda file=file: parse_har(file), rounds, time.process_time)  # type: ignore[misc]  # bound now
        yield Row(f"CPU, HAR, {words}, against {PARSER}", ratio, "at most 6")
    if not large_size:
        return
    small, large = folder / "small.jsonl", folder / "large.jsonl"
    write(small, large_size // 5, quiet)
    write(large, large_size, quiet)
    tiny, crowds, letters = folder / "tiny.jsonl", folder / "crowds.jsonl", folder / "letters.jsonl"
    write(tiny, 10_000, quiet)
    write(crowds, large_size, LOGS["crowd"][1])
    write(letters, large_size, real)
    if hasattr(os, "sync"):
        os.sync()  # else the system writes these files with one of the cores, while two processes read them
    if (os.cpu_count() or 1) > 1:
        for what, file in (("1 recipient", large), ("1,000 recipients", crowds), ("a letter of 6 KB", letters)):
            replay(file, 2)
            ratio = paired(
                lambda file=file: replay(file),  # type: ignore[misc]  # bound now
                lambda file=file: replay(file, 2),  # type: ignore[misc]  # bound now
                max(1, rounds // 2),
                time.perf_counter,
            )
            yield Row(f"wall, one process against two, {what}", ratio, "at least 1.7")
            ratio = statistics.median(reckoned(file, tiny) for _ in range(max(1, rounds // 2)))
            yield Row(f"the same, reckoned from CPU, {what}", ratio, "at least 1.7")
    one, other = peak(small), peak(large)
    yield Row("memory, large log against one a fifth of it", other / one, "about 1", detail=f"{other / 1024:,.0f} MiB")
    write_har(folder / "small.har", large_size // 10)
    write_har(folder / "large.har", large_size // 2)
    one, other = peak(folder / "small.har"), peak(folder / "large.har")
    yield Row("memory, large HAR against one a fifth of it", other / one, "about 1", detail=f"{other / 1024:,.0f} MiB")


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=float, default=32, help="megabytes of each log")
    parser.add_argument(
        "--large-mb", type=float, default=100, help="megabytes of the log for processes and memory; 0: none"
    )
    parser.add_argument("--only", action="append", choices=LOGS, default=[], help="a log to measure; more than once")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs for each ratio")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mailguard-") as folder:
        sys.stdout.write(f"{'what':<66}{'ratio':>8}  {'goal':<24}\n")
        for row in rows(Path(folder), int(chosen.mb * 1e6), int(chosen.large_mb * 1e6), chosen.rounds, chosen.only):
            sys.stdout.write(f"{row.what:<66}{row.ratio:>7.1f}{row.unit}  {row.goal:<24}{row.detail}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
