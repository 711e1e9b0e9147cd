"""A repository in which all kinds of mail calls lie, and its audit."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import mailguard
from mailguard import cli, config, discover, gate
from mailguard.audit.collecting import audit_of
from mailguard.audit.pages import PAGES
from mailguard.model.finding import Call
from mailguard.model.place import Place
from mailguard.model.reporter import Options

GOLDEN = Path(__file__).parents[1] / "golden" / "audit"
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


PLACE = Place("a.py", 3, 5)


def call(verdict, **fields):
    return Call(PLACE, "smtplib.SMTP.sendmail", "smtp", verdict, "a:f", because="Why", **fields)


def run(capsys, *arguments):
    code = cli.run(["audit", *arguments])
    out = capsys.readouterr()
    return code, out.out, out.err
