"""Adopting the gate on old code: baseline, allow, and an organisation's policy, as people type them."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.allow import comment_for
from mailguard.config import Settings
from mailguard.policy import loosened, tightened
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Audience
from mailguard.source.comments import comments, with_comment

EVERYBODY = "[s.email for s in Subscriber.objects.all()]"
HEAD = "from django.core.mail import send_mail\nfrom shop.models import Subscriber\n\n\n"
LEAK = f"""\
{HEAD}def newsletter(subject, body):
    people = {EVERYBODY}
    send_mail(subject, body, "news@example.com", people)
"""
SAFE = f"""\
{HEAD}def newsletter(subject, body):
    for one in Subscriber.objects.all():
        send_mail(subject, body, "news@example.com", [one.email])
"""
OLD = LEAK + "\nprint 'sent'\n"
MESSAGE = "From: n@example.com\nTo: ann@example.org, bob@example.net\nSubject: s\n\nHello\n"
ALLOW = '# mailguard: allow[visible-external-recipients] reason="one club"'

Run = Callable[..., tuple[int, str, str]]


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        file = (folder / name.replace("__", "/")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


# --- baseline -------------------------------------------------------------------------------------


def test_old_code_is_set_aside_and_the_new_stops(folder: Path, run: Run) -> None:
    put(folder, a=LEAK, b=LEAK, old=OLD)
    code, out, _ = run("check")
    assert code == 1
    assert out.splitlines()[-1] == "Is this old code? Set today's state aside and stop new problems: mailguard baseline"
    code, out, _ = run("baseline")
    assert (code, out.splitlines()) == (
        0,
        [
            "mailguard-baseline.json: 2 known problems in 2 files, 1 file that cannot be read.",
            "They no longer block; reports still count them. It holds no address, line number or date. Commit it.",
        ],
    )
    code, out, _ = run("check")
    assert (code, out) == (
        0,
        "2 mail calls: 0 keep readers apart, 2 do not (0 new). 2 of 3 files read; the other one is known.\n",
    )
    put(folder, c=LEAK, other=OLD)
    code, out, _ = run("check")
    assert code == 1
    assert out.startswith("c.py:7")
    assert "1 new. 2 known ones do not block." in out
    (folder / "c.py").unlink()
    assert run("check")[0] == 3


def test_a_baseline_grows_by_one_place_with_a_reason_only(folder: Path, run: Run) -> None:
    put(folder, a=LEAK)
    assert run("baseline")[0] == 0
    put(folder, b=LEAK, c=LEAK)
    code, _, err = run("baseline")
    assert code == 2
    assert "nothing is added to it unseen" in err
    assert run("baseline", "--add", "b.py:7")[0] == 2
    assert run("baseline", "--add", "nowhere.py:7", "--reason", "known")[0] == 2
    assert run("baseline", "--add", "a.py:7", "--reason", "known")[0] == 2
    assert run("baseline", "--add", "b.py:7", "--reason", "ask ann@example.com")[0] == 2
    code, out, _ = run("baseline", "--add", "b.py:7", "--reason", "goes with the old shop")
    assert (code, out) == (0, "mailguard-baseline.json: 1 known problem added. Commit it.\n")
    assert '"reason": "goes with the old shop"' in (folder / "mailguard-baseline.json").read_text()
    assert run("baseline", "--add", "c:newsletter", "--reason", "the same")[0] == 0
    assert run("check")[0] == 0
    put(folder, old=OLD)
    assert run("check")[0] == 3
    assert run("baseline", "--add", "old.py", "--reason", "nobody runs it")[0] == 0
    assert run("check")[0] == 0


def test_getting_better_never_blocks_and_prune_holds_it(folder: Path, run: Run) -> None:
    assert run("baseline", "--prune")[0] == 2
    put(folder, a=LEAK, b=LEAK)
    run("baseline")
    put(folder, b=SAFE)
    code, out, _ = run("check")
    assert code == 0
    assert "Better than the baseline: 1 known problem is gone. Take it off: mailguard baseline --prune" in out
    code, out, _ = run("baseline", "--prune")
    assert (code, out) == (0, "mailguard-baseline.json: 1 known problem taken off; 1 left. Commit it.\n")
    code, out, _ = run("baseline", "--prune")
    assert (code, out) == (0, "mailguard-baseline.json: nothing to take off, 1 known problem.\n")
    assert "Better" not in run("check")[1]
    put(folder, b=LEAK)
    assert run("check")[0] == 1


def test_a_clean_project_needs_no_baseline(folder: Path, run: Run) -> None:
    put(folder, a=SAFE)
    code, out, _ = run("baseline")
    assert code == 0
    assert out.startswith("Nothing to set aside")
    assert not (folder / "mailguard-baseline.json").exists()


def test_the_baseline_is_that_of_the_project_wherever_one_stands(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, a=LEAK, shop__b=LEAK)
    monkeypatch.chdir(folder / "shop")
    assert "2 known problems in 2 files" in run("baseline")[1]
    assert run("check")[0] == 0
    assert (folder / "mailguard-baseline.json").is_file()


def test_captures_are_set_aside_too(folder: Path, run: Run) -> None:
    (folder / "one.eml").write_text(MESSAGE)
    (folder / "cut.har.gz").write_bytes(b"\x1f\x8b\x08\x00")
    (folder / "pyproject.toml").write_text('[tool.mailguard]\ncaptures = ["*.eml", "*.gz"]\n')
    assert run("check")[0] == 1
    assert run("baseline")[0] == 0
    assert run("check")[0] == 0
    (folder / "two.eml").write_text(MESSAGE)
    assert run("check")[0] == 1


def test_a_fall_in_what_is_seen_is_said(folder: Path, run: Run) -> None:
    put(folder, **{f"m{number}": LEAK for number in range(5)})
    run("baseline")
    for number in range(1, 5):
        (folder / f"m{number}.py").unlink()
    assert "Was 5, now 1: was code removed, or has mailguard lost sight of it?" in run("check")[1]


def test_a_broken_baseline_is_a_wrong_setting(folder: Path, run: Run) -> None:
    put(folder, a=LEAK)
    run("baseline")
    file = folder / "mailguard-baseline.json"
    file.write_text("<<<<<<< ours\n" + file.read_text())
    code, out, err = run("check")
    assert (code, out) == (2, "")
    assert err.startswith("mailguard: mailguard-baseline.json:1: this baseline does not parse.")


def test_a_baseline_is_not_written_through_a_link(
    folder: Path, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put(folder, a=LEAK)
    target = tmp_path_factory.mktemp("other") / "file"
    (folder / "mailguard-baseline.json").symlink_to(target)
    assert run("baseline")[0] == 2
    assert not target.exists()


# --- exceptions -----------------------------------------------------------------------------------

PLACES = {
    "on the statement": LEAK.replace("people)\n", f"people)  {ALLOW}\n"),
    "above it": LEAK.replace("    send_mail(", f"    {ALLOW}\n    send_mail("),
    "on any of its lines": LEAK.replace("people)\n", f"people\n    {ALLOW}\n    )\n"),
    "on the function": LEAK.replace("body):", f"body):  {ALLOW}"),
    "above the function": LEAK.replace("def news", f"{ALLOW}\ndef news"),
    "on a decorator": LEAK.replace("def news", f"@task  {ALLOW}\n@other\ndef news"),
    "on the class": HEAD
    + f"class News:  {ALLOW}\n    limit = 5\n\n"
    + "".join(
        f"    {line}\n"
        for line in LEAK.removeprefix(HEAD).replace("letter(subject", "letter(self, subject").splitlines()
    ),
    "where the list comes from": LEAK.replace(f"{EVERYBODY}\n", f"{EVERYBODY}  {ALLOW}\n"),
}


@pytest.mark.parametrize("where", PLACES)
def test_an_exception_speaks_of_statement_function_or_class(folder: Path, run: Run, where: str) -> None:
    put(folder, mailer=PLACES[where])
    code, out, _ = run("check")
    assert code == 0, out
    assert "1 does not block (1 allowed: one club): mailguard check --all" in out
    assert "1 does not (0 new). 1 file, read. 1 exception in force." in out
    code, out, _ = run("check", "--no-allow")
    assert code == 1
    assert "exception" not in out
    ledger = json.loads(run("check", "--format", "json")[1])["ledger"]
    assert (ledger["exceptions"], ledger["shows"], ledger["shows_new"]) == (1, 1, 0)


NOWHERE = {
    "in a string": LEAK.replace("    people", f'    """\n    {ALLOW}\n    """\n    people'),
    "on the function before": f"{HEAD}def other():  {ALLOW}\n    return 1\n\n\n" + LEAK.removeprefix(HEAD),
    "apart from the statement": LEAK.replace("    send_mail(", f"    {ALLOW}\n\n    send_mail("),
    "in another column": LEAK.replace("    send_mail(", f"{ALLOW}\n    send_mail("),
    "in another file": LEAK,
}


@pytest.mark.parametrize("where", NOWHERE)
def test_an_exception_elsewhere_allows_nothing(folder: Path, run: Run, where: str) -> None:
    put(folder, mailer=NOWHERE[where], other=f"x = 1  {ALLOW}\n")
    code, out, _ = run("check")
    assert code == 1
    assert "in force" not in out
    assert "This exception allows nothing" in out


def test_an_exception_at_one_caller_leaves_the_others(folder: Path, run: Run) -> None:
    helper = 'from django.core.mail import send_mail\n\n\ndef deliver(people, subject):\n    send_mail(subject, "b", "n@example.com", people)\n'
    caller = f"from mailer import deliver\nfrom shop.models import Subscriber\n\n\ndef publish(subject):\n    deliver({EVERYBODY}, subject)\n"
    put(
        folder,
        mailer=helper,
        one=caller.replace(", subject)", f", subject)  {ALLOW}"),
        two=caller.replace("publish", "other"),
    )
    code, out, _ = run("check")
    assert code == 1
    assert "two.py:6" in out
    assert "one.py" not in out


def test_an_exception_for_a_repaired_call_is_a_note(folder: Path, run: Run) -> None:
    put(folder, mailer=SAFE.replace("[one.email])", f"[one.email])  {ALLOW}"))
    code, out, _ = run("check")
    assert code == 0
    assert "mailer.py:7:" in out
    assert "This exception allows nothing" in out
    assert "Change     remove it" in out
    (folder / "pyproject.toml").write_text('[tool.mailguard]\nignore = ["unused-suppression"]\n')
    assert "allows nothing" not in run("check")[1]


def test_an_exception_that_has_ended_closes_the_gate_again(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK.replace("people)\n", f"people)  {ALLOW} until=2026-01-31\n"))
    assert run("check", "--as-of", "2026-01-31")[0] == 0
    code, out, _ = run("check", "--as-of", "2026-02-01")
    assert code == 1
    assert "This exception ended on 2026-01-31" in out
    assert "Everyone on this list can see everyone else on it" in out
    assert run("check")[0] == 1  # without a commit nothing tells the day


@pytest.mark.parametrize("name", ["text", "concise", "github", "gitlab", "junit", "markdown", "sarif", "csv", "jsonl"])
def test_every_format_tells_what_is_wrong_with_an_exception(folder: Path, run: Run, name: str) -> None:
    put(folder, mailer=LEAK.replace("people)\n", f"people)  {ALLOW.partition(' reason')[0]}\n"))
    out = run("check", "--format", name)[1]
    assert "This exception gives no reason" in out
    assert "as recorded" not in out
    if name in ("text", "concise", "github", "junit"):
        assert "under [tool.mailguard.audiences]" not in out


@pytest.mark.parametrize("rule", ["suppression-without-reason", "unused-suppression", "expired-suppression"])
def test_what_is_wrong_with_an_exception_can_be_explained(run: Run, rule: str) -> None:
    code, out, _ = run("explain", rule)
    assert code == 0
    assert rule in out
    assert rule in run("explain")[1]


def test_allow_writes_what_check_proposes(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK)
    out = run("check")[1]
    command = next(line.split("mailguard ", 1)[1] for line in out.splitlines() if "Intended?" in line)
    place = command.split()[1]
    code, out, _ = run("allow", place, "--reason", 'the "board", who know each other', "--until", "2027-01-31")
    assert code == 0
    comment = (
        "# mailguard: allow[visible-external-recipients] reason=\"the 'board', who know each other\" until=2027-01-31"
    )
    assert out.startswith(f"mailer.py:7   {comment}\n")
    assert (folder / "mailer.py").read_text() == LEAK.replace("    send_mail(", f"    {comment}\n    send_mail(")
    assert run("check", "--as-of", "2026-12-31")[0] == 0
    # Renewed: the comment is replaced.
    assert run("check", "--as-of", "2027-12-31")[0] == 1
    assert run("allow", "mailer.py:8", "--reason", "still the board", "--as-of", "2027-12-31")[0] == 0
    assert (folder / "mailer.py").read_text().count("mailguard: allow") == 1
    assert run("check", "--as-of", "2027-12-31")[0] == 0


def test_allow_takes_a_function(folder: Path, run: Run) -> None:
    put(folder, news__mailer=LEAK)
    assert run("allow", "news.mailer:newsletter", "--reason", "one club")[0] == 0
    assert f"{ALLOW}\ndef newsletter" in (folder / "news" / "mailer.py").read_text()
    assert run("check")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mailer.py:1", "--reason", "x"], "nothing to allow in mailer.py:1"),
        (["mailer.py", "--reason", "x"], "name the line"),
        (["nowhere.py:7", "--reason", "x"], "there is no nowhere.py:7 here"),
        (["no.module:newsletter", "--reason", "x"], "there is no module no.module"),
        (["mailer.py:7", "--reason", " "], "a reason is one line"),
        (["mailer.py:7", "--reason", "a\x1b[31mb"], "a reason is one line"),
        (["mailer.py:7", "--reason", "ask ann@example.com"], "a reason names nobody"),
        (["mailer.py:7", "--reason", "x", "--until", "soon"], "--until is a date"),
        (["mailer.py:7"], "Missing option '--reason'"),
    ],
)
def test_allow_refuses_what_would_not_count(folder: Path, run: Run, arguments: list[str], said: str) -> None:
    put(folder, mailer=LEAK)
    code, _, err = run("allow", *arguments)
    assert code == 2
    assert said in err
    assert (folder / "mailer.py").read_text() == LEAK


BODIES = [
    "x = 1",
    "f(\n    a,\n    b)",
    "if a:\n    f(b)\n    g()",
    "@d\n@e(1)\ndef f(a,\n      b):\n    '''doc\n    # no comment\n    '''\n    return a",
    "class C:\n    def m(self): return 1\n\n    y = 2",
    "a = 1; b = 2",
    "x = \\\n    1",
    "with a as b:\n    pass",
    "def f(): return 1",
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(BODIES), min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff", "# -*- coding: latin-1 -*-\n# \u00e9\n"]),
    st.data(),
)
def test_a_comment_is_written_above_the_statement_and_nothing_else_changes(
    bodies: list[str], ending: str, head: str, data: st.DataObject
) -> None:
    text = head + "\n".join(bodies) + "\n"
    source = text.replace("\n", ending).encode("latin-1" if "latin" in head else "utf-8")
    line = data.draw(st.integers(1, text.count("\n")))
    comment = comment_for(["visible-external-recipients"], "one club", None)
    written = with_comment("a.py", source, line, comment)
    statements = [node for node in ast.walk(ast.parse(text.removeprefix("\ufeff"))) if isinstance(node, ast.stmt)]
    if written is None:
        assert not any(
            node.lineno <= line <= (node.end_lineno or 0) and not hasattr(node, "body") for node in statements
        )
        return
    after, number = written
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(source))
    lines = after.splitlines(keepends=True)
    assert lines[number - 1].strip().removeprefix(b"\xef\xbb\xbf").decode() == comment
    rest = b"".join(lines[: number - 1] + lines[number:])
    assert rest.removeprefix(b"\xef\xbb\xbf") == source.removeprefix(b"\xef\xbb\xbf")
    found = [one for one in comments("a.py", after) if one.text == comment]
    assert len(found) == 1
    assert found[0].first <= line + 1 <= max(found[0].last, found[0].first)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@settings(max_examples=100, deadline=None)
def test_no_file_is_too_odd_to_look_for_comments(data: bytes) -> None:
    for one in comments("a.py", data + b"\n# mailguard: allow[x]"):
        assert one.line >= 1


# --- an organisation's policy ---------------------------------------------------------------------

RULES = load_rules()
choices = st.builds(
    Settings,
    internal_domains=st.sampled_from([(), ("example.com",), ("example.com", "example.net")]),
    limits=st.sampled_from([{}, {"recipients-over-cap": 10}, {"recipients-over-cap": 1000}]),
    ignore=st.sampled_from([(), ("bcc-header-transmitted",), ("visible-external-recipients",)]),
    extend_select=st.sampled_from([(), ("bcc-bulk",)]),
    per_path_ignores=st.sampled_from([{}, {"*.py": ("bcc-bulk",)}]),
    exclude=st.sampled_from([(), ("vendor",), ("vendor", "jobs")]),
    tests=st.booleans(),
    audiences=st.sampled_from([(), (Audience("club", ("a.*",), 5),), (Audience("club", ("a.*",), 50),)]),
)


@settings(max_examples=100)
@given(choices)
def test_nothing_is_looser_than_itself(one: Settings) -> None:
    assert loosened(one, one, RULES) == []


@settings(max_examples=100)
@given(choices, choices)
def test_under_a_policy_nothing_is_looser_than_it(policy: Settings, own: Settings) -> None:
    result, _ = tightened(policy, own, RULES)
    described = {one.path[0] for one in loosened(policy, result, RULES)}
    allowed = {name.replace("_", "-") for name in ("internal_domains", "audiences") if not getattr(policy, name)}
    assert described <= allowed
    again, _ = tightened(policy, result, RULES)
    assert loosened(result, again, RULES) == loosened(again, result, RULES) == []


def test_an_organisations_policy_is_tightened_and_never_loosened(folder: Path, run: Run) -> None:
    put(folder, mailer=LEAK, vendor__mailer=LEAK)
    (folder / "pyproject.toml").write_text(
        '[tool.mailguard]\nexclude = ["vendor"]\nignore = ["visible-external-recipients"]\n'
    )
    (folder / "policy.toml").write_text('exclude = ["vendor"]\n')
    assert run("check")[0] == 0
    code, out, _ = run("check", "--policy", "policy.toml")
    assert code == 1
    assert "Looser than policy.toml, so it does not count:" in out
    assert "  pyproject.toml:3   rule visible-external-recipients turned off" in out
    assert "vendor" not in out
    assert run("check", "--policy", "nowhere.toml")[0] == 2
