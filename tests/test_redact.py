"""No address gets through, in whatever notation; what is none stays as it is."""

from __future__ import annotations

import base64
import json
import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPEN, Count, exactly
from mailguard.model.message import Recipient
from mailguard.redact import (
    ADDRESS,
    Output,
    Revealed,
    Roster,
    code_frame,
    code_line,
    count_words,
    foreign,
    holds_address,
    no_address,
    pointer,
    safe_text,
    scrub,
)

SECRET = "zq7canary"
PLAIN = f"{SECRET}@mail.example.com"

ENCODED = {
    "plain": PLAIN,
    "dotless": f"{SECRET}@localhost",
    "literal": f"{SECRET}@[192.0.2.1]",
    "quoted local part": f'"{SECRET} x"@example.com',
    "comment": f"{SECRET}(x)@example.com",
    "apostrophe": f"{SECRET}'neil@example.com",
    "route": f"{SECRET}@a.example@b.example",
    "unicode domain": f"{SECRET}@bücher.example",
    "a-label": f"{SECRET}@xn--bcher-kva.example",
    "full-width": f"{SECRET}\uff20example\uff0ecom",
    "invisible inside": f"{SECRET}@\u200bexample.com",
    "spaces": f"{SECRET} @ example.com",
    "percent": PLAIN.replace("@", "%40"),
    "percent twice": PLAIN.replace("@", "%2540"),
    "percent throughout": "".join(f"%{ord(c):02x}" for c in PLAIN),
    "quoted-printable": PLAIN.replace("@", "=40").replace(".", "=2E"),
    "encoded word q": f"=?utf-8?q?{PLAIN.replace('@', '=40')}?=",
    "encoded word b": f"=?utf-8?b?{base64.b64encode(PLAIN.encode()).decode()}?=",
    "reference": PLAIN.replace("@", "&#64;"),
    "hexadecimal reference": PLAIN.replace("@", "&#x40;"),
    "named reference": PLAIN.replace("@", "&commat;").replace(".", "&period;"),
    "references throughout": "".join(f"&#{ord(c)};" for c in PLAIN),
    "x escape": PLAIN.replace("@", r"\x40"),
    "u escape": PLAIN.replace("@", r"\u0040"),
    "named escape": PLAIN.replace("@", r"\N{COMMERCIAL AT}"),
    "octal escape": PLAIN.replace("@", r"\100"),
    "escapes throughout": "".join(f"\\x{ord(c):02x}" for c in PLAIN),
    "base64": base64.b64encode(PLAIN.encode()).decode(),
    "base64 without padding": base64.b64encode(PLAIN.encode()).decode().rstrip("="),
    "base64 of more": base64.urlsafe_b64encode(json.dumps({"to": f"Zoë <{PLAIN}>"}).encode()).decode(),
    "base64 of UTF-16": base64.b64encode(PLAIN.encode("utf-16")).decode(),
    "base64 twice": base64.b64encode(base64.b64encode(PLAIN.encode())).decode(),
    "hexadecimal digits": PLAIN.encode().hex(),
    "(at)": f"{SECRET} (at) example.com",
    "[at] [dot]": f"{SECRET} [at] example [dot] com",
    "at dot": f"{SECRET} at example dot com",
    "_at_ _dot_": f"{SECRET}_at_example_dot_com",
    "two notations": PLAIN.replace("@", "%26%2364%3B"),
}
FOREIGN_ONLY = {"at": f"{SECRET} at example.com"}

NO_ADDRESS = [
    "news/mailer.py:21",
    "first at captures/november.jsonl:3107",
    "@app.route('/x')",
    "address.endswith('@example.com')",
    "style = 'width=40px'",
    "'%s@%s' % (user, host)",
    'f"{user}@{host}"',
    "deliver([s.email for s in subscribers])",
    "visible-external-recipients, likely (the list is read from the database)",
    "created_at_utc.py",
    "POST api.sendgrid.com/v3/mail/send",
    "src/@types/x.py",
    "x = 3  # 40%",
    '# mailguard: allow[shared-personalization] reason="..."',
    "9d3c5b3b8b0f4f3b9f4e1d2c3b4a5968778695a4b3c2d1e0f",
    "",
]


def secret_in(text: str) -> bool:
    return SECRET in text.lower() or any(form in text for form in ENCODED.values())


@pytest.mark.parametrize("form", ENCODED.values(), ids=ENCODED)
def test_no_notation_of_an_address_gets_through(form):
    assert holds_address(form)
    for text in (form, f"captures/{form}/x.json", f"see {form}, please", f"<{form}>", f"a={form}&b=1"):
        assert not secret_in(no_address(text)), text
        assert not secret_in(foreign(text)), text
        assert ADDRESS in foreign(text)


