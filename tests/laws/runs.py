"""The two roads of a program: what the scanner says it would send, and what it sends when it is run.

Real libraries run up to the moment at which bytes would leave the process; there the request is kept, under the URL
that it would have gone to.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import smtplib
import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock

import boto3
import django
import django.conf
import python_http_client
import requests
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from mailguard import gate
from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.finding import Certainty, Skip
from mailguard.model.message import CannotTell, Message, Undecided
from mailguard.rulebook.judging import judge
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.measures import measure
from mailguard.rulebook.policies import Policy, chosen
from mailguard.rulebook.rules import Cause, Measure
from mailguard.source.scan import SourceFile, scan

OLD_DJANGO = django.VERSION < (6, 0)


def _backend(name: str, **options: str) -> dict[str, Any]:
    path = f"django.core.mail.backends.{name}.EmailBackend"
    if OLD_DJANGO:
        return {"EMAIL_BACKEND": path}
    return {"MAILERS": {"default": {"BACKEND": path, "OPTIONS": options}}}


if not django.conf.settings.configured:
    # Another test of this process may have done it; all want the same.
    django.conf.settings.configure(DEFAULT_FROM_EMAIL="from@example.com", **_backend("locmem"))

import django.core.mail  # noqa: E402  # wants its settings first
from django.core.mail.utils import DNS_NAME  # noqa: E402  # wants its settings first
from django.test import override_settings  # noqa: E402  # wants its settings first

FILE = "program.py"
POLICY = Policy(frozenset(), chosen(load_rules()))
MEASURES = (Measure.VISIBLE_EXTERNAL, Measure.TRANSMITTED_BCC, Measure.REPLY_TO_EXTERNAL, Measure.BCC, Measure.TOTAL)
SHOWN = frozenset({Cause.VISIBLE, Cause.TRANSMITTED_BCC, Cause.REPLY_TO})
"""The causes whose plain verdict is compared: somebody is shown to somebody else."""


# --- What is sent ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """A request that left the program."""

    line: int
    """The line of the program that made it."""
    exchange: Exchange


@dataclass(frozen=True)
class World:
    """What a program meets in one run."""

    people: int = 2
    """Rows of a query, lines of a file."""
    unknown: int = 1
    """People behind what the code does not tell."""
    flags: Mapping[str, bool] = dataclasses.field(default_factory=dict)
    active: bool = True
    """Whether all rows pass a filter of the program; else every second one does."""


_sent: list[Sent] | None = None
"""The list of the run that goes on."""


def _line() -> int:
    """The line of the program that is being run."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == FILE:
            return frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]  # the outermost one has none
    raise AssertionError("nothing of the program is running")


def _keep(exchange: Exchange) -> None:
    assert _sent is not None, "a request outside of a run"
    _sent.append(Sent(_line(), exchange))


class Wire(smtplib.SMTP):
    """An SMTP client whose server keeps what it is told."""

    def __init__(self, host: str = "", port: int = 0, *_: Any, **__: Any) -> None:
        self._relay = f"smtp://{host or 'localhost'}:{port or 25}"
        super().__init__(host, port, local_hostname="localhost")

    def connect(self, *_: Any, **__: Any) -> tuple[int, bytes]:
        return 220, b""

    def ehlo(self, name: str = "") -> tuple[int, bytes]:
        self.ehlo_resp, self.does_esmtp = b"localhost", True
        return 250, b""

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        return 221 if cmd.upper() == "QUIT" else 250, b""

    def login(self, *_: Any, **__: Any) -> tuple[int, bytes]:
        return 235, b""

    def starttls(self, *_: Any, **__: Any) -> tuple[int, bytes]:
        return 220, b""

    def rset(self) -> tuple[int, bytes]:
        return 250, b""

    def mail(self, sender: str, options: Any = ()) -> tuple[int, bytes]:
        self._sender, self._envelope = sender, []
        return 250, b""

    def rcpt(self, recip: str, options: Any = ()) -> tuple[int, bytes]:
        self._envelope.append(smtplib.quoteaddr(recip)[1:-1])
        return 250, b""

    def data(self, msg: Any) -> tuple[int, bytes]:
        _keep(SmtpTransaction(self._relay, self._sender, tuple(self._envelope), msg))
        return 250, b""


