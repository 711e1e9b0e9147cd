"""The audit: one table, four pages of it, and what they may not say."""

from __future__ import annotations

import base64
import csv
import dataclasses
import enum
import io
import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import quote

import jsonschema
import pytest

import mailguard
from mailguard import cli, config, discover, gate
from mailguard.audit.collecting import api_title, audit_of
from mailguard.audit.pages import PAGES
from mailguard.audit.statement import statement
from mailguard.audit.table import ORDER, Audit, Broken, Commit, Decision, Named, Row
from mailguard.audit.text import render_brief
from mailguard.model.finding import Call, Certainty, Severity, Skip, SkipReason, Verdict
from mailguard.model.place import Place
from mailguard.model.reporter import Options
from mailguard.model.value import Origin, Step, StepKind

GOLDEN = Path(__file__).parent / "golden" / "audit"
SCHEMA = json.loads((Path(mailguard.__file__).parent / "audit.schema.json").read_text(encoding="utf-8"))

TREE = {
    "pyproject.toml": """
[tool.mailguard]
internal-domains = ["example.org"]
exclude = ["vendor"]
captures = ["recorded/*.eml"]

[tool.mailguard.audiences.account-admins]
at = ["crm.alerts.notify_admins"]
at_most = 25
reason = "administrators of one account work together"
""",
    ".github/CODEOWNERS": """
*        @acme/core
/news/   @acme/team-news lead@example.com
/jobs/
""",
    "news/mailer.py": """
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail

client = SendGridAPIClient()


def deliver(recipients, subject, html):
    return client.send(Mail(from_email="news@example.org", to_emails=recipients, subject=subject, html_content=html))
""",
    "news/views.py": """
from news.mailer import deliver
from news.models import Subscriber


def publish(subject, html):
    subscribers = Subscriber.objects.filter(active=True)
    deliver([s.email for s in subscribers], subject, html)


def welcome(user, html):
    deliver(user.email, "Welcome", html)
""",
    "news/helpers.py": """
from django.core.mail import send_mail


def tell(people, text):
    send_mail("News", text, None, people)
""",
    "accounts/views.py": """
from django.core.mail import mail_admins, send_mail


def reset(user, link):
    send_mail("Reset", link, None, [user.email])


def failed(text):
    mail_admins("Failed", text)
""",
    "crm/board.py": """
import smtplib
from email.message import EmailMessage

from crm.models import Member


def invite(text):
    message = EmailMessage()
    message["To"] = ", ".join(member.email for member in Member.objects.all())
    message.set_content(text)
    # mailguard: allow[visible-external-recipients] reason="the board, who know each other" until=2027-01-31
    smtplib.SMTP("localhost").send_message(message)
""",
    "jobs/old.py": "import smtplib\nprint 'mail'\nsmtplib.SMTP().sendmail('a', list_of_people, 'text')\n",
    "jobs/pages.py": "import web\n\n\ndef tell(people, text):\n    web.sendmail('news', people, 'News', text)\n",
    "vendor/spam.py": "import smtplib\n\n\ndef spam(people):\n    smtplib.SMTP().sendmail('a', people, 'text')\n",
    "vendor/tool.py": "x = 1\n",
    "tests/test_views.py": """
from django.core.mail import send_mail


def test_two():
    send_mail("S", "T", None, ["ann@example.com", "bob@example.net"])
""",
    "web/contact.js": "const mailer = require('nodemailer');\n",
    "web/plain.js": "console.log('resend the form');\n",
    "legacy/mail.php": "<?php mail($to, $subject, $text);\n",
    "recorded/one.eml": "From: news@example.org\nTo: ann@example.com, bob@example.net\nSubject: News\n\nHello\n",
}
"""A fixed small tree: every verdict, every kind of thing that is not read."""


