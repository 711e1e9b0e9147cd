"""Clones that lack something, links, submodules, and repositories that mean harm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .support import ALL, EACH, LEAK, ONE, PACKAGE, Repository, Run


def test_files_that_could_never_be_read_stop_nobody(repository: Repository, run: Run) -> None:
    old = LEAK + "\nprint 'sent'\n"
    repository.commit({"jobs/old.py": old})
    assert run("check")[0] == 3
    repository.put({"jobs/old.py": old + "print 'again'\n", "news/mailer.py": EACH})
    code, out, _ = run("check", "--since", "HEAD")
    assert code == 0
    assert "1 of 2 files read; the other one is known." in out
    repository.put({"jobs/new.py": old})
    assert run("check", "--since", "HEAD")[0] == 3


def test_captures_of_the_settings_are_compared_too(repository: Repository, run: Run) -> None:
    message = "From: n@example.com\nTo: ann@example.org, bob@example.net\nSubject: s\n\nHello\n"
    repository.commit({"pyproject.toml": '[tool.mailguard]\ncaptures = ["*.eml"]\n', "one.eml": message})
    assert run("check")[0] == 1
    for mode in (["--since", "HEAD"], ["--staged"]):
        assert run("check", *mode)[0] == 0
    repository.put({"two.eml": message})
    repository.git("add", "-A")
    for mode in (["--since", "HEAD"], ["--staged"]):
        code, out, _ = run("check", *mode)
        assert code == 1
        assert out.startswith("two.eml")


def test_a_commit_that_is_not_here_is_no_pass(repository: Repository, run: Run, tmp_path: Path) -> None:
    repository.commit({"news/mailer.py": EACH})
    code, out, err = run("check", "--since", "origin/main")
    assert (code, out) == (2, "")
    assert err == (
        "mailguard: origin/main is not in this clone, so old and new cannot be told apart.\n"
        "Fetch it: fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab).\n"
    )
    assert run("check", "--since", "nowhere")[0] == 2
    assert run("check", "--since", "--output=x")[0] == 2
    assert run("check", "--since", "")[0] == 2
    os.chdir(tmp_path)
    assert run("check", "--since", "HEAD")[0] == 2
    assert run("check", "--staged")[0] == 2


def test_a_shallow_clone_says_how_to_get_the_rest(
    repository: Repository, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repository.commit({"news/mailer.py": EACH})
    repository.commit({"news/mailer.py": ALL})
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.root}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    code, _, err = run("check", "--since", first)
    assert code == 2
    assert "fetch-depth: 0" in err


def test_nothing_of_the_repository_is_run_and_nothing_is_written(repository: Repository, run: Run) -> None:
    mark = repository.root.parent / "ran"
    repository.commit({"news/old.py": LEAK, ".gitattributes": "*.py filter=bad diff=bad\n"})
    hook = repository.root / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    for key, value in (
        ("filter.bad.clean", f"sh -c 'touch {mark}; cat'"),
        ("filter.bad.smudge", f"sh -c 'touch {mark}; cat'"),
        ("diff.bad.textconv", f"sh -c 'touch {mark}; cat'"),
        ("core.fsmonitor", f"touch {mark}"),
        ("core.pager", f"touch {mark}"),
    ):
        repository.git("config", key, value)
    repository.put({"news/old.py": ALL})
    before = sorted(str(path) for path in repository.root.rglob("*"))
    run("check", "--since", "HEAD")
    run("check", "--staged")
    assert not mark.exists()
    assert sorted(str(path) for path in repository.root.rglob("*")) == before
    assert (repository.root / "news" / "old.py").read_text() == ALL


@pytest.mark.parametrize("below", ["", "news"])
def test_modules_of_the_tree_that_the_environment_names_are_not_imported(repository: Repository, below: str) -> None:
    bomb = "raise SystemExit('run')\n"
    names = ("click", "libcst", "yaml", "orjson", "email_validator", "publicsuffixlist")
    repository.commit({"news/new.py": LEAK, **{f"src/{name}.py": bomb for name in names}})
    path = os.pathsep.join([str(repository.root / "src"), PACKAGE, "src", "."])
    done = subprocess.run(
        [sys.executable, "-m", "mailguard", "check", "--no-cache", str(repository.root)],
        cwd=repository.root / below,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "news/new.py:6" in done.stdout


@pytest.mark.parametrize("folder", ["bin", "tools/bin", "."])
def test_a_git_that_lies_in_the_tree_is_not_run(repository: Repository, folder: str, program: Path) -> None:
    mark = repository.root.parent / "ran"
    repository.commit(
        {"news/mailer.py": EACH, f"{folder}/git": f'#!/bin/sh\ntouch {mark}\nexec /usr/bin/env -i git "$@"\n'}
    )
    (repository.root / folder / "git").chmod(0o755)
    repository.put({"news/new.py": LEAK})
    path = f"{repository.root / folder}{os.pathsep}{os.environ['PATH']}"
    command = [str(program), "check", "--since", "HEAD"]
    environment = os.environ | {"PATH": path}
    done = subprocess.run(command, cwd=repository.root / "news", env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert not mark.exists()


def test_a_submodule_is_compared_with_its_own_commit(repository: Repository, run: Run, tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.commit({"lib.py": LEAK})
    repository.commit({"news/mailer.py": EACH})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "vendor")
    repository.commit({})
    repository.put({"news/mailer.py": ALL})
    assert run("check")[0] == 1
    assert run("check", "--since", "HEAD")[0] == 0


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"


def test_code_that_is_kept_elsewhere_is_no_pass(repository: Repository, run: Run, tmp_path: Path) -> None:
    repository.commit({"news/mailer.py": EACH})
    repository.put({"news/new.py": POINTER, ".gitattributes": "*.py filter=lfs\n"})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        code, out, _ = run("check", *mode)
        assert code == 3
        assert "kept in Git LFS, and not fetched" in out
        assert "git lfs pull" in out
    repository.commit({"news/new.py": None, "news/one.py": ONE})
    inner = Repository(tmp_path / "inner")
    inner.commit({"a.py": EACH})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "vendor")
    repository.git("submodule", "deinit", "-q", "-f", "vendor")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        code, out, _ = run("check", *mode)
        assert code == 3, (mode, out)
        assert "a submodule that is not checked out" in out
        assert "git submodule update --init" in out
        # A setting that leaves it out says so; it is no secret.
        assert run("check", *mode, "--config", 'exclude = ["vendor"]')[0] == 0
    # Set aside once, it is known.
    assert run("baseline")[0] == 0
    repository.commit({})
    for mode in (["--staged"], ["--since", "HEAD"], []):
        assert run("check", *mode)[0] == 0


def test_names_that_are_no_text_and_links_are_no_hindrance(repository: Repository, run: Run) -> None:
    name = os.fsdecode(b"news/\xff\nold.py")
    (repository.root / "news").mkdir()
    (repository.root / name).write_text(LEAK)
    (repository.root / "news" / "out.py").symlink_to("/etc/hostname")
    (repository.root / "news" / "loop.py").symlink_to("loop.py")
    repository.commit({})
    repository.put({"news/mailer.py": EACH})
    repository.git("add", "-A")
    assert run("check")[0] == 1
    assert run("check", "--staged")[0] == 0
    assert run("check", "--since", "HEAD")[0] == 0


LINKED = {
    "a link to a text": {"data.txt": LEAK},
    "a link over a link": {"data.txt": "between", "far.txt": LEAK},
    "a link through a folder that is one": {"real/data.txt": LEAK},
    "a script": {"data.txt": "#!/usr/bin/env python3\n" + LEAK},
}


@pytest.mark.parametrize("way", LINKED)
def test_code_behind_a_link_is_read_in_a_commit_as_on_disk(repository: Repository, run: Run, way: str) -> None:
    repository.commit({"news/mailer.py": EACH})
    repository.put({**LINKED[way]})
    name = "news/send" if way == "a script" else "news/new.py"
    target = "../folder/data.txt" if "folder" in way else "../data.txt"
    (repository.root / name).symlink_to(target)
    if "over" in way:
        (repository.root / "data.txt").unlink()
        (repository.root / "data.txt").symlink_to("./news/../far.txt")
    if "folder" in way:
        (repository.root / "folder").symlink_to("real")
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        code, out, _ = run("check", *mode)
        assert code == 1, (mode, out)
        assert out.startswith(f"{name}:")
    repository.commit({})
    assert run("check", "--staged")[0] == 0
    assert run("check", "--since", "HEAD")[0] == 0


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("../../outside.txt", 3),
        ("/etc/hostname", 3),
        ("new.py", 0),
        ("nowhere.py", 0),
        ("../news", 0),
        ("mailer.py", 0),
    ],
)
def test_links_that_lead_to_no_file_of_the_tree_agree_too(
    repository: Repository, run: Run, target: str, code: int
) -> None:
    repository.commit({"news/mailer.py": EACH})
    (repository.root / "news" / "new.py").symlink_to(target)
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        assert run("check", *mode)[0] == code


@pytest.mark.parametrize("kind", ["tag", "branch"])
def test_a_name_that_means_two_commits_is_refused(repository: Repository, run: Run, kind: str) -> None:
    first = repository.commit({"news/mailer.py": EACH})
    repository.git("update-ref", "refs/remotes/origin/main", first)
    repository.commit({"news/new.py": LEAK})
    assert run("check", "--since", "origin/main")[0] == 1
    # Whoever may push a tag would else choose what the change is compared with.
    repository.git(kind, "origin/main")
    for name in ("origin/main", "origin/main~0", "origin/main^{commit}"):
        code, out, err = run("check", "--since", name)
        assert (code, out) == (2, "")
        assert f"{name} means several commits here" in err
    assert run("check", "--since", "refs/remotes/origin/main")[0] == 1
    repository.git("update-ref", f"refs/{'tags' if kind == 'tag' else 'heads'}/origin/main", first)
    assert run("check", "--since", "origin/main")[0] == 1


def test_history_that_is_made_up_does_not_count(repository: Repository, run: Run) -> None:
    first = repository.commit({"news/mailer.py": EACH})
    second = repository.commit({"news/new.py": LEAK})
    (repository.root / ".git" / "info" / "grafts").write_text(f"{first} {second}\n")
    assert run("check", "--since", first)[0] == 1
    (repository.root / ".git" / "info" / "grafts").unlink()
    repository.git("replace", first, second)
    assert run("check", "--since", first)[0] == 1
