"""The hook, by itself and run by the real pre-commit."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from .support import ALL, CALLER, CHECKOUT, EACH, EVERYBODY, IDENTITY, LEAK, Repository, Run

Hook = Callable[..., tuple[int, str]]


@pytest.fixture
def hook(repository: Repository, program: Path) -> Hook:
    """Call the entry of a hook as pre-commit does: in the root, with nothing but the staged state to go by."""
    import yaml

    hooks = {one["id"]: one for one in yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())}

    def call(name: str, **environment: str) -> tuple[int, str]:
        entry = hooks[name]["entry"].split()
        assert entry[0] == "mailguard"
        assert hooks[name]["pass_filenames"] is False
        done = subprocess.run(
            [str(program), *entry[1:]],
            cwd=repository.root,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return call


def test_the_hook_blocks_what_a_commit_makes_worse_with_or_without_a_baseline(
    repository: Repository, run: Run, hook: Hook
) -> None:
    repository.commit({"news/old.py": LEAK, "news/mailer.py": EACH, "news/views.py": CALLER})
    for _ in range(2):
        repository.put({"news/mailer.py": ALL})
        repository.git("add", "-A")
        code, out = hook("mailguard")
        assert code == 1, out
        assert "1 new in this commit. 1 known one does not block." in out
        repository.put({"news/mailer.py": EACH + "\n"})
        repository.git("add", "-A")
        assert hook("mailguard")[0] == 0
        assert run("baseline")[0] in (0, 2)
        repository.commit({"news/mailer.py": EACH})
    assert hook("mailguard-all")[0] == 0


def test_the_hook_over_a_branch_compares_with_where_it_starts(repository: Repository, hook: Hook) -> None:
    first = repository.commit({"news/old.py": LEAK})
    repository.commit({"news/new.py": LEAK.replace("old", "new")})
    assert hook("mailguard")[0] == 0
    assert hook("mailguard", PRE_COMMIT_FROM_REF=first, PRE_COMMIT_TO_REF="HEAD")[0] == 1


SOME = f"""\
from django.core.mail import send_mail
from shop.models import Subscriber


def some(subject):
    people = {EVERYBODY}
    try:
        from news.local import AT_MOST
    except ImportError:
        AT_MOST = 100
    send_mail(subject, "b", "news@example.com", people[:AT_MOST])
"""


def test_the_real_pre_commit_runs_the_hook(repository: Repository, tmp_path: Path, program: Path) -> None:
    pytest.importorskip("pre_commit")
    import yaml

    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())
    # The hooks as they are, but with the mailguard that is being tested instead of one that is installed.
    for one in hooks:
        one |= {"language": "system", "entry": one["entry"].replace("mailguard", str(program), 1)}
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    repository.commit(
        {
            "news/mailer.py": EACH,
            "news/views.py": CALLER,
            "news/new.py": EACH,
            "news/some.py": SOME,
            "news/local.py": "AT_MOST = 1\n",
            ".pre-commit-config.yaml": yaml.safe_dump(config),
        }
    )

    def commit() -> tuple[int, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | IDENTITY
        environment |= {"PRE_COMMIT_HOME": str(tmp_path / "cache")}
        done = subprocess.run(
            ["git", "commit", "-q", "-am", "x"],
            cwd=repository.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "install"],
        cwd=repository.root,
        env=os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "cache")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    repository.put({"news/mailer.py": ALL})
    code, out = commit()
    assert code == 1, out
    assert "- hook id: mailguard" in out
    assert "1 new in this commit." in out
    repository.put(
        {
            "news/mailer.py": EACH
            + textwrap.dedent("""

        LIMIT = 5
    """)
        }
    )
    code, out = commit()
    assert code == 0, out
    # What is no Python file by its name, and what is taken away, can make a call unsafe as well.
    repository.git("mv", "news/new.py", "news/new.txt")
    (repository.root / "news" / "new.py").symlink_to("new.txt")
    repository.git("add", "-A")
    code, out = commit()
    assert code == 0, out
    (repository.root / "news" / "new.txt").write_text(LEAK)
    code, out = commit()
    assert code == 1, out
    repository.git("checkout", "-q", "HEAD", ".")
    repository.git("rm", "-q", "news/local.py")
    code, out = commit()
    assert code == 1, out
    assert "1 new in this commit." in out
