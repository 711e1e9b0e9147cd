"""Models of handing a message to a mail program, as scripts do: ``subprocess``, ``os.popen`` and ``os.system``.

``sendmail -t`` takes its readers from To, Cc and Bcc and removes the Bcc line before it sends (sendmail(8); the same in
Postfix, Exim, msmtp and nullmailer). Without ``-t`` the readers are arguments, and the message goes as it is. ``mail``
and ``mutt`` write the message themselves: all their arguments stand in its one To line, those of ``-c`` in Cc (mail(1)
of POSIX and of bsd-mailx, mutt(1)). Any other program sends nothing that is known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mailguard.model.count import OPEN
from mailguard.model.exchange import RawMessage
from mailguard.model.provider import Function, Library
from mailguard.model.value import Absent, Fields, Items, Member, Unknown, Value, text
from mailguard.transports.commands import Command, commands
from mailguard.transports.encodings import Buffer

__all__ = ["LIBRARY"]

_SENDMAIL: Final = re.compile(r"sendmail|msmtp|ssmtp|nullmailer|qmail-inject|^exim4?$", re.IGNORECASE)
_MAIL: Final = re.compile(r"^(?:mail|mailx|Mail|bsd-mailx|heirloom-mailx|s-nail|nail|mail\.mailutils|mutt|neomutt)$")
_READS_LINES: Final = re.compile(r"^-[A-Za-su-z]*t[A-Za-z]*$")

_WITH_VALUE: Final = {
    "sendmail": frozenset("ABbCDdFfhLNOopqRrVX"),
    "mail": frozenset("AMSTabcqrsu"),
    "mutt": frozenset("AFHQabcefhims"),
}
"""Letters of options after which a value follows: sendmail(8) with Postfix and Exim, mail(1), mutt(1)."""

_LINES: Final = {"c": "Cc", "b": "Bcc"}


def _is_sendmail(command: Command) -> bool:
    return _SENDMAIL.search(command.program) is not None


def _is_mail(command: Command) -> bool:
    return _MAIL.search(command.program) is not None


def _people(command: Command, takes: frozenset[str]) -> Iterator[tuple[str, Member]]:
    """Who is named in the arguments, and on which line of the message: the options and their values aside."""
    option, options = "", True
    dashes = any(text(member.value) == "--" for member in command.arguments)
    for member in command.arguments:
        word = text(member.value)
        if option:
            if option in _LINES:
                yield _LINES[option], member
            # ``mutt -a FILE FILE --``: all up to the two dashes are attached.
            option = option if option == "a" and "mutt" in command.program and dashes and word != "--" else ""
            options = options and word != "--"
        elif options and word == "--":
            options = False
        elif options and word is not None and len(word) > 1 and word.startswith("-"):
            # The value stands in the same word (``-froot@example.com``) or is the next one.
            first = next((position for position, letter in enumerate(word) if letter in takes), len(word))
            option = word[first] if first == len(word) - 1 and not word.startswith("--") else ""
        elif word != "":
            yield "To", member


def _written(command: Command) -> RawMessage | None:
    """The message that ``mail`` or ``mutt`` writes; None where nobody is named (it then reads somebody's mail)."""
    lines: dict[str, list[Member]] = {"To": [], "Cc": [], "Bcc": []}
    for line, member in _people(command, _WITH_VALUE["mutt" if "mutt" in command.program else "mail"]):
        lines[line].append(member)
    everybody = tuple(member for members in lines.values() for member in members)
    shown = tuple((line, Items(tuple(members))) for line, members in lines.items() if members and line != "Bcc")
    return RawMessage(Fields(shown), rcpt_to=Items(everybody)) if everybody else None


def _piped(command: Command, data: Value) -> RawMessage:
    """The message that ``sendmail`` is given, as it sends it."""
    if any(_READS_LINES.search(text(member.value) or "") for member in command.arguments):
        return RawMessage(data, bcc_is_envelope=True)
    people = tuple(member for _, member in _people(command, _WITH_VALUE["sendmail"]))
    return RawMessage(data, rcpt_to=Items(people) if people else None)


def _sent(started: Value, data: Value, what: str) -> list[RawMessage] | Value:
    """What the programs of ``started`` send, or what nobody knows of any others."""
    sent = []
    for command in commands(started):
        message = _written(command) if _is_mail(command) else None
        if _is_sendmail(command) and data is not None:
            message = _piped(command, data)
        if message is not None:
            sent.append(message)
    return sent or Unknown(what, OPEN)


def run(args: Value = None, *_: Value, input: Value = None, **__: Value) -> list[RawMessage] | Value:  # noqa: A002  # its name
    """``subprocess.run(args, input=...)``, ``check_output`` and ``call``, ``os.system``."""
    return _sent(args, input, "run()")


class Pipe(Buffer):
    """A running ``sendmail``: what is written to it is one message, which goes when the pipe is closed."""

    PATHS = ()

    def __init__(self, command: Value) -> None:
        super().__init__()
        self.write("command", command)

    @property
    def stdin(self) -> Value:
        """Where it reads: what is written there is written to it."""
        return self

    def communicate(self, input: Value = None, timeout: Value = None) -> list[RawMessage] | Value:  # noqa: A002  # its name
        """Write the rest, and close."""
        del timeout
        return self._whole() if input is None else _sent(self._command(), input, "communicate()")

    def close(self) -> list[RawMessage] | Value:  # type: ignore[override]  # closing a buffer sends nothing
        """The message is complete."""
        return self._whole()

    def _whole(self) -> list[RawMessage] | Value:
        return _sent(self._command(), self.getvalue(), "close()")

    def _command(self) -> Value:
        found = self.read("command", None)
        return None if isinstance(found, Absent) else found


def opened(args: Value = None, *_: Value, **__: Value) -> Value | list[RawMessage]:
    """``subprocess.Popen(args, stdin=PIPE)`` and ``os.popen(args, "w")``.

    ``mail`` has its readers from the beginning, and to whom it writes does not wait for the text.
    """
    if any(_is_sendmail(command) for command in commands(args)):
        return Pipe(args)
    return _sent(args, None, "process")


LIBRARY: Final = Library(
    functions=(
        Function(
            (
                "subprocess.run",
                "subprocess.check_output",
                "subprocess.check_call",
                "subprocess.call",
                "subprocess.getoutput",
                "subprocess.getstatusoutput",
                "os.system",
            ),
            run,
        ),
        Function(("subprocess.Popen", "os.popen"), opened),
    ),
    classes=(Pipe,),
    tokens=(
        "popen & sendmail",
        "subprocess & sendmail",
        "subprocess & mailx",
        "subprocess & 'mail'",
        'subprocess & "mail"',
        "subprocess & mutt",
        "mailx -",
        "mutt -",
        "mail -s",
    ),
)
