"""Transmissions, and what they show."""

from mailguard.model.message import Message
from mailguard.providers.smtp import PROVIDER

ANN, BOB, CAT, DAN = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"


def people(group):
    return [person.address for person in group]


def decoded(exchange):
    operation = PROVIDER.claims(exchange)
    assert operation is not None
    return PROVIDER.decode(operation, exchange)


def only(exchange) -> Message:
    (message,) = decoded(exchange)
    return message
