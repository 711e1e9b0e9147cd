"""The drill: a check that can fail. Every setting that lets a leak through is named, and nothing is written."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import cli, gate
from mailguard.drill import LIST, PAIR, Plant, leak_of, planted
from mailguard.model.place import Place
from mailguard.redact import holds_address

DJANGO = """\
from django.core.mail import send_mail


class Mailer:
    def deliver(self, people):
        for person in people:
            send_mail("s", "b", None, [person.email])


def after():
    return 1
"""
SES = """\
import boto3


def greet(person):
    boto3.client("ses").send_email(Source="news", Destination={"ToAddresses": [person.email]}, Message={})
"""
HEAD = "One leak for each mail API in use, planted in a copy and checked with your settings:\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert not holds_address(out + err)
        assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return code, out, err

    return call


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        file = folder / name.replace("__", "/")
        file = file if file.suffix else file.with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_a_leak_is_blocked_for_every_api_in_use(folder: Path, run: Run) -> None:
    put(folder, news__mailer=DJANGO, jobs__ses=SES)
    assert run("check", "--drill") == (
        0,
        f"{HEAD}  Amazon SES  blocked\n  Django      blocked\nNeither would have been merged.\n",
        "",
    )
    _, out, _ = run("check", "--drill", "--all")
    assert "    beside jobs/ses.py:5   blocked\n" in out
    assert "    beside news/mailer.py:7   blocked\n" in out


def test_what_is_not_blocked_is_told_with_its_setting(folder: Path, run: Run) -> None:
    put(folder, news__mailer=DJANGO, jobs__ses=SES)
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\n\n[tool.mailguard]\nexclude = ["jobs/"]\n')
    assert run("check", "--drill") == (
        1,
        f"{HEAD}  Amazon SES  NOT blocked: pyproject.toml:5 excludes jobs/\n  Django      blocked\nOne of two would have been merged.\n",
        "",
    )


LETS_THROUGH = {
    'select = ["recipients-over-cap"]': "pyproject.toml:2 selects other rules only",
    'ignore = ["visible-external-recipients"]': "pyproject.toml:2 turns visible-external-recipients off",
    "limits = {visible-external-recipients = 2}": "pyproject.toml:2 sets the limit of visible-external-recipients to 2",
    'exclude = ["jobs", "**/mailer.py"]': "pyproject.toml:2 excludes **/mailer.py",
    'internal-domains = ["example.com", "gmail.com"]': "pyproject.toml:2 counts gmail.com as inside",
    'per-path-ignores = {"news/*" = ["visible-external-recipients"]}': (
        "pyproject.toml:2 turns visible-external-recipients off in news/*"
    ),
    'audiences.club = {at = ["news.mailer.*"], reason = "friends"}': "pyproject.toml:2 makes it the audience club",
    'exclude = ["news"]\nignore = ["visible-external-recipients"]': (
        "pyproject.toml:2 excludes news and pyproject.toml:3 turns visible-external-recipients off"
    ),
}


@pytest.mark.parametrize("setting", LETS_THROUGH)
def test_every_setting_that_lets_a_leak_through_is_named(folder: Path, run: Run, setting: str) -> None:
    put(folder, news__mailer=DJANGO)
    (folder / "pyproject.toml").write_text(f"[tool.mailguard]\n{setting}\n")
    code, out, _ = run("check", "--drill")
    assert out == f"{HEAD}  Django  NOT blocked: {LETS_THROUGH[setting]}\nIt would have been merged.\n"
    assert code == 1


def test_an_exception_of_a_class_lets_a_leak_through(folder: Path, run: Run) -> None:
    comment = '# mailguard: allow[visible-external-recipients] reason="one club"\n'
    put(folder, news__mailer=DJANGO.replace("class", f"{comment}class"))
    code, out, _ = run("check", "--drill")
    assert code == 1
    assert "NOT blocked: news/mailer.py:4 allows it: one club" in out
    assert run("check", "--drill", "--no-allow")[0] == 0


HARMLESS = [
    'exclude = ["jobs"]',
    'ignore = ["bcc-header-transmitted"]',
    'internal-domains = ["example.com"]',
    'audiences.club = {at = ["news.mailer.Mailer.deliver"], reason = "friends"}',
    'gate = "error"',
    'per-path-ignores = {"jobs/*" = ["visible-external-recipients"]}',
]


@pytest.mark.parametrize("setting", HARMLESS)
def test_settings_that_let_nothing_through_do_not_fail(folder: Path, run: Run, setting: str) -> None:
    put(folder, news__mailer=DJANGO)
    (folder / "pyproject.toml").write_text(f"[tool.mailguard]\n{setting}\n")
    assert run("check", "--drill")[0] == 0


def test_old_problems_and_a_baseline_change_nothing(folder: Path, run: Run) -> None:
    leak = DJANGO.replace("[person.email]", "[each.email for each in people.all()]")
    put(folder, news__mailer=leak)
    assert run("check")[0] == 1
    assert run("check", "--drill")[0] == 0
    cli.run(["baseline"])
    assert run("check")[0] == 0
    assert run("check", "--drill")[0] == 0


def test_one_of_several_places_is_listed(folder: Path, run: Run) -> None:
    put(folder, news__mailer=DJANGO, old__mailer=DJANGO)
    (folder / "pyproject.toml").write_text('[tool.mailguard]\nexclude = ["old"]\n')
    code, out, _ = run("check", "--drill")
    assert code == 1
    assert out == (
        f"{HEAD}  Django  NOT blocked: pyproject.toml:2 excludes old\n"
        "    beside old/mailer.py:7   NOT blocked: pyproject.toml:2 excludes old\nIt would have been merged.\n"
    )


def test_without_mail_code_there_is_nothing_to_plant(folder: Path, run: Run) -> None:
    put(folder, a="x = 1\n")
    assert run("check", "--drill") == (0, "No mail API is in use here, so there is no leak to plant.\n", "")
    put(folder, tests__test_a=DJANGO)
    assert run("check", "--drill")[1].startswith("No mail API is in use here")
    assert "  Django  blocked" in run("check", "--drill", "--tests")[1]


def test_what_cannot_be_read_is_no_pass(folder: Path, run: Run) -> None:
    put(folder, news__mailer=DJANGO, old=SES + "print 'sent'\n")
    code, out, _ = run("check", "--drill")
    assert code == 3
    assert out.endswith("1 file is not read, so nothing was planted there.\n")


@pytest.mark.parametrize(
    "arguments", [["--since", "HEAD"], ["--staged"], ["--format", "json"], ["--output", "x.json"], ["--concise"]]
)
def test_a_drill_is_about_the_settings_only(folder: Path, run: Run, arguments: list[str]) -> None:
    put(folder, news__mailer=DJANGO)
    assert run("check", "--drill", *arguments)[0] == 2


def test_what_the_drill_says_is_what_a_merge_would_bring(folder: Path, run: Run) -> None:
    put(folder, news__mailer=DJANGO)
    leak = leak_of(gate.providers()["django"])
    assert leak is not None
    for people, setting, code in (
        (LIST, "", 1),
        (PAIR, "", 1),
        (PAIR, "limits = {visible-external-recipients = 2}", 0),
    ):
        (folder / "pyproject.toml").write_text(f"[tool.mailguard]\n{setting}\n")
        plant = Plant(
            "",
            Place("news/mailer.py", 7),
            "drill",
            f"def drill(*_):\n    import sqlite3\n    {people}\n{indented(leak)}",
        )
        (folder / "news" / "mailer.py").write_bytes(planted(DJANGO.encode(), "news/mailer.py", [plant]))
        assert run("check")[0] == code
        put(folder, news__mailer=DJANGO)
        assert run("check", "--drill")[0] == 1 - code


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize("name", sorted(gate.providers()))
@pytest.mark.parametrize("people", [LIST, PAIR])
def test_there_is_a_leak_for_every_service_and_it_is_one(tmp_path: Path, name: str, people: str) -> None:
    leak = leak_of(gate.providers()[name])
    assert leak is not None, f"no leak in drill_data/{name}.txt"
    file = tmp_path / "mailer.py"
    file.write_text(f"def drill():\n    import sqlite3\n    {people}\n{indented(leak)}")
    ast.parse(file.read_text())
    report = gate.scan(file)
    assert report.exit_code == 1
    assert len(report.calls) == 1
    assert report.calls[0].provider in {name, "smtp"}


# --- the copy -------------------------------------------------------------------------------------

FUNCTION = "def drill(*_):\n    return 1\n"


def test_a_leak_stands_beside_the_function_of_its_mail_call() -> None:
    plant = Plant("", Place("a.py", 7), "drill", FUNCTION)
    tree = ast.parse(planted(DJANGO.encode(), "a.py", [plant]))
    mailer = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    assert [node.name for node in mailer.body if isinstance(node, ast.FunctionDef)] == ["deliver", "drill"]


BODIES = [
    DJANGO,
    DJANGO.rstrip("\n"),
    DJANGO.replace("\n", "\r\n"),
    DJANGO.replace("    ", "\t"),
    "\ufeff" + DJANGO,
    "if x:\n    def f():\n        def g(): send()\n        return g\nelse:\n    pass\n",
    "try:\n    send()\nexcept E:\n    def f(): send()\n",
    "match x:\n    case 1:\n        def f(): send()\n",
    "send(\n  1)",
    "print 'no Python of today'\ndef f():\n    send()\n",
    "",
    "x = 1 \\\n",
]


@given(st.sampled_from(BODIES), st.integers(1, 14), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_the_copy_is_the_file_with_functions_in_it(text: str, line: int, number: int) -> None:
    data = text.encode()
    plants = [
        Plant("", Place("a.py", line), f"drill_{n}", f"def drill_{n}(*_):\n    return 1\n") for n in range(number)
    ]
    result = planted(data, "a.py", plants)
    for plant in plants:
        assert f"def {plant.name}(".encode() in result
    try:
        ast.parse(data)
    except SyntaxError:
        return
    ast.parse(result)
    left = [one for one in result.splitlines() if b"drill_" not in one and b"return 1" not in one and one.strip()]
    assert left == [one for one in data.splitlines() if one.strip() and b"return 1" not in one]


@pytest.mark.parametrize("data", [b"{}", b"[]", b"no json", b'{"cells": 1}', b'{"cells": [], "metadata": {}}'])
def test_a_notebook_gets_a_cell_more(data: bytes) -> None:
    result = planted(data, "a.ipynb", [Plant("", Place("a.ipynb", 1), "drill", FUNCTION)])
    cells = json.loads(result)["cells"] if result != data else []
    assert [cell["source"] for cell in cells] == ([FUNCTION] if b'"cells": []' in data else [])


def test_a_leak_in_a_notebook_is_blocked(folder: Path, run: Run) -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": SES,
    }
    document = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "send.ipynb").write_text(json.dumps(document))
    assert run("check", "--drill")[0] == 0
    (folder / "pyproject.toml").write_text('[tool.mailguard]\nexclude = ["*.ipynb"]\n')
    assert run("check", "--drill")[0] == 1
