"""Files in other languages that name a mail API."""

from __future__ import annotations

import re
import time

import pytest

from mailguard import gate
from mailguard.elsewhere import _OWN, _SERVICES, LANGUAGES, apis_named, language_of

NAMES = {
    ("JavaScript", "const t = require('nodemailer')"): ("Nodemailer",),
    ("JavaScript", "import { Resend } from 'resend';"): ("Resend",),
    ("JavaScript", "const sg = require('@sendgrid/mail')"): ("SendGrid",),
    ("TypeScript", "import { SESv2Client } from '@aws-sdk/client-sesv2';"): ("Amazon SES",),
    ("TypeScript", "await fetch('https://graph.microsoft.com/v1.0/me/sendMail')"): ("Microsoft Graph",),
    ("PHP", "<?php mail($to, 'x', $y);"): ("PHP mail()",),
    ("PHP", "<?php use PHPMailer\\PHPMailer\\PHPMailer;"): ("PHPMailer",),
    ("PHP", "use Illuminate\\Support\\Facades\\Mail;"): ("Laravel",),
    ("PHP", "wp_mail($to, $subject);"): ("WordPress",),
    ("PHP", "use Symfony\\Component\\Mailer\\MailerInterface;"): ("Symfony Mailer",),
    ("PHP", "popen('/usr/sbin/sendmail -t', 'w');"): ("sendmail",),
    ("Ruby", "class NewsMailer < ApplicationMailer"): ("Action Mailer",),
    ("Ruby", "require 'net/smtp'"): ("net/smtp",),
    ("Java", "import javax.mail.Transport;"): ("Jakarta Mail",),
    ("Kotlin", "val sender: JavaMailSender"): ("Spring",),
    ("Groovy", "mail to: 'x', subject: 'y'"): ("Jenkins",),
    ("Go", 'import "net/smtp"'): ("net/smtp",),
    ("Go", '"github.com/aws/aws-sdk-go-v2/service/sesv2"'): ("Amazon SES",),
    ("C#", "using System.Net.Mail;"): ("System.Net.Mail",),
    ("PowerShell", "Send-MailMessage -To $x"): ("Send-MailMessage",),
    ("Rust", "use lettre::Message;"): ("lettre",),
    ("Elixir", "use Swoosh.Mailer, otp_app: :x"): ("Swoosh",),
    ("Perl", "use Net::SMTP;"): ("Net::SMTP",),
    ("Shell", 'echo x | mail -s "Failed" "$OPERATORS"'): ("mail command",),
    ("Shell", "curl -d x https://api.mailgun.net/v3/x/messages"): ("Mailgun",),
    ("Shell", "cat x | /usr/sbin/sendmail -t"): ("sendmail",),
    ("SQL", "EXEC msdb.dbo.sp_send_dbmail"): ("Database Mail",),
    ("Apex", "Messaging.SingleEmailMessage m;"): ("Apex",),
    ("YAML", "  - uses: dawidd6/action-send-mail@v3"): ("GitHub action",),
    ("YAML", "- name: tell\n  community.general.mail:\n    to: x"): ("Ansible",),
    ("Python", "import web\nweb.sendmail(a, b)"): ("web.py",),
    ("Python", "from django.core.mail import send_mail\nsend_mail(1)"): ("Django",),
    ("Python", "subprocess.run(['/usr/sbin/sendmail', '-t'])"): ("sendmail",),
}

SILENT = {
    ("JavaScript", "button.textContent = 'Resend the mail'; for (const loops of x) {}; // postmarked brevolike"),
    ("JavaScript", "icons.add('sendmail', 'envelope'); session.ses = 1; send.email()"),
    ("PHP", "<?php $this->mail($x); Mail::mail(); function mail($x) {} $mail = 1; email($x); // mandrills"),
    ("Ruby", "mail(to: user)  # inside a mailer that is told by its class"),
    ("Shell", "mail=1; echo $mail; e-mail -x; git send-email"),
    ("Go", 'import "net/http"'),
    ("YAML", "sendgrid: {key: x}\nmail: true\n"),
    ("SQL", "select email from mail"),
    (
        "Python",
        "EMAIL_BACKEND = 'django.core.mail.backends.smtp.EmailBackend'\nSENDGRID_API_KEY = 1\nfrom django.core.mail import BadHeaderError",
    ),
}


@pytest.mark.parametrize(("language", "text"), NAMES)
def test_what_names_an_api_is_told(language, text):
    assert apis_named(language, text.encode()) == NAMES[language, text]


@pytest.mark.parametrize(("language", "text"), sorted(SILENT))
def test_what_names_none_is_not(language, text):
    assert apis_named(language, text.encode()) == ()


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.js", "JavaScript"),
        ("a/B.PHP", "PHP"),
        ("Jenkinsfile", "Groovy"),
        ("a.py", ""),
        (".js", ""),
        ("README.md", ""),
        ("x.js/readme", ""),
        ("app.module.ts", "TypeScript"),
    ],
)
def test_languages_are_told_by_the_end_of_the_name(path, language):
    assert language_of(path) == language


def test_no_ending_means_two_languages():
    endings = [suffix for suffixes in LANGUAGES.values() for suffix in suffixes]
    assert len(endings) == len(set(endings))
    assert "py" not in endings


def test_every_language_that_has_apis_of_its_own_exists():
    assert set(_OWN) - {"Python"} <= set(LANGUAGES)


def test_services_have_the_names_that_mailguard_gives_them():
    titles = {
        title for provider in gate.providers().values() for title in (provider.title, *provider.title.split(", "))
    }
    assert {api.name for api in _SERVICES} <= titles


def test_every_service_with_an_http_api_of_its_own_is_looked_for():
    found = {api.name for api in _SERVICES}
    # By an address of its own it is a service; of these one is a host of the user's own.
    services = {
        title for provider in gate.providers().values() if provider.address for title in provider.title.split(", ")
    }
    assert services - found == set()


def test_needles_are_small_letters_and_no_expression_goes_back_without_bound():
    for apis in (*_OWN.values(), _SERVICES):
        for api in apis:
            assert all(needle == needle.lower() for needle in api.needles), api.name
            if api.expression is not None:
                assert re.search(rb"(?<!\\)[*+](?!\?)", api.expression.pattern) is None, api.name


def test_it_takes_time_in_proportion():
    data = (b"ses email mail( resend " + b"x" * 40) * 3_000 + b" " * 50_000 + b"mail" * 10_000
    start = time.process_time()
    for language in (*LANGUAGES, "Python"):
        apis_named(language, data)
    assert time.process_time() - start < 20


def test_nothing_stops_it():
    for language in (*LANGUAGES, "Python", "nothing"):
        for data in (b"", b"\0" * 100, bytes(range(256)), "nodemailer".encode("utf-16")):
            assert isinstance(apis_named(language, data), tuple)
