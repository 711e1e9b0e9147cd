"""Lists of addresses, as people and programs write them."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st

from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.count import OPTIONAL
from mailguard.model.value import Origin, Unknown

EXAMPLES = settings(max_examples=100, deadline=None)

atoms = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8)
domains = st.builds("{}.{}".format, atoms, st.sampled_from(["example.com", "example.org", "example.net"]))
plain_addresses = st.builds("{}@{}".format, atoms, domains)
quoted_locals = st.builds('"{}"@{}'.format, st.text("abc ,;:<>()@", min_size=1, max_size=6), domains)
addresses = st.one_of(plain_addresses, plain_addresses, quoted_locals)
gaps = st.sampled_from(["", " ", "  ", "\t", "\r\n ", "\n\t"])
some_gap = st.sampled_from([" ", "  ", "\t", "\r\n "])
phrases = st.lists(atoms, min_size=1, max_size=3).map(" ".join)
quoted_names = st.text("abc ,;:<>()@.é\\", max_size=10).map(
    lambda name: '"' + name.replace("\\", "\\\\") + '"',
)
encoded_names = st.sampled_from(
    ["=?utf-8?q?J=C3=B6rg=2C_M?=", "=?utf-8?b?RG9lLCBK?=", "=?iso-8859-1?Q?Andr=E9?=  =?utf-8?q?_X?="],
)
names = st.one_of(phrases, quoted_names, encoded_names)
comments = st.recursive(
    st.text('abc ,;:<>."é', max_size=6).map("({})".format),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda parts: "(" + " ".join(parts) + ")"),
    max_leaves=4,
)
optional_comments = st.one_of(st.just(""), st.just(""), st.builds("{}{}".format, some_gap, comments))


@st.composite
def mailboxes(draw):
    address = draw(addresses)
    kind = draw(st.sampled_from(["bare", "named", "angle", "route"]))
    if kind == "bare":
        text = address
    elif kind == "angle":
        text = f"<{address}>"
    elif kind == "route":
        text = f"{draw(names)} <@relay.example.com,@hub.example.net:{address}>"
    else:
        text = f"{draw(names)}{draw(gaps)}<{draw(st.sampled_from(['', ' ']))}{address}>"
    return draw(gaps) + text + draw(optional_comments) + draw(gaps), address


@st.composite
def lists(draw):
    """A legal address list, and the addresses in it."""
    pieces, expected = [], []
    for members in draw(st.lists(st.lists(mailboxes(), max_size=3), max_size=4)):
        text = draw(st.sampled_from([",", ", ", ",\r\n "])).join(text for text, _ in members)
        if draw(st.booleans()):
            text = f"{draw(phrases)}{draw(optional_comments)}: {text};"
        pieces.append(text)
        expected.extend(address for _, address in members)
    return ", ".join(pieces), expected


def read(value):
    return [person.address for person in recipients(value).recipients]


def bare(people: People):
    """The answer without what only code has."""
    return (
        tuple(replace(person, origin=Origin.GIVEN) for person in people.recipients),
        tuple(replace(mention.recipient, origin=Origin.GIVEN) for mention in people.mentions),
    )


def hole(why="x.email", count=OPTIONAL):
    return Unknown(why, count)


def counts(value):
    return [person.count for person in recipients(value).recipients]
