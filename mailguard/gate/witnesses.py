"""What the captures of a run are worth as evidence of what its code sends."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Set
from typing import TYPE_CHECKING

from mailguard import capture, discover, git
from mailguard.evidence import IGNORES_BODY, OUT_OF_DATE, Witness, out_of_date, unmatched
from mailguard.gate.claims import PLAIN_MAIL
from mailguard.gate.looking import Looked
from mailguard.gate.plan import Plan
from mailguard.gate.shelves import providers
from mailguard.model.capture import Format
from mailguard.model.finding import Finding
from mailguard.model.provider import Library
from mailguard.search import holds

if TYPE_CHECKING:
    from mailguard.gate.replaying import CaptureResult

__all__ = ["evidence"]


def evidence(plan: Plan, looked: Looked) -> list[tuple[Finding, frozenset[str]]]:
    """What is told of captures that prove less than they seem to, and of which. Nothing where a change is looked at."""
    if looked.captures is None or plan.change is not None:
        return []
    witnesses = tuple(_witnesses(looked.captures))
    ignored = frozenset(plan.settings.ignore)

    def heard(rule: str) -> list[Witness]:
        return [one for one in witnesses if rule not in ignored | plan.policies.ignored((one.path,))]

    found = list(unmatched(heard(IGNORES_BODY), functools.partial(_tests, plan)))
    old = heard(OUT_OF_DATE)
    if old:
        services = {name for one in witnesses for name in one.services}
        found += out_of_date(plan.tree.root, old, _senders(plan, looked, services))
    return found


def _witnesses(captures: CaptureResult) -> Iterator[Witness]:
    """The captures that hold mail requests; of a folder its messages have longer paths."""
    services: dict[str, set[str]] = {}
    tally = captures.tally
    told = [(call.place.path, call.provider) for call in tally.calls()]
    for path, service in (*told, *((skip.place.path, skip.provider) for skip in tally.skips())):
        if service:
            services.setdefault(path, set()).add(service)
    for one in captures.files:
        if not isinstance(one.form, Format):
            continue
        inner = {one.path} & services.keys() or {name for name in services if name.startswith(f"{one.path}/")}
        if inner:
            mailed = frozenset().union(*(services[name] for name in inner))
            yield Witness(one.path, one.real, one.form, mailed, capture.loose(one.real, one.form))


def _tests(plan: Plan) -> Iterator[Callable[[], bytes]]:
    """The files that may say by what cassettes are matched: Python, and Ruby where git lists it."""
    root = plan.tree.root
    for file in plan.all_python():
        yield file.read
    for _, name in git.files(root) or ():
        if name.endswith(".rb") and (root / name).is_file():
            yield (root / name).read_bytes


def _senders(plan: Plan, looked: Looked, services: set[str]) -> dict[str, frozenset[str]]:
    """For each service the files whose code mails through it; where no code was read, those that name it."""
    told: Iterable[tuple[str, str]]
    if looked.code is not None:
        told = ((call.provider, call.place.path) for call, _ in looked.code.tally.calls())
    else:
        # Plain mail is sent by any file that names any library: without its calls nothing can be said.
        told = _naming(plan, (services & providers().keys()) - {*PLAIN_MAIL})
    files: dict[str, set[str]] = {}
    for name, path in told:
        files.setdefault(name, set()).add(path)
    return {name: frozenset(path for path in paths if not discover.is_test_code(path)) for name, paths in files.items()}


def _naming(plan: Plan, services: Set[str]) -> Iterator[tuple[str, str]]:
    """The files that name a service, each with it."""
    for file in plan.all_python() if services else ():
        with contextlib.suppress(OSError):
            data = file.read()
            yield from ((name, file.path) for name in services if _names(providers()[name].library, data))


def _names(library: Library, data: bytes) -> bool:
    """Whether a file names a library, as the scanner looks for it."""
    return any(all(holds(word.encode(), data) for word in token.split(" & ")) for token in library.tokens)
