"""The clients that boto3 makes for SES and Pinpoint."""

from __future__ import annotations

from types import MappingProxyType

from mailguard.model.exchange import HttpRequest
from mailguard.model.value import ABSENT, Absent, Object, Value
from mailguard.transports.aws.requests import (
    Argument,
    blob,
    members,
    pinpoint,
    query,
    raw_blob,
    rest,
    with_changed,
)


class Client(Object):
    """What every client has: it is its own context manager, and can be closed."""

    def __init__(self, region: Argument = ABSENT) -> None:
        if not isinstance(region, Absent):
            self.write("_region", region)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def close(self) -> None:
        """Close the connections; nothing is sent."""


class SesClient(Client):
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
    TELLS = MappingProxyType(
        {
            "send_email": frozenset({"Source", "Destination"}),
            "send_templated_email": frozenset({"Destination", "Template"}),
            "send_raw_email": frozenset({"RawMessage"}),
            "send_bulk_templated_email": frozenset({"Destinations"}),
        }
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
        given = members(
            further, Source=Source, Destination=Destination, Message=Message, ReplyToAddresses=ReplyToAddresses
        )
        return query(self.read("_region"), "SendEmail", given)

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
        given = members(
            further,
            Source=Source,
            Destination=Destination,
            ReplyToAddresses=ReplyToAddresses,
            Template=Template,
            TemplateData=TemplateData,
        )
        return query(self.read("_region"), "SendTemplatedEmail", given)

    def send_raw_email(
        self,
        *,
        Source: Argument = ABSENT,
        Destinations: Argument = ABSENT,
        RawMessage: Argument = ABSENT,
        **further: Value,
    ) -> HttpRequest:
        """MIME source; ``Destinations`` is the envelope (SendRawEmail)."""
        given = members(
            further, Source=Source, Destinations=Destinations, RawMessage=with_changed(RawMessage, "Data", blob)
        )
        return query(self.read("_region"), "SendRawEmail", given)

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
        given = members(
            further,
            Source=Source,
            ReplyToAddresses=ReplyToAddresses,
            Template=Template,
            DefaultTemplateData=DefaultTemplateData,
            Destinations=Destinations,
        )
        return query(self.read("_region"), "SendBulkTemplatedEmail", given)

    def send_custom_verification_email(self, *, EmailAddress: Argument = ABSENT, **further: Value) -> HttpRequest:
        """A question to one address whether it is theirs (SendCustomVerificationEmail)."""
        given = members(further, EmailAddress=EmailAddress)
        return query(self.read("_region"), "SendCustomVerificationEmail", given)


class SesV2Client(Client):
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
    TELLS = MappingProxyType(
        {"send_email": frozenset({"Destination", "Content"}), "send_bulk_email": frozenset({"BulkEmailEntries"})}
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
        given = members(
            further,
            FromEmailAddress=FromEmailAddress,
            Destination=Destination,
            ReplyToAddresses=ReplyToAddresses,
            Content=with_changed(Content, "Raw", raw_blob),
        )
        return rest(self.read("_region"), "/v2/email/outbound-emails", given)

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
        given = members(
            further,
            FromEmailAddress=FromEmailAddress,
            ReplyToAddresses=ReplyToAddresses,
            DefaultContent=DefaultContent,
            BulkEmailEntries=BulkEmailEntries,
        )
        return rest(self.read("_region"), "/v2/email/outbound-bulk-emails", given)

    def send_custom_verification_email(self, *, EmailAddress: Argument = ABSENT, **further: Value) -> HttpRequest:
        """A question to one address whether it is theirs."""
        given = members(further, EmailAddress=EmailAddress)
        return rest(self.read("_region"), "/v2/email/outbound-custom-verification-emails", given)


class PinpointClient(Client):
    """``boto3.client("pinpoint")``: one message for each address, by mail where its channel is that."""

    PATHS: tuple[str, ...] = (
        "botocore.client.Pinpoint",
        "mypy_boto3_pinpoint.PinpointClient",
        "mypy_boto3_pinpoint.client.PinpointClient",
        "types_boto3_pinpoint.PinpointClient",
        "types_boto3_pinpoint.client.PinpointClient",
    )

    def send_messages(self, *, ApplicationId: Argument = ABSENT, MessageRequest: Argument = ABSENT) -> HttpRequest:
        """A message to addresses (SendMessages)."""
        del ApplicationId
        return pinpoint("messages", MessageRequest)

    def send_users_messages(
        self, *, ApplicationId: Argument = ABSENT, SendUsersMessageRequest: Argument = ABSENT
    ) -> HttpRequest:
        """A message to people whom the service knows (SendUsersMessages)."""
        del ApplicationId
        return pinpoint("users-messages", SendUsersMessageRequest)


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
