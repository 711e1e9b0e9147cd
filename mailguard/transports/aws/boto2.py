"""The older package boto."""

from __future__ import annotations

from mailguard.model.count import Truth
from mailguard.model.exchange import HttpRequest
from mailguard.model.value import ABSENT, Object, Sort, Value, sort_of, truth
from mailguard.transports.aws.requests import blob, query


def _numbered(addresses: Value) -> Value:
    # boto's SES module wraps a lone string into a list (SESConnection._build_list_params).
    return [addresses] if sort_of(addresses) is Sort.TEXT else addresses


class OldSesConnection(Object):
    """``boto.ses.connection.SESConnection`` of boto 2: positional arguments, a string or a list."""

    PATHS: tuple[str, ...] = ("boto.ses.SESConnection", "boto.ses.connection.SESConnection")

    def __init__(self, *arguments: Value, **options: Value) -> None:
        del arguments, options

    def send_email(
        self,
        source: Value,
        subject: Value,
        body: Value,
        to_addresses: Value,
        cc_addresses: Value = None,
        bcc_addresses: Value = None,
        format: Value = "text",  # noqa: A002  # the library's own name
        reply_addresses: Value = None,
        return_path: Value = None,
        text_body: Value = None,
        html_body: Value = None,
    ) -> HttpRequest:
        """One message; To and Cc are shared."""
        del return_path, text_body, html_body, format
        lists: dict[str, Value] = {"ToAddresses": _numbered(to_addresses)}
        if truth(cc_addresses) is not Truth.NO:
            lists["CcAddresses"] = _numbered(cc_addresses)
        if truth(bcc_addresses) is not Truth.NO:
            lists["BccAddresses"] = _numbered(bcc_addresses)
        members: dict[str, Value] = {
            "Source": source,
            "Destination": lists,
            "Message": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": body}}},
        }
        if truth(reply_addresses) is not Truth.NO:
            members["ReplyToAddresses"] = _numbered(reply_addresses)
        return query(ABSENT, "SendEmail", members)

    def send_raw_email(self, raw_message: Value, source: Value = None, destinations: Value = None) -> HttpRequest:
        """MIME source; ``destinations`` is the envelope."""
        members: dict[str, Value] = {"RawMessage": {"Data": blob(raw_message)}}
        if sort_of(source) is not Sort.NONE:
            members["Source"] = source
        if sort_of(destinations) is not Sort.NONE:
            members["Destinations"] = _numbered(destinations)
        return query(ABSENT, "SendRawEmail", members)


def connect(*arguments: Value, **options: Value) -> OldSesConnection:
    """``boto.connect_ses`` and ``boto.ses.connect_to_region``."""
    del arguments, options
    return OldSesConnection()
