"""What a block of headers comes to, also with encoded words and holes."""

from __future__ import annotations

import base64
import email.header
import email.headerregistry
import email.message
import time
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import formataddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.addresses.values import recipients
from mailguard.model.count import MANY
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Repeat, Text, Unknown, known, text
from mailguard.wire import header_blocks
from mailguard.wire.header_blocks import header_block

from .support import TRAIL, USER, few, lines, texts


class TestHeaderBlock:
    @few
    @given(
        st.lists(
            st.tuples(st.sampled_from(["To", "Cc", "Subject", "X-A"]), st.text("ab@,<> \"'().é", max_size=40)),
            max_size=6,
        ),
        st.sampled_from(["\r\n", "\n", "\r", "\r\r\n"]),
        st.booleans(),
    )
    def test_lines_come_out_whatever_ends_them(self, pairs: list[tuple[str, str]], end: str, as_bytes: bool) -> None:
        source: object = "".join(f"{name}: {value}{end}" for name, value in pairs) + f"{end}To: body@example.com{end}"
        if not pairs:
            return
        if as_bytes:
            source = str(source).encode()
        assert lines(source) == [(name, value.strip()) for name, value in pairs]

    @few
    @given(st.lists(st.from_regex(r"[a-z]{1,8}@example\.(com|org)", fullmatch=True), min_size=1, max_size=60))
    def test_it_reads_what_the_standard_library_writes(self, people: list[str]) -> None:
        message = email.message.EmailMessage(policy=SMTP)
        message["To"] = ", ".join(people)
        message["Subject"] = "Grüße"
        message.set_content("To: x")
        found = dict(lines(message.as_bytes()))
        assert [part.strip() for part in str(found["To"]).split(",")] == people
        assert found["Subject"] == "Grüße"

    def test_nothing_in_front_or_between_hides_a_line(self) -> None:
        source = (
            b"\xef\xbb\xbf\r\n \t\r\nFrom x@example.com Sun Nov  1 10:00:00 2026\r\nFROM : from@example.com\r\n"
            b"garbage without a sign\r\nto: ann@example.com,\r\n \t\r\n\tbob@example.org\r\nTo: cat@example.net\r\n\r\nCc: no"
        )
        assert [(name, str(value).split()) for name, value in lines(source)] == [
            ("FROM", ["from@example.com", "garbage", "without", "a", "sign"]),
            ("to", ["ann@example.com,", "bob@example.org"]),
            ("To", ["cat@example.net"]),
        ]

    def test_an_indented_block_is_one(self) -> None:
        assert lines("    From: a\n    To: b\n      c\n\n    x") == [("From", "a"), ("To", "b      c")]

    def test_a_body_is_not_looked_at_and_a_block_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(header_blocks, "HEADER_LIMIT", 1000)
        assert lines(b"To: a\n\n" + b"x" * 5000) == [("To", "a")]
        for source in (b"To: " + b"a" * 5000, "To: " + "é" * 5000):
            found = header_block(source)
            assert isinstance(found, CannotTell)
            assert found.reason is Reason.TOO_LARGE

    def test_raw_bytes_are_kept_apart(self) -> None:
        assert lines(b"To: Jos\xe9 <a@example.com>\nCc: Jos\xc3\xa9\nBcc: x\0y\n") == [
            ("To", "José <a@example.com>"),
            ("Cc", "José"),
            ("Bcc", "x y"),
        ]
        assert lines("To: a@example.com\n\n".encode("utf-16")) == [("To", "a@example.com")]

    @few
    @given(st.binary(max_size=300) | texts)
    def test_nothing_makes_it_raise(self, source: object) -> None:
        header_block(source)  # type: ignore[arg-type]

    def test_long_runs_take_no_time(self) -> None:
        for piece in (b"\r", b"\r\r\n", b" ", b"a:", b"=?utf-8?q?", b'"\\"', b"(", b"=?a?b?=", b"<"):
            started = time.process_time()
            header_block(b"To: " + piece * 30_000)
            assert time.process_time() - started < 2, piece