@pytest.mark.parametrize("form", (ENCODED | FOREIGN_ONLY).values(), ids=ENCODED | FOREIGN_ONLY)
@pytest.mark.parametrize(
    "line", ['    send(to="{}", cc=x)', "x = 1  # ask {}", "    {}", "'''for {}", "a = '{}' + b'x' # y"]
)
def test_a_code_line_shows_no_address_and_keeps_its_width(form, line):
    text = line.format(form)
    result = code_line(text)
    assert not secret_in(result)
    assert len(result) == len(text)


def test_spelled_for_human_eyes_in_a_strangers_words():
    assert foreign(f"ask {FOREIGN_ONLY['at']}") == "ask <address>"


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_address_stays(text):
    assert no_address(text) == text
    assert code_line(text) == text


def test_only_the_segment_of_a_path_goes():
    assert foreign(f"captures/{PLAIN}/x.json:3:1") == "captures/<address>/x.json:3:1"
    assert foreign(f"captures/{ENCODED['base64 without padding']}.json") == "captures/<address>.json"


def test_a_string_goes_with_the_name_in_it_and_the_rest_of_the_line_stays():
    inside = f"Zoë Q <{PLAIN}>"
    assert code_line(f'mail.add_to("{inside}")  # first') == f'mail.add_to("{ADDRESS.ljust(len(inside))}")  # first'


def closed_up(text: str) -> str:
    """A line without the blanks that keep the columns behind an address."""
    return re.sub(re.escape(ADDRESS) + " +", ADDRESS, text)


def test_code_behind_the_end_of_a_text_of_several_lines_stays():
    line = f'""" % ("{PLAIN}", ", ".join(to), "b")'
    assert closed_up(code_line(line)) == f'""" % ("{ADDRESS}", ", ".join(to), "b")'
    assert closed_up(code_line(f"  '''.format(to={PLAIN!r}, cc=cc)")) == f"  '''.format(to='{ADDRESS}', cc=cc)"
    # The beginning of one, though it looks alike: nothing of it can be told apart, so all of it goes.
    assert closed_up(code_line(f'""", {PLAIN}')) == ADDRESS
    assert closed_up(code_line(f'"""{PLAIN}')) == f'"""{ADDRESS}'


@settings(max_examples=60, deadline=None)
@given(st.text("\"'x, %.)#\\", max_size=8), st.text("\"'x, %.)#\\", max_size=8))
def test_no_address_gets_through_where_texts_of_several_lines_end(before, after):
    for quotes in ('"""', "'''"):
        for line in (
            f"{quotes}{before}{PLAIN}{after}",
            f"{before}{quotes}{after}{PLAIN}",
            f" {quotes} % {before}{PLAIN}",
        ):
            assert not secret_in(code_line(line))
            assert len(code_line(line)) == len(line)


def test_glued_pieces_of_an_address_go():
    assert SECRET not in code_line(f'to = "{SECRET}" "@example.com"')
    assert SECRET not in code_line(f"to = '{SECRET}' + '@' + 'example.com'")
    assert SECRET not in "".join(code_frame([f'to = ("{SECRET}@"', '      "example.com")']))
    assert SECRET not in "".join(code_frame([f'to = ("{SECRET}"', '      "@example.com")']))


def test_a_line_of_data_is_blanked_whole():
    assert code_line("x" * 10_000).strip() == ADDRESS


LOCAL = st.from_regex(r"[A-Za-z0-9.!#$%&*+=?^_{|}~-]{0,20}[A-Za-z0-9]", fullmatch=True) | st.from_regex(
    r"[A-Za-z0-9]{1,5}['`][A-Za-z0-9]{1,5}", fullmatch=True
)
HOST = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z0-9]{1,8}){0,3}\.(com|test|example)", fullmatch=True)


@settings(max_examples=100, deadline=None)
@given(LOCAL, HOST, st.text(max_size=12), st.text(max_size=12))
def test_any_address_in_any_surroundings(local, host, before, after):
    address = f"{SECRET}{local}@{host}"
    for text in (f"{before} {address} {after}", f"{before}<{address}>{after}", f"{before}/{address}/{after}"):
        assert SECRET not in no_address(text)
        assert SECRET not in foreign(text)
        assert SECRET not in code_line(text)
        assert len(code_line(text)) == len(text)


