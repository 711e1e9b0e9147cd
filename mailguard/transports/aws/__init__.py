"""Models of the Python clients of Amazon's mail APIs: boto3, botocore, aioboto3, aiobotocore, and the old boto.

A model says which HTTP request a call makes; what the request means to its
recipients is written in the provider that claims it. The body stays data:
nested as the caller built it, also where the protocol would flatten it
(``Destination.ToAddresses.member.1``), since the number of members need not be
known. Source: pypi:boto3==1.44.5 with its service models ``ses`` 2010-12-01,
``sesv2`` 2019-09-27 and ``pinpoint-email`` 2018-07-26, run; pypi:boto==2.49.0, read.

``sessions`` are the ways to a client, ``clients`` those of boto3 and its relatives, ``requests`` what both APIs are sent;
``boto2`` is the old package.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.provider import Function, Library
from mailguard.transports.aws.boto2 import OldSesConnection, connect
from mailguard.transports.aws.clients import AnyMailClient, PinpointClient, SesClient, SesV2Client
from mailguard.transports.aws.sessions import CoreSession, Session, client, get_session

__all__ = [
    "LIBRARY",
    "AnyMailClient",
    "CoreSession",
    "OldSesConnection",
    "PinpointClient",
    "SesClient",
    "SesV2Client",
    "Session",
    "client",
    "connect",
    "get_session",
]

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
    classes=(Session, CoreSession, SesClient, SesV2Client, PinpointClient, OldSesConnection),
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
