"""Laws and samples of the address reader."""

import itertools
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailguard.addresses import checks, plain, reader, words
from mailguard.addresses.compare import compare_key, distinct, domain_key, domain_of, is_inside
from mailguard.addresses.inside import inside_domain_problem
from mailguard.addresses.pairs import mailbox
from mailguard.addresses.people import People, together
from mailguard.addresses.values import recipients
from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, UNBOUNDED, ZERO, Count, exactly
from mailguard.model.message import Recipient
from mailguard.model.place import Place
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Origin,
    Parameter,
    Repeat,
    Step,
    StepKind,
    Text,
    Unknown,
)

EXAMPLES = settings(max_examples=100, deadline=None)

# -- what is legal

_atoms = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8)
_domains = st.builds("{}.{}".format, _atoms, st.sampled_from(["example.com", "example.org", "example.net"]))
_plain_addresses = st.builds("{}@{}".format, _atoms, _domains)
_quoted_locals = st.builds('"{}"@{}'.format, st.text("abc ,;:<>()@", min_size=1, max_size=6), _domains)
_addresses = st.one_of(_plain_addresses, _plain_addresses, _quoted_locals)
_gaps = st.sampled_from(["", " ", "  ", "\t", "\r\n ", "\n\t"])
_some_gap = st.sampled_from([" ", "  ", "\t", "\r\n "])
_words = st.lists(_atoms, min_size=1, max_size=3).map(" ".join)
_quoted_names = st.text("abc ,;:<>()@.é\\", max_size=10).map(
    lambda name: '"' + name.replace("\\", "\\\\") + '"',
)
_encoded_names = st.sampled_from(
    ["=?utf-8?q?J=C3=B6rg=2C_M?=", "=?utf-8?b?RG9lLCBK?=", "=?iso-8859-1?Q?Andr=E9?=  =?utf-8?q?_X?="],
)
_names = st.one_of(_words, _quoted_names, _encoded_names)
_comments = st.recursive(
    st.text('abc ,;:<>."é', max_size=6).map("({})".format),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda parts: "(" + " ".join(parts) + ")"),
    max_leaves=4,
)
_optional_comments = st.one_of(st.just(""), st.just(""), st.builds("{}{}".format, _some_gap, _comments))


@st.composite
def _mailboxes(draw):
    address = draw(_addresses)
    kind = draw(st.sampled_from(["bare", "named", "angle", "route"]))
    if kind == "bare":
        text = address
    elif kind == "angle":
        text = f"<{address}>"
    elif kind == "route":
        text = f"{draw(_names)} <@relay.example.com,@hub.example.net:{address}>"
    else:
        text = f"{draw(_names)}{draw(_gaps)}<{draw(st.sampled_from(['', ' ']))}{address}>"
    return draw(_gaps) + text + draw(_optional_comments) + draw(_gaps), address


@st.composite
def _lists(draw):
    """A legal address list, and the addresses in it."""
    pieces, expected = [], []
    for members in draw(st.lists(st.lists(_mailboxes(), max_size=3), max_size=4)):
        text = draw(st.sampled_from([",", ", ", ",\r\n "])).join(text for text, _ in members)
        if draw(st.booleans()):
            text = f"{draw(_words)}{draw(_optional_comments)}: {text};"
        pieces.append(text)
        expected.extend(address for _, address in members)
    return ", ".join(pieces), expected


def _read(value):
    return [person.address for person in recipients(value).recipients]


def _bare(people: People):
    """The answer without what only code has."""
    return (
        tuple(replace(person, origin=Origin.GIVEN) for person in people.recipients),
        tuple(replace(mention.recipient, origin=Origin.GIVEN) for mention in people.mentions),
    )


# -- laws


@EXAMPLES
@given(_lists())
def test_a_legal_list_is_read_back_whole(case):
    text, expected = case
    assert [compare_key(found) for found in _read(text)] == [compare_key(address) for address in expected]


@EXAMPLES
@given(_lists(), st.text('ab@.,;:<>()"\\ []=?{}\n\0\uff20\uff0c\u200b\u00a0é', max_size=12))
def test_garbage_at_the_end_never_lowers_the_number(case, garbage):
    text, expected = case
    people = recipients(text + garbage)
    assert len(people.recipients) + len(people.mentions) >= len(expected)


