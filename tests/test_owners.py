"""Owners out of ``CODEOWNERS``: GitHub's rules, GitLab's sections, hostile files."""

from __future__ import annotations

import os
import subprocess
import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.owners import SIZE_LIMIT, owners_of, read_owners

PATHS = ["/".join(names) for length in (1, 2, 3) for names in product(("a", "b", "c.py"), repeat=length)]


def of(text, path, where=".github/CODEOWNERS"):
    return owners_of(text, where).of(path)


# --- GitHub -----------------------------------------------------------------------------------------

# What GitHub's own page, "About code owners", says of its sample file.
SAMPLE = """
# A comment
*       @global-owner1 @global-owner2
*.js    @js-owner # an inline comment
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/apps/ @octocat2
/apps/github @doctocat2
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a", ("@global-owner1", "@global-owner2")),
        ("x/y.js", ("@js-owner",)),
        ("main.go", ("docs@example.com",)),
        ("x/y.txt", ("@octo-org/octocats",)),
        ("build/logs/x/y", ("@octocat",)),
        ("docs/getting-started.md", ("@doctocat",)),
        ("x/apps/y", ("@octocat",)),
        ("x/apps/y/z", ("@octocat",)),
        ("scripts/x/y", ("@doctocat", "@octocat")),
        ("x/logs", ("@octocat",)),
        ("deeply/nested/logs/x", ("@octocat",)),
        ("apps/x", ("@octocat2",)),
        ("apps/github", ("@doctocat2",)),
        ("apps/github/x", ("@doctocat2",)),
    ],
)
def test_the_last_match_wins(path, owners):
    assert of(SAMPLE, path) == owners


def test_a_star_behind_a_folder_stays_in_that_folder():
    assert of("docs/* @d", "docs/x.md") == ("@d",)
    assert of("docs/* @d", "docs/build/x.md") == ()
    assert of("docs/* @d", "x/docs/x.md") == ()


def test_a_pattern_without_owners_takes_owners_away():
    text = "* @all\n/apps/ @apps\n/apps/free\n"
    assert of(text, "apps/x") == ("@apps",)
    assert of(text, "apps/free/x") == ()
    assert of(text, "x") == ("@all",)


def test_what_github_does_not_know_is_passed_over():
    text = "* @all\n!a.py @no\n[ab].py @no\n\\#x @no\n[Section] @no\n"
    for path in ("a.py", "b.py", "#x", "[ab].py", "Section"):
        assert of(text, path) == ("@all",)


def test_names_are_case_sensitive_and_may_hold_spaces():
    assert of("/Docs/ @d", "docs/x") == ()
    assert of("/my\\ docs/ @d", "my docs/x") == ("@d",)
    assert of("/d\u00f6cs/ @d", "d\u00f6cs/x") == ("@d",)


def test_words_that_name_nobody_are_no_owners():
    assert of("a TODO @real later # @comment", "a") == ("@real",)


NAMES = st.sampled_from(["a", "b", "c.py", "*.py", "a*", "?", "*", "**"])
PATTERNS = st.tuples(
    st.sampled_from(["", "/"]), st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(["", "/"])
).map(lambda parts: parts[0] + "/".join(parts[1]) + parts[2])


@pytest.fixture(scope="module")
def ignoring(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ignoring")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q"], cwd=folder, env=environment, check=True)

    def ignored(pattern):
        (folder / ".gitignore").write_text(pattern + "\n", encoding="utf-8")
        command = ["git", "-c", "core.ignorecase=false", "check-ignore", "--no-index", "--stdin"]
        done = subprocess.run(
            command, cwd=folder, env=environment, check=False, capture_output=True, text=True, input="\n".join(PATHS)
        )
        assert done.returncode in (0, 1), done.stderr
        return set(done.stdout.split())

    return ignored


@settings(max_examples=100, deadline=None)
@given(PATTERNS)
def test_one_pattern_matches_what_git_ignores(ignoring, pattern):
    """But for a star at the end, which stays in its folder here and takes what is below with it in ``.gitignore``."""
    names = [name for name in pattern.split("/") if name]
    mine = {path for path in PATHS if of(f"{pattern} @x", path)}
    theirs = ignoring(pattern)
    if names[-1] == "*" and "/" in pattern and not pattern.endswith("/"):
        assert mine <= theirs
    else:
        assert mine == theirs


# --- GitLab -----------------------------------------------------------------------------------------

SECTIONS = """
* @default

