"""A tree with a leak in it, and the question that is asked again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from mailguard.cache import answering

LEAK = """\
from django.core.mail import send_mail
from shop.people import everybody

def tell(people):
    send_mail("subject", "text", None, people)

def tell_all():
    tell(everybody())
"""
PEOPLE = """\
from shop.models import Customer

def everybody():
    return [customer.email for customer in Customer.objects.all()]
"""
QUIET = "def area(width, height):\n    return width * height\n"

Look = Callable[..., tuple[str, int]]


def answer(*arguments: str) -> tuple[str, int] | None:
    return answering.answer(["check", *arguments])


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )
