"""Outlook and CDO through COM: ``win32com.client.Dispatch("Outlook.Application").CreateItem(0)``.

``To``, ``CC`` and ``BCC`` are texts with semicolons between people (CDO takes commas); ``Recipients.Add`` adds one, of the
kind that its ``Type`` says. COM does not look at the case of names, so neither does this.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import MANY, Truth
from mailguard.model.exchange import RawMessage
from mailguard.model.provider import Function, Library, Provider, Source
from mailguard.model.value import (
    Absent,
    Either,
    Items,
    Member,
    Object,
    Unknown,
    Value,
    each,
    inherit,
    scalar,
    text,
    trail_of,
    truth,
)
from mailguard.transports.letters import attribute, line, note, present

__all__ = ["PROVIDER", "MailItem"]

_KINDS: Final = {1: "to", 2: "cc", 3: "bcc"}
"""``OlMailRecipientType``; 0 is the one who sends."""


class Recipient(Object):
    """One entry of ``item.Recipients``."""

    def __init__(self, name: Value = None) -> None:
        self.write("Name", name)

    def Resolve(self) -> Value:
        """Look the name up in the address book."""
        return True

    def render(self) -> Value:
        """What was added."""
        return attribute(self, "Name")


class Recipients(Object):
    """``item.Recipients``."""

    def __init__(self) -> None:
        self.write("members", [])

    def Add(self, Name: Value) -> Value:
        """Add one, To unless its Type says otherwise."""
        # Written and read again, so that what the caller changes is what is kept.
        self.write("_last", Recipient(Name))
        entry = attribute(self, "_last")
        self.append("members", entry)
        return entry

    def ResolveAll(self) -> Value:
        """Look all names up."""
        return True

    def people(self) -> list[tuple[str, Value]]:
        """Everybody with the line he is in."""
        found: list[tuple[str, Value]] = []
        for entry, count in each(attribute(self, "members")):
            if not count.high:
                continue
            kind = attribute(entry, "Type") if isinstance(entry, Recipient) else None
            name = inherit(present(entry.read("Name", None)), trail_of(entry)) if isinstance(entry, Object) else entry
            number = scalar(kind)
            where = _KINDS.get(number, "to") if isinstance(number, int) else "to"
            found.append((where, name))
        once: list[tuple[str, Value]] = []
        for pair in found:
            if pair not in once:
                once.append(pair)
        return [(where, _often(name, found.count((where, name)))) for where, name in once]


def _often(name: Value, times: int) -> Value:
    """An expression that is added in several passes of a loop stands for many; a text that is known is one address."""
    return name if times == 1 or text(name) is not None else Items((Member(name, MANY),))


class MailItem(Object):
    """A ``MailItem`` of Outlook, or a message of CDO."""

    def __init__(self) -> None:
        self.write("Recipients", Recipients())

    def _named(self, wanted: str) -> Value:
        """An attribute, however it is spelled; the last that was set counts."""
        held = super().render()
        names = list(held) if isinstance(held, dict) else [name for name, _ in getattr(held, "known", ())]
        found = [name for name in names if isinstance(name, str) and name.casefold() == wanted]
        return attribute(self, found[-1]) if found else None

    def Send(self) -> RawMessage:
        """Send it."""
        lines = {name: self._named(name) for name in ("to", "cc", "bcc")}
        added = self._named("recipients")
        people: dict[str, list[Value]] = {
            name: [value] for name, value in lines.items() if truth(value) is not Truth.NO
        }
        for name, value in added.people() if isinstance(added, Recipients) else ():
            people.setdefault(name, []).append(value)
        shown = [(name.title(), _one(people[name])) for name in ("to", "cc") if name in people]
        return note(
            [("Subject", self._named("subject")), *shown, ("Reply-To", self._named("replyto"))],
            [value for values in people.values() for value in values],
        )

    send = Send

    def Display(self, *_: Value) -> None:
        """Show it to whoever sits there, who may send it."""

    def Save(self) -> None:
        """Keep it as a draft."""

    def Copy(self) -> MailItem:
        """Another one with the same recipients."""
        return self


def _one(values: list[Value]) -> Value:
    return values[0] if len(values) == 1 else line(values, separator="; ")


class Application(Object):
    """``Outlook.Application``."""

    def CreateItem(self, ItemType: Value = 0) -> Value:
        """A new item; 0 is a mail."""
        number = scalar(ItemType)
        return MailItem() if not isinstance(number, int) or number == 0 else Unknown("an item")

    def CreateItemFromTemplate(self, *_: Value) -> MailItem:
        """A mail out of a file."""
        return MailItem()


def dispatch(name: Value = None, *_: Value, **__: Value) -> Value:
    """``win32com.client.Dispatch``: Outlook, a message of CDO, or a program of which nothing is known."""
    if isinstance(name, Either):
        return next((found for option in name.options if isinstance(found := _named(option), Object)), Unknown("COM"))
    return _named(name)


def _named(name: Value | Absent) -> Value:
    whole = (text(name) or "").casefold()
    if whole.startswith("outlook.application"):
        return Application()
    return MailItem() if whole.startswith(("cdo.message", "cdonts.newmail")) else Unknown("COM")


PROVIDER: Final = Provider(
    name="outlook",
    title="Outlook and CDO",
    sources=(
        Source(
            "https://learn.microsoft.com/en-us/office/vba/api/outlook.mailitem.to",
            "To, CC and BCC are texts with semicolons",
        ),
        Source(
            "https://learn.microsoft.com/en-us/office/vba/api/outlook.olmailrecipienttype",
            "1 is To, 2 is Cc, 3 is Bcc",
        ),
    ),
    library=Library(
        functions=(
            Function(
                (
                    "win32com.client.Dispatch",
                    "win32com.client.DispatchEx",
                    "win32com.client.GetActiveObject",
                    "win32com.client.GetObject",
                    "win32com.client.dynamic.Dispatch",
                    "win32com.client.gencache.EnsureDispatch",
                    "win32com.client.DispatchWithEvents",
                    "comtypes.client.CreateObject",
                ),
                dispatch,
            ),
        ),
        classes=(Application, MailItem, Recipients, Recipient),
        tokens=("Outlook.Application", "outlook.application", "CDO.Message"),
    ),
    explain=(
        "Everybody in To and CC of an item is printed to everybody, whether they are in the texts or in Recipients; BCC is "
        "printed nowhere. Make one item for each reader."
    ),
)
"""Outlook and CDO."""
