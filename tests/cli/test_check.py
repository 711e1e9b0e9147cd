"""What ``mailguard check`` says, where it says it, and the exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mailguard import cli, gate

from .support import LEAK, MESSAGE, OPEN, SAFE, Run, put


def test_a_leak_closes_the_gate(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK)
    code, out, err = run("check")
    assert code == 1
    assert "mailer.py:6:50  Everyone on this list can see everyone else on it" in out
    assert "1 mail call: 0 keep readers apart, 1 does not (1 new). 1 file, read." in out
    assert err == ""


def test_a_clean_project_passes(folder: Path, run: Run) -> None:
    put(folder, mailer=SAFE)
    code, out, _ = run("check")
    assert code == 0
    assert out.startswith("Nothing found.\n1 mail call: 1 keeps readers apart. 1 file, read.")


def test_a_project_without_mail_passes_and_says_so(folder: Path, run: Run) -> None:
    put(folder, shop="print(1)\n")
    code, out, _ = run("check")
    assert code == 0
    assert out.startswith("No mail is sent from this code: 1 Python file")
    assert "[tool.mailguard.senders]" in out


def test_a_project_without_python_passes(run: Run) -> None:
    code, out, _ = run("check")
    assert (code, out) == (0, "No mail is sent from this code: there is no Python file.\n")


def test_a_path_alone_is_a_check_of_it(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK)
    assert run(".")[:2] == run("check", ".")[:2] == run("check")[:2]
    assert run("mailer.py")[0] == 1


def test_reports_go_where_they_are_sent_and_the_log_still_says_why(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK)
    code, out, _ = run("check", "--output", "sarif=report.sarif", "--output", "json=report.json")
    assert code == 1
    assert "Everyone on this list" in out
    assert json.loads((folder / "report.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((folder / "report.json").read_text())["exit_code"] == 1
    code, out, _ = run("check", "--format", "json")
    assert (code, json.loads(out)["exit_code"]) == (1, 1)
    code, out, _ = run("check", "--concise")
    assert out.startswith("mailer.py:6:50: likely visible-external-recipients: ")


def test_a_link_of_the_tree_cannot_make_a_report_land_elsewhere(
    folder: Path, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put(folder, mailer=LEAK)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "report.sarif").symlink_to(elsewhere / "precious")
    (folder / "reports").symlink_to(elsewhere)
    for name in ("report.sarif", "reports/new.sarif"):
        code, _, err = run("check", "--output", f"sarif={name}")
        assert code == 2
        assert "a link leads out of the tree" in err
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", sorted(gate.reporters()))
def test_every_format_has_the_same_exit_code_and_no_address(folder: Path, run: Run, name: str) -> None:
    put(folder, mailer=LEAK.replace("people)", '["ann.planted@example.org", "bob.planted@example.org"])'))
    code, out, _ = run("check", "--format", name)
    assert code == 1
    assert "planted" not in out


def test_colour_follows_the_usual_signs(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, mailer=LEAK)
    assert "\x1b[" not in run("check")[1]
    assert "\x1b[" in run("check", "--color", "always")[1]
    monkeypatch.setenv("CLICOLOR_FORCE", "1")
    assert "\x1b[" in run("check")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("check")[1]


def test_undecided_calls_are_counted_and_shown_on_request(folder: Path, run: Run) -> None:
    put(folder, helper=OPEN)
    code, out, _ = run("check")
    assert code == 0
    assert "1 undecided" in out
    assert "helper.py:4" not in out
    assert "helper.py:4" in run("check", "--undecided")[1]


def test_test_code_is_noted_and_gates_on_request(folder: Path, run: Run) -> None:
    put(folder, tests__test_mail=LEAK)
    assert run("check")[0] == 0
    assert run("check", "--tests")[0] == 1


def test_an_inside_domain_settles_what_only_staff_reads(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK.replace("people)", '["ann@team.example.org", "bob@example.org"])'))
    assert run("check")[0] == 1
    code, out, _ = run("check", "--config", 'internal-domains=["example.org"]')
    assert code == 0
    assert "1 writes to staff only" in out


def test_an_inside_domain_is_proposed_where_it_would_help(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, mailer=LEAK.replace("people)", '["ann@acme.example", "bob@acme.example"])'))
    assert "internal-domains" not in run("check", "--no-cache")[1], "a reserved name is nobody's own"
    monkeypatch.setattr("mailguard.addresses.compare._RESERVED", ())
    assert 'internal-domains = ["acme.example"]' in run("check", "--no-cache")[1]


def test_written_people_of_one_domain_are_taken_for_staff_until_a_domain_is_declared(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Reserved names are nobody's, so that examples stay findings; here one of them has to be somebody's.
    put(folder, mailer=LEAK.replace("people)", '[subject.email, "ann@team.acme.example", "bob@acme.example"])'))
    assert run("check", "--no-cache")[0] == 1
    monkeypatch.setattr("mailguard.addresses.compare._RESERVED", ())
    code, out, _ = run("check", "--no-cache")
    assert code == 0
    assert "a note" in " ".join(out.split())
    assert "internal-domains = [" in out
    assert run("check", "--no-cache", "--config", 'internal-domains=["example.net"]')[0] == 1
    put(folder, mailer=LEAK.replace("people)", '["ann@acme.example", "bob@other.example"])'))
    assert run("check", "--no-cache")[0] == 1
    put(folder, mailer=LEAK.replace("people)", '["ann@acme.example", "bob@acme.example"])'))
    assert run("check", "--no-cache")[0] == 0
    monkeypatch.setattr("mailguard.tally.code.PUBLIC_MAILBOXES", {"acme.example"})
    assert run("check", "--no-cache")[0] == 1


def test_an_audience_may_see_each_other(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK)
    text = '[tool.mailguard.audiences.club]\nat = ["mailer.newsletter"]\nreason = "they meet every week"\n'
    (folder / "pyproject.toml").write_text(text)
    code, out, _ = run("check", "--all")
    assert code == 0
    assert "does not block: audience" in out
    (folder / "pyproject.toml").write_text(text + "until = 2026-01-31\n")
    assert run("check", "--as-of", "2026-01-31")[0] == 0
    code, out, _ = run("check", "--as-of", "2026-02-01")
    assert code == 1
    assert "The audience club ended on 2026-01-31" in out


def test_no_report_proposes_a_command_that_does_not_exist(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK, broken=LEAK + "\ndef broken(:\n")
    (folder / "cut.har.gz").write_bytes(b"\x1f\x8b\x08\x00")
    (folder / "sent.eml").write_bytes(MESSAGE)
    said = "".join(run("check", ".", "--all", "--all-trails", "--format", name)[1] for name in gate.reporters())
    said += run("replay", ".")[1]
    proposed = set(re.findall(r"mailguard ([a-z]+)(?= |$|\b[^.:])", said, re.MULTILINE))
    assert proposed & {"check", "explain"}
    assert not proposed & ({*cli.SHOWN, "init", "record", "scrub"} - set(cli.main.commands))


def test_the_level_of_the_gate_can_be_raised(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK)
    assert run("check", "--config", 'gate="error"')[0] == 1


def test_what_was_named_filters_what_is_shown_and_not_what_is_read(folder: Path, run: Run) -> None:
    put(
        folder,
        helper=OPEN,
        views=LEAK.replace("django.core.mail import send_mail", "helper import send").replace(
            'send_mail(subject, body, "news@example.com", people)', "send(subject, body, people)"
        ),
        other=LEAK,
    )
    code, out, _ = run("check", "helper.py")
    assert code == 1
    assert "views.py" in out
    assert "other.py" not in out
    assert run("check", "views.py")[0] == 1


def test_syntax_errors_where_mail_is_sent_are_no_pass(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK + "\ndef broken(:\n")
    code, out, _ = run("check")
    assert code == 3
    assert "mailer.py" in out


def test_a_declared_sender_is_a_mail_call(folder: Path, run: Run) -> None:
    put(
        folder,
        news="from acme.mail import send_bulk\nfrom shop.models import User\n\n\n"
        "def news():\n    send_bulk('Hi', [user.email for user in User.objects.all()])\n",
    )
    declared = '[tool.mailguard.senders."acme.mail.send_bulk"]\nparameters = ["subject", "people"]\nto = "people"\n'
    assert "No mail is sent" in run("check")[1]
    (folder / "pyproject.toml").write_text(declared)
    code, out, _ = run("check")
    assert code == 1
    assert "Everyone on this list" in out
    (folder / "pyproject.toml").write_text(declared + "one_each = true\n")
    code, out, _ = run("check")
    assert code == 0
    assert "1 keeps readers apart" in out


def test_a_declared_sender_that_its_own_body_contradicts_is_a_finding(folder: Path, run: Run) -> None:
    body = "from django.core.mail import EmailMessage\n\n\ndef send_bulk(subject, people):\n"
    together = '    EmailMessage(subject, "T", "news@example.com", people).send()\n'
    apart = '    for one in people:\n        EmailMessage(subject, "T", "news@example.com", [one]).send()\n'
    (folder / "acme").mkdir()
    (folder / "acme" / "__init__.py").touch()
    (folder / "acme" / "mail.py").write_text(body + together)
    (folder / "pyproject.toml").write_text(
        '[tool.mailguard.senders."acme.mail.send_bulk"]\nparameters = ["subject", "people"]\nto = "people"\none_each = true\n'
    )
    code, out, _ = run("check")
    assert code == 1
    assert 'acme.mail.send_bulk is declared "one message each", but acme/mail.py:5 sends one to all' in out
    assert "one_each" in run("explain", "sender-contradicted")[1]
    (folder / "acme" / "mail.py").write_text(body + apart)
    assert run("check")[0] == 0
