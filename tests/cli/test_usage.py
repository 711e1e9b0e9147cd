"""Help, mistakes, settings that are wrong, and failures of mailguard itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard import cli

from .support import LEAK, MESSAGE, SAFE, Run, put


def test_no_command_is_help_with_a_first_step(run: Run) -> None:
    code, out, _ = run()
    assert code == 0
    assert "mailguard check" in out
    assert "mailguard demo" in out


def test_help_names_only_commands_that_exist_in_the_order_of_the_guide(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    named = [line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert named == [name for name in cli.SHOWN if name in cli.main.commands]
    assert "more: mailguard help all" in out
    everything = run("help", "all")[1]
    assert all(f"  {name}" in everything for name in cli.main.commands)


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_has_help(run: Run, name: str) -> None:
    for arguments in ((name, "--help"), ("help", name)):
        code, out, _ = run(*arguments)
        assert code == 0
        assert out.startswith("Usage: mailguard")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chekc",), 'mailguard: there is no command "chekc". Did you mean "check"?'),
        (("check", "srcc"), "mailguard: there is no srcc here. Did you mean src?"),
        (("check", "docs"), "mailguard: nothing to check in docs: no Python file, no capture."),
        (("check", "--format", "sarf"), 'mailguard: there is no format "sarf". Did you mean "sarif"?'),
        (("check", "--output", "sarf=x"), 'mailguard: there is no format "sarf". Did you mean "sarif"?'),
        (("check", "--output", "sarif="), "mailguard: --output sarif= names no file"),
        (("check", "--output", "nowhere/x"), "mailguard: cannot write nowhere/x: No such file"),
        (("check", "--reveal"), "mailguard: --reveal is for JSON"),
        (("check", "--as-of", "soon"), "mailguard: --as-of is a date"),
        (("check", "--config", "nothing.toml"), "mailguard: there is no nothing.toml here."),
        (("check", "--config", "ignor=[]"), 'mailguard: there is no "ignor". Did you mean "ignore"?'),
        (("check", "--config", 'ignore=["bcc-bluk"]'), "bcc-bluk"),
        (("check", "--undecide"), "mailguard: No such option"),
        (("explain", "nonsense"), "is no rule, no place and no mail service. All that there are: mailguard explain"),
        (("explain", "mailr.py:3"), "mailguard: there is no mailr.py:3 here."),
        (("replay", "docs/index.md"), "no capture. Which captures are known: mailguard help formats"),
        (("help", "chekc"), 'mailguard: there is no help on "chekc". Did you mean "check"?'),
        (("replay", "mailer.py"), "mailguard: nothing to check in mailer.py"),
    ],
)
def test_a_mistake_is_answered_with_the_right_name_and_exit_code_2(
    folder: Path, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").touch()
    put(folder, src__a=SAFE, mailer=SAFE)
    code, out, err = run(*arguments)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
    assert out == "" or "--output" in arguments


def test_wrong_settings_say_line_and_right_name(folder: Path, run: Run) -> None:
    (folder / "pyproject.toml").write_text('[tool.mailguard]\ninternal-domain = ["example.com"]\n')
    code, _, err = run("check")
    assert code == 2
    assert err == 'mailguard: pyproject.toml:2: there is no "internal-domain". Did you mean "internal-domains"?\n'
    assert run("check", "--isolated")[0] == 0


def test_a_rule_that_does_not_exist_is_named_with_its_line(folder: Path, run: Run) -> None:
    (folder / "pyproject.toml").write_text('[tool.mailguard]\nignore = [\n  "bcc-bluk",\n]\n')
    code, _, err = run("check")
    assert code == 2
    assert err.startswith("mailguard: pyproject.toml:3: ")


def test_settings_and_files_are_shown(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK)
    (folder / "mailguard.toml").write_text('internal-domains = ["example.com"]\n')
    code, out, _ = run("check", "--show-settings")
    assert code == 0
    assert "internal-domains = ('example.com',)" in out
    assert run("check", "--show-files")[:2] == (0, "mailer.py\n")


def test_a_failure_of_mailguard_is_one_line_and_no_pass(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, mailer=LEAK)

    def fail(*_: object) -> None:
        raise KeyError("ann.planted@example.org")

    monkeypatch.setattr("mailguard.gate.code.claimed", fail)
    code, out, err = run("check")
    assert (code, out) == (3, "")
    assert err.startswith("mailguard: internal error in ")
    assert "(KeyError)" in err
    assert err.count("\n") == 1
    code, _, err = run("check", "--debug")
    assert "code.py:" in err


def test_the_face_of_the_library(folder: Path) -> None:
    import mailguard

    put(folder, mailer=LEAK)
    assert mailguard.check().exit_code == 1
    assert mailguard.scan("mailer.py").findings[0].rule == "visible-external-recipients"
    (folder / "sent.eml").write_bytes(MESSAGE)
    assert isinstance(mailguard.replay(folder / "sent.eml"), mailguard.Report)
    assert set(mailguard.__all__) <= set(dir(mailguard))
