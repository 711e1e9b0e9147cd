"""What other packages are asked, and when they are loaded."""

import subprocess
import sys

from mailguard.addresses import checks, plain, reader


def _python(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


def test_plain_lists_and_legal_lists_load_no_third_party():
    done = _python(
        "import sys; from mailguard.addresses.values import recipients\n"
        "recipients('Ann <a@example.com>, \"B, C\" <b@example.org>, team: c@example.net;')\n"
        "print([m for m in ('flanker', 'email_validator', 'publicsuffixlist') if m in sys.modules])",
    )
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)


def test_flanker_is_asked_about_odd_members_and_says_nothing_aloud():
    done = _python(
        "import sys, logging; logging.basicConfig(level=0)\n"
        "from mailguard.addresses.values import recipients\n"
        "found = recipients('<secret@example.com \"x y, two@example.org three@example.net ;; \\x01<\\x02')\n"
        "from mailguard.addresses import checks\n"
        "print('flanker' in sys.modules, checks._flanker() is not None)",
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True True\n", "", 0)


def test_a_second_opinion_can_only_add(monkeypatch):
    checks.second_opinion.cache_clear()
    odd = "one@example.com two@example.org"
    monkeypatch.setattr(reader, "second_opinion", lambda _member: 5)
    assert len(plain._careful(odd).recipients) == 5
    monkeypatch.setattr(reader, "second_opinion", lambda _member: 0)
    assert len(plain._careful(odd).recipients) == 2


def test_a_broken_flanker_changes_nothing(monkeypatch):
    def broken(_member):
        raise RuntimeError

    checks.second_opinion.cache_clear()
    monkeypatch.setattr(checks, "_flanker", lambda: broken)
    assert checks.second_opinion("a@example.com b@example.com") == 0
    checks.second_opinion.cache_clear()
    monkeypatch.setattr(checks, "_flanker", lambda: None)
    assert checks.second_opinion("a@example.com b@example.com") == 0
    checks.second_opinion.cache_clear()