class _Opened:
    """What urllib answers."""

    def getcode(self) -> int:
        return 202

    def read(self) -> bytes:
        return b""

    def info(self) -> dict[str, str]:
        return {}


def _made_by_sendgrid(_client: Any, _opener: Any, request: Any, timeout: Any = None) -> _Opened:
    _keep(HttpRequest(request.get_method(), request.full_url, dict(request.header_items()), request.data))
    return _Opened()


def _made_by_requests(_adapter: Any, request: Any, **_: Any) -> requests.Response:
    _keep(HttpRequest(request.method, request.url, dict(request.headers), request.body))
    answer = requests.Response()
    answer.status_code, answer._content = 200, b"{}"
    answer.request, answer.url = request, request.url
    return answer


_ACTIONS = ("SendEmail", "SendTemplatedEmail", "SendRawEmail", "SendBulkTemplatedEmail")
_XML = "<answer>{}</answer>".format("".join(f"<{name}Result/>" for name in _ACTIONS)).encode()


class _Content:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: object) -> list[bytes]:
        return [self.content]


@functools.cache
def _client(service: str) -> Any:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    client = session.client(service)

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        headers = {
            name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
        }
        _keep(HttpRequest(request.method, request.url, headers, request.body))
        return AWSResponse(request.url, 200, {}, _Content(_XML if service == "ses" else b"{}"))

    client.meta.events.register("before-send", answer)
    return client


@functools.cache
def _hooks() -> tuple[Any, ...]:
    return (
        mock.patch.object(smtplib, "SMTP", Wire),
        mock.patch.object(DNS_NAME, "_fqdn", "localhost", create=True),
        mock.patch.object(python_http_client.Client, "_make_request", _made_by_sendgrid),
        mock.patch.object(requests.adapters.HTTPAdapter, "send", _made_by_requests),
        mock.patch.object(boto3, "client", lambda service_name, **_: _client(service_name)),
        override_settings(**_backend("smtp", host="localhost")),
    )


@contextlib.contextmanager
def hooked() -> Iterator[None]:
    """Where bytes would leave the process they are kept instead."""
    with contextlib.ExitStack() as stack:
        for hook in _hooks():
            stack.enter_context(hook)
        # Programs may do what a library is about to drop.
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        yield


# --- The world ------------------------------------------------------------------------------------


