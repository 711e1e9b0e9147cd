"""Models of the Python clients of Amazon's mail APIs: boto3, botocore, aioboto3, aiobotocore, and the old boto.

A model says which HTTP request a call makes; what the request means to its
recipients is written in the provider that claims it. The body stays data:
nested as the caller built it, also where the protocol would flatten it
(``Destination.ToAddresses.member.1``), since the number of members need not be
known. Source: pypi:boto3==1.44.5 with its service models ``ses`` 2010-12-01,
``sesv2`` 2019-09-27 and ``pinpoint-email`` 2018-07-26, run; pypi:boto==2.49.0, read.
"""

# ruff: noqa: N803  # the signatures are Amazon's
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import HttpRequest
from mailguard.model.provider import Function, Library, Refused
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Known,
    Object,
    Sort,
    Text,
    Unknown,
    Value,
    get,
    join,
    scalar,
    sort_of,
    text,
    trail_of,
    truth,
)

__all__ = ["LIBRARY", "QUERY_VERSION", "AnyMailClient", "OldSesConnection", "SesClient", "SesV2Client", "Session"]

Argument = Value | Absent

QUERY_VERSION: Final = "2010-12-01"
"""The ``Version`` that every call of the first SES API names."""

_REGION: Final = re.compile(r"[a-z]{2,5}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2}")

_LISTS: Final = ("ToAddresses", "CcAddresses", "BccAddresses")


def _given(**members: Argument) -> dict[str, Value]:
    return {name: value for name, value in members.items() if not isinstance(value, Absent)}


def _refuse_no_list(value: Argument, what: str) -> None:
    # botocore's validator takes list and tuple for a list shape, and nothing else. Sets and other
    # collections are let through here: that a value surely is one of them is seldom certain.
    if not isinstance(value, Absent) and sort_of(value) in {Sort.TEXT, Sort.NUMBER, Sort.MAPPING, Sort.NONE}:
        raise Refused(f"{what} must be a list")


def _refuse_bad_destination(value: Argument) -> None:
    if isinstance(value, Absent):
        return
    if sort_of(value) in {Sort.TEXT, Sort.NUMBER, Sort.COLLECTION, Sort.NONE}:
        raise Refused("Destination must be a mapping")
    for name in _LISTS:
        _refuse_no_list(get(value, name), name)


def _blob(data: Value) -> Value:
    """What botocore takes as bytes: a ``str`` is encoded, so that a provider can tell source text from base64."""
    match data:
        case str():
            return data.encode("utf-8", "surrogateescape")
        case Known(value=str() as whole):
            return Known(whole.encode("utf-8", "surrogateescape"), data.trail)
        case Text():
            whole_text = text(data)
            return data if whole_text is None else Known(whole_text.encode("utf-8", "surrogateescape"), data.trail)
        case Either():
            # join() may leave one option only, and never less.
            options = [option if isinstance(option, Absent) else _blob(option) for option in data.options]
            joined = join(*options)
            return data if isinstance(joined, Absent) else joined
        case _:
            return data


def _with(mapping: Argument, key: str, change: Callable[[Value], Value]) -> Argument:
    """``mapping`` with the value under ``key`` changed, where it is there."""
    match mapping:
        case dict():
            return {name: change(item) if name == key else item for name, item in mapping.items()}
        case Fields():
            known = tuple((name, change(item) if name == key else item) for name, item in mapping.known)
            return Fields(known, mapping.open, mapping.trail, mapping.rest)
        case Either():
            return join(*(_with(option, key, change) for option in mapping.options))
        case Object():
            return _with(mapping.render(), key, change)
        case _:
            return mapping


def _raw_blob(raw: Value) -> Value:
    changed = _with(raw, "Data", _blob)
    return raw if isinstance(changed, Absent) else changed


def _host(region: Argument) -> str:
    # The endpoint that the caller names (a VPC endpoint, a local stack) is left out: it would hide
    # the service, and it changes nothing for the readers.
    if isinstance(region, Absent) or sort_of(region) is Sort.NONE:
        return "https://email.us-east-1.amazonaws.com"
    whole = text(region)
    if whole is not None and _REGION.fullmatch(whole):
        suffix = "amazonaws.com.cn" if whole.startswith("cn-") else "amazonaws.com"
        return f"https://email.{whole}.{suffix}"
    return "https://email.us-east-1.amazonaws.com"


def _query(region: Argument, action: str, members: dict[str, Value]) -> HttpRequest:
    host = _host(region)
    return HttpRequest(
        method="POST",
        url=f"{host}/",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        body={"Action": action, "Version": QUERY_VERSION, **members},
        encoding="form",
    )


