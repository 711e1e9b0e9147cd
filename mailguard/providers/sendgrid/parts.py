"""What a mail is put together from: address objects, headers, the subject, settings."""

from __future__ import annotations

from typing import Final

from mailguard.model.count import ONE, Truth
from mailguard.model.provider import Refused
from mailguard.model.value import Absent, Items, Member, Object, Sort, Value, each, get, sort_of, text, truth
from mailguard.providers.sendgrid.texts import name_and_address, or_none, there
from mailguard.wire.forms import fields_of

_HELPERS: Final = "sendgrid.helpers.mail"


def paths(name: str, module: str = "", *, root: bool = True) -> tuple[str, ...]:
    """Where a class of the helpers is imported from: 6.x re-exports all at the root, 3.x and 4.x had one module."""
    names = (f"{_HELPERS}.{name}", f"{_HELPERS}.mail.{name}")
    return (*names, *((f"{_HELPERS}.{module}.{name}",) if module else ()), *((f"sendgrid.{name}",) if root else ()))


class _Part(Object):
    """What the package turns into data with ``get``."""

    def get(self) -> Value:
        """The object as it goes into the request."""
        return super().render()

    def render(self) -> Value:
        """The same."""
        return self.get()


class Email(_Part):
    """``Email(email, name)``: without a name the text is read for one, and only its first address is kept."""

    PATHS: tuple[str, ...] = paths("Email", "email")
    HOLDS = True
    KIND = ""
    """The list of a personalization into which the package puts an object of this class; it goes by the class's name."""

    def __init__(
        self,
        email: Value = None,
        name: Value = None,
        substitutions: Value = None,
        subject: Value = None,
        p: Value = 0,
        dynamic_template_data: Value = None,
    ) -> None:
        if sort_of(name) in {Sort.NUMBER, Sort.COLLECTION, Sort.MAPPING}:
            raise Refused("name must be of type string")
        if truth(name) is Truth.NO and truth(email) is not Truth.NO:
            name, email = name_and_address(email)
        self.write("email", email)
        self.write("name", name)
        self.write("substitutions", substitutions)
        self.write("subject", subject)
        self.write("personalization", p)
        self.write("dynamic_template_data", dynamic_template_data)

    def get(self) -> dict[str, Value]:
        """The object as it goes into the request."""
        return {
            name: value
            for name in ("name", "email")
            if there(value := self.read(name)) and not isinstance(value, Absent)
        }


class To(Email):
    """A visible recipient. ``p`` says which personalization, if it is added by itself."""

    PATHS = paths("To", "to_email")
    KIND = "tos"


class Cc(Email):
    """A visible recipient of a copy."""

    PATHS = paths("Cc", "cc_email")
    KIND = "ccs"


class Bcc(Email):
    """A recipient of a blind copy."""

    PATHS = paths("Bcc", "bcc_email")
    KIND = "bccs"


class From(Email):
    """A sender."""

    PATHS = paths("From", "from_email")
    KIND = "from"


class ReplyTo(Email):
    """An address for answers."""

    PATHS = paths("ReplyTo", "reply_to")


def collected(members: list[Member]) -> Value:
    """Members as a list, or as a collection where some stand for many."""
    if all(member.count == ONE for member in members):
        return [member.value for member in members]
    return Items(tuple(members))


def flattened(headers: Value | Absent, *, first: bool = False) -> dict[str, Value]:
    """Header objects as one mapping; of several with one name the last counts, or the first."""
    result: dict[str, Value] = {}
    for item, _ in each(headers):
        for name, value in fields_of(item.get() if isinstance(item, Header) else item).parts:
            if not first or name not in result:
                result[name] = value
    return result


class Header(_Part):
    """``Header(key, value, p)``."""

    PATHS = paths("Header", "header")

    def __init__(self, key: Value = None, value: Value = None, p: Value = None) -> None:
        self.write("key", key)
        self.write("value", value)
        self.write("personalization", p)

    def get(self) -> dict[str, Value]:
        """The header as it goes into the request."""
        name = text(self.read("key"))
        value = self.read("value")
        return {name: or_none(value)} if name is not None and there(value) else {}


class Subject(_Part):
    """``Subject(subject, p)``."""

    PATHS = paths("Subject", "subject")

    def __init__(self, subject: Value = None, p: Value = None) -> None:
        self.write("subject", subject)
        self.write("personalization", p)

    def get(self) -> Value:
        """The text."""
        return or_none(self.read("subject"))


class BccSettingsEmail(_Part):
    """``BccSettingsEmail(email)``."""

    PATHS = ("sendgrid.helpers.mail.bcc_settings_email.BccSettingsEmail", "sendgrid.helpers.mail.BccSettingsEmail")

    def __init__(self, email: Value = None) -> None:
        self.write("email", email)

    def get(self) -> Value:
        """The address."""
        return or_none(self.read("email"))


class BccSettings(_Part):
    """``BccSettings(enable, email)``: a blind copy of every message."""

    PATHS = (*paths("BccSettings", "bcc_settings"), *paths("BCCSettings", "bcc_settings"))

    def __init__(self, enable: Value = None, email: Value = None) -> None:
        self.write("enable", enable)
        self.write("email", email)

    def set_enable(self, enable: Value) -> None:
        """The setter of 3.x."""
        self.write("enable", enable)

    def set_email(self, email: Value) -> None:
        """The setter of 3.x."""
        self.write("email", email)

    def get(self) -> dict[str, Value]:
        """The setting as it goes into the request."""
        email = self.read("email")
        if isinstance(email, Email):
            email = get(email.get(), "email")
        elif isinstance(email, BccSettingsEmail):
            email = email.get()
        pairs = (("enable", self.read("enable")), ("email", email))
        return {name: value for name, value in pairs if there(value) and not isinstance(value, Absent)}


class MailSettings(_Part):
    """``MailSettings(bcc_settings, ...)``; only the blind copy takes part."""

    PATHS = paths("MailSettings", "mail_settings")

    def __init__(self, bcc_settings: Value = None, *_: Value, **__: Value) -> None:
        self.write("bcc_settings", bcc_settings)

    def set_bcc_settings(self, bcc_settings: Value) -> None:
        """The setter of 3.x."""
        self.write("bcc_settings", bcc_settings)

    def get(self) -> dict[str, Value]:
        """The settings as they go into the request."""
        value = self.read("bcc_settings")
        if isinstance(value, BccSettings):
            return {"bcc": value.get()}
        return {"bcc": value} if there(value) and not isinstance(value, Absent) else {}
