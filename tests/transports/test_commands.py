"""The words of commands, and what mail programs make of them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPEN
from mailguard.model.exchange import RawMessage
from mailguard.model.value import Items, Member, Repeat, Text, Unknown, get, plain
from mailguard.transports import pipes
from mailguard.transports.commands import Command, commands

WORDS = st.lists(st.text("ab-@.,_ /'\"\\#$(`)&", max_size=6), min_size=1, max_size=6)


@given(WORDS)
def test_a_line_means_the_words_that_the_shell_reads(words: list[str]) -> None:
    (read,) = commands(shlex.join(["mail", *words]))
    assert read.program == "mail"
    assert [plain(member.value) for member in read.arguments] == words


@given(st.text("ab \\'\"", max_size=16))
def test_quotes_and_backslashes_mean_what_they_mean_to_the_shell(line: str) -> None:
    try:
        words = shlex.split(line)
    except ValueError:
        return  # no end of a quote: the shell asks for more
    (read,) = commands(f"mail x {line}")
    assert [plain(member.value) for member in read.arguments] == ["x", *words]


@given(WORDS)
def test_a_hole_in_quotes_is_one_word(words: list[str]) -> None:
    parts = [part for word in words for part in (" ", '"', Unknown(word), '"')]
    (read,) = commands(Text(("mail", *parts)))
    assert [member.value for member in read.arguments] == [Unknown(word) for word in words]


def test_what_was_joined_with_blanks_is_several_words() -> None:
    (read,) = commands(Text(("mail -s News ", Repeat(Unknown("one.email"), MANY, " "), " < body")))
    assert read == Command("mail", (Member("-s", ONE), Member("News", ONE), Member(Unknown("one.email"), MANY)))


@pytest.mark.parametrize(
    "line", ["echo Hello | mail ann@example.com", "cd /tmp; mail ann@example.com", "x && mail ann@example.com"]
)
def test_a_line_may_start_several_programs(line: str) -> None:
    assert commands(line)[-1] == Command("mail", (Member("ann@example.com", ONE),))
    assert commands(["sh", "-c", line]) == commands(line)


def shown(command: object) -> dict[str, list[str]]:
    (sent,) = pipes.run(command, input="Subject: News\n\n...")  # type: ignore[misc, arg-type]  # a model takes plain data
    assert isinstance(sent, RawMessage)
    return {
        line: [plain(member.value) for member in found.members]  # type: ignore[misc]  # plain text
        for line in ("To", "Cc", "Bcc")
        if isinstance(found := get(sent.data, line), Items)
    } | {
        "envelope": [plain(member.value) for member in sent.rcpt_to.members] if isinstance(sent.rcpt_to, Items) else []
    }  # type: ignore[misc]  # plain text


ANN, BOB, EVE = "ann@example.com", "bob@example.com", "eve@example.com"


@pytest.mark.parametrize(
    ("command", "to", "cc", "everybody"),
    [
        (["mail", "-s", "News", ANN, BOB], [ANN, BOB], [], [ANN, BOB]),
        (["/usr/bin/mailx", "-sNews", "-r", EVE, "-v", ANN, BOB], [ANN, BOB], [], [ANN, BOB]),
        (["mail", "-i", "-s", "News", ANN], [ANN], [], [ANN]),
        (["mutt", "-i", "body.txt", ANN], [ANN], [], [ANN]),
        (["mail", "-c", BOB, "-b", EVE, ANN], [ANN], [BOB], [ANN, BOB, EVE]),
        (["mutt", "-s", "News", "-a", "report.pdf", "--", ANN, BOB], [ANN, BOB], [], [ANN, BOB]),
        (["mutt", "-a", "one.pdf", "two.pdf", "--", ANN], [ANN], [], [ANN]),
        (f"echo hello | mail -s 'Two words' {ANN} {BOB} > /dev/null", [ANN, BOB], [], [ANN, BOB]),
        (f"mail -s News {ANN} < body.txt > /dev/null 2>&1", [ANN], [], [ANN]),
        (f"mail -s it\\'s {ANN} {BOB}", [ANN, BOB], [], [ANN, BOB]),
        (f'mail -s "say \\"hi\\" now" {ANN}', [ANN], [], [ANN]),
        (f"mail -s News {ANN} # a report for everybody", [ANN], [], [ANN]),
        (f"LANG=C TZ= mail -s News {ANN} {BOB}", [ANN, BOB], [], [ANN, BOB]),
        (f"if true; then sudo /usr/bin/mail -s News {ANN} {BOB}; fi", [ANN, BOB], [], [ANN, BOB]),
        (f"(sleep 1; mail -s News {ANN} {BOB})", [ANN, BOB], [], [ANN, BOB]),
        (f"mail -s News \\\n {ANN}", [ANN], [], [ANN]),
        (f"mail -s `python -c 'print(1)'` {ANN} {BOB}", [ANN, BOB], [], [ANN, BOB]),
        (f"mail -s $(printf ')') {ANN} {BOB}", [ANN, BOB], [], [ANN, BOB]),
        (f'mail -s "$(printf \')"\')" {ANN} {BOB}', [ANN, BOB], [], [ANN, BOB]),
        (f'mail -s "to $NAME (and ${{OTHER}})" {ANN} {BOB}', [ANN, BOB], [], [ANN, BOB]),
        (["sudo", "-u", "web", "-n", "mail", "-s", "News", ANN, BOB], [ANN, BOB], [], [ANN, BOB]),
        (f"nice -n 10 timeout -k 5 10s mail -s News {ANN} {BOB}", [ANN, BOB], [], [ANN, BOB]),
        (f"env -i LANG=C sudo -uroot mail -s News {ANN} {BOB}", [ANN, BOB], [], [ANN, BOB]),
    ],
)
def test_mail_writes_all_its_arguments_into_one_line(
    command: object, to: list[str], cc: list[str], everybody: list[str]
) -> None:
    assert shown(command) == {"To": to, **({"Cc": cc} if cc else {}), "envelope": everybody}


@pytest.mark.parametrize(
    ("command", "envelope"),
    [
        (["/usr/sbin/sendmail", "-i", "-f", EVE, ANN, BOB], [ANN, BOB]),
        (["sendmail", f"-f{EVE}", "-oi", ANN], [ANN]),
        (["sendmail", "-t", "-oi"], []),
        (f"/usr/sbin/sendmail -oi {ANN} {BOB}", [ANN, BOB]),
    ],
)
def test_sendmail_takes_its_arguments_for_the_envelope(command: object, envelope: list[str]) -> None:
    assert shown(command) == {"envelope": envelope}


@pytest.mark.parametrize(
    "line",
    [
        "$(cat list)",
        "`cat list`",
        "$(cat $(ls))",
        '"$(cat list)"',
        '"`cat list`"',
        "$PEOPLE",
        '"$PEOPLE"',
        "${PEOPLE}",
        "$1",
        '"$@"',
    ],
)
def test_nobody_knows_how_many_words_the_shell_puts_in(line: str) -> None:
    (read,) = commands(f"mail -s News {line} > log")
    *_, last = read.arguments
    assert len(read.arguments) == 3
    assert isinstance(last.value, Unknown)
    assert last.value.count == OPEN


@pytest.mark.parametrize("line", ["'$PEOPLE'", "\\$PEOPLE", '"\\$PEOPLE"'])
def test_a_dollar_that_is_kept_from_the_shell_stands_for_itself(line: str) -> None:
    (read,) = commands(f"mail -s News {line}")
    assert plain(read.arguments[-1].value) == "$PEOPLE"


def test_xargs_adds_what_it_reads() -> None:
    *_, read = commands("cat list | xargs -n 20 mail -s News")
    assert read.program == "mail"
    assert [plain(member.value) for member in read.arguments[:2]] == ["-s", "News"]
    assert isinstance(read.arguments[2].value, Unknown)


def test_other_programs_send_nothing() -> None:
    assert isinstance(pipes.run(["sort", "-u", ANN], input=b"x"), Unknown)
    assert isinstance(pipes.run("mail"), Unknown)
