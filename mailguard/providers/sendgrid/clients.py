"""The clients that send."""

from __future__ import annotations

from typing import Final

from mailguard.model.exchange import HttpRequest
from mailguard.model.provider import Refused
from mailguard.model.value import Object, Text, Value, each, scalar, text
from mailguard.providers.sendgrid.mail import Mail
from mailguard.providers.sendgrid.texts import each_option, joined, or_none
from mailguard.transports.http.bodies import Encoded
from mailguard.transports.json_api import host_of


class ApiClient(Object):
    """``python_http_client.Client``: attributes are segments of the path, methods of HTTP make the request."""

    PATHS = ("python_http_client.Client", "python_http_client.client.Client")

    def __init__(
        self,
        host: Value,
        request_headers: Value = None,
        version: Value = None,
        url_path: Value = None,
        *_: Value,
        **__: Value,
    ) -> None:
        del request_headers
        number = scalar(version)
        segments = [member.value for member in each(url_path)]
        self.write("host", host)
        self.write("prefix", f"/v{number}" if isinstance(number, int) and number else "")
        self.write("path", _joined_path(segments))

    def _below(self, name: Value) -> ApiClient:
        made = ApiClient(or_none(self.read("host")))
        made.write("prefix", or_none(self.read("prefix")))
        made.write("path", _concatenated(or_none(self.read("path")), "/", name))
        return made

    def _(self, name: Value) -> ApiClient:
        """A segment that is no name of Python, or is not known."""
        return self._below(name)

    def version(self, number: Value) -> ApiClient:
        """Another version of the API."""
        made = self._below("")
        made.write("path", or_none(self.read("path")))
        made.write("prefix", _concatenated("/v", number))
        return made

    @property
    def mail(self) -> ApiClient:
        """The segment of that name."""
        return self._below("mail")

    @property
    def send(self) -> ApiClient:
        """The segment of that name."""
        return self._below("send")

    @property
    def beta(self) -> ApiClient:
        """The segment of that name."""
        return self._below("beta")

    def _made(self, method: str, body: Value) -> HttpRequest:
        if isinstance(body, Object) and not isinstance(body, Encoded):
            raise Refused("Object is not JSON serializable")
        url = _concatenated(or_none(self.read("host")), or_none(self.read("prefix")), or_none(self.read("path")))
        return HttpRequest(method, url, {"Content-Type": "application/json"}, body, "json")

    def post(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """POST."""
        return self._made("POST", request_body)

    def put(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """PUT."""
        return self._made("PUT", request_body)

    def patch(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """PATCH."""
        return self._made("PATCH", request_body)

    def get(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """GET."""
        return self._made("GET", request_body)

    def delete(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """DELETE."""
        return self._made("DELETE", request_body)


def _concatenated(*parts: Value) -> Value:
    texts = [str(scalar(part)) if isinstance(scalar(part), int) else text(part) for part in parts]
    if None in texts:
        return Text(tuple(parts))
    return "".join(part or "" for part in texts)


def _joined_path(segments: list[Value]) -> Value:
    return _concatenated(*(piece for segment in segments for piece in ("/", segment)))


_HOST: Final = "https://api.sendgrid.com"


class SendGridAPIClient(Object):
    """``SendGridAPIClient(api_key)`` of 2.x to 6.x; earlier releases have no ``send``."""

    PATHS: tuple[str, ...] = (
        "sendgrid.SendGridAPIClient",
        "sendgrid.sendgrid.SendGridAPIClient",
        "sendgrid.client.SendGridAPIClient",
        "sendgrid.base_interface.BaseInterface",
    )
    HOST = _HOST

    def __init__(self, api_key: Value = None, *positional: Value, host: Value = None, **_: Value) -> None:
        del api_key
        # The second position is the host in 6.x, another spelling of the key in 5.x.
        given = (
            host if host is not None else next((each_ for each_ in positional if "://" in (text(each_) or "")), None)
        )
        self.write("host", host_of(given, self.HOST))

    @property
    def client(self) -> ApiClient:
        """The API, segment by segment."""
        return ApiClient(or_none(self.read("host")), version=3)

    def set_sendgrid_data_residency(self, region: Value) -> None:
        """Another host (6.12)."""
        if text(region) == "eu":
            self.write("host", "https://api.eu.sendgrid.com")

    def reset_request_headers(self) -> None:
        """Headers take no part."""

    def send(self, message: Value) -> HttpRequest:
        """Send a mail, or the body of a request as a dict (6.x)."""
        bodies = [option.get() if isinstance(option, Mail) else option for option in each_option(message)]
        return self.client.mail.send.post(joined(bodies))


class TwilioEmailAPIClient(SendGridAPIClient):
    """``TwilioEmailAPIClient(username, password)`` of 6.x."""

    PATHS = ("sendgrid.TwilioEmailAPIClient", "sendgrid.twilio_email.TwilioEmailAPIClient")
    HOST = "https://email.twilio.com"


class SendGridClient(Object):
    """``SendGridClient(username_or_apikey, password)`` of 1.x and 2.x: the older API."""

    PATHS = ("sendgrid.SendGridClient", "sendgrid.sendgrid.SendGridClient")

    def __init__(self, username_or_apikey: Value = None, password: Value = None, **opts: Value) -> None:
        del username_or_apikey, password
        self.write(
            "url", _concatenated(host_of(opts.get("host"), _HOST), opts.get("endpoint") or "/api/mail.send.json")
        )

    def send(self, message: Value) -> HttpRequest:
        """Send a mail."""
        bodies = [option.old_form() if isinstance(option, Mail) else option for option in each_option(message)]
        return HttpRequest("POST", or_none(self.read("url")), {}, joined(bodies), "form")
