"""SMTP sessions as text, as clients and servers log them, or typed by hand.

swaks, ``smtplib`` with ``set_debuglevel`` 1 or 2, nodemailer, PHPMailer, JavaMail, s-nail, ``C:``/``S:`` logs, Exim. The envelope is
what the server took (RFC 5321, section 3.3): a refused RCPT is no recipient, RSET and a new MAIL start over.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Record, SmtpTransaction
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.recording import broken, head_of, lines

__all__ = ["FORMAT"]

_SAYS = r"(?:[ *]{0,2}[-~]{1,2}> ?|C: ?|>>> (?!SERVER:)|>>>(?! )|[ ]{0,2}SMTP>> ?|CLIENT -> SERVER: ?|send: )"
_CLIENT = re.compile(_SAYS)
_SERVER = re.compile(
    r"(?:[ *]{0,2}<[-~*]{1,2} ?|S: ?|<<< ?|>>> SERVER: ?|[ ]{0,2}SMTP<< ?|SERVER -> CLIENT: ?|reply: )"
)
# What loggers write in front: a time, a level, the name of the connection (nodemailer 6 to 10, smtplib at level 2, PHPMailer, s-nail).
_FRONT = (
    r"(?:\[?(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ])?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?Z?\]?[ \t]{1,2}|s-nail: )"
    r"(?:(?:TRACE|DEBUG|INFO)[ \t]{1,2})?(?:\[([A-Za-z0-9+/_#-]{1,40})\] ?)?"
)
_LOGGED = re.compile(_FRONT)
_NOTE = re.compile(r"(?:DEBUG|===|\*\*\*|---|data:|retcode|connect:|reply:|Connected|Trying|Escape character)")
_LITERAL = re.compile(r"b?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*")
_MAIL = re.compile(r"MAIL\s+FROM\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_RCPT = re.compile(r"RCPT\s+TO\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(
    rf"(?im)^(?:{_FRONT})?(?:{_SAYS}(?:b?['\"])?)?(?:MAIL\s+FROM\s*:|(?:EHLO|HELO|LHLO)\s+\S+\s*(?:\r|\\r|$))"
)
_REPLY = re.compile(r"\s*([2-5])[0-9]{2}(?:[ -]|$)")
_PATH = re.compile(r"\s*(?:<([^<>]*)>|(\S+))")
_PREFIXED = re.compile(rf"(?im)^({_FRONT})?{_SAYS}(?:b?['\"])?(?:MAIL\s+FROM\s*:|EHLO|HELO|LHLO)")
_CONNECTED = re.compile(
    r"(?:=== Trying|=== Connected to|Connected to) ([A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?"
    r"|connect: [^()]{0,20}\('([A-Za-z0-9.-]{1,253})', ([0-9]{1,5})\)"
)
_CARRIAGE_RETURN = re.compile(r"\r+(?!\Z)")  # the line end of old Macs
_LINES: Final = 64 << 20
_ENDS = re.compile(r"(?:MAIL\s+FROM\s*:|QUIT\s*\Z)", re.IGNORECASE)
_OTHER_COMMANDS: Final = frozenset({"QUIT", "NOOP", "VRFY", "EXPN", "HELP", "EHLO", "HELO", "LHLO", "STARTTLS", "AUTH"})
_STRAY: Final = re.compile(r"(?i)\s*(?:resent-)?(?:to|cc|bcc)[ \t]*:.*@")
"""A line of people of a message, which no client says to a server."""
_DAMAGED: Final = CannotTell(Reason.BAD_RECORD, "the transaction holds what is no command of SMTP")


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = decode_text(sample.head)
    return _HEAD.search(head) is not None and re.search(r"(?i)\bRCPT\s+TO\s*:", head) is not None


class _Session:
    """What the client has said and the server has taken since MAIL."""

    def __init__(self) -> None:
        self.sender: str | None = None
        self.line = 0
        self.people: list[Value] = []
        self.waiting: list[str] = []  # commands that the server has not answered yet; pipelined ones queue up
        self.offered: list[str] = []
        self.data: list[str] | None = None
        self.size = 0
        self.marked = False  # whether lines of the message are marked as the client's
        self.torn = False  # whether a line of the message is marked as nobody's
        self.partial = False  # whether the first line of a longer reply was there, and its last one was not yet
        self.odd = False  # whether the client said something between MAIL and DATA that is no command
        self.strayed = 0  # the first line with people in it that stands where commands are said

    def reset(self) -> None:
        self.sender, self.line, self.people, self.offered, self.data, self.size = None, 0, [], [], None, 0
        self.waiting = []
        self.odd = self.partial = self.torn = self.marked = False


def _read(source: Source) -> Iterator[Record]:
    with source.open() as stream:
        said = _PREFIXED.search(decode_text(head_of(stream)))
    transcript = _Transcript(source, prefixed=said is not None, logged=said is not None and bool(said.group(1)))
    with source.open() as stream:
        for number, raw in lines(stream, _LINES):
            if isinstance(raw, CannotTell):
                yield broken(source, raw, number)
            else:
                for line in _CARRIAGE_RETURN.split(decode_text(raw).rstrip("\r\n")):
                    yield from transcript.take(number, line)
    yield from transcript.rest()


class _Transcript:
    """The sessions of one file, line after line."""

    def __init__(self, source: Source, *, prefixed: bool, logged: bool) -> None:
        self._source = source
        self._prefixed = prefixed
        """Whether lines say who speaks."""
        self._logged = logged
        """Whether they begin as those of a log do."""
        self._sessions: dict[str, _Session] = {}
        """Of a log that names the connection in each line; else one."""
        self._count = 0
        self._named = False  # whether anybody was
        self._relay = "smtp:"

    def take(self, number: int, line: str) -> Iterator[Record]:
        """What a line brings to its end."""
        front = _LOGGED.match(line) if self._logged else None
        line = line[front.end() :] if front else line
        name = front.group(1) or "" if front else ""
        if not name and len(self._sessions) > ("" in self._sessions):
            self._lost(line)
        session = self._session(name)
        self._connected(session, line)
        texts = self._said(session, line, in_log=front is not None) if self._prefixed else [line]
        for text in texts:
            if session.odd and _ENDS.match(text.strip()):
                yield self._torn(session)
                session.reset()
            done = _command(session, text, number, plain=not self._prefixed)
            self._named = self._named or bool(session.offered)
            if done is not None:
                yield self._sent(session, done)
                session.reset()

    def rest(self) -> Iterator[Record]:
        """What the end of the file cut; the headers that are there still tell."""
        for session in self._sessions.values():
            if session.data is not None or session.people:
                yield self._sent(session, session.data or [])
            elif session.odd or session.strayed:
                session.line = session.line or session.strayed
                yield self._torn(session)
        if not self._count and not self._named:
            # Without a RCPT this were no transcript; so one is in a line that could not be read.
            yield broken(self._source, _DAMAGED)

    def _session(self, name: str) -> _Session:
        known = name in self._sessions or len(self._sessions) < _SESSIONS
        return self._sessions.setdefault(name if known else "", _Session())

    def _lost(self, line: str) -> None:
        """Note where a line of a message is lost because the name of its connection is damaged."""
        for name, session in self._sessions.items():
            session.torn = session.torn or (bool(name) and session.data is not None and name in line[:120])

    def _connected(self, session: _Session, line: str) -> None:
        """Note the server, where a line says to which the client is connected."""
        server = _CONNECTED.match(line)
        if server and self._relay.count(":") < 2 and not session.line:
            host, port = next((pair for pair in (server.group(1, 2), server.group(3, 4)) if pair[0]), ("", ""))
            self._relay = f"smtp://{host.rstrip('.')}" + (f":{port}" if port else "")

    def _said(self, session: _Session, line: str, *, in_log: bool) -> list[str]:
        """What the client said in a line; takes in what the server did."""
        client = _CLIENT.match(line)
        if client is not None:
            session.marked = session.marked or session.data is not None
            return _client_lines(line, client.end())
        server = _SERVER.match(line)
        if server:
            said = _unquoted(line[server.end() :])
            ended = bool(session.data) and not session.waiting and _REPLY.match(said) is not None
            _reply(session, said)
            return ["."] if ended else []  # its last line is damaged or was not written down
        if in_log and session.data is not None and not session.marked:
            return [line]  # nodemailer marks no line of a message
        if session.data and line.strip() and not _NOTE.match(line):
            session.torn = True
        return []

    def _sent(self, session: _Session, data: list[str]) -> Record:
        self._count += 1
        return _record(self._source, self._relay, data, session, self._count - 1)

    def _torn(self, session: _Session) -> Record:
        self._count += 1
        return broken(self._source, _DAMAGED, session.line, f"transaction[{self._count - 1}]")


_SESSIONS: Final = 4096
"""Connections of one log that are told apart."""


def _client_lines(line: str, start: int) -> list[str]:
    text = line[start:]
    if line.startswith("send:"):
        # smtplib prints the repr() of what it sends, a whole message as one.
        return re.split(r"\r\n|\n|\r", _unquoted(text).removesuffix("\r\n"))
    return [text]


def _unquoted(text: str) -> str:
    if len(text) <= _LINES and _LITERAL.fullmatch(text):
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            # Damaged somewhere; the line ends tell where the message ends all the same.
            inner = text.strip().removeprefix("b")[1:-1]
            return _ESCAPE.sub(lambda found: _ESCAPES.get(found.group(1), found.group()), inner)
        return value if isinstance(value, str) else decode_text(value) if isinstance(value, bytes) else text
    return text


_ESCAPE = re.compile(r"\\([nrt'\"\\])")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}


def _reply(session: _Session, text: str) -> None:
    match = _REPLY.match(text)
    if match is None or not session.waiting:
        return
    session.partial = re.match(r"\s*[0-9]{3}-", text) is not None
    if session.partial:
        return
    command = session.waiting.pop(0)
    taken = match.group(1) in "23"
    if command == "RCPT" and session.offered:
        person = session.offered.pop(0)
        if taken:
            session.people.append(person)
    elif command == "DATA" and not taken:
        session.data = None


def _command(session: _Session, text: str, number: int, *, plain: bool) -> list[str] | None:
    """Take one line of the client; the lines of the message where it ends with this one."""
    if session.data is not None:
        if plain and not session.data and _REPLY.match(text):
            return None  # 354
        if text == "." or (not session.data and text.startswith("writing message and terminating")):
            return session.data
        if not session.data and text == "(writing message)":
            return None  # Exim 4 says no more of it
        session.size += len(text)
        if session.size <= BODY_LIMIT:
            session.data.append(text.removeprefix("."))
        return None
    if plain and _REPLY.match(text):
        _reply(session, text)
        return None
    if session.partial and session.waiting:
        # PHPMailer marks the first line of a reply only; what the client says next comes behind the last one.
        session.waiting.pop(0)
    session.partial = False
    word = text.strip().upper()
    mail, rcpt = _MAIL.match(text.strip()), _RCPT.match(text.strip())
    if mail:
        waiting = session.waiting
        session.reset()
        session.waiting = waiting
        session.sender, session.line = _path(mail.group(1)), number
        session.waiting.append("MAIL")
    elif rcpt:
        session.offered.append(_path(rcpt.group(1)))
        session.waiting.append("RCPT")
    elif word == "DATA":
        session.data = []
        session.waiting.append("DATA")
    elif word == "RSET":
        session.reset()
        session.waiting = ["RSET"]
    elif word and not _NOTE.match(text):
        verb = word.split()[0][:10]
        session.waiting.append(verb)
        if _STRAY.match(text):
            session.strayed = session.strayed or number
        # A damaged RCPT or DATA, or BDAT (RFC 3030), whose messages are not read here.
        session.odd = session.odd or (bool(session.line) and verb not in _OTHER_COMMANDS)
    return None


def _path(text: str) -> str:
    match = _PATH.match(text)
    return (match.group(1) if match.group(1) is not None else match.group(2)) if match else ""


def _record(source: Source, relay: str, data: list[str], session: _Session, count: int) -> Record:
    place = Place(source.path, session.line, pointer=f"transaction[{count}]")
    # Who was offered and never answered for counts: the log may simply lack the replies.
    people: list[Value] = [*session.people, *session.offered]
    if not people:
        return Record(place, CannotTell(Reason.ENVELOPE_MISSING, "the server took no recipient"), delivered=False)
    if session.torn:
        return Record(place, CannotTell(Reason.BAD_RECORD, "lines of the message are damaged"))
    if not any(line.strip() for line in data):
        return Record(place, CannotTell(Reason.BODY_MISSING))
    return Record(place, SmtpTransaction(relay, session.sender, people, "\r\n".join(data)))


FORMAT = Format(
    name="smtp-transcript",
    title="transcript of SMTP sessions",
    sniff=_sniff,
    read=_read,
    proves="What readers see, who got a copy, and whether a Bcc line was transmitted.",
)
