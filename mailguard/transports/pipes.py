"""Models of handing a message to the program ``sendmail``, as scripts do: ``subprocess`` and ``os.popen``.

``sendmail -t`` takes its readers from To, Cc and Bcc and removes the Bcc line before it sends (sendmail(8); the same in
Postfix, Exim, msmtp and nullmailer). Without ``-t`` the readers are arguments, and the message goes as it is. Any other
program sends nothing that is known here.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.count import OPEN
from mailguard.model.exchange import RawMessage
from mailguard.model.provider import Function, Library
from mailguard.model.value import Absent, Parameter, Sort, Text, Unknown, Value, each, sort_of, text
from mailguard.transports.encodings import Buffer

__all__ = ["LIBRARY"]

_PROGRAM: Final = re.compile(r"sendmail|msmtp|ssmtp|nullmailer|qmail-inject|\bexim4?\b", re.IGNORECASE)
_READS_LINES: Final = re.compile(r"(?:^|\s)-[A-Za-su-z]*t[A-Za-z]*(?=\s|$)")


def _words(command: Value) -> list[str]:
    """The words of a command, as far as they are known; of a name that is not, the name."""
    if sort_of(command) is Sort.COLLECTION:
        return [word for member in each(command) for word in _words(member.value)]
    if isinstance(command, Text):
        return [word for part in command.parts if isinstance(part, (str, Unknown, Parameter)) for word in _words(part)]
    if isinstance(command, (Unknown, Parameter)):
        return [command.why if isinstance(command, Unknown) else command.name]
    known = text(command)
    return [] if known is None else [known]


def _is_sendmail(command: Value) -> bool:
    words = _words(command)
    return bool(words) and _PROGRAM.search(words[0]) is not None


def _message(command: Value, data: Value) -> RawMessage:
    """The message as the program sends it."""
    return RawMessage(data, bcc_is_envelope=any(_READS_LINES.search(word) for word in _words(command)))


def _piped(command: Value, data: Value, what: str) -> RawMessage | Value:
    """The message that a program is given, or what nobody knows of any other program."""
    return Unknown(what, OPEN) if data is None or not _is_sendmail(command) else _message(command, data)


def run(args: Value = None, *_: Value, input: Value = None, **__: Value) -> RawMessage | Value:  # noqa: A002  # its name
    """``subprocess.run(args, input=...)``, ``check_output`` and ``call``."""
    return _piped(args, input, "run()")


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

    def communicate(self, input: Value = None, timeout: Value = None) -> RawMessage:  # noqa: A002  # its name
        """Write the rest, and close."""
        del timeout
        return self._whole() if input is None else _message(self._command(), input)

    def close(self) -> RawMessage:  # type: ignore[override]  # closing a buffer sends nothing
        """The message is complete."""
        return self._whole()

    def _whole(self) -> RawMessage:
        return _message(self._command(), self.getvalue())

    def _command(self) -> Value:
        found = self.read("command", None)
        return None if isinstance(found, Absent) else found


def opened(args: Value = None, *_: Value, **__: Value) -> Value:
    """``subprocess.Popen(args, stdin=PIPE)`` and ``os.popen(args, "w")``."""
    return Pipe(args) if _is_sendmail(args) else Unknown("process", OPEN)


LIBRARY: Final = Library(
    functions=(
        Function(("subprocess.run", "subprocess.check_output", "subprocess.check_call", "subprocess.call"), run),
        Function(("subprocess.Popen", "os.popen"), opened),
    ),
    classes=(Pipe,),
)
