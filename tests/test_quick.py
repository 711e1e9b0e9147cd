"""A tree that names no mail library: the quick answer is the whole one, or there is none."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard import cli, quick, tokens
from mailguard.cache import answering, keeping
from mailguard.gate import libraries
from mailguard.search import ANCHORS, Search, folded, holds, is_coded

from .cache.support import QUIET, git

NOISY = "from django.core.mail import send_mail\n\ndef tell(one):\n    send_mail('a', 'b', None, [one])\n"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # What is installed beside the tests may name groups of mailguard's entry points.
    monkeypatch.setattr(quick, "_plugins", lambda: False)
    monkeypatch.setenv("MAILGUARD_CACHE_DIR", "")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "tree"
    (root / "shop").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    (root / "shop" / "__init__.py").write_text("")
    (root / "shop" / "shapes.py").write_text(QUIET)
    monkeypatch.chdir(root)
    return root


def whole(capsys: pytest.CaptureFixture[str]) -> tuple[str, int]:
    """What the whole of mailguard says."""
    capsys.readouterr()
    code = cli.run(["check", "--no-cache"])
    return capsys.readouterr().out, code


def repository(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "all")


def add(path: str, content: str | bytes = QUIET) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    return change


def link(path: str, target: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)

    return change


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        for one in changes:
            one(root)

    return change


ANSWERED = {
    "nothing besides": lambda root: None,
    "one file": lambda root: (root / "shop" / "__init__.py").unlink(),
    "a script by its first line": add("bin/tool", "#!/usr/bin/env python3\nprint(1)\n"),
    "a script of another language": add("bin/tool", "#!/bin/sh\necho sendgrid\n"),
    "a notebook": add("look.ipynb", '{"cells": []}'),
    "an environment": both(add("env/pyvenv.cfg", ""), add("env/mail.py", NOISY)),
    "installed packages": add("flask/lib/python2.7/site-packages/mail.py", NOISY),
    "a tool's folder": add(".tox/mail.py", NOISY),
    "another language": add("mail.rb", "sendgrid"),
    "letters of other languages": add("shop/words.py", "# gr\u00fc\u00dfe, \u4f60\u597d, \U0001f600\n"),
    "an encoding of ASCII letters": add("shop/old.py", "# coding: latin-1\nx = 1\n"),
    "a part of a token": add("shop/part.py", "ses = 1\nboto = 2\n"),
    "a link beside the file": link("shop/also.py", "shapes.py"),
    "a link to nowhere": link("shop/gone.py", "nothing.py"),
    "a link to a folder": link("also", "shop"),
    "letters that are folded, of no library": add("shop/words.py", "x = 'n\u00ba 5'\n"),
    "a folder called like a file": lambda root: (root / "shop" / "odd.py").mkdir(),
    "a pipe": lambda root: os.mkfifo(root / "shop" / "pipe.py"),
    "settings of other tools": add("pyproject.toml", "[tool.other]\nx = 1\n"),
    "a name that is no ASCII": add("shop/gr\u00fc\u00dfe.py"),
}
LEFT = {
    "a mail library": add("shop/mail.py", NOISY),
    "a mail library in test code": add("tests/test_mail.py", NOISY),
    "a mail library in a notebook": add("look.ipynb", '{"cells": [{"source": ["import smtplib"]}]}'),
    "a mail library in a script": add("bin/tool", "#!/usr/bin/env python3\nimport smtplib\n"),
    "both parts of a token": add("shop/part.py", "ses.send_email()\n"),
    "an exception": add("shop/shapes.py", '# mailguard: allow[shown-to-all] reason="so it is"\nx = 1\n'),
    "settings": add("mailguard.toml", "tests = true\n"),
    "settings for senders": add("pyproject.toml", '[tool.mailguard.senders]\n"shop.tell" = { to = ["people"] }\n'),
    "a baseline": add("mailguard-baseline.json", "{}"),
    "settings that are no text": add("pyproject.toml", b"\xff\xfe"),
    "an encoding of other letters": add("shop/odd.py", "# coding: utf-7\nx = 1\n"),
    "an encoding in the second line, far on": add("shop/odd.py", f"# {'x' * 300}\n# coding: utf-7\nx = 1\n"),
    "letters that are folded": add("shop/odd.py", "# coding: utf-8\nimport \U0001d5cc\U0001d5c6tplib\n"),
    "a file in two bytes a letter": add("shop/odd.py", "import smtplib\n".encode("utf-16")),
    "a link that leads out": link("shop/out.py", "../../other.py"),
    "a link to a file of another kind": both(add("shop/code.txt", NOISY), link("shop/more.py", "code.txt")),
    "an environment that is none": both(link("env/pyvenv.cfg", "nothing"), add("env/mail.py", NOISY)),
    "no Python at all": both(
        lambda root: (root / "shop" / "__init__.py").unlink(), lambda root: (root / "shop" / "shapes.py").unlink()
    ),
}


@pytest.mark.parametrize("in_git", [False, True])
@pytest.mark.parametrize("what", ANSWERED)
def test_what_is_answered_at_once_is_what_the_whole_says(
    what: str, in_git: bool, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ANSWERED[what](tree)
    if in_git:
        repository(tree)
    if in_git and what == "a tool's folder":
        return  # git tracks it here, so that it is read
    if in_git and what == "an environment":
        return  # the same
    found = quick.answer(["check", "--no-cache"])
    assert found is not None
    assert (found.text, 0) == whole(capsys)


@pytest.mark.parametrize("in_git", [False, True])
@pytest.mark.parametrize("what", LEFT)
def test_what_is_out_of_the_ordinary_is_left_to_the_whole(what: str, in_git: bool, tree: Path) -> None:
    assert quick.answer(["check"]) is not None
    LEFT[what](tree)
    if in_git:
        repository(tree)
    assert quick.answer(["check"]) is None


def test_what_git_ignores_is_read_where_it_is_tracked(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add("made/mail.py", NOISY)(tree)
    repository(tree)
    add(".gitignore", "made/\nnew/\n")(tree)
    assert quick.answer(["check"]) is None
    git(tree, "rm", "-rq", "--cached", "made")
    add("new/mail.py", NOISY)(tree)
    found = quick.answer(["check"])
    assert found is not None
    assert (found.text, 0) == whole(capsys)
    add("fresh.py", NOISY)(tree)
    assert quick.answer(["check"]) is None


def test_another_repository_inside_is_left_to_the_whole(tree: Path) -> None:
    add("inner/one.py")(tree)
    repository(tree / "inner")
    git(tree, "init", "-q")
    assert quick.answer(["check"]) is None


def test_a_folder_of_a_project_is_left_to_the_whole(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "shop")
    assert quick.answer(["check"]) is None
    repository(tree)
    assert quick.answer(["check"]) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_in_the_place_of_settings_is_not_waited_for(tree: Path) -> None:
    settings_file = tree / "pyproject.toml"
    settings_file.unlink(missing_ok=True)
    assert quick.answer(["check"]) is not None
    os.mkfifo(settings_file)
    assert quick.answer(["check"]) is None


def test_a_file_that_cannot_be_opened_is_left_to_the_whole(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: str, flags: int, *rest: int) -> int:
        if str(path).endswith("shapes.py"):
            raise PermissionError(path)
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    assert quick.answer(["check"]) is None


@pytest.mark.parametrize(
    ("arguments", "answered"),
    [
        (["check"], True),
        (["check", "."], True),
        (["check", "--no-cache", "--jobs", "2", "--color", "never"], True),
        (["check", "--isolated"], True),
        (["check", "--color", "always"], False),
        (["check", "--jobs", "0"], False),
        (["check", "--jobs"], False),
        (["check", "--format", "json"], False),
        (["check", "--staged"], False),
        (["check", "shop"], False),
        (["check", "--wrong"], False),
        (["scan"], False),
        ([], False),
    ],
)
def test_only_plain_commands_are_answered_at_once(arguments: list[str], answered: bool, tree: Path) -> None:
    assert (quick.answer(arguments) is not None) is answered


def test_two_processes_find_what_one_finds(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "MANY", 1)
    monkeypatch.setattr(quick, "_processors", lambda: 2)
    with pytest.MonkeyPatch.context() as forked:
        if sys.version_info >= (3, 12):
            # The tests have threads of their own, of which the real command has none.
            forked.setattr(
                quick, "_are_quiet_to_two", lambda files: quick._search(files[::2]) and quick._search(files[1::2])
            )
        assert quick.answer(["check"]) is not None
        for name in ("a", "b"):
            add(f"shop/{name}.py", NOISY)(tree)
            assert quick.answer(["check"]) is None
            (tree / "shop" / f"{name}.py").unlink()


def test_a_plugin_is_left_to_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    place = tmp_path / "site"
    (place / "more-1.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(place)])
    assert not quick._plugins()
    entry_points = place / "more-1.0.dist-info" / "entry_points.txt"
    entry_points.write_text("[mailguard.providers]\nmore = more:PROVIDER\n")
    assert quick._plugins()
    entry_points.write_text("[console_scripts]\nmailguard = mailguard.__main__:main\n")
    assert not quick._plugins()
    monkeypatch.setattr(quick, "MODULES", (("providers", frozenset({"__init__"})),))
    assert quick._plugins()


def test_the_tokens_are_those_of_the_libraries() -> None:
    """After a provider was added, or names something new: ``python tests/write_tokens.py``."""
    asked = {tuple(part.encode() for part in each.split(" & ")) for one in libraries() for each in one.tokens}
    missing = asked - set(tokens.TOKENS)
    assert not missing, "run: python tests/write_tokens.py"
    spec = importlib.util.spec_from_file_location("write_tokens", Path(__file__).with_name("write_tokens.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert [(shelf, set(found)) for shelf, found in module.modules()] == [
        (shelf, set(known)) for shelf, known in tokens.MODULES
    ], "run: python tests/write_tokens.py"


def test_what_is_answered_at_once_is_remembered(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAILGUARD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(keeping, "MARGIN", 0)
    monkeypatch.setattr(sys, "argv", ["mailguard", "check"])
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    from mailguard import __main__

    assert __main__.main() == 0
    first = capsys.readouterr().out
    assert first.startswith("No mail is sent from this code: 2 Python files")
    monkeypatch.setattr(quick, "answer", lambda _: pytest.fail("asked again"))
    assert __main__.main() == 0
    assert capsys.readouterr().out == first
    add("shop/shapes.py", NOISY)(tree)
    assert answering.answer(["check"]) is None


TOKENS = st.lists(
    st.lists(st.sampled_from(["mail", "send", "x", "smtp", "a.b", "Hook"]), min_size=1, max_size=3).map(tuple)
)
DATA = st.lists(st.sampled_from(["mail", "send", "x", "smtp", "a.b", "Hook", " ", "ma", "il", "\n"]), max_size=8).map(
    "".join
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)  # the tables of a cold start
@given(TOKENS, DATA)
def test_the_search_finds_what_holds_all_parts(wanted: list[tuple[str, ...]], data: str) -> None:
    coded = [tuple(part.encode() for part in token) for token in wanted]
    expected = any(all(part in data for part in token) for token in wanted)
    assert Search(coded).finds(data.encode()) is expected


def test_a_token_is_found_behind_any_number_of_places_of_its_anchor() -> None:
    search = Search([(b"sendmail",)])
    for count in (0, 1, 49, 51, 500):
        assert search.finds(b"x mail, and send\n" * count + b"sendmail")
        assert search.finds(b"mail" * count + b"sendmail" + b" mail" * count)
        assert not search.finds(b"x mail, and send\n" * count)


def test_every_token_is_found_alone() -> None:
    search = Search(tokens.TOKENS)
    for token in tokens.TOKENS:
        assert search.finds(b"x " + b" y ".join(token) + b" z")
        assert not search.finds(b"x".join(bytes([byte]) for byte in token[0]))
    assert not any(search.finds(anchor) for anchor in ANCHORS)


@given(st.sampled_from(tokens.TOKENS), st.sampled_from([" ", "  ", "\t", " \t ", " \\\n    ", "\\\r\n", "\f "]))
@settings(deadline=None)
def test_any_blanks_stand_between_the_words_of_a_token(token: tuple[bytes, ...], blanks: str) -> None:
    said = b"\n".join(part.replace(b" ", blanks.encode()) for part in token)
    assert Search(tokens.TOKENS).finds(said)
    assert all(holds(part, said) for part in token)
    if any(b" " in part for part in token):
        assert not Search([token]).finds(said.replace(blanks.encode(), b"\n"))
        assert not Search([token]).finds(said.replace(blanks.encode(), b"_"))


def test_letters_that_python_reads_as_plain_ones_hide_nothing() -> None:
    import unicodedata

    search = Search([(b"name",)])
    count = 0
    for code in range(128, sys.maxunicode + 1):
        letter = chr(code)
        plain = unicodedata.normalize("NFKC", letter) if f"a{letter}".isidentifier() else letter
        if plain.isascii():
            count += 1
            assert folded(f"x = {letter}".encode()).decode() == f"x = {plain}"
    assert count > 900
    assert search.matters("import n\u1d43me".encode())
    assert search.matters("# coding: utf8\nimport n\u1d43me".encode())
    assert not search.matters("x = 'gr\u00fc\u00dfe n\u00ba 5'".encode())


@pytest.mark.parametrize(
    ("head", "coded"),
    [
        ("", False),
        ("# coding: utf-8", False),
        ("# -*- coding: UTF-8 -*-", False),
        ("#!/usr/bin/python\n# vim: set fileencoding=latin-1 :", False),
        ("# coding: utf-7", True),
        ("# coding: cp037", True),
        (f"# {'x' * 5000}\n# coding: utf-7", True),
        ("# one\n# two\n# coding: utf-7", False),
    ],
)
def test_an_encoding_counts_where_python_looks_for_it(head: str, coded: bool) -> None:
    assert is_coded(f"{head}\nx = 1\n".encode()) is coded


def test_an_encoding_of_one_byte_has_letters_that_are_folded() -> None:
    assert is_coded("# coding: latin-1\nimport p\u00bast".encode("latin-1"))
    assert not is_coded("# coding: latin-1\nx = 'gr\u00fc\u00dfe'".encode("latin-1"))