@EXAMPLES
@given(st.lists(_plain_addresses, min_size=1, max_size=5), st.sampled_from([", ", ",", "; ", "\n", " ", ",,", ", ,"]))
def test_any_usual_separator_keeps_people_apart(people, separator):
    assert _read(separator.join(people)) == people


@EXAMPLES
@given(
    st.one_of(
        _lists().map(lambda case: case[0]),
        st.lists(_plain_addresses, max_size=4).map(", ".join),
        st.lists(st.builds("{} <{}>".format, _words, _plain_addresses), max_size=4).map(",".join),
        st.text("aB@.,'<> -", max_size=12),
    ),
)
def test_the_fast_path_says_what_the_careful_reader_says(text):
    assume(plain._fast(text) is not None)
    assert plain._plain_uncached(text) == plain._careful(text)


@EXAMPLES
@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text):
    recipients(text)
    recipients(text.encode("utf-8", "surrogatepass"))


@EXAMPLES
@given(st.text('ab@.,;:<>()"\\ []=?', max_size=24))
def test_nobody_falls_below_the_independent_count(text):
    people = recipients(text)
    cleaned = text.translate(words.TRANSLATION)
    persons = reader.read(cleaned).persons
    assert len(persons) == len(people.recipients)
    assert reader._accounted(persons) + sum(p == reader.Person(None, "", (), len(cleaned)) for p in persons) >= (
        checks.lower_bound(cleaned)
    )


@EXAMPLES
@given(_lists(), st.data())
def test_a_wrapped_text_and_a_plain_one_give_the_same_answer(case, data):
    text, _ = case
    expected = _bare(recipients(text))
    assert _bare(recipients(Known(text))) == expected
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    edges = [0, *cuts, len(text)]
    parts = [text[start:end] for start, end in itertools.pairwise(edges)]
    step = Step(StepKind.WRITTEN, Place("a.py", 1))
    wrapped = tuple(Known(part, (step,)) if data.draw(st.booleans()) else part for part in parts)
    assert _bare(recipients(Text(wrapped))) == expected


@EXAMPLES
@given(st.lists(_lists().map(lambda case: case[0]), max_size=4))
def test_a_collection_is_the_sum_of_its_members(texts):
    expected = [address for text in texts for address in _read(text)]
    assert _read(texts) == expected
    assert _read(tuple(texts)) == expected
    assert _read([texts]) == expected
    assert _read(Items(tuple(Member(Known(text), ONE) for text in texts))) == expected


_values = st.recursive(
    st.one_of(
        st.none(),
        _plain_addresses,
        _plain_addresses.map(Known),
        st.builds(Unknown, st.just("x.email"), st.sampled_from([OPEN, OPTIONAL, MANY, ANY, ZERO])),
        st.builds(Parameter, st.just("to"), st.just("m:f")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.builds(Member, inner, st.sampled_from([ONE, OPTIONAL, MANY, ZERO])), max_size=3).map(
            lambda members: Items(tuple(members)),
        ),
        st.lists(st.one_of(inner, st.sampled_from([", ", " <", ">", "@example.org", ""])), max_size=4).map(
            lambda parts: Text(tuple(parts)),
        ),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: Either(tuple(options))),
        st.builds(lambda one, count: Text((Repeat(one, count, ", "),)), inner, st.sampled_from([MANY, ONE, ZERO])),
    ),
    max_leaves=6,
)


@EXAMPLES
@given(_values)
def test_any_value_is_counted_without_an_error(value):
    people = recipients(value)
    total = distinct(people.recipients)
    assert 0 <= total.low <= total.high <= UNBOUNDED
    mailbox(value, value)


@EXAMPLES
@given(st.lists(st.lists(_plain_addresses, max_size=4), min_size=2, max_size=4))
def test_a_branch_lies_within_the_bounds_of_the_joined_value(branches):
    joined = recipients(Either(tuple(branches)))
    total = sum((person.count for person in joined.recipients), ZERO)
    for branch in branches:
        assert total.low <= len(branch) <= total.high
    assert total.plain == min(max(map(len, branches)), 2)
    assert total.high <= sum(map(len, branches))