def git(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    day = "2025-11-18T12:00:00+00:00"
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environment |= {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
    options = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *options, *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8", newline="\n")
    return folder


def repository(folder, files):
    write(folder, files)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", "All")
    return folder


def look(folder, *names, **options):
    """The audit of a folder, as the command makes it."""
    tree = (
        discover.tree_of(names or (), folder)
        if not names
        else discover.tree_of([str(folder / n) for n in names], folder)
    )
    file = config.find(tree.root, tree.root)
    settings = config.load(file, tree.root) if file else config.Settings()
    run = gate.prepare([str(folder / n) for n in names], tree, settings, here=folder, **options)
    return audit_of(run)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return repository(tmp_path_factory.mktemp("small"), TREE)


@pytest.fixture(scope="module")
def audit(small):
    return look(small)


def page(name, audit, **options):
    return PAGES[name].render(audit, Options(command="audit", **options))


def fixed(audit):
    """Without what another release or another wording of a rule would change."""

    def short(row):
        return replace(row, broken=tuple(replace(one, change="change it") for one in row.broken))

    rows, requests = tuple(map(short, audit.rows)), tuple(map(short, audit.requests))
    requests = tuple(replace(one, call=replace(one.call, because="2 people")) for one in requests)
    return replace(audit, rows=rows, requests=requests, notices=(), policy="a41c" * 16, version="1.0")


def row(audit, path):
    (found,) = [one for one in (*audit.rows, *audit.requests) if one.call.place.path == path]
    return found


# --- the pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_golden(name, audit):
    """MAILGUARD_WRITE_GOLDEN=1 writes the texts anew; read the difference before you commit it."""
    text = page(name, fixed(audit))
    file = GOLDEN / f"small.{name}"
    if os.environ.get("MAILGUARD_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_same_whatever_the_order_and_the_place_of_the_files(name, audit, tmp_path):
    again = look(repository(tmp_path / "elsewhere", dict(reversed(TREE.items()))))
    assert page(name, again) == page(name, audit)


def test_the_parts_add_up(audit):
    assert sum(audit.count(verdict) for verdict in ORDER) == len(audit.rows) == audit.ledger.calls
    for totals in (audit.by_api(), audit.by_folder()):
        assert sum(total.total for total in totals) == len(audit.rows)
        for verdict in ORDER:
            assert sum(total.counts[verdict] for total in totals) == audit.count(verdict)
    assert audit.count(Verdict.SHOWS) == audit.ledger.shows
    assert audit.count(Verdict.UNDECIDED) == audit.ledger.undecided == sum(count for _, count in audit.open_points())


def test_json_is_what_its_schema_says_and_the_schema_knows_every_key(audit):
    data = json.loads(page("json", audit))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)

    def closed(part):
        if isinstance(part, dict):
            found = {key: closed(value) for key, value in part.items()}
            return found | {"additionalProperties": False} if isinstance(part.get("properties"), dict) else found
        return [closed(item) for item in part] if isinstance(part, list) else part

    strict = closed(SCHEMA)
    strict["properties"] = {key: closed(value) for key, value in SCHEMA["properties"].items()}
    jsonschema.Draft202012Validator(strict).validate(data)


def test_every_page_tells_of_every_place(audit):
    for name in PAGES:
        text = page(name, audit)
        for one in (*audit.rows, *audit.requests):
            place = one.call.place
            wanted = place.path if name == "csv" else str(place)
            assert wanted in text, (name, str(place))
        for one in (*audit.elsewhere, *audit.unexplained):
            assert one.path in text
        for skip in audit.skips:
            assert skip.place.path in text


def test_every_page_holds_the_statement(audit):
    found, limits = statement(audit)
    for name in PAGES:
        text = " ".join(page(name, audit).split()).replace("&#96;", "`").replace("> ", "")
        assert " ".join(found.split()) in text
        assert limits in text


def test_the_csv_has_as_many_cells_in_every_row(audit):
    rows = list(csv.reader(io.StringIO(page("csv", audit))))
    assert {len(one) for one in rows} == {len(rows[0])}
    calls = [one for one in rows if one[0] == "mail call"]
    assert len(calls) == len(audit.rows)


def test_colour_adds_nothing_that_the_words_do_not_say(audit):
    plain = re.sub(r"\x1b\[\d+m", "", page("text", audit, colour=True))
    assert plain == page("text", audit)


# --- what is in the table ---------------------------------------------------------------------------


def test_a_leak_has_its_way_its_owner_and_the_other_ways(audit):
    found = row(audit, "news/mailer.py")
    assert found.verdict is Verdict.SHOWS
    assert found.call.certainty is Certainty.LIKELY
    assert found.call.origin is Origin.QUERIED
    assert found.api == "SendGrid"
    assert found.owners == ("@acme/team-news", "lead@example.com")
    assert found.call.way[0].kind is StepKind.DATABASE
    assert found.source is not None
    assert (found.source.place.path, found.source.place.line) == ("news/views.py", 6)
    assert [verdict for verdict, _ in found.call.others] == [Verdict.KEEPS_APART]


def test_what_is_fine_is_listed_too(audit):
    here = [one for one in audit.rows if one.call.place.path == "accounts/views.py"]
    assert [one.verdict for one in here] == [Verdict.KEEPS_APART, Verdict.STAFF_ONLY]
    assert [one.owners for one in here] == [("@acme/core",)] * 2


def test_an_open_parameter_is_undecided_and_says_why(audit):
    found = row(audit, "news/helpers.py")
    assert found.verdict is Verdict.UNDECIDED
    assert found.open_point == "who calls them is outside this repository"


def test_an_exception_is_a_decision_and_still_shows_people(audit):
    found = row(audit, "crm/board.py")
    assert found.verdict is Verdict.SHOWS
    assert found.remarks == ("allowed: the board, who know each other",)
    assert [one.kind for one in audit.decisions] == ["exception", "audience"]
    assert audit.decisions[0].until == "2027-01-31"
    assert audit.decisions[1].at_most == 25


def test_with_no_allow_no_exception_counts(small):
    assert [one.kind for one in look(small, allow=False).decisions] == ["audience"]


def test_an_exception_that_has_ended_is_told(small):
    found = look(small, as_of=date(2028, 1, 1))
    assert [one.rule for one in found.others] == ["expired-suppression"]
    assert "expired-suppression" in page("csv", found)
    assert "This exception ended on 2027-01-31" in page("text", found)


def test_test_code_is_told_apart(audit):
    found = row(audit, "tests/test_views.py")
    assert found.remarks == ("test code",)
    assert "Of these, 1 is allowed by a decision and 1 is test code." in statement(audit)[0]


def test_test_code_that_is_fine_is_counted_apart():
    fine = Row(call(Verdict.KEEPS_APART, test_code=True), "smtplib")
    assert "1 of all 4 places is test code." in statement(Audit(rows=(fine, *rows(1, 1, 1, 0))))[0]


def test_a_rule_that_the_settings_ignore_hides_nothing(tmp_path):
    settings = '[tool.mailguard]\nignore = ["visible-external-recipients"]\n'
    code = "from django.core.mail import send_mail\n\nsend_mail('S', 'T', None, ['a@example.com', 'b@example.net'])\n"
    found = look(write(tmp_path, {"pyproject.toml": settings, "a.py": code}))
    assert found.count(Verdict.SHOWS) == 1
    assert "Of these, 1 is of a rule that the settings ignore." in statement(found)[0]


def test_what_was_not_read_is_told(audit):
    assert [(skip.place.path, skip.reason) for skip in audit.skips] == [("jobs/old.py", SkipReason.PYTHON_2)]
    assert audit.unread_files() == (("Python 2", 1),)
    assert audit.exit_code == 3


def test_a_file_that_was_not_read_in_several_places_is_one_file():
    skips = tuple(Skip(SkipReason.INTERNAL, Place("a.py", line), "NameError") for line in (1, 5, 9))
    missing = Skip(SkipReason.UNREADABLE, Place("."), "tracked, and not checked out", times=7)
    assert dict(Audit(skips=(*skips, missing)).unread_files()) == {"mailguard failed on it": 1, "cannot be opened": 7}
    places = Audit(skips=tuple(Skip(SkipReason.BUDGET, Place("a.py", line)) for line in (1, 5)))
    assert (places.unread_files(), places.unread_places()) == ((), 2)
    assert "2 places of the code were not understood." in statement(places)[0]


def test_what_is_excluded_is_told_and_named_where_it_may_send(audit):
    assert audit.excluded == 2
    assert [(one.path, one.apis) for one in audit.elsewhere if one.excluded] == [("vendor/spam.py", ("SMTP",))]


def test_other_languages_are_counted_and_never_judged(audit):
    assert audit.by_language() == (("JavaScript", 1), ("PHP", 1))
    assert {one.path for one in audit.elsewhere if not one.excluded} == {"web/contact.js", "legacy/mail.php"}


def test_python_that_names_an_api_without_a_mail_call_is_told(audit):
    assert [(one.path, one.apis) for one in audit.unexplained] == [("jobs/pages.py", ("web.py",))]
    assert audit.unexplained[0].owners == ()


def test_recorded_requests_stand_for_themselves(audit):
    (found,) = audit.requests
    assert found.verdict is Verdict.SHOWS
    assert found.call.place.path == "recorded/one.eml"
    assert "Of 1 recorded request, 1 shows people to each other." in statement(audit)[0]


def test_apis_have_the_names_that_people_use():
    assert api_title("django.core.mail.send_mail", "smtp") == "Django"
    assert api_title("smtplib.SMTP.sendmail", "smtp") == "smtplib"
    assert api_title("requests.post", "mailgun") == "Mailgun"
    assert api_title("boto3.client.send_email", "ses") == "Amazon SES"
    assert api_title("flask_mail.Mail.send", "smtp") == "flask_mail"
    assert api_title("sendgrid v3/mail/send", "sendgrid") == "SendGrid"
    assert api_title("smtp DATA", "smtp") == "SMTP"


def test_a_declared_sender_keeps_its_name(tmp_path):
    write(
        tmp_path,
        {
            "pyproject.toml": '[tool.mailguard.senders."acme.mail.send"]\nparameters = ["people"]\nto = "people"\n',
            "a.py": "from acme.mail import send\n\n\ndef f(user):\n    send([user.email])\n",
        },
    )
    assert [one.api for one in look(tmp_path).rows] == ["acme.mail.send"]


# --- the statement ----------------------------------------------------------------------------------


def test_the_statement_names_the_commit(small, audit):
    name = git(small, "rev-parse", "HEAD")
    assert audit.commit == Commit(name, date(2025, 11, 18), 0)
    assert statement(audit)[0].startswith(
        f"At commit {name[:7]} (18 November 2025) this repository has 6 places that send"
    )


def test_it_says_so_where_the_files_are_not_those_of_the_commit(tmp_path):
    folder = repository(tmp_path, {"a.py": "x = 1\n", "b.py": "y = 1\n", "c.py": "z = 1\n", "d.txt": "d\n"})
    assert look(folder).commit.changed == 0
    (folder / "a.py").write_bytes(b"x = 1\r\n")
    assert look(folder).commit.changed == 0  # line ends of a checkout
    (folder / "a.py").write_bytes(b"x = 2\n")
    (folder / "b.py").unlink()
    (folder / "new.py").write_bytes(b"n = 1\n")
    (folder / "d.txt").unlink()
    found = look(folder)
    assert found.commit.changed == 3
    assert "with 3 Python files that are not as committed, this repository" in statement(found)[0]


def test_no_git_program_of_the_tree_is_run_to_find_that_out(tmp_path):
    folder = repository(tmp_path, {"a.py": "x = 1\n", ".gitattributes": "*.py filter=evil\n"})
    mark = folder / "ran"
    git(folder, "config", "filter.evil.clean", f"touch {mark}")
    git(folder, "config", "core.fsmonitor", f"touch {mark}")
    (folder / "a.py").write_bytes(b"x = 3\n")
    assert look(folder).commit.changed == 1
    assert not mark.exists()


def test_without_a_repository_there_is_no_commit(tmp_path):
    write(tmp_path, {"a.py": "x = 1\n"})
    found = look(tmp_path)
    assert found.commit == Commit()
    assert statement(found)[0].startswith("This folder has no place that sends mail, as far as its code was read. ")
    assert found.exit_code == 0


def test_a_part_is_called_a_part(small):
    found = look(small, "news")
    assert {one.call.place.path.split("/")[0] for one in found.rows} == {"news"}
    assert "the named part of this repository (news) has" in statement(found)[0]
    assert {one.path.split("/")[0] for one in (*found.elsewhere, *found.unexplained)} <= {"news"}


def test_the_policy_has_one_name_as_long_as_it_is_the_same(small, tmp_path):
    names = {look(small).policy, look(small).policy}
    assert len(names) == 1
    other = repository(
        tmp_path, TREE | {"pyproject.toml": TREE["pyproject.toml"].replace("example.org", "example.net")}
    )
    assert look(other).policy not in names


PLACE = Place("a.py", 3, 5)


def call(verdict, **fields):
    return Call(PLACE, "smtplib.SMTP.sendmail", "smtp", verdict, "a:f", because="Why", **fields)


LEAK = Broken("r", "T", Certainty.LIKELY, Severity.ERROR, PLACE, "c", "", new=True)


def rows(*counts):
    """So many of each verdict; what shows people breaks a rule."""
    broken = {Verdict.SHOWS: (LEAK,)}
    return tuple(
        Row(call(verdict), "smtplib", (), broken.get(verdict, ()))
        for verdict, count in zip(ORDER, counts, strict=True)
        for _ in range(count)
    )


def test_the_statement_of_the_guide():
    whole = Audit(
        rows=rows(6, 9, 44, 4),
        skips=tuple(Skip(SkipReason.PYTHON_2, Place(f"old{number}.py", 1)) for number in range(4)),
        elsewhere=tuple(Named(f"{number}.php", "PHP", ("PHPMailer",)) for number in range(7)),
        decisions=tuple(Decision("exception", "r", PLACE, "", "why", "2027-01-31") for _ in range(2)),
        commit=Commit("3f2c9a1" + "0" * 33, date(2026, 11, 18)),
        policy="a41c" * 16,
        version="1.0",
    )
    assert statement(whole)[0] == (
        "At commit 3f2c9a1 (18 November 2026) this repository has 63 places that send mail. In 44, no outside reader can see "
        "another. 4 write only to configured staff. 6 show people to each other and are listed below. 9 could not be decided "
        "from the code. 4 Python files and 7 files in other languages were not read. 2 exceptions are in force, with reason and "
        "end date. Checked by mailguard 1.0 with policy `a41ca41ca41c`."
    )
    assert statement(whole)[1] == (
        "This report does not cover mail written by hand, campaigns sent from a provider's web pages, settings and templates "
        "kept at a provider, code that is not in this repository, and Python that builds its own code while it runs."
    )


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ((1, 0, 0, 0), "has 1 place that sends mail. 1 shows people to each other and is listed below."),
        ((0, 0, 1, 0), "In 1, no outside reader can see another. None was found to show people to each other."),
        ((0, 1, 0, 1), "1 writes only to configured staff. None was found to show people to each other. 1 could not"),
    ],
)
def test_one_and_none_are_said_as_one_says_them(counts, says):
    assert says in statement(Audit(rows=rows(*counts)))[0]