class TestEncodedWords:
    @few
    @given(texts, st.sampled_from(["utf-8", "utf-16-be"]), st.sampled_from("bq"))
    def test_a_subject_comes_out(self, value: str, charset: str, encoding: str) -> None:
        value = " ".join(value.split())
        raw = value.encode(charset)
        word = base64.b64encode(raw).decode() if encoding == "b" else "".join(f"={byte:02X}" for byte in raw)
        found = dict(lines(f"Subject: =?{charset}?{encoding}?{word}?=\n"))
        assert str(found["Subject"]) == value.replace("\0", "\0").strip()

    def test_a_display_name_makes_no_recipient_and_stays_to_be_seen(self) -> None:
        word = "=?utf-8?b?" + base64.b64encode(b'dan@example.com, "D"').decode() + "?="
        assert lines(f"To: {word} <ann@example.com>, {word}\n <bob@example.org>\n") == [
            ("To", '"dan@example.com, \\"D\\"" <ann@example.com>, "dan@example.com, \\"D\\"" <bob@example.org>')
        ]
        assert lines('To: "=?utf-8?q?a=2C_b=22?=" <ann@example.com>\n') == [("To", '"a, b\\"" <ann@example.com>')]
        assert lines("To: ann@example.com (=?utf-8?q?=29=2C_b=40example=2Ecom?=)\n") == [
            ("To", "ann@example.com (\\), b@example.com)")
        ]

    def test_a_list_that_was_encoded_whole_is_a_list(self) -> None:
        people = ", ".join(f"person{number}@example.com" for number in range(12))
        encoded = email.header.Header(people, "utf-8", maxlinelen=60).encode()
        assert "=?utf-8?" in encoded
        assert lines(f"To: {encoded}\n") == [("To", people)]
        assert lines("To: <=?utf-8?q?ann=40example=2Ecom?=>\n") == [("To", "<ann@example.com>")]

    def test_a_comma_that_the_email_package_encoded_separates(self) -> None:
        assert lines('To: ann@example.com\n =?utf-8?q?=2C?= ";" <bob@example.org>\n') == [
            ("To", 'ann@example.com , ";" <bob@example.org>')
        ]
        assert lines("To: ann@example.com =?utf-8?q?=2C_=C3=A9=2C?= <bob@example.org>\n") == [
            ("To", 'ann@example.com , "é," <bob@example.org>')
        ]

    def test_bad_words_lose_nothing(self) -> None:
        assert lines("To: =?nonsense?q?Jos=E9?= <ann@example.com>\n") == [("To", "José <ann@example.com>")]
        assert lines("To: =?utf-8?b?!!?= <ann@example.com>\n") == [("To", "!! <ann@example.com>")]
        assert lines("To: =?utf-8?q?open <ann@example.com>\n") == [("To", "=?utf-8?q?open <ann@example.com>")]
        assert lines("To: =?utf-8?q?Doe, Ann?= <ann@example.com>\n") == [("To", '"Doe, Ann" <ann@example.com>')]

    @few
    @given(st.text('=?utf8qbQB_=2C@,<>() "\\aé\n', max_size=60))
    def test_plain_addresses_stay(self, noise: str) -> None:
        noise = noise.replace("\n", "")
        (name, value), *_ = lines(f"To: {noise}, ann@example.com\n")
        assert name == "To"
        assert "ann@example.com" in str(value)


