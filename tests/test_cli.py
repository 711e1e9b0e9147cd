"""The command line: what people type, what they read, and the exit code."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailguard import cli, gate
from mailguard.redact import holds_address

LEAK = """\
from django.core.mail import send_mail
from shop.models import Subscriber

def newsletter(subject, body):
    people = [s.email for s in Subscriber.objects.filter(active=True)]
    send_mail(subject, body, "news@example.com", people)
"""
SAFE = LEAK.replace(
    '    send_mail(subject, body, "news@example.com", people)',
    """\
    for person in people:
        send_mail(subject, body, "news@example.com", [person])""",
)
OPEN = """\
from django.core.mail import send_mail

def send(subject, body, people):
    send_mail(subject, body, "news@example.com", people)
"""
MESSAGE = b"""From: news@example.com
To: ann.planted@example.org, bob.planted@example.org
Subject: Hello

Hello.
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    del folder

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert not holds_address(out + err)
        return code, out, err

    return call


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        file = folder / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".py").write_text(text)


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
        (("explain", "nonsense"), 'mailguard: "nonsense" is no rule, no place and no mail service.'),
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


def test_an_inside_domain_is_proposed_where_it_would_help(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK.replace("people)", '["ann@acme.example", "bob@acme.example"])'))
    assert 'internal-domains = ["acme.example"]' in run("check")[1]


def test_written_people_of_one_domain_are_taken_for_staff_until_a_domain_is_declared(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Reserved names are nobody's, so that examples stay findings; here one of them has to be somebody's.
    put(folder, mailer=LEAK.replace("people)", '[subject.email, "ann@team.acme.example", "bob@acme.example"])'))
    assert run("check", "--no-cache")[0] == 1
    monkeypatch.setattr("mailguard.addresses.compare._RESERVED", ())
    code, out, _ = run("check", "--no-cache")
    assert code == 0
    assert "a note" in out
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


ALLOW = '# mailguard: allow[visible-external-recipients] reason="the members of one club"'


@pytest.mark.parametrize(
    "text",
    [
        LEAK.replace("people)", f"people)  {ALLOW}"),
        LEAK.replace("    send_mail(", f"    {ALLOW}\n    # and another comment\n    send_mail("),
        LEAK.replace('"news@example.com", people)', f'"news@example.com",\n        people,\n    )  {ALLOW}'),
        LEAK.replace("people)", f"people)  {ALLOW} until=2026-01-31"),
        LEAK.replace("people)", f"people)  {ALLOW.replace('[', '[bcc-bulk, ')}"),
    ],
)
def test_an_exception_with_a_reason_counts_and_is_said(folder: Path, run: Run, text: str) -> None:
    put(folder, mailer=text)
    code, out, _ = run("check", "--as-of", "2026-01-31")
    assert code == 0
    assert "allowed: the members of one club" in out
    assert "1 does not (0 new)" in out


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# mailguard: allow[visible-external-recipients]", "gives no reason"),
        ('# mailguard: allow[visible-external-recipients] reason=" "', "gives no reason"),
        (ALLOW + " until=2026-01-30", "ended on 2026-01-30"),
        (ALLOW + " until=2026-13-01", "The end of this exception is no date"),
        (ALLOW + " until=soon", "The end of this exception is no date"),
        (ALLOW.replace("visible", "visibel"), "names a rule that does not exist: visibel-external-recipients"),
        (ALLOW.replace("visible-external-recipients", "bcc-bulk"), "allows nothing"),
        ("# mailguard: allow reason", "names no rule"),
    ],
)
def test_an_exception_that_does_not_count_is_said(folder: Path, run: Run, comment: str, said: str) -> None:
    put(folder, mailer=LEAK.replace("people)", f"people)  {comment}"))
    code, out, _ = run("check", "--as-of", "2026-01-31")
    assert code == 1
    line = next(line for line in out.splitlines() if said in line)
    assert line.startswith("mailer.py:6:")