def test_a_rule_that_is_broken_although_nobody_sees_another_is_not_hidden():
    broken = Broken("recipients-over-cap", "T", Certainty.LIKELY, Severity.WARNING, PLACE, "c", "", new=True)
    whole = Audit(rows=(Row(call(Verdict.KEEPS_APART), "smtplib", (), (broken,)),))
    assert "In 1 of those that were not found to, another rule is broken." in statement(whole)[0]
    for name in PAGES:
        assert "recipients-over-cap" in page(name, whole)


def test_what_is_not_a_rule_broken_is_not_called_one():
    for broken in (
        Broken("r", "T", Certainty.UNDECIDED, Severity.ERROR, PLACE, "c", "", new=True),
        Broken("r", "T", Certainty.CERTAIN, Severity.NOTE, PLACE, "c", "", new=True),
        Broken("r", "T", Certainty.CERTAIN, Severity.ERROR, PLACE, "c", "test code", new=True),
    ):
        assert not Row(call(Verdict.KEEPS_APART), "smtplib", (), (broken,)).besides


def test_the_known_are_counted(small, tmp_path):
    folder = repository(tmp_path, TREE)
    git(folder, "rm", "-q", "--cached", "jobs/old.py")
    (folder / "jobs/old.py").unlink()
    assert cli.run(["baseline", str(folder)]) in (0, 2)
    here = Path.cwd()
    try:
        os.chdir(folder)
        assert cli.run(["baseline"]) == 0
    finally:
        os.chdir(here)
    found = look(folder)
    assert found.baseline
    assert "known" in row(found, "news/mailer.py").remarks
    assert (
        "are known problems, listed in the baseline." in statement(found)[0]
        or "is a known problem" in statement(found)[0]
    )