@settings(max_examples=100, deadline=None)
@given(LOCAL, HOST, st.lists(st.sampled_from(["quote", "html", "hex", "base64", "u"]), min_size=1, max_size=2))
def test_encodings_inside_each_other(local, host, layers):
    text = f"{SECRET}{local}@{host}"
    for layer in layers:
        match layer:
            case "quote":
                text = quote(text, safe="")
            case "html":
                text = "".join(f"&#{ord(c)};" if not c.isalnum() else c for c in text)
            case "u":
                text = "".join(f"\\u{ord(c):04x}" if not c.isalnum() else c for c in text)
            case "hex":
                text = text.encode().hex()
            case "base64":
                text = base64.b64encode(text.encode()).decode()
    assert holds_address(text)
    assert text not in no_address(f"x {text} y")
    assert text not in foreign(f"x/{text}/y")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_the_belt_is_idempotent_and_never_fails(text):
    once = no_address(text)
    assert no_address(once) == once
    assert not holds_address(once, prose=True)
    assert len(code_line(text)) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "@",
        "a@",
        "%",
        "\\",
        "(",
        " at ",
        "a.",
        "a.a@",
        "A",
        "&#",
        "=4",
        "a dot ",
        '"',
        "''' #",
        "a@(",
        "[at]",
        "\\x4",
        "=?",
    ],
)
def test_hostile_text_takes_time_in_proportion(text):
    hostile = text * (20_000 // len(text))
    start = time.process_time()
    no_address(hostile)
    holds_address(hostile + "x")
    code_line(hostile[:4_000])
    assert time.process_time() - start < 10  # a fraction of a second; minutes, if it were quadratic


# --- people ---------------------------------------------------------------------------------------


def test_people_are_numbered_in_order_of_appearance():
    roster = Roster(is_inside=lambda person: person.address == "b@example.org")
    people = [Recipient(address) for address in ("a@example.com", "b@example.org", "A@example.com", "c@example.net")]
    assert [roster.label(person) for person in people] == ["r1", "r2", "r1", "r3"]
    assert [roster.side(person) for person in people] == ["outside", "inside", "outside", "outside"]


def test_people_without_an_address_are_different_people():
    roster = Roster()
    assert [roster.label(Recipient(None)), roster.label(Recipient(None))] == ["r1", "r2"]
    assert roster.side(Recipient(None)) == ""


def test_reveal_prints_addresses_and_the_belt_lets_them_through():
    roster = Roster(reveal=True)
    label = roster.label(Recipient("a@example.com"))
    assert label == "a@example.com"
    assert scrub({"to": [label], label: "b@example.com"}) == {"to": ["a@example.com"], "a@example.com": ADDRESS}
    assert type(scrub(Revealed("a@example.com"))) is str
    assert roster.label(Recipient(None)) == "r2"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (exactly(4112), "4,112"),
        (ONE, "1"),
        (MANY, "any number of"),
        (OPEN, "any number of"),
        (Count(2, 2, 5), "2 to 5"),
        (Count(0, 2, 1000), "up to 1,000"),
        (MANY.at_least(2), "at least 2"),
    ],
)
def test_counts_in_words(count, words):
    assert count_words(count) == words


def test_pointers_name_only_the_services_own_keys():
    steps = [("recipient-variables", 3), (PLAIN, 2), ("name", 1), (0, 1)]
    assert pointer(steps, {"recipient-variables", "to"}) == "recipient-variables{2}{1}[0]"


# --- escapes --------------------------------------------------------------------------------------

HOSTILE = "\x1b[31m\u202e\r\n::error::%0A,[x](y)`<b>@team|\ud800\x00=1"


@pytest.mark.parametrize("output", Output)
def test_no_output_gets_a_control_or_bidirectional_character(output):
    text = safe_text(HOSTILE, output)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_commands_of_build_servers_are_broken():
    assert not safe_text("::error::x", Output.TERMINAL).startswith("::")
    assert "##[" not in safe_text("x ##[error]y ##vso[task]", Output.TERMINAL)
    assert safe_text("a:b,c%d", Output.GITHUB_PROPERTY) == "a%3Ab%2Cc%25d"
    assert safe_text("a:b,c%d", Output.GITHUB) == "a:b,c%25d"


def test_each_output_has_its_own_escapes():
    assert safe_text("[a](b)\\", Output.SARIF) == r"\[a\](b)\\"
    assert safe_text("=1+1", Output.CSV) == "'=1+1"
    assert safe_text("<a href='x'>", Output.HTML) == "&lt;a href=&#x27;x&#x27;&gt;"
    assert safe_text("a`b", Output.MARKDOWN_CODE) == "``a`b``"
    assert safe_text("a|b", Output.MARKDOWN_CODE) == "`a\\|b`"
    markdown = safe_text("![x](http://y) @team #1 <b>", Output.MARKDOWN)
    assert not re.search(r"[!\[\]()@<>]|#\d+(?!;)", re.sub(r"&#\d+;", "", markdown))
