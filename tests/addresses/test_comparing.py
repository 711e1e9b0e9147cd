"""Who is who, and who is inside."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.addresses import plain
from mailguard.addresses.compare import compare_key, distinct, domain_key, is_inside
from mailguard.addresses.inside import inside_domain_problem
from mailguard.addresses.pairs import mailbox
from mailguard.addresses.people import together
from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, ONE, OPTIONAL, ZERO, exactly
from mailguard.model.message import Recipient
from mailguard.model.place import Place
from mailguard.model.value import Items, Member, Step, StepKind

from .support import EXAMPLES, mailboxes, names, plain_addresses


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


@EXAMPLES
@given(st.text("aB@.\u00e9\u00df \tx\u0130", max_size=10))
def test_the_quick_key_is_the_careful_key(address):
    local, at, domain = address.strip().rpartition("@")
    careful = f"{local.casefold()}@{domain_key(domain)}" if at else domain.casefold()
    if not any(character.isspace() for character in address) and not address.endswith("."):
        assert compare_key(address) == careful


@EXAMPLES
@given(st.lists(st.one_of(plain_addresses, mailboxes().map(lambda case: case[0])), max_size=4), names)
def test_the_quick_ways_say_what_the_long_ones_say(texts, name):
    assert recipients(texts) == together(plain._careful(text) for text in texts)
    for address in texts:
        assert mailbox(address, name) == mailbox(Items((Member(address, ONE),)), name)