def test_nothing_is_said_of_merges():
    # That a change cannot be merged is set at the forge; nothing in a repository shows it.
    assert "merged" not in " ".join(statement(Audit(rows=rows(1, 1, 1, 1), baseline=True)))


# --- owners of repositories inside ------------------------------------------------------------------


def test_a_repository_inside_has_its_own_owners(tmp_path):
    code = "import smtplib\n\n\ndef f(user):\n    smtplib.SMTP().sendmail('a', [user.email], 'x')\n"
    repository(tmp_path / "shop", {"CODEOWNERS": "/a.py @shop\n", "a.py": code, "b.py": code})
    repository(tmp_path / "blog", {"a.py": code})
    found = look(tmp_path, "shop", "blog")
    assert {one.call.place.path: one.owners for one in found.rows} == {
        "shop/a.py": ("@shop",),
        "shop/b.py": (),
        "blog/a.py": (),
    }


# --- nobody is named, nothing is run ----------------------------------------------------------------

SECRET = "zq7canary"
ADDRESS = f"{SECRET}@mail.example.com"
FORMS = {
    "plain": ADDRESS,
    "name and address": f'"Zq7Canary" <{ADDRESS}>',
    "percent": ADDRESS.replace("@", "%40"),
    "percent twice": quote(quote(ADDRESS)),
    "quoted-printable": ADDRESS.replace("@", "=40"),
    "reference": ADDRESS.replace("@", "&#64;"),
    "escape": ADDRESS.replace("@", r"\x40"),
    "base64": base64.b64encode(ADDRESS.encode()).decode(),
    "hexadecimal": ADDRESS.encode().hex(),
    "bracketed": f"{SECRET} [at] mail [dot] example [dot] com",
    "full-width": ADDRESS.replace("@", "\uff20"),
}


