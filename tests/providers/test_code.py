"""Code as the services' own examples write it: scanned, and read by the provider that the call belongs to."""

from __future__ import annotations

import pytest

from mailguard import gate
from mailguard.addresses.compare import distinct
from mailguard.model.message import CannotTell, Undecided
from mailguard.source.scan import SourceFile, scan

POSTMARK = """
from postmarker.core import PostmarkClient
client = PostmarkClient(server_token=TOKEN)
"""
MAILJET = """
from mailjet_rest import Client
from mailjet_rest.builders import MessageBuilder, SendPayloadBuilder
mailjet = Client(auth=(KEY, SECRET), version="v3.1")
old = Client(auth=(KEY, SECRET))
def fresh():
    return MessageBuilder().set_sender("from@example.com").set_subject("S").set_content("T")
"""
SPARKPOST = """
from sparkpost import SparkPost
sp = SparkPost(KEY)
"""
SIB = """
import sib_api_v3_sdk
configuration = sib_api_v3_sdk.Configuration()
configuration.api_key["api-key"] = KEY
api = sib_api_v3_sdk.TransactionalEmailsApi(sib_api_v3_sdk.ApiClient(configuration))
sender = {"email": "from@example.com"}
"""
BREVO = """
from brevo import Brevo
client = Brevo(api_key=KEY)
"""
RESEND = """
import resend
resend.api_key = KEY
"""
MAILERSEND = """
from mailersend import MailerSendClient, EmailBuilder, emails
client = MailerSendClient(api_key=KEY)
def fresh():
    return EmailBuilder().from_email("from@example.com").subject("S").html("T")
"""
ELASTIC = """
import ElasticEmail
from ElasticEmail.models import TransactionalRecipient
content = ElasticEmail.EmailContent(var_from="from@example.com")
"""
MANDRILL = """
import mandrill
import mailchimp_transactional as MailchimpTransactional
old = mandrill.Mandrill(KEY)
client = MailchimpTransactional.Client(KEY)
"""

