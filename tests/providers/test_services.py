"""Services by the table: what each of their requests means, whose it is, and what their packages' models send.

Here is also what holds ``mailguard.providers.plunk``, which knows no hidden copies.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, RawMessage
from mailguard.model.message import CannotTell, Message, Reason, Undecided
from mailguard.model.value import Fields, Items, Member, Parameter, Unknown, Value
from mailguard.providers import (
    azure_email,
    courier,
    mailchannels,
    nylas,
    oracle_email,
    plunk,
    sendpulse,
    socketlabs,
    tencent_ses,
)

from . import samples

A, B, C, D, E = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com", "eve@example.org"
FORM = "application/x-www-form-urlencoded"


def mails(*people: str) -> list[dict[str, str]]:
    return [{"email": person} for person in people]


def addresses(*people: str) -> list[dict[str, str]]:
    return [{"address": person} for person in people]


def posted(url: str, body: Any, media: str = "application/json", method: str = "POST") -> HttpRequest:
    return HttpRequest(method, url, {"Content-Type": media}, body if isinstance(body, str) else json.dumps(body))


def shown(message: Message) -> str:
    lists = (message.to, message.cc, message.bcc)
    text = "|".join(",".join((one.address or "?")[0] for one in people) for people in lists)
    return text + (f" R:{','.join((one.address or '?')[0] for one in message.reply_to)}" if message.reply_to else "")


def means(request: Any) -> str:
    answer = samples.decoded(request)
    if isinstance(answer, CannotTell):
        return answer.reason.name
    if isinstance(answer, Undecided):
        return f"? {' ; '.join(map(shown, answer.messages))}"
    return " ; ".join(map(shown, answer)) or "nothing"


FRONT = "https://api2.frontapp.com"
NYLAS = "https://api.eu.nylas.com/v3/grants/g"
MIME = f"To: {A}, {B}\\r\\nBcc: {C}\\r\\nSubject: S\\r\\n\\r\\nT".replace("\\r\\n", "\r\n")

ROWS: list[tuple[str, str, Any, str]] = [
    ("front", f"{FRONT}/conversations/cnv_1/messages", {"to": [A, B], "body": "T"}, "a,b||"),
    ("front", f"{FRONT}/conversations/cnv_1/messages", {"body": "T"}, "||"),
    ("front", f"{FRONT}/channels/cha_1/messages", {"body": "T"}, "ADDRESSES"),
    ("front", f"{FRONT}/channels/cha_1/drafts", {"to": [A], "cc": [B], "body": "T", "author_id": "t"}, "a|b|"),
    ("front", f"{FRONT}/channels/cha_1/drafts", {"body": "T", "author_id": "t"}, "nothing"),
    ("front", f"{FRONT}/channels/cha_1/incoming_messages", {"sender": {"handle": A}, "body": "T"}, "nothing"),
    ("front", f"{FRONT}/conversations/cnv_1/comments", {"body": "T"}, "nothing"),
    ("front", "https://acme.api.frontapp.com/channels/a/messages", {"to": f"{A}, {B}", "body": "T"}, "a,b||"),
    ("nylas", f"{NYLAS}/messages/send", {"to": mails(A), "reply_to": mails(B), "subject": "S"}, "a|| R:b"),
    ("nylas", "https://api.nylas.com/send", {"to": mails(A, B), "subject": "S"}, "a,b||"),
    ("nylas", f"{NYLAS}/drafts/d1", "", "nothing"),
    ("nylas", f"{NYLAS}/drafts", {"subject": "S"}, "nothing"),
    ("nylas", f"{NYLAS}/events", {"title": "S", "participants": mails(A, B)}, "nothing"),
    ("nylas", f"{NYLAS}/messages/smart-compose", {"prompt": "S"}, "nothing"),
    ("azure-email", "https://a.communication.azure.com/sms?api-version=1", {"smsRecipients": [{"to": "1"}]}, "nothing"),
    (
        "azure-email",
        "https://a.communication.azure.com/emails:send",
        {"recipients": {"To": [{"email": A}, {"email": B}], "bCC": [{"email": C}]}, "content": {}},
        "a,b||c",
    ),
    ("azure-email", "https://a.communication.azure.com/emails:send", {"content": {}}, "ADDRESSES"),
    (
        "azure-email",
        "https://a.communication.azure.com/emails:send",
        {"recipients": {"to": addresses(A)}, "replyTo": addresses(B)},
        "a|| R:b",
    ),
    ("smtp2go", "https://eu-api.smtp2go.com/v3/email/send", {"to": [f"Ann <{A}>", B], "sender": "x"}, "a,b||"),
    ("smtp2go", "https://api.smtp2go.com/v3/email/mime", {"mime_email": MIME}, "? a,b||"),
    ("smtp2go", "https://api.smtp2go.com/v3/email/batch", {"emails": [{"to": [A]}, {"to": [B, C]}]}, "a|| ; b,c||"),
    (
        "smtp2go",
        "https://api.smtp2go.com/v3/email/send",
        {"to": [A], "custom_headers": [{"header": "Reply-To", "value": B}, {"header": "X-A", "value": C}]},
        "a|| R:b",
    ),
    ("smtp2go", "https://api.smtp2go.com/v3/email/search", {"to": A}, "nothing"),
    ("mailchannels", "https://api.mailchannels.net/tx/v1/send-async", {"personalizations": []}, "nothing"),
    (
        "mailchannels",
        "https://api.mailchannels.net/tx/v1/send?dry-run=true",
        {"personalizations": [{"to": mails(A)}], "reply_to": {"email": B}},
        "a|| R:b",
    ),
    (
        "socketlabs",
        "https://inject-cx.socketlabs.com/api/v1/email",
        {"Messages": [{"To": [{"EmailAddress": A}], "CC": [{"EmailAddress": B}], "ReplyTo": {"EmailAddress": C}}]},
        "a|b| R:c",
    ),
    ("socketlabs", "https://inject.socketlabs.com/api/v1/email", {"ServerId": 1}, "ADDRESSES"),
    ("mailpace", "https://app.ohmysmtp.com/api/v1/send", {"to": A, "replyto": B}, "a|| R:b"),
    ("maileroo", "https://smtp.maileroo.com/api/v2/emails/bulk", {"subject": "S"}, "ADDRESSES"),
    ("netcore", "https://api.pepipost.com/v5.1/mail/send", {"personalizations": [{"to": mails(A, B)}]}, "a,b||"),
    ("netcore", "https://api.pepipost.com/v2/sendEmail", {"personalizations": [{"recipient": A}]}, "UNKNOWN_FORM"),
    (
        "infobip",
        "https://x.api.infobip.com/email/3/send",
        {"to": [json.dumps({"to": A, "placeholders": {"n": 1}}), B], "subject": "S"},
        "a,b||",
    ),
    ("infobip", "https://api.infobip.com/sms/2/text/advanced", {"messages": [{"to": "1"}]}, "UNKNOWN_FORM"),
    ("oracle-email", "https://email.us-phoenix-1.oci.oraclecloud.com/20170907/senders", {"emailAddress": A}, "nothing"),
    ("onesignal", "https://onesignal.com/api/v1/notifications", {"contents": {"en": "T"}}, "nothing"),
    (
        "onesignal",
        "https://onesignal.com/api/v1/notifications",
        {"email_subject": "S", "included_segments": ["All"]},
        "LIST_AT_PROVIDER",
    ),
    (
        "onesignal",
        "https://onesignal.com/api/v1/notifications",
        {"email_subject": "S", "include_email_tokens": [A, f"{B}, {C}"]},
        "a|| ; b,c||",
    ),
    ("plunk", "https://api.useplunk.com/v1/send", {"to": A, "subject": "S", "body": "T"}, "a||"),
    ("plunk", "https://api.useplunk.com/v1/send", {"to": [A, B], "subject": "S", "reply": C}, "a|| R:c ; b|| R:c"),
    ("plunk", "https://next-api.useplunk.com/v1/send", {"to": f"{A},{B}", "subject": "S"}, "a,b||"),
    ("plunk", "https://api.useplunk.com/v1/campaigns/send", {"id": "1"}, "LIST_AT_PROVIDER"),
    ("plunk", "https://api.useplunk.com/v1/track", {"event": "x", "email": A}, "nothing"),
    ("ahasend", "https://api.ahasend.com/v1/email/send", {"recipients": mails(A, B)}, "a|| ; b||"),
    ("cloudflare-email", "https://api.cloudflare.com/client/v4/zones/1/dns_records", {"type": "MX"}, "nothing"),
    (
        "cloudflare-email",
        "https://api.cloudflare.com/client/v4/accounts/1/email/sending/send_raw",
        {"mime_message": MIME, "recipients": [A, B, D]},
        "? a,b||d",
    ),
    ("sendpulse", "https://api.sendpulse.com/campaigns", {"list_id": 1}, "LIST_AT_PROVIDER"),
    ("sendpulse", "https://api.sendpulse.com/smtp/emails", {"email": None}, "UNKNOWN_FORM"),
    (
        "hubspot",
        "https://api.hubapi.com/marketing/v3/transactional/single-email/send",
        {"emailId": 1, "message": {"to": A, "cc": [B], "replyTo": [C]}},
        "a|b| R:c",
    ),
    ("hubspot", "https://api.hubapi.com/crm/v3/objects/contacts", {"properties": {"email": A}}, "nothing"),
    ("hubspot", "https://api.hubapi.com/crm/v3/objects/emails", {"properties": {"hs_email_text": "T"}}, "nothing"),
    (
        "tencent-ses",
        "https://ses.ap-hongkong.tencentcloudapi.com/",
        {"Action": "BatchSendEmail", "ReceiverId": 1},
        "LIST_AT_PROVIDER",
    ),
    ("tencent-ses", "https://ses.tencentcloudapi.com/", {"Action": "CreateReceiver"}, "nothing"),
    ("zoho-mail", "https://mail.zoho.eu/api/accounts/1/messages/22", {"toAddress": A, "action": "reply"}, "a||"),
    (
        "smtp-com",
        "https://api.smtp.com/v4/messages",
        {"recipients": {"bulk_list": addresses(A, B), "cc": addresses(C)}},
        "a|c| ; b|c|",
    ),
    ("courier", "https://api.courier.com/send", {"message": {"to": {"list_id": "l"}}}, "LIST_AT_PROVIDER"),
    ("courier", "https://api.courier.com/send", {"event": "E", "recipient": "1", "profile": {"email": A}}, "a||"),
    (
        "courier",
        "https://api.courier.com/send",
        {"message": {"to": {"email": A}, "providers": {"sendgrid": {"override": {"body": {"cc": [B]}}}}}},
        "a|b|",
    ),
    ("engagement", "https://us1.api.mailchimp.com/3.0/campaigns/c/actions/send", "", "LIST_AT_PROVIDER"),
    (
        "engagement",
        "https://us1.api.mailchimp.com/3.0/campaigns/c/actions/test",
        {"test_emails": [A, B]},
        "a|| ; b||",
    ),
    ("engagement", "https://us1.api.mailchimp.com/3.0/lists/l/members", {"email_address": A}, "nothing"),
    ("engagement", "https://rest.iad-01.braze.com/messages/send", {"messages": {"email": {}}}, "LIST_AT_PROVIDER"),
    ("engagement", "https://rest.iad-01.braze.com/users/track", {"attributes": [{"email": A}]}, "nothing"),
    (
        "engagement",
        "https://api.intercom.io/messages",
        {"message_type": "email", "to": {"type": "user", "email": A}},
        "a||",
    ),
    ("engagement", "https://api.intercom.io/messages", {"message_type": "inapp", "to": {"email": A}}, "nothing"),
    (
        "engagement",
        "https://api.novu.co/v1/events/trigger",
        {"name": "n", "to": {"subscriberId": "1", "email": A}, "overrides": {"email": {"to": [B], "bcc": [C]}}},
        "a,b||c",
    ),
    ("engagement", "https://api.novu.co/v1/events/trigger", {"name": "n", "to": {"subscriberId": "1"}}, "nothing"),
    ("engagement", "https://api.emailjs.com/api/v1.0/email/send", {"template_params": {"to": A}}, "TEMPLATE"),
    ("engagement", "https://acme.api-us1.com/api/3/contacts", {"contact": {"email": A}}, "nothing"),
    ("small-services", "https://api.lettermint.co/v1/send/batch", [{"to": [A]}, {"to": [B, C]}], "a|| ; b,c||"),
    ("small-services", "https://dm.ap-southeast-1.aliyuncs.com/?Action=BatchSendMail", "", "LIST_AT_PROVIDER"),
    ("small-services", "https://dm.aliyuncs.com/?Action=QueryMailAddressByParam", "", "nothing"),
]


@pytest.mark.parametrize(("name", "url", "body", "wanted"), ROWS)
def test_a_request_means_what_the_table_says(name: str, url: str, body: Any, wanted: str) -> None:
    request = posted(url, body) if body != "" else HttpRequest("POST", url, {"Content-Length": "0"}, "")
    found = samples.claimed(request)
    assert found is not None
    assert found[0].name == name
    answer = means(request) if body != "" or "braze" not in url else ""
    assert answer == wanted or (body == "" and wanted == "LIST_AT_PROVIDER" and found[1] == "lists")


@pytest.mark.parametrize(("name", "url", "body", "wanted"), ROWS)
def test_reading_sends_nothing_and_no_body_makes_a_service_fail(name: str, url: str, body: Any, wanted: str) -> None:
    del body, wanted
    request = HttpRequest("GET", url.partition("?")[0])
    assert means(request) == "nothing"
    for odd in ("", "{", "[]", '"x"', "7", "null", "<x/>", "to=ann%40example.com", '{"to": null}', '{"message": 7}'):
        answer = samples.decoded(posted(url, odd))
        assert isinstance(answer, (tuple, Undecided, CannotTell)), name
    for value in (None, [], {}, Unknown("body"), Parameter("body", "m:f"), Fields((), open=True)):
        answer = samples.decoded(HttpRequest("POST", url, {}, value, "json"))
        assert isinstance(answer, (tuple, Undecided, CannotTell)), name


def test_directmail_is_asked_by_its_address_too() -> None:
    url = f"https://dm.aliyuncs.com/?Action=SingleSendMail&ToAddress={A},{B}"
    assert means(HttpRequest("GET", url)) == "a,b||"
    assert means(posted("https://dm.aliyuncs.com/", f"Action=SingleSendMail&ToAddress={A}", FORM)) == "a||"


def test_mime_source_of_nylas_and_oracle() -> None:
    assert means(posted(f"{NYLAS}/messages/send?type=mime", MIME, "message/rfc822")) == "? a,b||"
    url = "https://cell0.submit.email.us-ashburn-1.oci.oraclecloud.com/20220926/actions/submitRawEmail"
    request = HttpRequest("POST", url, {"Content-Type": "message/rfc822", "recipients": f"{A},{B},{E}"}, MIME)
    assert means(request) == "? a,b||e"


def test_tencent_by_its_header_and_as_a_form() -> None:
    url = "https://ses.tencentcloudapi.com/"
    assert means(posted(url, f"Action=SendEmail&Destination.0={A}&Destination.1={B}&Cc.0={C}", FORM)) == "a,b|c|"
    other = HttpRequest("POST", url, {"X-TC-Action": "GetSendEmailStatus"}, json.dumps({"Destination": [A]}))
    assert means(other) == "nothing"


# --- the models of the packages ------------------------------------------------------------------


MANY_PEOPLE = Items((Member(Unknown("user.email", OPTIONAL), MANY),))


def to_of(request: Value) -> list[int]:
    (message,) = samples.decoded(request)  # type: ignore[misc, arg-type]  # a tuple
    return [person.count.plain for person in message.to]


def test_models_send_what_the_packages_send() -> None:
    recipients = {"to": addresses(A, B), "cc": addresses(C), "bcc": addresses(D)}
    client = azure_email.EmailClient.from_connection_string("endpoint=https://x")
    assert means(client.begin_send({"recipients": recipients})) == "a,b|c|d"
    old = azure_email.EmailMessage(
        sender="x",
        content=azure_email.EmailContent(subject="S"),
        recipients=azure_email.EmailRecipients(
            to=[azure_email.EmailAddress(email=A, display_name="Ann")], bcc=[azure_email.EmailAddress(email=B)]
        ),
    )
    assert means(client.send(old)) == "a||b"
    people = {"to": mails(A, B), "cc": mails(C), "bcc": mails(D), "subject": "S"}
    mail = nylas.Client("key", "https://api.eu.nylas.com")
    assert means(mail.read("messages").send("g", request_body=people)) == "a,b|c|d"  # type: ignore[union-attr]
    assert means(mail.read("drafts").create("g", people)) == "a,b|c|d"  # type: ignore[union-attr]
    assert means(mail.read("drafts").update("g", "d", people)) == "a,b|c|d"  # type: ignore[union-attr]
    assert mail.read("drafts").send("g", "d") is None  # type: ignore[union-attr]
    draft = nylas.APIClient("id", "secret", "token").read("drafts").create()  # type: ignore[union-attr]
    draft.write("to", mails(A, B))
    assert means(draft.send()) == "a,b||"
    assert means(mailchannels.Emails.send({"personalizations": [people, {"to": mails(A)}]})) == "a,b|c|d ; a||"
    assert mailchannels.data_class(from_={"email": A}, reply_to=None) == {"from": {"email": A}}
    assert means(sendpulse.PySendPulse("i", "s").smtp_send_mail(people)) == "a,b|c|d"
    assert means(courier.CourierClient().send_message({"to": mails(A, B)})) == "a|| ; b||"
    details = oracle_email.SubmitEmailDetails(
        recipients=oracle_email.Recipients(
            to=[oracle_email.EmailAddress(email=A)], cc=[oracle_email.EmailAddress(email=B, name="Bob")]
        )
    )
    assert means(oracle_email.EmailDPClient({}).submit_email(details)) == "a|b|"
    request = tencent_ses.SendEmailRequest()
    request.write("Destination", [A, B])
    assert means(tencent_ses.SesClient(None, "x").SendEmail(request)) == "a,b||"


def test_messages_of_socketlabs() -> None:
    client = socketlabs.SocketLabsClient(1, "key")
    basic = socketlabs.BasicMessage()
    basic.add_to_email_address(A, "Ann")
    basic.add_to_email_address(socketlabs.EmailAddress(B, "Bob"))
    basic.add_cc_email_address(C)
    basic.add_bcc_email_address(D)
    basic.write("reply_to", socketlabs.EmailAddress(E))
    assert means(client.send(basic)) == "a,b|c|d R:e"
    bulk = socketlabs.BulkMessage()
    bulk.add_to_recipient(A)
    person = socketlabs.BulkRecipient(B, "Bob")
    person.add_merge_data("n", "1")
    bulk.add_to_recipient(person)
    assert means(client.send_async(bulk)) == "a|| ; b||"


def test_lists_that_the_code_does_not_tell() -> None:
    people: Value = Items((Member({"email": Unknown("user.email", OPTIONAL)}, MANY),))
    assert to_of(HttpRequest("POST", f"{NYLAS}/messages/send", {}, {"to": people}, "json")) == [2]
    url = "https://api.useplunk.com/v1/send"
    assert to_of(HttpRequest("POST", url, {}, {"to": MANY_PEOPLE, "subject": "S"}, "json")) == [1]
    assert plunk.PROVIDER.claims(RawMessage("")) is None
    closed = HttpRequest(
        "POST", "https://a.communication.azure.com/emails:send", {}, {"recipients": Unknown("x")}, "json"
    )
    answer = samples.decoded(closed)
    assert isinstance(answer, CannotTell)
    assert answer.reason is Reason.ADDRESSES
