"""What is in the table."""

from __future__ import annotations

from datetime import date

from mailguard.audit.collecting import api_title
from mailguard.audit.statement import statement
from mailguard.audit.table import Audit, Row
from mailguard.model.finding import Certainty, Skip, SkipReason, Verdict
from mailguard.model.place import Place
from mailguard.model.value import Origin, StepKind

from .support import call, look, page, repository, row, write
from .test_statement import rows


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