class TestHeadersWithHoles:
    def test_fields_and_mappings(self) -> None:
        assert lines(Fields((("To", USER), ("To", "a")), rest=Unknown("x"))) == [
            ("To", USER),
            ("To", "a"),
            ("*", Unknown("x")),
        ]
        assert lines({"To": ["a", "b"], "Subject": "=?utf-8?q?=C3=A9?="}) == [
            ("To", "a"),
            ("To", "b"),
            ("Subject", "é"),
        ]
        assert lines([("To", "a"), ("Cc", "b")]) == [("To", "a"), ("Cc", "b")]

    def test_a_raw_message_is_cut_at_its_written_line_ends(self) -> None:
        source = Text(
            (
                "From: me\r\nTo: ",
                USER,
                ", b@example.com,\r\n ",
                USER,
                "\r\nSubject: ",
                Unknown("s"),
                "\r\n\r\nTo: ",
                USER,
            )
        )
        assert lines(source) == [
            ("From", "me"),
            ("To", Text((USER, ", b@example.com, ", USER)))
            if False
            else ("To", Text((USER, ", b@example.com,", " ", USER))),
            ("Subject", Unknown("s")),
        ]

    def test_a_join_with_folds_is_one_line(self) -> None:
        people = Repeat(USER, MANY, ",\r\n ")
        assert lines(Text(("To: ", people, "\r\nSubject: x\r\n\r\n"))) == [("To", Text((people,))), ("Subject", "x")]

    def test_a_line_for_each_round(self) -> None:
        source = Text(("Subject: x\r\n", Repeat(Text(("To: ", USER, "\r\n")), MANY, ""), "Cc: c\r\n\r\nbody"))
        assert lines(source) == [("Subject", "x"), ("To", Items((Member(USER, MANY),))), ("Cc", "c")]
        source = Text((Repeat(Text(("To: ", USER)), MANY, "\n"), "\n\nbody"))
        assert lines(source) == [("To", Items((Member(USER, MANY),)))]

    def test_a_name_that_is_a_hole(self) -> None:
        assert lines(Text((Unknown("name"), ": ", USER, "\nX-", Unknown("k"), ": v\n", Unknown("more"), "\n\n"))) == [
            ("*", USER),
            ("X-*", "v"),
            ("*", Unknown("more")),
        ]

    def test_an_indented_text_of_the_source(self) -> None:
        source = Text(("\n    From: a\n    To: ", USER, "\n\n    Hi"))
        assert lines(source) == [("From", "a"), ("To", USER)]

    def test_what_is_not_known_is_not_nobody(self) -> None:
        assert isinstance(header_block(Unknown("message")), CannotTell)
        assert isinstance(header_block(None), CannotTell)
        assert lines(Either(("To: a\n\n", "To: b\nCc: c\n\n"))) == [
            ("To", Either(("a", "b"))),
            ("Cc", Either((ABSENT, "c"))),
        ]

    @few
    @given(
        st.lists(
            st.sampled_from(["To: ", "Cc:", "ann@example.com", "\r\n", "\n", ", ", " ", "x", "=?utf-8?q?a?="]),
            max_size=12,
        )
    )
    def test_wrapped_and_plain_say_the_same(self, pieces: list[str]) -> None:
        plain = "".join(pieces)
        wrapped = Text(tuple(Known(piece, TRAIL) for piece in pieces))
        assert [(name, text(value)) for name, value in lines(wrapped)] == [
            (name, text(value)) for name, value in lines(plain)
        ]
        assert all(known(value) for _, value in lines(wrapped))


@few
@given(
    st.lists(
        st.tuples(
            st.text('aé,;"<>()@ .ü漢\\', max_size=12), st.from_regex(r"[a-z]{1,8}@example\.(com|org)", fullmatch=True)
        ),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_the_people_of_a_written_message_are_the_people_read(people: list[tuple[str, str]], legacy: bool) -> None:
    """Display names with commas, brackets and addresses in them, encoded by the standard library, add and hide nobody."""
    pairs = [formataddr((" ".join(name.split()), address), "utf-8") for name, address in people]
    if legacy:
        old = MIMEText("T", "plain", "utf-8")
        old["To"] = ", ".join(pairs)
        written = old.as_bytes()
    else:
        message = email.message.EmailMessage(policy=SMTP)
        message["To"] = tuple(
            email.headerregistry.Address(" ".join(name.split()), addr_spec=address) for name, address in people
        )
        written = message.as_bytes()
    found = recipients(dict(lines(written))["To"])  # type: ignore[arg-type]
    assert [person.address for person in found.recipients] == [address for _, address in people]