def _rest(region: Argument, path: str, members: dict[str, Value]) -> HttpRequest:
    host = _host(region)
    return HttpRequest(
        method="POST",
        url=f"{host}{path}",
        headers={"Content-Type": "application/json"},
        body=members,
        encoding="json",
    )


class _Client(Object):
    """What every client has: it is its own context manager, and can be closed."""

    def __init__(self, region: Argument = ABSENT) -> None:
        if not isinstance(region, Absent):
            self.write("_region", region)

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    async def __aenter__(self) -> _Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def close(self) -> None:
        """Close the connections; nothing is sent."""


class SesClient(_Client):
    """``boto3.client("ses")``: the query protocol, keyword arguments only.

    Arguments that the service requires may be missing here: what is passed by
    ``**arguments`` need not be known, and a call must not vanish for that.
    """

    PATHS: tuple[str, ...] = (
        # What the class calls itself; boto3 makes it at run time. The others are stubs, found in annotations.
        "botocore.client.SES",
        "mypy_boto3_ses.SESClient",
        "mypy_boto3_ses.client.SESClient",
        "types_boto3_ses.SESClient",
        "types_boto3_ses.client.SESClient",
        "types_aiobotocore_ses.SESClient",
        "types_aiobotocore_ses.client.SESClient",
    )

    def send_email(
        self,
        *,
        Source: Argument = ABSENT,
        Destination: Argument = ABSENT,
        Message: Argument = ABSENT,
        ReplyToAddresses: Argument = ABSENT,
        **further: Value,
    ) -> HttpRequest:
        """One message; To and Cc are shared (SendEmail)."""
        _refuse_bad_destination(Destination)
        _refuse_no_list(ReplyToAddresses, "ReplyToAddresses")
        members = _given(Source=Source, Destination=Destination, Message=Message, ReplyToAddresses=ReplyToAddresses)
        return _query(self.read("_region"), "SendEmail", {**members, **further})

    def send_templated_email(
        self,
        *,
        Source: Argument = ABSENT,
        Destination: Argument = ABSENT,
        Template: Argument = ABSENT,
        TemplateData: Argument = ABSENT,
        ReplyToAddresses: Argument = ABSENT,
        **further: Value,
    ) -> HttpRequest:
        """One message of a template; To and Cc are shared (SendTemplatedEmail)."""
        _refuse_bad_destination(Destination)
        _refuse_no_list(ReplyToAddresses, "ReplyToAddresses")
        members = _given(
            Source=Source,
            Destination=Destination,
            ReplyToAddresses=ReplyToAddresses,
            Template=Template,
            TemplateData=TemplateData,
        )
        return _query(self.read("_region"), "SendTemplatedEmail", {**members, **further})

    def send_raw_email(
        self,
        *,
        Source: Argument = ABSENT,
        Destinations: Argument = ABSENT,
        RawMessage: Argument = ABSENT,
        **further: Value,
    ) -> HttpRequest:
        """MIME source; ``Destinations`` is the envelope (SendRawEmail)."""
        _refuse_no_list(Destinations, "Destinations")
        members = _given(Source=Source, Destinations=Destinations, RawMessage=_with(RawMessage, "Data", _blob))
        return _query(self.read("_region"), "SendRawEmail", {**members, **further})

    def send_bulk_templated_email(
        self,
        *,
        Source: Argument = ABSENT,
        Template: Argument = ABSENT,
        DefaultTemplateData: Argument = ABSENT,
        Destinations: Argument = ABSENT,
        ReplyToAddresses: Argument = ABSENT,
        **further: Value,
    ) -> HttpRequest:
        """One message for each entry of ``Destinations``; shared inside an entry (SendBulkTemplatedEmail)."""
        _refuse_no_list(Destinations, "Destinations")
        _refuse_no_list(ReplyToAddresses, "ReplyToAddresses")
        members = _given(
            Source=Source,
            ReplyToAddresses=ReplyToAddresses,
            Template=Template,
            DefaultTemplateData=DefaultTemplateData,
            Destinations=Destinations,
        )
        return _query(self.read("_region"), "SendBulkTemplatedEmail", {**members, **further})

    def send_custom_verification_email(self, *, EmailAddress: Argument = ABSENT, **further: Value) -> HttpRequest:
        """A question to one address whether it is theirs (SendCustomVerificationEmail)."""
        members = _given(EmailAddress=EmailAddress)
        return _query(self.read("_region"), "SendCustomVerificationEmail", {**members, **further})