def test_an_exception_allows_its_own_place_only(folder: Path, run: Run) -> None:
    put(
        folder,
        mailer=LEAK.replace("people)", f"people)  {ALLOW}") + LEAK.partition("\n\n")[2].replace("newsletter", "other"),
    )
    code, out, _ = run("check")
    assert code == 1
    assert out.count("Everyone on this list can see everyone else on it") == 1


def test_an_ignored_rule_hands_the_finding_to_the_general_one(folder: Path, run: Run) -> None:
    put(
        folder,
        mailer=LEAK.replace("people)", "people[0:1000])")
        .replace("people[0:1000]", "b")
        .replace(
            "    send_mail",
            "    for b in (people[i : i + 1000] for i in range(0, len(people), 1000)):\n        send_mail",
        ),
    )
    assert "batched-recipient-list" in run("check")[1]
    (folder / "pyproject.toml").write_text('[tool.mailguard.per-path-ignores]\n"*.py" = ["batched-recipient-list"]\n')
    code, out, _ = run("check")
    assert code == 1
    assert "visible-external-recipients" in out
    rules = '"batched-recipient-list", "visible-external-recipients"'
    (folder / "pyproject.toml").write_text(f'[tool.mailguard.per-path-ignores]\n"*.py" = [{rules}]\n')
    code, out, _ = run("check")
    assert code == 0
    assert "1 does not" in out  # nobody wants a finding of it, and it is so all the same


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


def test_a_captured_message_is_replayed(folder: Path, run: Run) -> None:
    (folder / "sent.eml").write_bytes(MESSAGE)
    code, out, _ = run("check", "sent.eml")
    assert code == 1
    assert "2 outside people can see each other" in out
    assert run("replay", "sent.eml")[0] == 1
    assert run("replay", ".")[0] == 1
    assert run("scan", ".")[0] == 0


def test_captures_of_the_settings_are_checked_with_the_code(folder: Path, run: Run) -> None:
    (folder / "sent.eml").write_bytes(MESSAGE)
    assert run("check")[0] == 0
    (folder / "pyproject.toml").write_text('[tool.mailguard]\ncaptures = ["*.eml"]\n')
    assert run("check")[0] == 1


def test_a_log_in_a_shape_of_its_own_is_read_as_the_settings_say(folder: Path, run: Run) -> None:
    body = {"personalizations": [{"to": [{"email": f"r{number}@example.com"} for number in range(3)]}]}
    packed = base64.b64encode(json.dumps(body).encode()).decode()
    line = {
        "req": {"verb": "POST", "uri": "https://api.sendgrid.com/v3/mail/send", "payload": packed},
        "ts": 1700000000,
    }
    (folder / "logs").mkdir()
    (folder / "logs" / "gateway-1.jsonl").write_text(json.dumps(line) + "\n")
    (folder / "mailguard.toml").write_text(
        '[captures.gateway]\nfiles = "logs/gateway-*.jsonl"\n'
        'fields = { method = "req.verb", url = "req.uri", body = "req.payload", body_encoding = "base64", time = "ts" }\n'
    )
    code, out, _ = run("check")
    assert code == 1
    assert "3 outside people can see each other" in out


def test_a_capture_of_the_settings_in_no_known_format_is_no_pass(folder: Path, run: Run) -> None:
    (folder / "mailguard.toml").write_text('captures = ["recorded/*"]\nexclude = ["vendor"]\n')
    code, out, _ = run("check")
    assert code == 0
    assert 'No file is named by captures "captures" of mailguard.toml: recorded/*.' in out
    (folder / "recorded").mkdir()
    (folder / "recorded" / "x").write_text("neither code nor a capture")
    code, out, _ = run("check")
    assert code == 3
    assert "no format that mailguard knows" in out
    put(folder, vendor__a=LEAK)
    code, out, _ = run("scan", "vendor")
    assert code == 0
    assert "What was named is excluded by mailguard.toml." in out


