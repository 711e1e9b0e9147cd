"""Small projects that send mail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        file = folder / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".py").write_text(text)
