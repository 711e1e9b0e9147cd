"""Texts that were seen somewhere, and large ones."""

import time

import pytest

from mailguard.addresses.values import recipients
from mailguard.model.value import Known

from .support import read

BATTERY = [
    # what a list may hold, and how many people it addresses
    ("ann@example.com", 1),
    ("Doe, J <ann@example.com>", 1),
    ("Doe, Jane, MD <ann@example.com>", 1),
    ("root, Doe <ann@example.com>", 2),
    ("team: ann@example.com, bob@example.org;", 2),
    ("team (both of us): ann@example.com, bob@example.org;, cy@example.net", 3),
    ("team: ann@example.com;; bob@example.org", 2),
    ("team:;;", 0),
    ("<team: ann@example.com, bob@example.org;>", 2),
    ("undisclosed-recipients:;", 0),
    ("Undisclosed recipients:;", 0),
    ("undisclosed-recipients:", 0),
    ("<undisclosed-recipients:;>", 0),
    (", ann@example.com", 1),
    ("ann@example.com,,bob@example.org,", 2),
    ("ann@example.com bob@example.org", 2),
    ("ann@example.com\nbob@example.org", 2),
    ("ann@example.com; bob@example.org", 2),
    ("REDACTED, ann@example.com", 2),
    ("{{ email }}", 1),
    ("***", 1),
    ("<EMAIL>", 1),
    ("root", 1),
    ("(c (nested) d) ann@example.com (e)", 1),
    ("<<ann@example.com>>", 1),
    ("<ann@example.com", 1),
    ("X <ann@example.com garbage, bob@example.org", 2),
    ("mailto:ann@example.com", 1),
    ("<mailto:ann@example.com>", 1),
    ("mailto:ann@example.com?cc=bob@example.org", 2),
    ("<>", 0),
    ("Ann <>", 1),
    ("ann@example.com\uff0cbob@example.org", 2),
    ("ann\uff20example.com", 1),
    ("ann@example.com\0bob@example.org", 2),
    ("ann @ example.com", 1),
    ("ann@ example.com, bob @example.org", 2),
    ("RE: x <ann@example.com>", 1),
    ("[Ext] x <ann@example.com>", 1),
    ("\ud800 <ann@example.com>", 1),
    ("a..b@example.com", 1),
    (".ann@example.com", 1),
    ("ann@example.com.", 1),
    ("<@relay.example.com,@hub.example.com:ann@example.com>", 1),
    ("@relay.example.com,@hub.example.com:ann@example.com", 1),
    ("hub!ann", 1),
    ("hub!ann@example.com", 1),
    ("ann%example.com@example.org", 1),
    ("ann\u00a0x@example.com", 1),
    ("ann\u200b@example.com", 1),
    ("ann@b\u00fccher.example", 1),
    ("ann@xn--bcher-kva.example", 1),
    ("j\u00f6rg@example.com", 1),
    ("ann@[192.0.2.1], bob@[IPv6:2001:db8::1]", 2),
    ('"john doe"@example.com', 1),
    ('"a,b;c"@example.com', 1),
    ('"Doe, J <ann@example.com>, bob@example.org', 2),
    ("(never closed ann@example.com, bob@example.org", 2),
    ('"ann@example.com, bob@example.org"', 2),
    ("=?utf-8?q?ann=40example=2Ecom=2C_bob=40example=2Eorg?=", 2),
    ("=?UTF-8?Q?Doe,_J?= <ann@example.com>", 1),
    ("ann@", 1),
    ("@example.com", 1),
    ("ann@example.com, bob", 2),
    ("ann@example.com|bob@example.org", 2),
    ("'ann@example.com'; 'bob@example.org'", 2),
    ("Ann <ann@example.com> Bob <bob@example.org>", 2),
    ("<ann@example.com> bob@example.org", 2),
    ("<ann@example.com, bob@example.org>", 2),
    ("ann@example.com>, bob@example.org", 2),
    ("", 0),
    (" \t\r\n", 0),
    (",;,", 0),
]


@pytest.mark.parametrize(("text", "number"), BATTERY)
def test_the_battery(text, number):
    assert len(recipients(text).recipients) == number
    assert len(recipients([text]).recipients) == number
    assert len(recipients(Known(text)).recipients) == number


def test_an_unquoted_comma_costs_nothing_in_longer_lists():
    assert read("Doe, J <ann@example.com>, Roe, M <bob@example.org>, cy@example.net") == [
        "ann@example.com",
        "bob@example.org",
        "cy@example.net",
    ]


def test_bytes_are_read_whatever_their_encoding():
    assert read(b"ann@example.com, bob@example.org") == ["ann@example.com", "bob@example.org"]
    assert len(recipients(b"J\xf6rg <ann@example.com>, bob@example.org").recipients) == 2


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("bob@example.org <ann@example.com>", ["bob@example.org"]),
        ('"bob@example.org" <ann@example.com>', ["bob@example.org"]),
        ("ann@example.com (bob@example.org)", ["bob@example.org"]),
        ('"Bob (bob@example.org), Ann" <ann@example.com>', ["bob@example.org"]),
        ("=?utf-8?q?bob=40example=2Eorg?= <ann@example.com>", ["bob@example.org"]),
        ("ann@example.com <ann@example.com>", []),
        ('"ANN@Example.com" <ann@example.com>', []),
        ("Ann @ Work <ann@example.com>", []),
    ],
)
def test_an_address_in_a_name_is_a_mention(text, mentioned):
    people = recipients(text)
    assert read(text) == ["ann@example.com"]
    assert [mention.recipient.address for mention in people.mentions] == mentioned


def test_no_limit_of_size_hides_anybody():
    many = [f"user{number}@example.com" for number in range(10_000)]
    assert read(many) == many
    assert read(", ".join(many)) == many
    assert read(", ".join(f'"User, {address}" <{address}>' for address in many)) == many


@pytest.mark.parametrize(
    "unit",
    ["(", '"', "<", ",", ":", ";", "[", "\\", "@", "a", ' "a"', '<(")', '("', '"\\', "=?a?q?", "<a", "Doe,", "a@@"],
)
def test_time_grows_with_the_text_and_no_faster(unit):
    started = time.process_time()
    recipients(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 5


def test_the_last_of_a_megabyte_is_found():
    assert read("(" * 300_000 + ", ann@example.com")[-1] == "ann@example.com"
    assert read('"' * 300_001 + ", ann@example.com")[-1] == "ann@example.com"
    assert read("<" * 300_000 + "ann@example.com")[-1] == "ann@example.com"
    assert read("x" * 1_000_000 + ", ann@example.com")[-1] == "ann@example.com"