class SesV2Client(_Client):
    """``boto3.client("sesv2")``, and ``pinpoint-email``, whose ``send_email`` is the same: JSON, keyword arguments only."""

    PATHS: tuple[str, ...] = (
        "botocore.client.SESV2",
        "mypy_boto3_sesv2.SESV2Client",
        "mypy_boto3_sesv2.client.SESV2Client",
        "types_boto3_sesv2.SESV2Client",
        "types_boto3_sesv2.client.SESV2Client",
        "types_aiobotocore_sesv2.SESV2Client",
        "types_aiobotocore_sesv2.client.SESV2Client",
    )

    def send_email(
        self,
        *,
        FromEmailAddress: Argument = ABSENT,
        Destination: Argument = ABSENT,
        Content: Argument = ABSENT,
        ReplyToAddresses: Argument = ABSENT,
        **further: Value,
    ) -> HttpRequest:
        """One message: ``Content`` is Simple, Template (Destination is printed) or Raw (Destination is the envelope)."""
        _refuse_bad_destination(Destination)
        _refuse_no_list(ReplyToAddresses, "ReplyToAddresses")
        members = _given(
            FromEmailAddress=FromEmailAddress,
            Destination=Destination,
            ReplyToAddresses=ReplyToAddresses,
            Content=_with(Content, "Raw", _raw_blob),
        )
        return _rest(self.read("_region"), "/v2/email/outbound-emails", {**members, **further})

    def send_bulk_email(
        self,
        *,
        FromEmailAddress: Argument = ABSENT,
        DefaultContent: Argument = ABSENT,
        BulkEmailEntries: Argument = ABSENT,
        ReplyToAddresses: Argument = ABSENT,
        **further: Value,
    ) -> HttpRequest:
        """One message for each entry; shared inside an entry."""
        _refuse_no_list(BulkEmailEntries, "BulkEmailEntries")
        _refuse_no_list(ReplyToAddresses, "ReplyToAddresses")
        members = _given(
            FromEmailAddress=FromEmailAddress,
            ReplyToAddresses=ReplyToAddresses,
            DefaultContent=DefaultContent,
            BulkEmailEntries=BulkEmailEntries,
        )
        return _rest(self.read("_region"), "/v2/email/outbound-bulk-emails", {**members, **further})

    def send_custom_verification_email(self, *, EmailAddress: Argument = ABSENT, **further: Value) -> HttpRequest:
        """A question to one address whether it is theirs."""
        members = _given(EmailAddress=EmailAddress)
        return _rest(self.read("_region"), "/v2/email/outbound-custom-verification-emails", {**members, **further})


class AnyMailClient(SesClient):
    """A client whose service is not known: the arguments of ``send_email`` tell the two APIs apart."""

    PATHS: tuple[str, ...] = ()

    def send_email(  # type: ignore[override]  # the signature is that of either API
        self,
        **arguments: Value,
    ) -> HttpRequest:
        """One message, by the API whose arguments these are."""
        region = self.read("_region")
        if "Content" in arguments or "FromEmailAddress" in arguments:
            return SesV2Client(region).send_email(**arguments)
        return SesClient(region).send_email(**arguments)

    def send_bulk_email(self, **arguments: Value) -> HttpRequest:
        """One message for each entry; only the second API has this call."""
        return SesV2Client(self.read("_region")).send_bulk_email(**arguments)


def _client_of(service: Argument, region: Argument) -> Value:
    if isinstance(service, Either):
        clients = join(*(_client_of(option, region) for option in service.options))
        return Unknown("client") if isinstance(clients, Absent) else clients
    match scalar(service) if not isinstance(service, Absent) else None:
        case "ses":
            return SesClient(region)
        case "sesv2" | "pinpoint-email":
            return SesV2Client(region)
        case str():
            return Unknown("client", trail=trail_of(service) if not isinstance(service, Absent) else ())
        case _:
            whole = text(service)
            return AnyMailClient(region) if whole is None else _client_of(whole, region)


def client(
    service_name: Value,
    region_name: Value = None,
    api_version: Value = None,
    use_ssl: Value = True,
    verify: Value = None,
    endpoint_url: Value = None,
    aws_access_key_id: Value = None,
    aws_secret_access_key: Value = None,
    aws_session_token: Value = None,
    config: Value = None,
    aws_account_id: Value = None,
) -> Value:
    """``boto3.client``: a client of one service of Amazon; Unknown for those that send no mail."""
    del api_version, use_ssl, verify, endpoint_url
    del aws_access_key_id, aws_secret_access_key, aws_session_token, config, aws_account_id
    return _client_of(service_name, region_name)