def planted(thing, text):
    """``thing`` with ``text`` in each of its texts, however deep."""
    if isinstance(thing, (enum.Enum, date)) or thing is None:
        return thing
    if isinstance(thing, str):
        return text.replace("{}", thing)
    if isinstance(thing, tuple):
        return tuple(planted(item, text) for item in thing)
    if dataclasses.is_dataclass(thing):
        values = {item.name: planted(getattr(thing, item.name), text) for item in dataclasses.fields(thing)}
        return dataclasses.replace(thing, **values)
    return thing


def everything(audit):
    """An audit in which no tuple is empty."""
    way = (Step(StepKind.DATABASE, PLACE, "detail"), Step(StepKind.SHOWN, PLACE, "To"), Step(StepKind.SENT, PLACE))
    broken = Broken("rule", "title", Certainty.LIKELY, Severity.ERROR, PLACE, "change", "noted", new=False)
    told = replace(
        call(Verdict.SHOWS),
        reads=(("To", "2 people", PLACE),),
        way=way,
        others=((Verdict.KEEPS_APART, way),),
        certainty=Certainty.LIKELY,
        origin=Origin.QUERIED,
        unless="unless",
    )
    one = Row(told, "api", ("@owner",), (broken,))
    undecided = replace(one, call=replace(told, verdict=Verdict.UNDECIDED, because="Undecided: why"))
    return replace(
        audit,
        rows=(one, undecided, *audit.rows),
        requests=(replace(one, call=replace(told, symbol="", times=3)), *audit.requests),
        skips=(*audit.skips, Skip(SkipReason.NOT_UNDERSTOOD, PLACE, "detail", provider="p", operation="o")),
        others=(broken,),
        part=("part",),
        owners_problem="problem",
        notices=("notice",),
    )


