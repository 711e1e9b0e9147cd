"""Plone and Zope: ``MailHost``, ``plone.api.portal.send_email``, ``zope.sendmail``.

``mto`` overwrites the To header and is the envelope: a list in it is printed to everybody in it.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.provider import Function, Library, Provider, Refused, Source
from mailguard.model.value import Either, Fields, Object, Sort, Text, Unknown, Value, each, join, sort_of, text, truth
from mailguard.transports.letters import line, one_or_list, present, transmission
from mailguard.transports.mime.models import checked
from mailguard.wire.header_blocks import header_block

__all__ = ["PROVIDER", "MailHost"]

_RELAY: Final = Unknown("MailHost")


def _lines(message: Value) -> Fields:
    """The header lines of a message object or text; what is not known of it stays open."""
    data = message.render() if isinstance(message, Object) else message
    if isinstance(data, Fields):
        return data
    block = header_block(data)
    return Fields((("*", Unknown("a header")),)) if isinstance(block, CannotTell) else Fields(block)


def _sent(message: Value, mto: Value, mfrom: Value, subject: Value) -> SmtpTransaction:
    """``_mungeHeaders``: with ``mto`` To is written anew; without, the lines are the envelope. Bcc goes in either case."""
    checked(message)
    lines = _lines(message).known
    named = [value for name, value in lines if name.casefold() in {"to", "cc", "bcc"}]
    given = truth(mto)
    if given is Truth.NO and not named:
        raise Refused("MailHostError: No message recipients designated")
    people = line(mto)
    kept = [(name, value) for name, value in lines if name.casefold() not in {"bcc", "to", "subject"}]
    own = [("To", value) for name, value in lines if name.casefold() == "to"]
    old = [("Subject", value) for name, value in lines if name.casefold() == "subject"]
    head = [("Subject", subject)] if truth(subject) is not Truth.NO else old
    if given is Truth.YES or (given is Truth.MAYBE and not isinstance(mto, Either)):
        # An argument that is not known is not plainly empty.
        return transmission([*head, *kept, ("To", people)], people, sender=mfrom, relay=_RELAY)
    if given is Truth.NO:
        return transmission([*head, *kept, *own], named, sender=mfrom, relay=_RELAY)
    first = own[0][1] if own else None
    printed = present(join(people, first))
    return transmission([*head, *kept, ("To", printed)], [printed, *named], sender=mfrom, relay=_RELAY)


class MailHost(Object):
    """``Products.MailHost``: an object of the site, found by name (``api.portal.get_tool("MailHost")``)."""

    PATHS: tuple[str, ...] = (
        "Products.MailHost.MailHost.MailHost",
        "Products.MailHost.MailHost.MailBase",
        "Products.MailHost.mailhost.MailHost",
    )

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def send(
        self,
        messageText: Value,
        mto: Value = None,
        mfrom: Value = None,
        subject: Value = None,
        *_: Value,
        **__: Value,
    ) -> SmtpTransaction:
        """One message, out of an object or out of a text."""
        return _sent(messageText, mto, mfrom, subject)

    def scheduledSend(
        self,
        messageText: Value,
        mto: Value = None,
        mfrom: Value = None,
        subject: Value = None,
        *_: Value,
        **__: Value,
    ) -> SmtpTransaction:
        """Another name of ``send``."""
        return _sent(messageText, mto, mfrom, subject)

    def secureSend(
        self,
        message: Value,
        mto: Value = None,
        mfrom: Value = None,
        subject: Value = None,
        mcc: Value = None,
        mbcc: Value = None,
        *_: Value,
        **__: Value,
    ) -> SmtpTransaction:
        """``SecureMailHost`` of old Plone: lists of their own for copies."""
        del message
        people = [value for value in (line(mto), line(mcc), line(mbcc)) if value is not None]
        return transmission(
            [("Subject", subject), ("To", line(mto)), ("Cc", line(mcc))], people, sender=mfrom, relay=_RELAY
        )

    def simple_send(
        self, mto: Value, mfrom: Value, subject: Value, body: Value, immediate: Value = False
    ) -> SmtpTransaction:
        """One message of parts; To is what ``mto`` is as a text."""
        del body, immediate
        source = Text(("To: ", mto, "\n\n")) if text(mto) is None else f"To: {text(mto)}\n\n"
        return _sent(source, None, mfrom, subject)

    def sendTemplate(
        self,
        context: Value,
        messageTemplate: Value,
        statusTemplate: Value = None,
        mto: Value = None,
        mfrom: Value = None,
        *_: Value,
        **__: Value,
    ) -> SmtpTransaction:
        """A message out of a template, which may name recipients where ``mto`` does not."""
        del context, messageTemplate, statusTemplate
        return _sent(Fields((("*", Unknown("the template")),)), mto, mfrom, None)


def portal_send_email(
    sender: Value = None,
    recipient: Value = None,
    subject: Value = None,
    body: Value = None,
    immediate: Value = False,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``plone.api.portal.send_email``: ``recipient`` is passed on as ``mto``."""
    del body, immediate
    return _sent(Fields(()), recipient, sender, subject)