class Session(Object):
    """``boto3.session.Session`` and its relatives; remembers the region."""

    PATHS: tuple[str, ...] = (
        "boto3.Session",
        "boto3.session.Session",
        "aioboto3.Session",
        "aioboto3.session.Session",
    )

    def __init__(
        self,
        aws_access_key_id: Value = None,
        aws_secret_access_key: Value = None,
        aws_session_token: Value = None,
        region_name: Value = None,
        botocore_session: Value = None,
        profile_name: Value = None,
        aws_account_id: Value = None,
    ) -> None:
        del aws_access_key_id, aws_secret_access_key, aws_session_token, botocore_session, profile_name, aws_account_id
        self.write("region_name", region_name)

    def client(
        self,
        service_name: Value,
        region_name: Value = None,
        api_version: Value = None,
        use_ssl: Value = True,
        verify: Value = None,
        endpoint_url: Value = None,
        aws_access_key_id: Value = None,
        aws_secret_access_key: Value = None,
        aws_session_token: Value = None,
        config: Value = None,
        aws_account_id: Value = None,
    ) -> Value:
        """A client of one service."""
        del api_version, use_ssl, verify, endpoint_url
        del aws_access_key_id, aws_secret_access_key, aws_session_token, config, aws_account_id
        region = self.read("region_name", None) if sort_of(region_name) is Sort.NONE else region_name
        return _client_of(service_name, region)


class CoreSession(Object):
    """``botocore.session.Session`` and ``aiobotocore.session.AioSession``: ``create_client`` instead of ``client``."""

    PATHS: tuple[str, ...] = (
        "botocore.session.Session",
        "aiobotocore.session.AioSession",
        "aiobotocore.AioSession",
    )

    def __init__(
        self,
        session_vars: Value = None,
        event_hooks: Value = None,
        include_builtin_handlers: Value = True,
        profile: Value = None,
    ) -> None:
        del session_vars, event_hooks, include_builtin_handlers, profile

    def create_client(
        self,
        service_name: Value,
        region_name: Value = None,
        api_version: Value = None,
        use_ssl: Value = True,
        verify: Value = None,
        endpoint_url: Value = None,
        aws_access_key_id: Value = None,
        aws_secret_access_key: Value = None,
        aws_session_token: Value = None,
        config: Value = None,
        aws_account_id: Value = None,
    ) -> Value:
        """A client of one service."""
        del api_version, use_ssl, verify, endpoint_url
        del aws_access_key_id, aws_secret_access_key, aws_session_token, config, aws_account_id
        return _client_of(service_name, region_name)


def get_session(env_vars: Value = None) -> CoreSession:
    """``botocore.session.get_session``."""
    del env_vars
    return CoreSession()


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
        return _query(ABSENT, "SendEmail", members)

    def send_raw_email(self, raw_message: Value, source: Value = None, destinations: Value = None) -> HttpRequest:
        """MIME source; ``destinations`` is the envelope."""
        members: dict[str, Value] = {"RawMessage": {"Data": _blob(raw_message)}}
        if sort_of(source) is not Sort.NONE:
            members["Source"] = source
        if sort_of(destinations) is not Sort.NONE:
            members["Destinations"] = _numbered(destinations)
        return _query(ABSENT, "SendRawEmail", members)


def connect(*arguments: Value, **options: Value) -> OldSesConnection:
    """``boto.connect_ses`` and ``boto.ses.connect_to_region``."""
    del arguments, options
    return OldSesConnection()


LIBRARY: Final = Library(
    functions=(
        Function(("boto3.client",), client),
        Function(
            (
                "botocore.session.get_session",
                "aiobotocore.session.get_session",
                "aiobotocore.get_session",
            ),
            get_session,
        ),
        Function(("boto.connect_ses", "boto.ses.connect_to_region"), connect),
    ),
    classes=(Session, CoreSession, SesClient, SesV2Client, OldSesConnection),
    # A file that only uses AWS for other things is none of ours.
    tokens=(
        "send_raw_email",
        "send_templated_email",
        "send_bulk_templated_email",
        "send_bulk_email",
        "send_custom_verification_email",
        "boto & send_email",
        "ses & send_email",
    ),
)
"""``boto`` is part of every name under which these packages are imported (boto3, botocore, aioboto3, aiobotocore);
stubs (``mypy_boto3_ses``) hold it too."""