class Row(tuple[Any, ...]):
    """One row: an object, a mapping and a tuple at once."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        with contextlib.suppress(ValueError):
            return self[COLUMNS.index(name)]
        raise AttributeError(name)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(COLUMNS.index(key) if isinstance(key, str) else key)


COLUMNS = ("email", "name", "active", "team", "pk")


class Rows(list[Any]):
    """The result of a query."""

    def _same(self, *_: Any, **__: Any) -> Rows:
        return self

    all = filter = exclude = order_by = distinct = iterator = select_related = fetchall = _same

    def values_list(self, column: str, *, flat: bool = False) -> Rows:
        return Rows(row[column] for row in self)

    def first(self) -> Any:
        return self[0] if self else None

    def get(self, pk: int = 1) -> Any:
        return next(row for row in self if row.pk == pk)

    fetchone = first

    def exists(self) -> bool:
        return bool(self)


def _rows(world: World) -> Rows:
    """Each place of a program asks for people of its own."""
    where = _line()
    return Rows(
        Row((f"p{where}-{number}@example.com", f"Name {number}", world.active or number % 2 == 0, "team", number))
        for number in range(1, world.people + 1)
    )


class _Manager:
    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(_rows(self._world), name)


class _Database:
    def __init__(self, world: World) -> None:
        self._world = world

    def execute(self, _query: str, *_: Any) -> Rows:
        return _rows(self._world)


def _store(world: World) -> types.ModuleType:
    """The package outside of the project from which a program has its people."""
    module = types.ModuleType("store")
    names: dict[str, Any] = {
        "Subscriber": types.SimpleNamespace(objects=_Manager(world)),
        "db": _Database(world),
        "flag": lambda name: world.flags.get(name, False),
        "people": lambda: unknown(world.unknown),
        "address": lambda: ", ".join(unknown(world.unknown)),
    }
    vars(module).update(names)
    return module


def unknown(number: int) -> list[str]:
    """People of which the code tells nothing, different ones at each place."""
    try:
        where = str(_line())
    except AssertionError:
        where = "given"
    return [f"u{where}-{index}@example.net" for index in range(number)]


@contextlib.contextmanager
def _modules(**modules: types.ModuleType) -> Iterator[None]:
    """Modules that can be imported meanwhile. What a program imports besides stays loaded: importing is slow."""
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


EXPECTED = (ValueError, IndexError, KeyError, AttributeError, TypeError, StopIteration, smtplib.SMTPException)
"""What ends a run and is no mistake of the grammar: a library refuses, or a list is empty."""


@functools.lru_cache(maxsize=1)
def _compiled(text: str) -> types.CodeType:
    """Of a program that is run again and again, in one world after the other."""
    return compile(text, FILE, "exec")


def run(text: str, world: World, *arguments: Any) -> tuple[list[Sent], Exception | None]:
    """Run ``main`` of a program with ``arguments``; what it sent, and what ended it."""
    global _sent  # noqa: PLW0603  # the hooks of libraries have no other way to the run
    code = _compiled(text)
    module = types.ModuleType("program")

    def opened(*_: Any, **__: Any) -> io.StringIO:
        return io.StringIO("".join(f"{row.email},{row.name}\n" for row in _rows(world)))

    vars(module)["open"] = opened
    sent: list[Sent] = []
    error: Exception | None = None
    with hooked(), _modules(store=_store(world), program=module):
        _sent = sent
        try:
            exec(code, vars(module))  # a program that this test wrote
            vars(module)["main"](*arguments)
        except EXPECTED as caught:
            error = caught
        finally:
            _sent = None
    return sent, error


# --- What is said ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What is known of one send: of the code, or of a run."""

    line: int
    messages: tuple[Message, ...]
    certainty: Certainty | None
    """The largest with which a reader is shown others; None if none is."""
    problem: str = ""
    """Why the messages are not known, where they are not."""

    @property
    def shows(self) -> bool:
        """The plain verdict."""
        return self.certainty is not None and self.certainty >= Certainty.LIKELY


def said(line: int, exchange: Exchange) -> Said:
    """One exchange, of either road, as mailguard reads it."""
    claim = gate.claimed(exchange)
    if claim is None:
        return Said(line, (), None, "nobody claims it")
    match claim.decoded:
        case CannotTell() as reason:
            return Said(line, (), None, f"cannot tell: {reason}")
        case Undecided(reason=reason, messages=messages, alternative=alternative):
            return Said(line, messages + alternative, Certainty.UNDECIDED, f"undecided: {reason}")
        case tuple() as messages:
            found = [
                judgement.certainty
                for message in messages
                for judgement in judge(message, POLICY)
                if judgement.rule.cause in SHOWN
            ]
            return Said(line, messages, max(found, default=None))


def scanned(text: str) -> tuple[list[Said], tuple[Skip, ...]]:
    """What the scanner says of a program."""
    result = scan([SourceFile(FILE, text.encode)], gate.libraries(), gate.open_to_callers, debug=True)
    return [said(each.place.line, each.exchange) for each in result.dispatches], result.skips


def replayed(sent: list[Sent]) -> list[Said]:
    """What a capture of a run says. Requests that name nobody are left out: no service takes them."""
    return [said(each.line, each.exchange) for each in sent if _names_somebody(each.exchange)]


def _names_somebody(exchange: Exchange) -> bool:
    if not isinstance(exchange, HttpRequest):
        return True
    body = exchange.body.decode() if isinstance(exchange.body, bytes) else str(exchange.body)
    return any(mark in body.replace("from@", "").replace("from%40", "") for mark in ("@", "%40"))


def numbers(message: Message) -> list[tuple[str, int, int, int]]:
    """The measures of a message, for comparison and for a reader."""
    counts = [(which.value, measure(which, message)) for which in MEASURES]
    return [(name, count.low, count.plain, count.high) for name, count in counts]


def contains(abstract: Message, concrete: Message) -> bool:
    """Whether a run of what ``abstract`` says can be ``concrete``."""
    return all(
        low <= number[1] <= high for (_, low, _, high), number in zip(numbers(abstract), numbers(concrete), strict=True)
    )