def test_inspect_shows_who_sees_whom_and_addresses_only_when_asked(
    folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sent.eml").write_bytes(MESSAGE)
    code, out, _ = run("inspect", "sent.eml")
    assert code == 0
    assert "r1 outside" in out
    assert "r2 outside" in out
    assert cli.run(["inspect", "--reveal", "sent.eml"]) == 0
    assert "ann.planted@example.org" in capsys.readouterr().out


def test_explain_answers_for_every_kind_of_subject(folder: Path, run: Run) -> None:
    put(folder, mailer=SAFE)
    assert "visible-external-recipients" in run("explain")[1]
    assert "BitMEX" in run("explain", "batched-recipient-list")[1]
    assert "send_mail" in run("explain", "django")[1]
    assert "Django" in run("explain", "django.core.mail")[1]
    code, out, _ = run("explain", "mailer.py:7")
    assert code == 0
    assert out.startswith("mailer.py:7:9  This call keeps readers apart")
    assert "There is no mail call in mailer.py at line 1" in run("explain", "mailer.py:1")[1]
    put(folder, mailer=LEAK)
    assert "shows people to each other" in run("explain", "mailer.py:6:50")[1]
    assert "shows people to each other" in run("explain", "mailer:newsletter")[1]
    assert "no mail call in mailer:other" in run("explain", "mailer:other")[1]


def test_every_place_that_is_printed_can_be_pasted(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, shop__mailer=LEAK)
    (folder / ".git").mkdir()
    (folder / "sent.eml").write_bytes(MESSAGE)
    (folder / "shop" / "sub").mkdir()
    for here in (folder, folder / "shop" / "sub"):
        monkeypatch.chdir(here)
        for place in re.findall(r"^(\S+:\d\S*)", run("check", str(folder / "shop"), "--concise")[1], re.MULTILINE):
            assert run("check", place.rstrip(":"))[0] == 1
            assert "shows people" in run("explain", place.rstrip(":"))[1]
        (place,) = re.findall(r"^(\S+)  2 outside", run("replay", str(folder / "sent.eml"))[1], re.MULTILINE)
        assert run("check", place)[0] == 1
        assert "r1 outside, r2 outside" in run("explain", place)[1]


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


def test_the_examples_of_own_rules_can_be_run(folder: Path, run: Run) -> None:
    rules = folder / "policy"
    rules.mkdir()
    rule = (
        "id: {id}\ntitle: Too many\nwhy: Many read it.\nchange: send less\nmeasure: total\nlimit: 2\nseverity: error\n"
        "cause: cap\nexamples:\n  bad:\n    - name: three\n      message:\n        to: [{people}]\n"
    )
    three = ", ".join(f"r{number}@example.com" for number in range(3))
    (rules / "too-many.yaml").write_text(rule.format(id="too-many", people=three))
    assert run("explain", "--test", "policy")[:2] == (0, "too-many: 1 of 1 examples hold.\n")
    (rules / "too-many.yaml").write_text(rule.format(id="too-many", people="r1@example.com"))
    code, out, _ = run("explain", "--test", "policy")
    assert code == 1
    assert 'the bad example "three" is not found' in out


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


# --- in a process of its own ----------------------------------------------------------------------


def started(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-m", "mailguard", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_modules_of_the_scanned_tree_are_never_imported(folder: Path) -> None:
    put(folder, mailer=LEAK)
    for name in ("libcst", "click", "yaml", "flanker", "difflib", "sitecustomize_", "tomllib", "json"):
        (folder / f"{name}.py").write_text("raise SystemExit('a module of the tree was run')\n")
    done = started(folder, "check", "mailer.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Everyone on this list" in done.stdout


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_load_nothing_heavy(folder: Path, argument: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mailguard", argument],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {
        name for name in loaded if name.split(".")[0] in ("libcst", "flanker", "yaml", "email_validator", "jsonschema")
    }
    assert not heavy
    if argument == "--version":
        assert "click" not in loaded


def test_output_survives_a_terminal_without_the_characters(folder: Path) -> None:
    put(folder, größe=LEAK)
    done = started(folder, "check", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert "Everyone on this list" in done.stdout
