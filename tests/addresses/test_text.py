"""Texts, read back."""

from hypothesis import assume, given
from hypothesis import strategies as st

from mailguard.addresses import checks, plain, reader, words
from mailguard.addresses.compare import compare_key
from mailguard.addresses.values import recipients

from .support import EXAMPLES, lists, phrases, plain_addresses, read


@EXAMPLES
@given(lists())
def test_a_legal_list_is_read_back_whole(case):
    text, expected = case
    assert [compare_key(found) for found in read(text)] == [compare_key(address) for address in expected]


@EXAMPLES
@given(lists(), st.text('ab@.,;:<>()"\\ []=?{}\n\0\uff20\uff0c\u200b\u00a0é', max_size=12))
def test_garbage_at_the_end_never_lowers_the_number(case, garbage):
    text, expected = case
    people = recipients(text + garbage)
    assert len(people.recipients) + len(people.mentions) >= len(expected)


@EXAMPLES
@given(st.lists(plain_addresses, min_size=1, max_size=5), st.sampled_from([", ", ",", "; ", "\n", " ", ",,", ", ,"]))
def test_any_usual_separator_keeps_people_apart(people, separator):
    assert read(separator.join(people)) == people


@EXAMPLES
@given(
    st.one_of(
        lists().map(lambda case: case[0]),
        st.lists(plain_addresses, max_size=4).map(", ".join),
        st.lists(st.builds("{} <{}>".format, phrases, plain_addresses), max_size=4).map(",".join),
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