def get_tool(name: Value = None) -> Value:
    """``plone.api.portal.get_tool``: the MailHost, or a tool of which nothing is known."""
    return MailHost() if text(name) == "MailHost" else Unknown("a tool")


def get_tool_of(context: Value, name: Value = None, default: Value = None) -> Value:
    """``Products.CMFCore.utils.getToolByName``: the same for a place in the site."""
    del context, default
    return get_tool(name)


_MAIL_HOST: Final = "Products.MailHost.interfaces.IMailHost"
_DELIVERIES: Final = tuple(
    f"zope.sendmail.interfaces.{name}" for name in ("IMailDelivery", "IDirectMailDelivery", "IMailer")
)


def get_utility(interface: Value = None, *_: Value, **__: Value) -> Value:
    """``zope.component.getUtility``: what the site has registered for mail, or a thing of which nothing is known."""
    name = text(interface)
    if name == _MAIL_HOST:
        return MailHost()
    return Delivery() if name in _DELIVERIES else Unknown("a utility")


class Delivery(Object):
    """``zope.sendmail``: deliveries and mailers, which hand on the bytes as they are."""

    PATHS: tuple[str, ...] = (
        "zope.sendmail.delivery.DirectMailDelivery",
        "zope.sendmail.delivery.QueuedMailDelivery",
        "zope.sendmail.mailer.SMTPMailer",
    )

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def send(self, fromaddr: Value, toaddrs: Value, message: Value) -> SmtpTransaction:
        """``toaddrs`` is the envelope; a Bcc line in the message is transmitted."""
        people = one_or_list(toaddrs)
        if sort_of(people) is Sort.COLLECTION and not list(each(people)):
            raise Refused("no recipients")
        return SmtpTransaction(_RELAY, fromaddr, people, checked(message))


PROVIDER: Final = Provider(
    name="plone",
    title="Plone and Zope",
    sources=(
        Source("pypi:Products.MailHost==6.1", "mto overwrites To and is the envelope; Bcc is removed; run"),
        Source("pypi:plone.api==3.0.3", "send_email passes recipient on as mto; read"),
        Source("pypi:zope.sendmail==7.3", "toaddrs is the envelope, the bytes stay as they are; read"),
    ),
    library=Library(
        functions=(
            Function(("plone.api.portal.send_email",), portal_send_email),
            Function(("plone.api.portal.get_tool",), get_tool),
            Function(
                ("Products.CMFCore.utils.getToolByName", "Products.CMFPlone.utils.getToolByName"),
                get_tool_of,
            ),
            Function(
                tuple(
                    f"{module}.{name}"
                    for module in ("zope.component", "zope.app.zapi")
                    for name in ("getUtility", "queryUtility")
                ),
                get_utility,
            ),
        ),
        classes=(MailHost, Delivery),
        constants=tuple((name, name) for name in (_MAIL_HOST, *_DELIVERIES)),
        tokens=("MailHost", "plone.api", "plone import api", "zope.sendmail"),
    ),
    explain=(
        "mto of MailHost.send overwrites the To header: a list in it is printed to everybody in it, and destroys an "
        "undisclosed-recipients header. Without mto the To, Cc and Bcc lines are the envelope, and Bcc is removed."
    ),
)
"""Plone and Zope."""
