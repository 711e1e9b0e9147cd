"""Reports made by hand: fixed inputs, so that no new rule or service changes what the tests expect."""

from __future__ import annotations

from mailguard.model.count import MANY, exactly
from mailguard.model.finding import (
    Call,
    Certainty,
    Finding,
    Ledger,
    Report,
    Severity,
    Skip,
    SkipReason,
    Verdict,
    Way,
)
from mailguard.model.message import Message, Reason, Recipient
from mailguard.model.place import Place
from mailguard.model.reporter import Options, RuleText
from mailguard.model.value import Step, StepKind

CODE = {
    "news/mailer.py": "\n" * 18 + "def deliver(recipients, subject, html):\n"
    "    return client.send(Mail(\n"
    "        from_email=SENDER, to_emails=recipients,\n"
    "        subject=subject, html_content=html))\n",
    "news/views.py": "\n" * 43 + "    subscribers = Subscriber.objects.filter(active=True)\n"
    "    subject = headline()\n"
    "\n"
    "    deliver([s.email for s in subscribers])\n",
}


def code_lines(path, first, last):
    return CODE[path].splitlines()[first - 1 : last] if path in CODE else None


def span(path, line, text):
    """The place of ``text`` on a line of CODE."""
    start = CODE[path].splitlines()[line - 1].index(text) + 1
    return Place(path, line, start, line, start + len(text))


SEND = span("news/mailer.py", 20, "client.send(Mail(")
ORIGIN = span("news/views.py", 44, "Subscriber.objects.filter(active=True)")
PASSED = span("news/views.py", 47, "deliver([s.email for s in subscribers])")
SHOWN = span("news/mailer.py", 21, "to_emails=recipients")
PLACE = span("news/mailer.py", 21, "recipients,")
PLACE = Place("news/mailer.py", 21, 28, 21, 48)

STEPS = (
    Step(StepKind.DATABASE, ORIGIN),
    Step(StepKind.PASSED, PASSED, "deliver"),
    Step(StepKind.SHOWN, SHOWN),
    Step(StepKind.SENT, SEND),
)
WAY = Way(STEPS, Certainty.LIKELY, "default|news.mailer:deliver|news.views:publish|0", MANY)

LEAK = Finding(
    rule="shared-personalization",
    title="Everyone on this list can see everyone else on it",
    severity=Severity.ERROR,
    certainty=Certainty.LIKELY,
    place=PLACE,
    send=SEND,
    ways=(WAY,),
    api="sendgrid.SendGridAPIClient.send",
    provider="sendgrid",
    symbol="news.mailer:deliver",
    change="add is_multiple=True: one message each, still one request per 1,000 people",
    why="every reader sees every other address in To",
    caption="one message with everybody in To",
    count=MANY,
    line="To",
)

RECORDED = Finding(
    rule="visible-external-recipients",
    title="3 outside people can see each other",
    severity=Severity.ERROR,
    certainty=Certainty.CERTAIN,
    place=Place("captures/november.jsonl", 12),
    send=Place("captures/november.jsonl", 12),
    ways=(),
    api="sendgrid, POST api.sendgrid.com/v3/mail/send",
    provider="sendgrid",
    symbol="",
    change="send one message each",
    why="each of the 3 readers sees the addresses of the other 2",
    caption="",
    count=exactly(3),
    message=Message(
        to=(Recipient("ada@example.com"), Recipient("bob@example.org"), Recipient("ADA@example.com")),
        cc=(Recipient("carl@example.net"),),
        bcc=(Recipient("staff@inside.example"),),
    ),
    times=24,
)

UNTOLD = Skip(
    reason=SkipReason.CANNOT_TELL,
    place=Place("captures/november.jsonl", 3107),
    detail="the header says gzip, the body is not gzip",
    cause=Reason.WRONG_ENCODING,
    provider="sendgrid",
    operation="POST api.sendgrid.com/v3/mail/send",
)

UNREAD = Skip(reason=SkipReason.PYTHON_2, place=Place("jobs/old.py", 12))

REPORT = Report(
    findings=(LEAK,),
    calls=(
        Call(
            place=SEND,
            api="sendgrid.SendGridAPIClient.send",
            provider="sendgrid",
            verdict=Verdict.SHOWS,
            symbol="news.mailer:deliver",
            reads=(("to", "any number of people", SHOWN),),
            because="every reader sees every other address in To",
            unless="is_multiple=True is given",
        ),
    ),
    ledger=Ledger(calls=41, keeps_apart=36, shows=4, shows_new=1, undecided=1, files=214, files_read=214),
)

CAPTURES = Report(
    findings=(RECORDED,),
    skips=(UNTOLD, UNREAD),
    ledger=Ledger(requests=4112, request_keeps_apart=4087, request_shows=24, cannot_tell=1, captures=1),
    notices=("Was 41, now 3: was code removed, or has mailguard lost sight of it?",),
)

RULES = (
    RuleText(
        "shared-personalization",
        "Everyone on this list can see everyone else on it",
        summary="Several people share one personalization, so they share one message.",
        help_text="shared-personalization\n\nWhat happens, and what to change.",
        help_markdown="# shared-personalization\n\nWhat happens, and what to change.",
    ),
    RuleText("visible-external-recipients", "Several outside people can see each other"),
)

OPTIONS = Options(code_lines=code_lines, version="1.0.0", rules=lambda: RULES)
