"""Mutations of every sample capture: what is damaged may cost a verdict, and never without a word.

``python tests/captures/mutate.py`` makes so many mutations of each sample (``--each``, ``--seed``, ``--only``), looks at each
of them as ``mailguard replay`` and ``mailguard inspect`` do, and prints what it found by class: crashes, slow ones,
addresses that were printed, and those that made a request quiet that showed people to each other. A mutation makes quiet
without a word where

* people who could see each other before are in no message together any more,
* no request more than before is undecided, or cannot be told, and
* the addresses are all still there, in whatever notation.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import copy
import gzip
import itertools
import json
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from mailguard import discover, gate
from mailguard.config import Settings
from mailguard.inspection import render_text
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Policy, chosen
from mailguard.scrub import ScrubError, scrubbed

HERE: Final = Path(__file__).resolve().parent
SAMPLES: Final = HERE / "samples"
TWIN: Final = ".expected.json"
PROVIDERS: Final = HERE.parent / "providers"
ADDRESS: Final = re.compile(rb"[A-Za-z0-9_.+-]{1,40}@(?:[A-Za-z0-9-]{1,40}\.){0,6}(?:com|org|net|example|test)\b")
SECONDS: Final = 10
EXITS: Final = frozenset({0, 1, 3})


@dataclass(frozen=True)
class Original:
    """A sample: the name of the file that is written, its content, where it came from."""

    label: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Outcome:
    """What a run makes of a capture."""

    exit_code: int
    requests: int
    groups: tuple[frozenset[str], ...]
    """Whom each message that shows people to each other names."""
    shows: int
    """Requests that show people to each other."""
    doubts: int
    """Requests that are undecided or cannot be told."""
    said: str
    """Everything that is printed."""
    seconds: float


def originals() -> Iterator[Original]:
    """The recorded samples, and the requests of the services, each as a log of one line."""
    for path in sorted(SAMPLES.glob("*/*")):
        if path.name.endswith(TWIN):
            continue
        if path.is_file():
            yield Original(f"{path.parent.name}/{path.name}", path.name, path.read_bytes())
            continue
        for inner in sorted(path.rglob("*")):
            if inner.is_file() and inner.parent.name != "tmp" and not inner.name.startswith("."):
                yield Original(f"{path.parent.name}/{inner.relative_to(path.parent)}", "a.eml", inner.read_bytes())
    for path in sorted(PROVIDERS.rglob("*.json")):
        with contextlib.suppress(ValueError):
            data = json.loads(path.read_text("utf-8"))
            if isinstance(data, dict) and isinstance(data.get("request"), dict):
                line = json.dumps(data["request"]) + "\n"
                yield Original(f"{path.parent.name}/{path.name}", "a.jsonl", line.encode())


def look(path: Path, *, printed: bool = True) -> Outcome:
    """Look at a capture as the commands do."""
    started = time.process_time()
    tree = discover.tree_of([str(path)], path.parent)
    try:
        run = gate.prepare([str(path)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=path.parent)
    except discover.NothingToCheck as error:
        return Outcome(2, 0, (), 0, 0, str(error), time.process_time() - started)
    report = run.report()
    inspections = list(run.inspections())
    groups = []
    for inspection in inspections:
        for message in inspection.messages:
            lines = (message.to, message.cc, message.transmitted_bcc, message.reply_to)
            people = {person.address.lower() for line in lines for person in line if person.address}
            people |= {mention.recipient.address.lower() for mention in message.mentions if mention.recipient.address}
            if len(people) > 1:
                groups.append(frozenset(people))
    said = ""
    if printed:
        options = run.options()
        said = "".join(gate.render(report, form, options) for form in ("text", "json", "concise", "github"))
        said += render_text(inspections, options)
    ledger = report.ledger
    doubts = ledger.request_undecided + ledger.cannot_tell
    spent = time.process_time() - started
    return Outcome(report.exit_code, ledger.requests, tuple(groups), ledger.request_shows, doubts, said, spent)


# --- What is done to a capture -------------------------------------------------------------------

Mutation = Callable[[bytes, random.Random], bytes]


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def flip(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << dice.randrange(8))]) + content[at + 1 :]


def cut(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(1, len(content))]


def drop_head(content: bytes, dice: random.Random) -> bytes:
    return content[dice.randrange(1, min(len(content), 200)) :]


def drop_piece(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content))
    return content[:at] + content[at + dice.choice([1, 2, 5, 20, 100]) :]


def drop_line(content: bytes, dice: random.Random) -> bytes:
    lines = _lines(content)
    lines.pop(dice.randrange(len(lines)))
    return b"".join(lines)


def swap_lines(content: bytes, dice: random.Random) -> bytes:
    lines = _lines(content)
    one, other = dice.choices(range(len(lines)), k=2)
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


_NASTY: Final = (
    *(b"\0", b"\xff", b'"', b"{", b"}", b"]", b"\n", b"\r", b"\\", b"@", b"%", b",", b";", b":", b"<", b">", b"'"),
    *(b"\n\n", b"\r\n\r\n", b"[" * 500, b"(" * 500, b"9" * 500, b"null", b"1e999", b"\\ud800", b"\xc3", b"\t", b" "),
    *(b"=?utf-8?q?", b"{{a}}", b"<X>", b"\x1f\x8b\x08", b"--", b"- ", b".\r\n", b"From a\n", b"QUJDREVGR0hJSktM" * 20),
    *(b"&", b"=", b"+", b"# ", b"!x ", b"*a ", b"|\n", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\x1b[31m", b"?"),
)


def insert(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content) + 1)
    return content[:at] + dice.choice(_NASTY) + content[at:]


def overwrite(content: bytes, dice: random.Random) -> bytes:
    at, nasty = dice.randrange(len(content)), dice.choice(_NASTY)
    return content[:at] + nasty + content[at + len(nasty) :]


def carriage_returns(content: bytes, dice: random.Random) -> bytes:
    end = dice.choice([b"\r\n", b"\r", b"\r\r\n", b"\n\n", b" \n", b"\x0b\n"])
    return content.replace(b"\r\n", b"\n").replace(b"\n", end)


def encoding(content: bytes, dice: random.Random) -> bytes:
    which = dice.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1", "utf-32", "cp037", "utf-7"])
    return content.decode("utf-8", "replace").encode(which, "replace")


def packed(content: bytes, dice: random.Random) -> bytes:
    gz = gzip.compress(content, mtime=0)
    return dice.choice([gz, gz[:-4], gz[: len(gz) // 2], gz + bytes(8), gz * 2, gzip.compress(gz, mtime=0)])


def doubled(content: bytes, dice: random.Random) -> bytes:
    return content + dice.choice([b"", b"\n", b"\n\n", b"---\n"]) + content


def header_name(content: bytes, dice: random.Random) -> bytes:
    found = list(re.finditer(rb"(?im)^[ \t]*(to|cc|from|subject|content-type|resent-to)(?=[ \t]*:)", content))
    if not found:
        return insert(content, dice)
    name = dice.choice(found)
    word = name.group(1)
    new = dice.choice(
        [word.upper(), word.lower(), word + b" ", b"X-" + word, word[::-1], word + word, b"", b" " + word]
    )
    return content[: name.start(1)] + new + content[name.end(1) :]


def change_word(content: bytes, dice: random.Random) -> bytes:
    """One key or name, everywhere it stands."""
    words = sorted(set(re.findall(rb"[A-Za-z][A-Za-z_-]{1,30}(?=['\"]?[ \t]*[:=])", content)))
    if not words:
        return flip(content, dice)
    word = dice.choice(words)
    new = dice.choice([word.upper(), word.lower(), word.capitalize(), b"x" + word, word + b"s", word[:-1], word[::-1]])
    return re.sub(rb"(?<![A-Za-z])" + re.escape(word) + rb"(?=['\"]?[ \t]*[:=])", lambda _: new, content)


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if before:
        yield before
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, (*before, key))
    elif isinstance(value, list):
        for index, item in enumerate(value[:6]):
            yield from _paths(item, (*before, index))


def _deep(value: Any) -> Any:
    for _ in range(70):
        value = [value]
    return value


_CHANGES: Final[tuple[tuple[str, Callable[[Any], Any]], ...]] = (
    ("null", lambda _: None),
    ("number", lambda _: 5),
    ("huge", lambda _: 10**400),
    ("true", lambda _: True),
    ("false", lambda _: False),
    ("empty", lambda _: ""),
    ("word", lambda _: "x"),
    ("list", lambda value: [value]),
    ("lists", lambda value: [[value, value]]),
    ("object", lambda value: {"value": value}),
    ("numbered", lambda value: {"0": value}),
    ("nothing", lambda _: {}),
    ("none", lambda _: []),
    ("deep", _deep),
    ("printed", json.dumps),
    ("base64", lambda value: base64.b64encode((value if isinstance(value, str) else json.dumps(value)).encode()).decode()),
    ("joined", lambda value: ",".join(map(str, value)) if isinstance(value, list) else str(value)),
    ("pairs", lambda value: [list(pair) for pair in value.items()] if isinstance(value, dict) else [value, None]),
    ("masked", lambda _: "<FILTERED>"),
)  # fmt: skip
_RENAMES: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("case", str.swapcase),
    ("plural", lambda key: key + "s"),
    ("front", lambda key: "x_" + key),
    ("dashes", lambda key: key.replace("_", "-") if "_" in key else key + "-"),
    ("camel", lambda key: re.sub("_(.)", lambda found: found.group(1).upper(), key)),
    ("space", lambda key: key + " "),
    ("brackets", lambda key: key + "[]"),
)


def _changed(value: Any, dice: random.Random) -> str:
    """Change one place of a JSON value; the name of what was done, with the place."""
    paths = list(_paths(value))
    if not paths:
        return "nothing"
    path = dice.choice(paths)
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    shown = ".".join("*" if isinstance(step, int) or "@" in str(step) else str(step) for step in path)
    what = dice.random()
    if what < 0.55:
        name, change = dice.choice(_CHANGES)
        holder[path[-1]] = change(holder[path[-1]])
        return f"{name} {shown}"
    if what < 0.7:
        del holder[path[-1]]
        return f"dropped {shown}"
    if isinstance(holder, dict):
        if what < 0.9:
            name, rename = dice.choice(_RENAMES)
            items = [(rename(key) if key == path[-1] else key, item) for key, item in holder.items()]
            holder.clear()
            holder.update(items)
            return f"renamed {name} {shown}"
        other = dice.choice(list(holder))
        holder[path[-1]], holder[other] = holder[other], holder[path[-1]]
        return f"swapped {shown} with {other}"
    holder.insert(path[-1], copy.deepcopy(dice.choice(holder)))
    return f"doubled {shown}"


def _inner(record: dict[str, Any]) -> Any:
    """The JSON body of a record, if it has one."""
    body = record.get("body")
    with contextlib.suppress(ValueError, TypeError):
        return json.loads(body) if isinstance(body, str) else None
    return None


def json_place(content: bytes, dice: random.Random) -> tuple[bytes, str] | None:
    """A change in one place of a JSON capture, or of the JSON body of a log of one line; None for what is no JSON."""
    try:
        value = json.loads(content)
    except ValueError:
        lines = content.split(b"\n")
        if len(lines) < 2:  # one line that is no JSON
            return None
        rows = [number for number, line in enumerate(lines) if line.lstrip()[:1] == b"{"]
        if not rows:
            return None
        row = dice.choice(rows)
        changed = json_place(lines[row], dice)
        return changed and (b"\n".join([*lines[:row], changed[0], *lines[row + 1 :]]), changed[1])
    if isinstance(value, dict) and "url" in value and (inner := _inner(value)) is not None and dice.random() < 0.85:
        what = _changed(inner, dice)
        value["body"] = json.dumps(inner)
        value.get("headers", {}).pop("Content-Length", None)
        return json.dumps(value).encode() + b"\n", "body: " + what
    what = _changed(value, dice)
    return json.dumps(value).encode() + b"\n", what


def form_place(content: bytes, dice: random.Random) -> tuple[bytes, str] | None:
    """A change of one field of the form body of a log of one line."""
    try:
        value = json.loads(content)
    except ValueError:
        return None
    body = value.get("body") if isinstance(value, dict) else None
    if not isinstance(body, str) or "=" not in body or body.lstrip()[:1] in ("{", "[", "-") or "\n" in body.strip():
        return None
    fields = body.split("&")
    at = dice.randrange(len(fields))
    name, _, text = fields[at].partition("=")
    what, new = dice.choice(
        [
            ("dropped", []),
            ("doubled", [fields[at], fields[at]]),
            ("brackets", [f"{name}[]={text}"]),
            ("numbered", [f"{name}[0]={text}"]),
            ("bare", [name]),
            ("swapped", [f"{text}={name}"]),
            ("renamed", [f"x{name}={text}"]),
            ("case", [f"{name.swapcase()}={text}"]),
            ("spaced", [f"+{name}+={text}"]),
            ("percent", [f"{name}={text}%"]),
            ("torn", [f"{name}={text[: len(text) // 2]}", text[len(text) // 2 :]]),
            ("unquoted", [f"{name}={unquote_to_bytes(text).decode('utf-8', 'replace')}"]),
            ("twice", [f"{name}={text.replace('%', '%25')}"]),
            ("semicolon", [f"{name}={text};x=1"]),
        ]
    )
    value["body"] = "&".join([*fields[:at], *new, *fields[at + 1 :]])
    shown = re.sub(r"[^A-Za-z.\[\]_-].*", "*", name)
    return json.dumps(value).encode() + b"\n", f"form: {what} {shown}"


_BLIND: Final[tuple[tuple[str, Mutation], ...]] = tuple(
    (each.__name__, each)
    for each in (
        *(flip, cut, drop_head, drop_piece, drop_line, swap_lines, insert, overwrite),
        *(carriage_returns, encoding, packed, doubled, header_name, change_word),
    )
)


def mutations(original: Original, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """So many mutations of a sample, each with its name; the same for the same seed."""
    for number in range(count):
        dice = random.Random(f"{original.label} {number} {seed}")  # not a secret
        if number % 2:
            for place in (form_place, json_place):
                placed = place(original.content, dice)
                if placed is not None:
                    yield placed[1], placed[0]
                    break
            else:
                name, mutation = dice.choice(_BLIND)
                yield name, mutation(original.content, dice)
            continue
        name, mutation = dice.choice(_BLIND)
        yield name, mutation(original.content, dice)


# --- What is held --------------------------------------------------------------------------------


def layers(data: bytes, depth: int = 3) -> Iterator[bytes]:
    """Bytes, and what is in them in the notations that captures use."""
    yield data
    if depth == 0:
        return
    if data[:2] == b"\x1f\x8b":
        with contextlib.suppress(OSError, EOFError, Exception):
            yield from layers(gzip.decompress(data), depth - 1)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield from layers(data.decode("utf-16", "replace").encode(), depth - 1)
    for found in re.finditer(rb"[A-Za-z0-9+/_-]{24,}={0,2}", re.sub(rb"\\n|[\r\n]", b"", data)):
        token = found.group().rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        if len(token) % 4 != 1:
            inner = base64.b64decode(token + b"=" * (-len(token) % 4))
            if b"@" in inner or inner[:2] == b"\x1f\x8b" or b"%40" in inner:
                yield from layers(inner, depth - 1)
    undone = unquote_to_bytes(data)
    if undone != data:
        yield from layers(undone, depth - 1)


def addresses(data: bytes) -> Counter[str]:
    """Every address in a capture, in whatever notation, and how often."""
    best: Counter[str] = Counter()
    for layer in itertools.islice(layers(data), 200):
        best |= Counter(found.decode().lower() for found in ADDRESS.findall(layer))
    return best


def quiet(before: Outcome, after: Outcome, old: bytes, new: bytes) -> frozenset[str] | None:
    """People who could see each other, and of whom no word is said any more; None if there are none."""
    lost = [group for group in before.groups if not any(len(group & other) > 1 for other in after.groups)]
    if not lost or after.exit_code == 2 or after.shows + after.doubts >= before.shows + before.doubts:
        return None
    if after.exit_code == 3 and before.exit_code != 3:
        return None
    here, there = addresses(old), addresses(new)
    for group in lost:
        if sum(there[person] >= here[person] > 0 for person in group) > 1:
            return group
    return None


def main() -> int:
    """Run it, and print what was found by class."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--scrub", action="store_true", help="hold scrubbing to the same verdicts, too")
    given = parser.parse_args()
    classes: dict[str, list[str]] = defaultdict(list)
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for original in originals():
            if given.only not in original.label:
                continue
            path = Path(folder, original.name)
            path.write_bytes(original.content)
            before = look(path)
            people = {person.split("@")[0] for person in addresses(original.content)} - {"x", "f", "a"}
            spoken = re.compile(
                r"\b(?:" + "|".join(map(re.escape, sorted(people))) + r")(?:@|%40|\\u0040)\w", re.IGNORECASE
            )
            for number, (name, content) in enumerate(mutations(original, given.each, given.seed)):
                path.write_bytes(content)
                counts["mutations"] += 1
                label = f"{original.label.partition('/')[0]}: {name}"
                fault = ""
                try:
                    after = look(path, printed=number % 6 == 0)
                    if given.scrub and after.exit_code != 2:
                        try:
                            scrubbed(path, Policy(frozenset(), chosen(load_rules())))
                            counts["scrubbed"] += 1
                        except ScrubError as error:
                            refused[str(error)] += 1
                            if "no capture" not in str(error):
                                fault = f"scrub ({error}) "
                except Exception:  # noqa: BLE001  # that is what is looked for
                    fault = "CRASH " + traceback.format_exc().strip().splitlines()[-1][:100] + " "
                    after = before
                if not fault:
                    counts[f"exit {after.exit_code}"] += 1
                    if people and spoken.search(after.said):
                        fault = "LEAK "
                    elif after.seconds > SECONDS:
                        fault = f"SLOW {after.seconds:.0f} "
                    elif quiet(before, after, original.content, content):
                        fault = "quiet "
                if fault:
                    classes[fault + label].append(f"{original.label} #{number}")
    rows = [f"{len(found):5} {label}   e.g. {', '.join(found[:3])}\n" for label, found in sorted(classes.items())]
    sys.stdout.writelines([*rows, f"{dict(counts)} {dict(refused)}\n"])
    return 1 if classes else 0


if __name__ == "__main__":
    sys.exit(main())
