"""Real git repositories with a mailer in them, and what changes about it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import mailguard

HEAD = "from django.core.mail import send_mail\nfrom shop.models import Subscriber\n\n\n"
EVERYBODY = "[s.email for s in Subscriber.objects.all()]"
LEAK = f'{HEAD}def old(subject):\n    send_mail(subject, "b", "news@example.com", {EVERYBODY})\n'
EACH = """\
from django.core.mail import send_mail


def deliver(people, subject):
    for person in people:
        send_mail(subject, "b", "news@example.com", [person])
"""
ALL = """\
from django.core.mail import send_mail


def deliver(people, subject):
    send_mail(subject, "b", "news@example.com", people)
"""
CALLER = f"""\
from news.mailer import deliver
from shop.models import Subscriber


def publish(subject):
    deliver({EVERYBODY}, subject)
"""
ONE = """\
from news.mailer import deliver


def greet(user, subject):
    deliver([user.email], subject)
"""
PACKAGE = str(Path(mailguard.__file__).parent.parent)
CHECKOUT = Path(__file__).parents[2]
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "a"), ("EMAIL", "a@example.com"), ("DATE", "2026-01-31T12:00:00+0000"))
}

Run = Callable[..., tuple[int, str, str]]


class Repository:
    """A git repository that a test makes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, **more: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment = kept | IDENTITY | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | more
        done = subprocess.run(["git", *arguments], cwd=self.root, env=environment, capture_output=True, check=False)
        if done.returncode:
            raise AssertionError(done.stdout.decode() + done.stderr.decode())
        return done.stdout.decode().strip()

    def put(self, files: dict[str, str | None]) -> None:
        for name, text in files.items():
            file = self.root / name
            if text is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def commit(self, files: dict[str, str | None], words: str = "change") -> str:
        self.put(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", words)
        return self.git("rev-parse", "HEAD")


LOOSE = '[tool.mailguard]\ninternal-domains = ["example.net"]\n'
INSIDE = LEAK.replace(EVERYBODY, '["ann@example.net", "bob@example.net"]')

ALLOWED = LEAK.replace(
    "    send_mail(", '    # mailguard: allow[visible-external-recipients] reason="one club"\n    send_mail('
)