def test_the_canaries_are_planted_everywhere(audit):
    def texts(thing):
        if isinstance(thing, str) and not isinstance(thing, enum.Enum):
            yield thing
        elif isinstance(thing, (tuple, list)):
            for item in thing:
                yield from texts(item)
        elif isinstance(thing, Mapping):
            yield from texts(list(thing.values()))
        elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            for item in dataclasses.fields(thing):
                yield from texts(getattr(thing, item.name))

    assert set(texts(planted(everything(audit), "canary"))) == {"canary"}
    empty = [item.name for item in dataclasses.fields(Audit) if getattr(everything(audit), item.name) == ()]
    assert not empty


@pytest.mark.parametrize("around", ["{}", "{} a {}", "x/{}/y", "{}'{}"], ids=["alone", "words", "path", "glued"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [*PAGES, "brief"])
def test_no_page_prints_an_address_that_is_anywhere_in_the_table(name, form, around, audit):
    whole = planted(everything(audit), around.replace("{}", FORMS[form]))
    options = Options(command="audit", reveal=True)
    text = render_brief(whole, options) if name == "brief" else PAGES[name].render(whole, options)
    assert SECRET not in text.casefold()
    assert base64.b64encode(ADDRESS.encode()).decode().rstrip("=") not in text
    assert ADDRESS.encode().hex() not in text


def test_an_owner_that_is_an_address_is_not_printed_and_one_with_a_dot_is(audit):
    for name in PAGES:
        assert "lead@example.com" not in page(name, audit)
    dotted = replace(audit, rows=tuple(replace(one, owners=("@jane.roe", "@acme/web.team")) for one in audit.rows))
    for name in ("text", "json", "csv"):
        text = page(name, dotted)
        assert "@jane.roe" in text
        assert "@acme/web.team" in text
        assert "SendGrid" in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " ="])
def test_no_cell_is_a_formula(start, audit):
    whole = planted(everything(audit), f"{start}cmd|'/c calc'!A1 {{}}")
    for line in csv.reader(io.StringIO(page("csv", whole))):
        for cell in line:
            assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}, cell


MARKDOWN = "x](http://evil.example) ![i](//evil.example/i.png) <b onload=x> @everyone #1 www.evil.example `|` ~~s~~ https://evil.example/"


def test_foreign_words_format_nothing_in_markdown(audit):
    text = page("markdown", planted(everything(audit), MARKDOWN))
    outside = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", text)
    assert "](http" not in outside
    assert "://" not in outside
    assert "www." not in outside
    assert "<b" not in outside
    assert "@everyone" not in outside
    tables = [line for line in text.splitlines() if line.startswith("|")]
    wide = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert wide <= {3, 4, 6, 7, 10}, Counter(wide)


def test_control_characters_are_shown_as_escapes(audit):
    whole = planted(everything(audit), "\x1b[31m\u202e{}\n::error::x")
    for name in ("text", "csv", "markdown"):
        text = page(name, whole)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not any(line.startswith("::") for line in text.splitlines())


# --- the command ------------------------------------------------------------------------------------


@pytest.fixture
def inside(small, monkeypatch):
    monkeypatch.chdir(small)
    return small


def run(capsys, *arguments):
    code = cli.run(["audit", *arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


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