# -- the battery

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
    assert _read("Doe, J <ann@example.com>, Roe, M <bob@example.org>, cy@example.net") == [
        "ann@example.com",
        "bob@example.org",
        "cy@example.net",
    ]


def test_bytes_are_read_whatever_their_encoding():
    assert _read(b"ann@example.com, bob@example.org") == ["ann@example.com", "bob@example.org"]
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
    assert _read(text) == ["ann@example.com"]
    assert [mention.recipient.address for mention in people.mentions] == mentioned


def test_no_limit_of_size_hides_anybody():
    many = [f"user{number}@example.com" for number in range(10_000)]
    assert _read(many) == many
    assert _read(", ".join(many)) == many
    assert _read(", ".join(f'"User, {address}" <{address}>' for address in many)) == many


@pytest.mark.parametrize(
    "unit",
    ["(", '"', "<", ",", ":", ";", "[", "\\", "@", "a", ' "a"', '<(")', '("', '"\\', "=?a?q?", "<a", "Doe,", "a@@"],
)
def test_time_grows_with_the_text_and_no_faster(unit):
    started = time.process_time()
    recipients(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 5


def test_the_last_of_a_megabyte_is_found():
    assert _read("(" * 300_000 + ", ann@example.com")[-1] == "ann@example.com"
    assert _read('"' * 300_001 + ", ann@example.com")[-1] == "ann@example.com"
    assert _read("<" * 300_000 + "ann@example.com")[-1] == "ann@example.com"
    assert _read("x" * 1_000_000 + ", ann@example.com")[-1] == "ann@example.com"


# -- values with holes


def _hole(why="x.email", count=OPTIONAL):
    return Unknown(why, count)


def _counts(value):
    return [person.count for person in recipients(value).recipients]


def test_nobody_is_nobody():
    for value in (None, ABSENT, "", [], {}, Known(None), Known(""), False, 0, Unknown("x", ZERO), Items(())):
        assert recipients(value) == People()


def test_an_unknown_keeps_its_own_count_label_and_origin():
    step = Step(StepKind.DATABASE, Place("a.py", 3))
    (person,) = recipients(Unknown("users", MANY, (step,))).recipients
    assert (person.address, person.count, person.origin, person.label) == (None, MANY, Origin.QUERIED, "users")
    assert person.trail == (step,)
    assert not person.parameter
    (person,) = recipients(Parameter("to", "m:f")).recipients
    assert person.parameter
    assert person.count == OPEN
    assert person.label == "to"


def test_a_literal_of_the_code_is_written_and_a_recorded_one_is_given():
    assert recipients("ann@example.com").recipients[0].origin is Origin.GIVEN
    assert recipients(Known("ann@example.com")).recipients[0].origin is Origin.WRITTEN
    step = Step(StepKind.CONFIGURED, Place("a.py", 3))
    assert recipients(Known("ann@example.com", (step,))).recipients[0].origin is Origin.CONFIGURED


def test_members_multiply():
    value = Items((Member(_hole(), MANY), Member(Known("ann@example.com"), ONE)))
    assert _counts(value) == [OPTIONAL * MANY, ONE]


def test_a_hole_in_angle_brackets_is_one_mailbox():
    assert _counts(Text(("Name <", _hole(count=OPEN), ">"))) == [OPTIONAL]
    assert _counts(Text((_hole("name"), " <", _hole(count=MANY), ">"))) == [OPTIONAL]
    (person,) = recipients(Text(('"', _hole("name"), '" <', _hole("mail"), ">"))).recipients
    assert person.label == "mail"


def test_a_hole_with_a_domain_is_one_person_of_that_domain():
    (person,) = recipients(Text((_hole("user.name"), "@Example.org"))).recipients
    assert person.count == ONE
    assert person.address is None
    assert domain_of(person) == "example.org"
    assert "@" not in person.label


def test_a_bare_hole_keeps_its_own_count():
    assert _counts(Text((_hole(count=OPEN),))) == [OPEN]
    assert _counts(Text(("ann@example.com, ", _hole(count=OPEN)))) == [ONE, OPEN]
    assert _counts(Text((_hole(count=OPEN), ";", _hole("y", OPTIONAL)))) == [OPEN, OPTIONAL]


def test_a_joined_list_counts_its_rounds_whatever_the_separator():
    for separator in (", ", ",", "; ", " ", "", "|", None):
        assert _counts(Text((Repeat(_hole(), MANY, separator),))) == [MANY]
    assert _counts(Text(("<", Repeat(_hole(), MANY, ", "), ">"))) == [MANY]
    assert _counts(Text((Repeat(Text((_hole("n"), " <", _hole(), ">")), MANY, ", "),))) == [MANY]
    assert _counts(Text(("ann@example.com", Repeat(Text((", ", _hole())), MANY, "")))) == [ONE, MANY]


def test_separators_inside_quotes_separate_nothing():
    assert _counts(Text(('"', _hole("last"), ", ", _hole("first"), '" <', _hole(), ">"))) == [OPTIONAL]


def test_what_follows_a_whole_address_may_be_more_people():
    (count,) = _counts(Text(("ann@example.com", Unknown("rest"))))
    assert count == Count(1, 1, UNBOUNDED)


def test_one_of_two_holes_is_neither_of_them_for_sure() -> None:
    one, other = Unknown("a.email", OPTIONAL), Unknown("b.email", OPTIONAL)
    (person,) = recipients(Either((one, other))).recipients
    assert (person.count, person.label) == (OPTIONAL, "")
    assert distinct([person, *recipients(one).recipients]).high == 2


def test_one_of_several_may_be_somebody_who_is_there_anyway() -> None:
    way = (Step(StepKind.WRITTEN, Place("a.py", 1)),)
    either = Either(("ann@example.com", "bob@example.com"), way)
    assert distinct(recipients([either, either, "ann@example.com"]).recipients) == Count(1, 2, 3)
    assert distinct(recipients([either]).recipients) == ONE


def test_branches_inside_a_text_are_read_one_by_one():
    value = Text(("ann@example.com", Either(("", ", bob@example.org"))))
    people = recipients(value).recipients
    assert [(person.address, person.count) for person in people] == [
        ("ann@example.com", ONE),
        ("bob@example.org", OPTIONAL),
    ]


def test_one_of_two_people_is_one_person():
    people = recipients(Either(("ann@example.com", "bob@example.com"))).recipients
    assert [(person.address, person.count, person.domain) for person in people] == [(None, ONE, "example.com")]
    people = recipients(Either((["ann@example.com"], ["ann@example.com", "bob@example.org"]))).recipients
    assert [(person.address, person.count) for person in people] == [
        ("ann@example.com", ONE),
        ("bob@example.org", OPTIONAL),
    ]
    assert _counts(Either(("ann@example.com", ABSENT))) == [OPTIONAL]


def test_a_literal_inside_a_text_keeps_its_way():
    step = Step(StepKind.WRITTEN, Place("a.py", 3))
    outer = Step(StepKind.JOINED, Place("a.py", 9))
    value = Text((Known("ann@example.com", (step,)), ", ", _hole()), (outer,))
    people = recipients(value).recipients
    assert people[0].trail == (step, outer)
    assert people[1].trail == (outer,)


def test_a_mapping_where_a_text_was_expected_loses_nobody():
    assert _read({"ann@example.com": "Ann", "bob@example.org": "Bob"}) == ["ann@example.com", "bob@example.org"]
    assert _read([{"email": "ann@example.com"}]) == ["ann@example.com"]
    assert len(recipients([{"id": 7}]).recipients) == 1
    assert _read(Fields((("email", Known("ann@example.com")),))) == ["ann@example.com"]


def test_an_object_is_read_as_what_it_renders_to():
    class Box(Object):
        def render(self):
            return "ann@example.com, bob@example.org"

    class Broken(Object):
        def render(self):
            raise ValueError

    assert _read(Box()) == ["ann@example.com", "bob@example.org"]
    assert len(recipients(Broken()).recipients) == 1


def test_collections_without_end_are_cut_without_losing_their_people():
    nested = "ann@example.com"
    for _ in range(5_000):
        nested = [nested]
    assert len(recipients(nested).recipients) == 1


# -- the pair


def test_a_pair_is_one_mailbox_or_what_its_address_holds():
    assert [p.address for p in mailbox("ann@example.com", "Ann").recipients] == ["ann@example.com"]
    assert len(mailbox("ann@example.com, bob@example.org", "Ann").recipients) == 2
    assert len(mailbox("", "Ann").recipients) == 1
    assert len(mailbox(ABSENT, "Ann").recipients) == 1
    assert mailbox(ABSENT) == People()


def test_a_name_that_is_an_address_is_a_mention():
    (mention,) = mailbox("ann@example.com", "bob@example.org").mentions
    assert mention.recipient.address == "bob@example.org"
    assert not mailbox("ann@example.com", "ann@example.com").mentions
    assert len(mailbox(_hole("a.email"), _hole("b.email")).mentions) == 1
    assert not mailbox(_hole("a.email"), _hole("a.email")).mentions
    assert not mailbox(_hole("a.email"), _hole("a.name")).mentions


# -- comparing


def test_one_mailbox_has_one_key():
    assert compare_key("Ann@EXAMPLE.com") == compare_key("ann@example.com.")
    assert compare_key("ann@B\u00fccher.example") == compare_key("ann@xn--bcher-kva.example")
    assert compare_key("ann@example.com") != compare_key("ann@example.org")


def test_inside_is_the_domain_and_what_lies_below_it():
    inside = {"Example.com", "b\u00fccher.example"}
    for address in ("a@example.com", "a@EXAMPLE.com", "a@mail.example.com", "a@xn--bcher-kva.example"):
        assert is_inside(Recipient(address), inside)
    for address in ("a@badexample.com", "a@example.org", "a@example.com.example.net"):
        assert not is_inside(Recipient(address), inside)
    assert not is_inside(Recipient(None), inside)
    assert is_inside(Recipient(None, domain="example.com"), inside)


def test_the_same_person_counts_once():
    step = Step(StepKind.DATABASE, Place("a.py", 3))
    again = Step(StepKind.DATABASE, Place("a.py", 4))
    assert distinct([Recipient("ann@example.com"), Recipient("ANN@example.com")]) == ONE
    assert distinct([Recipient("ann@example.com", MANY)]) == OPTIONAL
    assert distinct([Recipient(None), Recipient(None)]) == exactly(2)
    same = [Recipient(None, OPTIONAL, trail=(step,), label="u.email")] * 2
    assert distinct(same) == OPTIONAL
    assert distinct([same[0], replace(same[0], trail=(again,))]).plain == 2
    assert distinct([]) == ZERO


@pytest.mark.parametrize(
    "domain", ["example.com", "mail.example.org", "corp.example", "b\u00fccher.example", "localhost"]
)
def test_a_domain_of_ones_own_is_accepted(domain):
    assert inside_domain_problem(domain) is None


@pytest.mark.parametrize(
    "domain",
    ["com", "co.uk", "github.io", "", " ", "a@example.com", "*.example.com", ".example.com", "exa mple.com", "-.com"],
)
def test_a_domain_that_anybody_may_use_is_refused(domain):
    problem = inside_domain_problem(domain)
    assert problem
    assert "@example" not in problem


# -- flanker


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


@EXAMPLES
@given(st.text("aB@.\u00e9\u00df \tx\u0130", max_size=10))
def test_the_quick_key_is_the_careful_key(address):
    local, at, domain = address.strip().rpartition("@")
    careful = f"{local.casefold()}@{domain_key(domain)}" if at else domain.casefold()
    if not any(character.isspace() for character in address) and not address.endswith("."):
        assert compare_key(address) == careful


@EXAMPLES
@given(st.lists(st.one_of(_plain_addresses, _mailboxes().map(lambda case: case[0])), max_size=4), _names)
def test_the_quick_ways_say_what_the_long_ones_say(texts, name):
    assert recipients(texts) == together(plain._careful(text) for text in texts)
    for address in texts:
        assert mailbox(address, name) == mailbox(Items((Member(address, ONE),)), name)
