"""Logs of letters, which differ in what belongs to their readers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.capture import cutting

from .logs import HOSTILE, LETTERS, READER, letter
from .support import Count, both


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(LETTERS, st.sampled_from([(), ("in.example",), ("example.com",)]))
def test_letters_with_links_and_addresses_come_to_what_each_does(
    tmp_path: Path, lines: list[str], inside: tuple[str, ...]
) -> None:
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


SLOT = st.sampled_from(["o", "reset", "off"])
MASK = st.sampled_from(
    [
        '<p>Hi {name}</p><a href="https://example.org/{slot}/{token}?a=1&amp;b=2">here</a> sent to {own}, ask help@example.org',
        "Hi {name}, https://example.org/{slot}?t={token} or {own} {name}",
        '<a href="https://example.org/{slot}/{token}?e={quoted}">{name}</a> <a href=\'https://example.org/v/{token}\'>view</a>',
        "{name}: https://example.org/{name}/{token}.",
        "https://example.org/o/a1b2c3d4e5f6g7/{token} x{own} {token}",
        "Hi {name}, see https://example.org/{token} and Jörg \U0001f600 {name} at help@example.org",
        "https://example.org/{slot}/{token}-{name} &nbsp; {own}.",
        # Nobody looks into these, as long as nothing stands in their holes that makes them worth it.
        "Hi {name}, this month there is much to tell, and more to come, as you know from the last time. Your number: {token}. Goodbye {name}",
        "Much to tell, and more to come, as you know from the last time: 50 %{name} off, [[{name} ]], &{name}; *|{name}|*, %{name} %recipient{name}",
        "Much to tell, and more to come, as you know from the last time, {{{{{name} }} {{ {name}}} :/{name} :{name}/{token} &#{name}; =?{name}?",
    ]
)  # fmt: skip
FILLING = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Ann", "Bob Lee", "Zoë", "a&#64;b", "bob@example.net", "{{x}}", "1", "", "O'Neil, Jr.", "https://x.example/a1b2c3d4e5f6", "%40", "cy%40example.org", "recipient.", ".name%", "data:x", "commat", "64", "40", "/", "|", "{", "\uff20"]),
        "token": st.sampled_from(["a1b2c3d4e5f6g7", "b2c3d4e5f6g7h8", "0f1e2d3c4b5a", "nothing", "123456789012", "spring-campaign-mail", "d4e5~f6g7h8i9", "Ym9iQGV4YW1wbGUubmV0", "eyJlIjoicjJAZXhhbXBsZS5jb20iLCAibiI6MTIzNH0", "62696c40612e6578616d706c65", "u_cjVAZXhhbXBsZS5jb20sIHI0QGV4YW1wbGUuY29t"]),
        "reader": READER,
    }
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    MASK,
    SLOT,
    st.sampled_from(["one", "two", "each", "headers", "postmark", "resend"]),
    st.lists(FILLING, min_size=6, max_size=16),
    st.sampled_from([(), ("in.example",)]),
)
def test_letters_of_one_text_come_to_what_each_does(
    tmp_path: Path, mask: str, slot: str, kind: str, fillings: list[dict[str, str]], inside: tuple[str, ...]
) -> None:
    lines = []
    # So that there is a template for the others to fit or not.
    ordinary = [
        {"name": name, "token": f"{number}a1b2c3d4e5f{number}", "reader": f"r{number}@example.com"}
        for number, name in enumerate(["Ann", "Bob Lee", "Cy", "Dee", "Eve Ann Lee", "Fay"])
    ]
    for number, one in enumerate([*ordinary, *fillings], 1):
        own = one["reader"] if number % 9 else "cy@example.org"
        html = mask.format(name=one["name"], token=one["token"], slot=slot, own=own, quoted=own.replace("@", "%40"))
        lines.append(
            letter(kind, one["reader"], "zoe@example.net", html, "News", f"<https://example.org/off/{one['token']}>")
        )
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


def test_a_word_with_a_tilde_is_a_token_on_both_roads(tmp_path: Path) -> None:
    """It was none where nothing else in the text had to be looked at."""
    tokens = ["0a1b2c3d4e5f0", *["a1b2c3d4e5f6g7"] * 4, "nothing", "d4e5~f6g7h8i9"]
    readers = ["r0@example.com", *["ann@example.com"] * 3, "bob@example.net", *["ann@example.com"] * 2]
    lines = [
        letter("postmark", one, "", f"Ann: https://example.org/Ann/{token}.", "News", "")
        for one, token in zip(readers, tokens, strict=True)
    ]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines * 2) + "\n")
    fast, careful = both(file)
    assert fast == careful


def test_what_belongs_to_a_template_is_known_in_each_part_of_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    def line(number: int, text: str = "", reader: str = "") -> str:
        html = text or f"Hi Ann {number}, https://example.org/o/{number:02}a1b2c3d4e5f asks help@example.org"
        return letter("one", reader or f"p{number}@example.com", "", html, "News", "")

    letters = [line(number) for number in range(20)]
    # In the second part somebody writes to the address of the footer, and a text names it with another of that part.
    rest = [
        line(20),
        line(21),
        line(22, "Hello", "help@example.org"),
        line(23, "Of p20@example.com and help@example.org"),
    ]
    monkeypatch.setattr(cutting, "PART", sum(len(one) + 1 for one in letters))
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*letters, *rest]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.lines > 8


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.sampled_from(["one", "headers", "postmark", "resend"]),
    st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(0, 5), min_size=2, max_size=6),
    st.booleans(),
)
def test_a_template_that_turns_out_to_be_a_list_is_one_on_both_roads(
    tmp_path: Path, kind: str, listed: list[int], readers: list[int], leave: bool
) -> None:
    link = f"<mailto:leave+l{listed[0]}=example.net@lists.example.org>" if leave else ""
    names = " ".join(f"l{number}@example.net" for number in listed)

    def line(number: int, reader: str) -> str:
        html = f"Hi {number}, https://example.org/o/{number:02}a1b2c3d4e5f for {names}"
        return letter(kind, reader, "zoe@example.net", html, "News", link)

    # Long enough for a template; then those get it who are named in it, and others after them.
    lines = [line(number, f"p{number}@example.com") for number in range(20)]
    lines += [line(20 + place, f"l{number}@example.net") for place, number in enumerate(readers)]
    lines += [line(40 + number, f"q{number}@example.com") for number in range(6)]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    several = len({*listed} & {*readers}) > 1
    assert ("recipient-in-content" in fast) == several


def test_whoever_was_named_in_one_mail_and_reads_another_one_is_looked_at(tmp_path: Path) -> None:
    def line(number: int, reader: str, own: str) -> str:
        html = f"Hi {number}, https://example.org/o/{number:02}a1b2c3d4e5f sent to {own}, ask help@example.org"
        return letter("one", reader, "zoe@example.net", html, "News", "")

    # Two people stand in a mail to a third; then each of them gets one of the same form, and the third is written to again.
    lines = [line(number, f"p{number}@example.com", f"p{number}@example.com") for number in range(8)]
    lines += [line(8, "ann@example.com", "cy@example.org"), line(9, "ann@example.com", "ann@example.com")]
    lines += [line(10, "cy@example.org", "cy@example.org"), line(11, "help@example.org", "help@example.org")]
    lines += [line(12, "ann@example.com", "cy@example.org")]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert "recipient-in-content" in fast


EDIT = st.tuples(st.floats(0, 1), st.integers(0, 3), st.lists(HOSTILE, max_size=2).map("".join))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    MASK,
    st.sampled_from(["one", "headers", "postmark", "resend"]),
    st.lists(st.lists(EDIT, min_size=1, max_size=2), min_size=1, max_size=8),
)
def test_a_line_that_is_nearly_like_the_others_comes_to_what_it_does(
    tmp_path: Path, mask: str, kind: str, edits: list[list[tuple[float, int, str]]]
) -> None:
    lines = []
    for number in range(8):
        own, token = f"r{number}@example.com", f"{number}a1b2c3d4e5f{number}"
        html = mask.format(name=f"Ann {number}", token=token, slot="o", own=own, quoted=own.replace("@", "%40"))
        lines.append(letter(kind, own, "zoe@example.net", html, "News", f"<mailto:off@example.org?subject={token}>"))
    for some in edits:
        line = lines[-1]
        for where, length, piece in some:
            start = int(where * len(line))
            line = line[:start] + piece + line[start + length :]
        lines += [line.replace("\n", " "), lines[3]]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
    fast, careful = both(file)
    assert fast == careful
