"""Ways to a client: ``boto3.client`` and the sessions of boto3, botocore and aiobotocore."""

from __future__ import annotations

import inspect

from mailguard.model.value import Absent, Either, Object, Sort, Unknown, Value, join, scalar, sort_of, text, trail_of
from mailguard.transports.aws.clients import AnyMailClient, PinpointClient, SesClient, SesV2Client
from mailguard.transports.aws.requests import Argument


def _client_of(service: Argument, region: Argument) -> Value:
    if isinstance(service, Either):
        clients = join(*(_client_of(option, region) for option in service.options))
        return Unknown("client") if isinstance(clients, Absent) else clients
    match scalar(service) if not isinstance(service, Absent) else None:
        case "ses":
            return SesClient(region)
        case "sesv2" | "pinpoint-email":
            return SesV2Client(region)
        case "pinpoint":
            return PinpointClient(region)
        case str():
            return Unknown("client", trail=trail_of(service) if not isinstance(service, Absent) else ())
        case _:
            whole = text(service)
            return AnyMailClient(region) if whole is None else _client_of(whole, region)


def _client_of_session(
    self: Object,
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
    """A client of one service of Amazon; Unknown for those that send no mail.

    The method of every session, whose name differs; the region is that of the session by default.
    """
    del api_version, use_ssl, verify, endpoint_url
    del aws_access_key_id, aws_secret_access_key, aws_session_token, config, aws_account_id
    region = self.read("region_name", None) if sort_of(region_name) is Sort.NONE else region_name
    return _client_of(service_name, region)


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

    client = _client_of_session


def client(*arguments: Value, **keywords: Value) -> Value:
    """``boto3.client``: asks a session that the package makes by itself (boto3 1.44.5, ``boto3/__init__.py``)."""
    return Session().client(*arguments, **keywords)


_parameters = inspect.signature(Session.client).parameters
client.__signature__ = inspect.Signature([*_parameters.values()][1:])  # type: ignore[attr-defined]  # what ``inspect`` looks for


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

    create_client = _client_of_session


def get_session(env_vars: Value = None) -> CoreSession:
    """``botocore.session.get_session``."""
    del env_vars
    return CoreSession()