PROGRAMS = [
    (POSTMARK, "client.emails.send(From=F, To=people(), TextBody='T')", True),
    (POSTMARK, "for person in people():\n        client.emails.send(From=F, To=person, TextBody='T')", False),
    (POSTMARK, "client.emails.send_batch(*[dict(From=F, To=p, TextBody='T') for p in people()])", False),
    (POSTMARK, "client.emails.send_batch(*[client.emails.Email(From=F, To=people(), TextBody='T')])", True),
    (POSTMARK, "client.emails.send_with_template(TemplateId=1, TemplateModel={}, From=F, To=A, Cc=people())", True),
    (MAILJET, "mailjet.send.create(data={'Messages': [{'To': [{'Email': p} for p in people()]}]})", True),
    (MAILJET, "mailjet.send.create(data={'Messages': [{'To': [{'Email': p}]} for p in people()]})", False),
    (MAILJET, "old.send.create(data={'FromEmail': F, 'Recipients': [{'Email': p} for p in people()]})", False),
    (MAILJET, "old.send.create(data={'FromEmail': F, 'To': ', '.join(people())})", True),
    (
        MAILJET,
        (
            "message = fresh()\n    for p in people():\n        message.add_recipient(p)\n"
            "    mailjet.send.create(data=SendPayloadBuilder().add_message(message).build())"
        ),
        True,
    ),
    (
        MAILJET,
        (
            "payload = SendPayloadBuilder()\n    for p in people():\n        payload.add_message(fresh().add_recipient(p))\n"
            "    mailjet.send.create(data=payload.build())"
        ),
        False,
    ),
    (SPARKPOST, "sp.transmissions.send(recipients=people(), html='T', from_email=F)", False),
    (SPARKPOST, "sp.transmissions.send(recipients=[A], cc=people(), html='T', from_email=F)", True),
    (
        SPARKPOST,
        (
            "everybody = ', '.join(people())\n"
            "    sp.transmissions.send(recipients=[{'address': {'email': p, 'header_to': everybody}} for p in people()])"
        ),
        True,
    ),
    (SIB, "api.send_transac_email(sib_api_v3_sdk.SendSmtpEmail(sender, [{'email': p} for p in people()]))", True),
    (SIB, "api.send_transac_email(sib_api_v3_sdk.SendSmtpEmail(sender, [{'email': A}], people()))", False),
    (
        SIB,
        (
            "mail = sib_api_v3_sdk.SendSmtpEmail(sender=sender)\n"
            "    mail.to = [sib_api_v3_sdk.SendSmtpEmailTo(email=p) for p in people()]\n    api.send_transac_email(mail)"
        ),
        True,
    ),
    (
        SIB,
        (
            "versions = [sib_api_v3_sdk.SendSmtpEmailMessageVersions(to=[{'email': p}]) for p in people()]\n"
            "    api.send_transac_email(sib_api_v3_sdk.SendSmtpEmail(sender=sender, message_versions=versions))"
        ),
        False,
    ),
    (BREVO, "client.transactional_emails.send_transac_email(to=[{'email': p} for p in people()], subject='S')", True),
    (BREVO, "client.transactional_emails.send_transac_email(bcc=[{'email': p} for p in people()], subject='S')", False),
    (RESEND, "resend.Emails.send({'from': F, 'to': people(), 'subject': 'S', 'html': 'T'})", True),
    (RESEND, "resend.Batch.send([{'from': F, 'to': [p], 'html': 'T'} for p in people()])", False),
    (MAILERSEND, "client.emails.send(fresh().to_many([{'email': p} for p in people()]).bulk_mode(True).build())", True),
    (
        MAILERSEND,
        "mail = fresh()\n    for p in people():\n        mail.to(p).personalize(p, n=1)\n    client.emails.send(mail.build())",
        True,
    ),
    (MAILERSEND, "client.emails.send_bulk([fresh().to(p).build() for p in people()])", False),
    (
        MAILERSEND,
        (
            "body = {}\n    mailer = emails.NewEmail(KEY)\n"
            "    mailer.set_mail_to([{'email': p} for p in people()], body)\n    mailer.send(body)"
        ),
        True,
    ),
    (
        ELASTIC,
        (
            "data = ElasticEmail.EmailTransactionalMessageData(recipients=TransactionalRecipient(to=people()), content=content)\n"
            "    ElasticEmail.EmailsApi().emails_transactional_post(data)"
        ),
        True,
    ),
    (
        ELASTIC,
        (
            "listed = [ElasticEmail.EmailRecipient(email=p) for p in people()]\n"
            "    ElasticEmail.EmailsApi().emails_post(ElasticEmail.EmailMessageData(recipients=listed, content=content))"
        ),
        False,
    ),
    (MANDRILL, "old.messages.send({'to': [{'email': p} for p in people()], 'preserve_recipients': True})", True),
    (MANDRILL, "old.messages.send({'to': [{'email': p} for p in people()], 'preserve_recipients': False})", False),
    (MANDRILL, "client.messages.send({'message': {'to': [{'email': p} for p in people()]}})", None),
]


@pytest.mark.parametrize(("head", "code", "shown"), PROGRAMS)
def test_who_is_shown_to_whom(head: str, code: str, shown: bool | None) -> None:
    source = (
        "from shop.models import User\nfrom shop.settings import KEY, SECRET, TOKEN, F, A\n"
        f"{head}\ndef people():\n    return [user.email for user in User.objects.all()]\n\ndef main():\n    {code}\n"
    )
    result = scan([SourceFile("main.py", source.encode)], gate.libraries(), gate.open_to_callers)
    assert not result.skips
    (dispatch,) = [each for each in result.dispatches if not each.unsent]
    claim = gate.claimed(dispatch.exchange)
    assert claim is not None
    answer = claim.decoded
    assert not isinstance(answer, CannotTell), answer
    assert isinstance(answer, Undecided) == (shown is None)
    found = answer.messages if isinstance(answer, Undecided) else answer
    largest = max(distinct((*message.to, *message.cc)).plain for message in found)
    assert (largest > 1) == (shown is not False)
