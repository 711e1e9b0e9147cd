"""Mailjet: two versions in which the same words mean different things; the package's requests and its model's agree."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.addresses.compare import compare_key
from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Message, Reason
from mailguard.model.provider import Refused
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Parameter, Text, Unknown, Value
from mailguard.providers import mailjet as provider
from mailguard.providers.mailjet import PROVIDER
from mailguard.transports.http.bodies import dumps

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://api.mailjet.com"
AUTH = ("key", "secret")


def capital(contact: dict[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in contact.items()}


CONTACTS = sdk.CONTACTS.map(lambda found: [capital(contact) for contact in found])
V3_ITEM = st.fixed_dictionaries(
    {"FromEmail": st.just("from@example.com"), "Text-part": st.just("T")},
    optional={
        "Recipients": CONTACTS,
        "To": sdk.LINE,
        "Cc": sdk.LINE,
        "Bcc": sdk.LINE,
        "Headers": st.just({"Reply-To": "team@example.com"}),
    },
)
V31_ITEM = st.fixed_dictionaries(
    {"From": st.just({"Email": "from@example.com"}), "To": CONTACTS, "TextPart": st.just("T")},
    optional={"Cc": CONTACTS, "Bcc": CONTACTS, "ReplyTo": st.just({"Email": "team@example.com", "Name": "Team"})},
)
BODY = st.one_of(
    V3_ITEM,
    st.lists(V3_ITEM, min_size=1, max_size=3).map(lambda items: {"Messages": items}),
    st.builds(
        lambda items, defaults: {"Messages": items, **defaults},
        st.lists(V31_ITEM, min_size=1, max_size=3),
        CONTACTS.map(lambda cc: {"Globals": {"Cc": cc}}) | st.just({}),
    ),
)


def sent(body: Value, version: str = "v3.1") -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", f"{ROOT}/{version}/send", {}, body, "json"))


def people(found: Message) -> list[list[str | None]]:
    return [[person.address for person in part] for part in (found.to, found.cc, found.bcc)]


def package() -> Any:
    return pytest.importorskip("mailjet_rest", reason="compares with the package")


def email(*addresses: str) -> list[dict[str, str]]:
    return [{"Email": address} for address in addresses]


# --- The package ---------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(body=BODY, version=st.sampled_from([None, "v3", "v3.1"]))
def test_a_send_of_the_package_is_what_its_model_says(body: dict[str, Any], version: str | None) -> None:
    named = {} if version is None else {"version": version}
    real, ours = package().Client(auth=AUTH, **named), provider.Client(auth=AUTH, **named)
    assert sdk.agree(PROVIDER, lambda: real.send.create(data=body), lambda: ours.read("send").create(data=body))
    assert sdk.agree(PROVIDER, lambda: real.send("POST", data=body), lambda: ours.read("send")("POST", data=body))


def test_the_version_is_v3_unless_it_is_said() -> None:
    body = {"FromEmail": "from@example.com", "Recipients": email("ann@example.com", "bob@example.org")}
    request = provider.Client(auth=AUTH).read("send").create(data=body)
    assert request.url == f"{ROOT}/v3/send"
    assert [len(one.to) for one in sdk.asked(PROVIDER, request)] == [1, 1]
    config = provider.Config(version="v3.1", api_url="https://api.us.mailjet.com")
    assert provider.Client(AUTH, config).read("send").create(body).url == "https://api.us.mailjet.com/v3.1/send"


def test_a_body_that_is_text_goes_as_it_is() -> None:
    body = {"FromEmail": "from@example.com", "To": "ann@example.com, bob@example.org"}
    real, ours = package().Client(auth=AUTH), provider.Client(auth=AUTH)
    for text in (json.dumps(body), dumps(body)):
        assert sdk.agree(
            PROVIDER,
            lambda: real.send.create(data=json.dumps(body)),
            lambda text=text: ours.read("send").create(data=text),
        )


STEP = st.tuples(st.sampled_from(["add_recipient", "add_cc", "add_bcc", "set_reply_to"]), sdk.PLAIN, sdk.NAME)


def built(builders: Any, programs: list[list[tuple[str, str, str]]], *, reuse: bool) -> Any:
    payload = builders.SendPayloadBuilder()
    message = None
    for program in programs:
        if message is None or not reuse:
            message = builders.MessageBuilder().set_sender("from@example.com", "F").set_subject("S").set_content("T")
        for name, *arguments in program:
            assert getattr(message, name)(*arguments) is message
        payload.add_message(message)
    return payload.set_sandbox_mode(False).set_globals({"ReplyTo": {"Email": "team@example.com"}}).build()


@settings(max_examples=60, deadline=None)
@given(programs=st.lists(st.lists(STEP, max_size=4), max_size=3), reuse=st.booleans())
def test_the_builders_build_what_their_models_say(programs: list[list[tuple[str, str, str]]], reuse: bool) -> None:
    package()
    from mailjet_rest import builders

    try:
        theirs = built(builders, programs, reuse=reuse)
    except ValueError:
        with pytest.raises(Refused):
            built(provider, programs, reuse=reuse)
    else:
        assert sent(built(provider, programs, reuse=reuse)) == sent(theirs)


def test_a_builder_writes_domains_in_ascii() -> None:
    package()
    from mailjet_rest.builders import MessageBuilder

    real, ours = (
        made().set_sender("from@example.com").set_template(1).add_recipient("asa@bücher.example").build()
        for made in (MessageBuilder, provider.MessageBuilder)
    )
    assert real["To"] == ours["To"]
    assert compare_key("asa@bücher.example") == compare_key(ours["To"][0]["Email"])
    with pytest.raises(Refused):
        provider.MessageBuilder().add_recipient("ann@" + "ü" * 80 + ".example")


def test_a_builder_that_is_used_again_shares_its_lists() -> None:
    builder = provider.MessageBuilder().set_sender("from@example.com").set_template(1)
    payload = provider.SendPayloadBuilder()
    for address in ("ann@example.com", "bob@example.org"):
        payload.add_message(builder.add_recipient(address))
    assert [len(one.to) for one in sent(payload.build())] == [2, 2]


def test_a_thousand_people_are_a_thousand() -> None:
    real, ours = package().Client(auth=AUTH), provider.Client(auth=AUTH)
    for name, value, sizes in (
        ("Recipients", email(*sdk.THOUSAND), [1] * 1000),
        ("To", ", ".join(sdk.THOUSAND), [1000]),
    ):
        body = {"FromEmail": "from@example.com", name: value}
        assert sdk.agree(
            PROVIDER, lambda body=body: real.send.create(body), lambda body=body: ours.read("send").create(body)
        )
        assert [len(one.to) for one in sent(body, "v3")] == sizes


def test_campaigns_go_to_a_list_at_mailjet() -> None:
    real, ours = package().Client(auth=AUTH), provider.Client(auth=AUTH)
    assert sdk.agree(
        PROVIDER, lambda: real.campaigndraft_send.create(id=5), lambda: ours.read("campaigndraft_send").create(id=5)
    )
    answer = sdk.asked(PROVIDER, ours.read("newsletter_send").create(id=Unknown("id")))
    assert answer == CannotTell(Reason.LIST_AT_PROVIDER)


# --- The wire ------------------------------------------------------------------------------------


def test_an_item_counts_before_the_globals() -> None:
    body = {
        "Globals": {"Cc": email("cat@example.net"), "Bcc": email("dan@example.com")},
        "Messages": [
            {"To": email("ann@example.com"), "Cc": email("bob@example.org")},
            {"To": email("ann@example.com"), "Cc": None},
        ],
    }
    first, second = sent(body)
    assert people(first) == [["ann@example.com"], ["bob@example.org"], ["dan@example.com"]]
    assert people(second) == [["ann@example.com"], ["cat@example.net"], ["dan@example.com"]]


def test_recipients_mean_one_each_in_v3_only() -> None:
    item = {"Recipients": email("ann@example.com", "bob@example.org"), "Cc": "cat@example.net"}
    assert [people(one) for one in sent(item, "v3")] == [
        [["ann@example.com"], ["cat@example.net"], []],
        [["bob@example.org"], ["cat@example.net"], []],
    ]
    assert [len(one.to) for one in sent({"Messages": [item]})] == [2]


def test_both_forms_at_once_lose_nobody() -> None:
    shared, own = sent({"To": "ann@example.com, cat@example.net", "Recipients": email("bob@example.org")}, "v3")
    assert [len(shared.to), len(own.to)] == [2, 1]


def test_objects_in_v3_and_texts_in_v31_are_read_all_the_same() -> None:
    (one,) = sent({"Messages": [{"To": email("ann@example.com", "bob@example.org")}]}, "v3")
    assert len(one.to) == 2
    (other,) = sent({"Messages": [{"To": "ann@example.com, bob@example.org"}]})
    assert len(other.to) == 2


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/v3/send", "v3/send"),
        ("/v3/send/", "v3/send"),
        ("/v3.1/send", "v3.1/send"),
        ("/v3/send/message", "v3/send/message"),
        ("/v3/REST/campaigndraft/7/send", "lists"),
        ("/v3/REST/campaigndraft/7/test", "?"),
        ("/v3/REST/contact", "account"),
        ("/v4/sms-send", "account"),
    ],
)
def test_paths(path: str, operation: str) -> None:
    request = HttpRequest("POST", ROOT + path, {}, {"To": "ann@example.com"}, "json")
    assert PROVIDER.claims(request) == operation
    assert (PROVIDER.decode(operation, request) == ()) == (operation == "account")
    assert PROVIDER.claims(HttpRequest("GET", ROOT + path)) == "account"


@pytest.mark.parametrize(
    ("url", "operation"),
    [
        (Text((ROOT, "/", Unknown("version"), "/send")), "v3/send"),
        (Text((Unknown("settings.MAILJET_URL"), "send")), "v3.1/send"),
        (Unknown("url"), None),
    ],
)
def test_urls_with_holes(url: Value, operation: str | None) -> None:
    body = {"Messages": [{"From": {}, "To": email("ann@example.com")}]}
    assert PROVIDER.claims(HttpRequest("POST", url, {}, body, "json")) == operation
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, Reason.BODY_MISSING),
        ({"FromEmail": "from@example.com"}, Reason.ADDRESSES),
        (Parameter("data", "m:f"), Reason.ADDRESSES),
        (7, Reason.UNKNOWN_FORM),
    ],
)
def test_why_a_request_cannot_be_told(body: Value, reason: Reason) -> None:
    answer = sent(body)
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


# --- The code's side -----------------------------------------------------------------------------

PERSON = Fields((("Email", Unknown("user.email", OPTIONAL)),))
LIST = Items((Member(PERSON, MANY),))


def test_a_list_of_unknown_length() -> None:
    (shared,) = sent({"Messages": [{"To": LIST}]})
    assert shared.to[0].count == MANY
    (each,) = sent({"Recipients": LIST}, "v3")
    assert (each.to[0].count, each.copies) == (ONE, MANY)
    (item,) = sent({"Messages": Items((Member(Fields((("To", [PERSON]),)), MANY),))})
    assert (item.to[0].count, item.copies) == (OPTIONAL, MANY)


def test_recipients_of_one_branch_only() -> None:
    body = Fields((("Recipients", Either((LIST, ABSENT))), ("To", Known("ann@example.com"))))
    shared, each = sent(body, "v3")
    assert [person.address for person in shared.to] == ["ann@example.com"]
    assert each.copies.low == 0


def test_a_version_that_is_not_known_keeps_recipients_apart() -> None:
    request = provider.Client(AUTH, version=Unknown("settings.VERSION")).read("send").create(data={"Recipients": LIST})
    (each,) = sdk.asked(PROVIDER, request)
    assert each.copies == MANY


@pytest.mark.parametrize(
    "text", ["to=ann%40example.com&to=bob%40example.org", "to=ann%40example.com%2C+bob%40example.org"]
)
def test_the_first_form_of_the_api_is_shared(text: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = HttpRequest(
        "POST", f"{ROOT}/v3/send/message", headers, f"{text}&cc=cat%40example.net&bcc=dan%40example.com"
    )
    (message,) = sdk.asked(PROVIDER, request)
    assert [person.address for person in message.to] == ["ann@example.com", "bob@example.org"]
    assert [person.address for person in (*message.cc, *message.bcc)] == ["cat@example.net", "dan@example.com"]