[Documentation]
docs @docs
README.md @docs

^[Database][2] @database
model/db/
config/db/database-setup.md @dba

[DOCUMENTATION]
README.md @writers
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x.py", ("@default",)),
        ("docs", ("@default", "@docs")),
        ("README.md", ("@default", "@writers")),
        ("x/model/db/y", ("@default", "@database")),
        ("config/db/database-setup.md", ("@default", "@dba")),
    ],
)
def test_each_section_speaks_for_itself(path, owners):
    assert of(SECTIONS, path, "CODEOWNERS") == owners


def test_an_exclusion_counts_for_its_section_only():
    text = "[A]\n* @a\n!x.rb\n[B]\n* @b\n"
    assert of(text, "x.rb", "CODEOWNERS") == ("@b",)
    assert of(text, "y.rb", "CODEOWNERS") == ("@a", "@b")


def test_a_path_of_two_names_matches_at_any_depth_with_gitlab():
    assert of("internal/x.md @a", "deep/internal/x.md", ".gitlab/CODEOWNERS") == ("@a",)
    assert of("internal/x.md @a", "deep/internal/x.md") == ()


# --- files ------------------------------------------------------------------------------------------


def test_the_first_of_the_places_counts(tmp_path):
    assert not read_owners(tmp_path)
    for place, owner in ((".gitlab", "lab"), ("docs", "docs"), ("", "root"), (".github", "hub")):
        folder = tmp_path / place
        folder.mkdir(exist_ok=True)
        (folder / "CODEOWNERS").write_text(f"* @{owner}\n", encoding="utf-8")
        found = read_owners(tmp_path)
        assert found
        assert found.of("x") == (f"@{owner}",)


def test_a_link_out_of_the_tree_is_not_followed(tmp_path):
    inside = tmp_path / "tree"
    inside.mkdir()
    (tmp_path / "secret").write_text("* @secret\n", encoding="utf-8")
    (inside / "CODEOWNERS").symlink_to(tmp_path / "secret")
    assert read_owners(inside).of("x") == ()


def test_what_is_too_large_or_no_file_is_said(tmp_path):
    (tmp_path / "CODEOWNERS").write_bytes(b"#" * (SIZE_LIMIT + 1))
    found = read_owners(tmp_path)
    assert (bool(found), found.path, found.problem) == (False, "CODEOWNERS", "larger than 3 MB")
    (tmp_path / "CODEOWNERS").unlink()
    os.mkfifo(tmp_path / "CODEOWNERS")
    assert not read_owners(tmp_path)


@pytest.mark.parametrize("data", [b"\xff\xfe* @a\n", b"\xef\xbb\xbf* @a\n", b"* @a\r\n", b"\0\n* @a", b"\\\n* @a\n"])
def test_no_bytes_stop_it(tmp_path, data):
    (tmp_path / "CODEOWNERS").write_bytes(data)
    read_owners(tmp_path).of("x")
    if not data.startswith(b"\xff"):
        assert read_owners(tmp_path).of("x") == ("@a",)


def test_no_pattern_takes_long():
    text = "\n".join(f"{'**/' * 100}{'a*' * 100}{number} @a" for number in range(10))
    deep = "/".join(["a" * 200] * 50)
    start = time.process_time()
    assert of(text, deep) == ()
    assert time.process_time() - start < 20


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="*?/\\[]!#^ @ab.\n", max_size=60), st.sampled_from([".github/CODEOWNERS", "CODEOWNERS"]))
def test_any_text_has_an_answer(text, where):
    found = owners_of(text, where)
    for path in ("a", "a/b", "b.a/a"):
        assert all("@" in owner for owner in found.of(path))
