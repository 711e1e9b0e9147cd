"""``mailguard audit``."""

from __future__ import annotations

import json

from mailguard import cli
from mailguard.audit.pages import PAGES
from mailguard.audit.text import render_brief
from mailguard.model.reporter import Options

from .support import page, repository, run


def test_audit_prints_the_page_and_never_closes_a_gate(inside, capsys, audit):
    code, out, err = run(capsys)
    assert (code, err) == (3, "")
    assert out == page("text", audit)
    assert out.startswith("6 places send mail: Django 4, SendGrid 1, smtplib 1.\n  ● show people to each other   ")


def test_the_formats_are_chosen_as_everywhere(inside, capsys, audit):
    for name in PAGES:
        code, out, _ = run(capsys, "--format", name)
        assert code == 3
        assert json.loads(out) if name == "json" else out == page(name, audit)
    code, _, err = run(capsys, "--format", "jsn")
    assert code == 2
    assert 'there is no format "jsn". Did you mean "json"?' in err
    assert run(capsys, "--format", "sarif")[0] == 2


def test_several_files_and_what_stands_on_top_on_the_terminal(inside, capsys, audit, tmp_path):
    names = [tmp_path / "a.json", tmp_path / "b.csv", tmp_path / "c.md", tmp_path / "d"]
    outputs = [f"--output={names[0]}", f"--output={names[1]}", f"--output={names[2]}", f"--output=text={names[3]}"]
    code, out, err = run(capsys, *outputs)
    assert (code, err) == (3, "")
    assert out.startswith(render_brief(audit, Options(command="audit")))
    assert out.count(f"{tmp_path}") == 4
    assert json.loads(names[0].read_text(encoding="utf-8"))["schema"] == "mailguard-audit/1"
    for name, file in zip(("csv", "markdown", "text"), names[1:], strict=True):
        assert file.read_text(encoding="utf-8") == page(name, audit)


def test_a_file_beside_a_page_on_the_terminal_leaves_it_whole(inside, capsys, tmp_path):
    code, out, err = run(capsys, "--output", "json=-", "--output", f"{tmp_path / 'a.csv'}")
    assert code == 3
    assert json.loads(out)
    assert "a.csv" in err


def test_no_report_lands_outside_by_a_link_of_the_tree(tmp_path, monkeypatch, capsys):
    folder = repository(tmp_path / "tree", {"a.py": "x = 1\n"})
    (folder / "out").symlink_to(tmp_path)
    monkeypatch.chdir(folder)
    code, _, err = run(capsys, "--output", "json=out/a.json")
    assert code == 2
    assert "a link leads out of the tree" in err
    assert not (tmp_path / "a.json").exists()


def test_wrong_commands_are_2(inside, capsys):
    assert run(capsys, "newz")[0] == 2
    assert run(capsys, "--as-of", "soon")[0] == 2
    assert run(capsys, "--reveal")[0] == 2


def test_a_tree_that_was_read_whole_is_0_also_with_leaks(tmp_path, monkeypatch, capsys):
    leak = {
        "a.py": "from django.core.mail import send_mail\n\nsend_mail('S', 'T', None, ['a@example.com', 'b@example.net'])\n"
    }
    monkeypatch.chdir(repository(tmp_path, leak))
    code, out, _ = run(capsys)
    assert code == 0
    assert "1 shows people to each other" in " ".join(out.split())
    assert "a@example.com" not in out
    assert cli.run(["check"]) == 1
