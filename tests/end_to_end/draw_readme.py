"""Makes what the README shows: the picture of a finding and the tables of the shelves.

``python tests/end_to_end/draw_readme.py`` writes ``.github/finding.svg`` out of what ``mailguard check`` prints about
a small project, and the tables into the README; ``test_readme.py`` makes them again and compares.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

import mailguard
from mailguard import gate
from mailguard.model.capture import Format
from mailguard.rulebook.loading import load_rules
from mailguard.rulepage import catalogue_markdown
from mailguard.shelf import shelf

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PICTURE = ROOT / ".github" / "finding.svg"

PROJECT = {
    "pyproject.toml": "",
    "news/__init__.py": "",
    "news/mailer.py": '''\
"""Sends mail through SendGrid."""

import os

from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail

SENDER = "news@example.com"
client = SendGridAPIClient(os.environ["SENDGRID_API_KEY"])


def deliver(recipients, subject, html):
    return client.send(Mail(
        from_email=SENDER, to_emails=recipients,
        subject=subject, html_content=html))
''',
    "news/views.py": '''\
"""The newsletter form."""

from news.mailer import deliver
from news.models import Subscriber


def send_newsletter(issue):
    subscribers = Subscriber.objects.filter(active=True)
    deliver([s.email for s in subscribers], issue.subject, issue.html)
''',
}

# --- the picture ----------------------------------------------------------------------------------

COLUMN, LINE, SIZE, EDGE = 8.4, 19, 14, 22
"""Pixels of a column, of a line, of the letters, of the edge around them."""

STYLES = {"1": "bold", "2": "dim", "31": "certain", "33": "likely", "36": "undecided"}
"""The colours that mailguard uses (ECMA-48 SGR), as classes of the picture."""

# Both palettes bring their own ground, so that the text is readable on whatever the picture lies.
LIGHT = {"ground": "#ffffff", "edge": "#d1d9e0", "text": "#1f2328", "dim": "#59636e"}
LIGHT |= {"certain": "#cf222e", "likely": "#9a6700", "undecided": "#0b6b74"}
DARK = {"ground": "#0d1117", "edge": "#3d444d", "text": "#e6edf3", "dim": "#9198a1"}
DARK |= {"certain": "#ff7b72", "likely": "#d29922", "undecided": "#39c5cf"}


def printed() -> str:
    """What ``mailguard check --color always`` prints about the project."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in PROJECT.items():
            file = Path(folder, name)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "mailguard", "check", "--color", "always"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(mailguard.__file__).parents[1]), "PYTHONWARNINGS": "default"},
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 1, done
    return done.stdout


def _pieces(line: str) -> Iterator[tuple[int, str, str]]:
    """The text of a line in pieces of one style: the column, the style, the text; blanks between words are left out."""
    column, style = 0, ""
    for part in re.split(r"(\x1b\[\d+m)", line):
        if part.startswith("\x1b"):
            style = STYLES.get(part[2:-1], "")
            continue
        for found in re.finditer(r"\S+(?: \S+)*", part):
            yield column + found.start(), style, found.group()
        column += len(part)


def picture(text: str) -> str:
    """``text`` with colours as an SVG. Every piece has its width, so that columns stay in line in any font."""
    lines = ["$ mailguard check", "", *text.rstrip("\n").split("\n")]
    plain = [re.sub(r"\x1b\[\d+m", "", line) for line in lines]
    width = round(max(map(len, plain)) * COLUMN + 2 * EDGE)
    height = len(lines) * LINE + 2 * EDGE - 4
    finding = html.escape(" ".join(plain[2].split()))
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        '  role="img" aria-labelledby="title">',
        f'<title id="title">What mailguard check prints: {finding}</title>',
        "<style>",
        f"text {{ font: {SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }}",
        *_palette(LIGHT),
        ".bold { font-weight: 600 }",
        "@media (prefers-color-scheme: dark) {",
        *_palette(DARK),
        "}",
        "</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
    ]
    for number, line in enumerate(lines):
        y = EDGE + number * LINE + SIZE - 2
        for column, style, words in _pieces(line):
            place = f'x="{EDGE + column * COLUMN:.1f}" y="{y}" textLength="{len(words) * COLUMN:.1f}"'
            kind = f' class="{style}"' if style else ""
            drawn.append(f"<text {place}{kind}>{html.escape(words, quote=False)}</text>")
    return "\n".join([*drawn, "</svg>", ""])


def _palette(colours: dict[str, str]) -> Iterator[str]:
    yield f".ground {{ fill: {colours['ground']}; stroke: {colours['edge']} }}"
    yield f"text {{ fill: {colours['text']} }}"
    for name in ("dim", "certain", "likely", "undecided"):
        yield f".{name} {{ fill: {colours[name]} }}"


# --- the tables -----------------------------------------------------------------------------------


def tables() -> dict[str, str]:
    """The README's tables, by the name in the mark above each."""
    return {
        "inputs": _table(("input", "unless given", "what"), _inputs()),
        "rules": catalogue_markdown(load_rules()),
        "services": _table(("name", "what", "packages in code"), _services()),
        "captures": _table(("name", "what", "what it proves"), _captures()),
        "reports": _table(("name", "what", "chosen by the ending"), _reports()),
    }


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return (
        "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---").replace("|---|\n", "|---|\n")
    )


def _inputs() -> Iterator[tuple[str, ...]]:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    for name, one in action["inputs"].items():
        yield f"`{name}`", f"`{one['default']}`" if one["default"] else "", " ".join(one["description"].split())


def _services() -> Iterator[tuple[str, ...]]:
    for provider in gate.providers().values():
        library = provider.library
        paths = [path for function in library.functions for path in function.paths]
        paths += [path for model in library.classes for path in model.PATHS]
        packages = sorted({path.split(".")[0] for path in paths if not re.match(r"(mypy|types)_", path)})
        code = ", ".join(f"`{package}`" for package in packages) or "plain HTTP"
        yield f"`{provider.name}`", provider.title, code


def _captures() -> Iterator[tuple[str, ...]]:
    for form in shelf("mailguard.captures", "FORMAT", Format):
        yield f"`{form.name}`", form.title, form.proves


def _reports() -> Iterator[tuple[str, ...]]:
    for name, reporter in sorted(gate.reporters().items()):
        yield f"`{name}`", reporter.title, ", ".join(f"`{suffix}`" for suffix in reporter.suffixes)


def with_tables(readme: str) -> str:
    """The README with its tables as they should be."""
    for name, table in tables().items():
        before, mark, rest = readme.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        assert end, f"the README has no place for the table of {name}"
        readme = f"{before}{mark}\n{table}\n{end}{after}"
    return readme


def main() -> None:
    """Write the picture and the tables."""
    PICTURE.write_text(picture(printed()), encoding="utf-8", newline="\n")
    README.write_text(with_tables(README.read_text("utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
