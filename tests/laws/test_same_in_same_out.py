"""Reports do not depend on the order of files, on where the tree lies, on how it is named, on processes, or on a cache."""

from __future__ import annotations

import random
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard import cli, discover, gate
from mailguard.cache import answering, keeping, store
from mailguard.config import Settings
from mailguard.gate import CODE, Run
from mailguard.model.finding import Report

TREE = {
    "shop/__init__.py": "from shop.send import tell\n",
    "shop/send.py": (
        "from django.core.mail import EmailMessage\n\n"
        "def tell(people, subject):\n    message = EmailMessage(subject, 'text', to=people)\n    message.send()\n"
    ),
    "shop/views.py": (
        "from shop import tell\nfrom shop.models import Customer\n\n"
        "def all_of_them(request):\n    tell([each.email for each in Customer.objects.all()], 'News')\n\n"
        "def one(request):\n    tell([request.user.email], 'Hello')\n"
    ),
    "shop/tasks.py": (
        "import smtplib\nfrom email.mime.text import MIMEText\nfrom .people import read\n\n"
        "def nightly():\n    message = MIMEText('x')\n    message['To'] = ', '.join(read())\n"
        "    smtplib.SMTP('localhost').send_message(message)\n"
    ),
    "shop/people.py": "import csv\n\ndef read():\n    return [row['email'] for row in csv.DictReader(open('people.csv'))]\n",
    "shop/broken.py": "import smtplib\nprint 'x'\n",
    "shop/tests/test_send.py": "from shop.send import tell\n\ndef test_tell():\n    tell(['a@example.com', 'b@example.com'], '')\n",
    "area.py": "def area(width, height):\n    return width * height\n",
    "height.py": "from area import area\n\ndef half(width):\n    return area(width, 1) / 2\n",
}


def plant(root: Path, files: dict[str, str] = TREE) -> Path:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    return root


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("law") / "tree")


def prepared(root: Path) -> Run:
    return gate.prepare([str(root)], discover.tree_of([str(root)], root), Settings(), eyes=frozenset({CODE}), here=root)


@pytest.fixture(scope="module")
def usual(tree: Path) -> Report:
    report = prepared(tree).report()
    assert report.findings
    assert report.skips
    return report


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_files_changes_nothing(tree: Path, usual: Report, random: random.Random) -> None:
    run = prepared(tree)
    files = list(run.files.python)
    random.shuffle(files)
    assert replace(run, files=replace(run.files, python=tuple(files))).report() == usual


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_number_of_processes_changes_nothing(jobs: int, tree: Path, usual: Report) -> None:
    assert replace(prepared(tree), jobs=jobs).report() == usual


def test_where_the_tree_lies_changes_nothing(tree: Path, usual: Report, tmp_path: Path) -> None:
    # A folder on the way that sounds like test code, one with odd letters.
    for name in ("tests", "straße und weg", "shop"):
        other = tmp_path / name / "tree"
        shutil.copytree(tree, other)
        assert prepared(other).report() == usual


def test_how_the_tree_is_named_changes_nothing(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tree)
    said = set()
    for name in (".", str(tree), "shop/..", f"../{tree.name}"):
        code = cli.run(["check", name, "--all", "--undecided"])
        said.add((code, capsys.readouterr().out))
    assert len(said) == 1


LINES = [
    "x = 1",
    "from area import area",
    "tell(1)",
    "import smtplib",
    "def area(a): pass",
    "y = nightly",
    "class Customer: pass",
    "é = 'ü'",
]
EDITS = st.tuples(st.sampled_from(sorted(TREE)), st.lists(st.sampled_from(LINES), max_size=3), st.booleans())


@given(edits=st.lists(EDITS, min_size=1, max_size=2))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_what_is_remembered_is_what_a_look_would_find(
    edits: list[tuple[str, list[str], bool]],
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is edited: the cache has no answer, or the answer of a new look."""
    folder = tmp_path_factory.mktemp("edit")
    root = plant(folder / "tree")
    monkeypatch.setenv("MAILGUARD_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setattr(keeping, "MARGIN", 0)
    # The checkout may be worked on while its tests run.
    monkeypatch.setattr(store, "program", lambda: iter(["this one"]))
    monkeypatch.chdir(root)
    capsys.readouterr()
    code = cli.run(["check"], time.time_ns())
    assert answering.answer(["check"]) == (capsys.readouterr().out, code)
    for path, lines, above in edits:
        text = "\n".join(lines) + "\n"
        old = (root / path).read_text()
        (root / path).write_text(text + old if above else old + text)
    answer = answering.answer(["check"])
    code = cli.run(["check", "--no-cache"])
    out = capsys.readouterr().out
    assert answer in (None, (out, code))
    untouched = all(path in ("area.py", "height.py") and set(lines) <= {"x = 1"} for path, lines, _ in edits)
    assert answer is not None or not untouched
