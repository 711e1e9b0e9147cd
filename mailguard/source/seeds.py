"""Which functions of a file are worth running, by the names in them; and what the code of a file names, for that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from mailguard.model.provider import Library
from mailguard.source import tree as t
from mailguard.source.project import Module

__all__ = [
    "EVERYDAY",
    "Chain",
    "Sinks",
    "bound",
    "chains",
    "ends_in",
    "mentions_any",
    "module_mentions",
    "names_mail",
    "names_of",
    "returns",
    "sinks_of",
    "starts_in",
]

Chain: TypeAlias = tuple[t.Class | t.Func, ...]
"""The way from the top level of a file to a function: the classes around it, and itself."""


@dataclass(frozen=True, slots=True)
class Sinks:
    """Names that tell which functions of a file are worth running."""

    roots: frozenset[str]
    """Top-level packages that are modelled: what is imported from them is hot."""
    paths: frozenset[str]
    """Dotted names of modelled things."""
    sends: frozenset[str]
    """Names of methods and functions that send by their name."""
    web: frozenset[str]
    """Names of methods that make web requests; they count in files that name a mail service."""

    def imported(self, module: Module) -> set[str]:
        """Names that a file imports out of modelled packages."""
        imported: set[str] = set()
        for node in t.statements(module.body):
            if isinstance(node, t.From) and not node.level and node.module.split(".", 1)[0] in self.roots:
                for name, alias in node.names:
                    path = f"{node.module}.{name}"
                    if path in self.paths or any(known.startswith(f"{path}.") for known in self.paths):
                        imported.add(alias or name)
                    elif name == "*":
                        imported |= {
                            known.rsplit(".", 1)[-1] for known in self.paths if known.startswith(f"{node.module}.")
                        }
        return imported

    def _is_for_much_else(self, root: str) -> bool:
        """Whether all that is modelled of a package lies in packages within it, as ``django.core.mail`` does."""
        return root in _CARRIERS or all(path.count(".") > 1 for path in self.paths if path.startswith(f"{root}."))

    def _names_leaf(self, module: Module, root: str) -> bool:
        """Whether a file names one of the modelled things of a package that is used for much else."""
        leaves = {path.rpartition(".")[2].encode() for path in self.paths if path.startswith(f"{root}.")}
        return any(leaf in module.names() for leaf in leaves)

    def hot(self, module: Module) -> set[str]:
        """Names that a file binds to modelled things, and the names that send wherever they stand."""
        names = set(self.sends) | self.web
        names |= starts_in(module) | ({"popen", "Popen"} if starts_in(module) else set())
        imported = self.imported(module)
        for node in t.statements(module.body):
            if isinstance(node, t.Import):
                for dotted, alias in node.names:
                    root = dotted.split(".", 1)[0]
                    # `import logging` is a sign of mail where the file names the handler that mails; `import django`
                    # where it names what sends there.
                    if f"{dotted}.".startswith(_TEXTUAL) and not self._names_leaf(module, root):
                        continue
                    if root in self.roots and (not self._is_for_much_else(root) or self._names_leaf(module, root)):
                        names.add(alias or root)
        names |= imported
        top = {*module.body, *(node for cls in module.body if isinstance(cls, t.Class) for node in cls.body)}
        for node in t.statements(module.body):
            # self.client = Client(...): what is called on it is a mail call. self.user = request.user is none.
            if isinstance(node, t.Assign) and node.value is not None and _binds(node.value, names - self.sends):
                for target in node.targets:
                    if isinstance(target, t.Attr):
                        names.add(target.name)
                    elif isinstance(target, t.Name) and node in top:
                        names.add(target.id)
            elif (
                isinstance(node, t.Assign)
                and node in top
                and node.value is not None
                and mentions_any(node.value, imported)
            ):
                # TABLE = {"mail": send_mail}: whoever asks it may call that.
                names |= {target.id for target in node.targets if isinstance(target, t.Name)}
        return names


EVERYDAY: Final = frozenset({"put", "request", "Request", "fetch"})
"""Names of methods that make web requests, and of many another thing."""
_WEB: Final = EVERYDAY | set(
    "post urlopen fetch_url open_url post_json http_post api_call call_api make_request".split()
)
_SENDS: Final = re.compile(r"a?send|deliver|email_user|mail_admins|mail_managers", re.IGNORECASE)
_STARTS: Final = frozenset("system run call check_call check_output getoutput getstatusoutput".split())
_STARTER: Final = re.compile(rb"\bsubprocess\b|\bpopen\b|\bos\.system\b")
_MAIL_PROGRAM: Final = re.compile(rb"sendmail\b(?!\()|\bmailx\b|\bmail -|[\"\'](?:/usr/s?bin/)?mail[\"\']|\bmutt\b")
"""What a file mentions that starts a mail program by one of ``_STARTS``; others start programs that are none."""
_TEXTUAL: Final = ("email.utils.", "email.Utils.", "email.header.", "email.Header.", "email.headerregistry.")
"""Modelled, as they word and read addresses and header lines; none of them makes or sends a message."""
_CARRIERS: Final = frozenset(
    "io StringIO cStringIO json base64 string subprocess os http urllib urllib2 urllib3 httplib logging six flask google requests httpx aiohttp tornado orjson ujson "
    "simplejson rapidjson anyjson authlib cloudscraper curl_cffi grequests requests_futures requests_oauthlib "
    "requests_toolbelt python_http_client".split()
)
"""Packages that are modelled for what they carry; using one is no sign of mail."""


def starts_in(module: Module) -> frozenset[str]:
    """The names by which a file may start a mail program; they are everyday names, and count in such a file alone."""
    data = module.names()
    return _STARTS if _STARTER.search(data) and _MAIL_PROGRAM.search(data) else frozenset()


def sinks_of(libraries: Iterable[Library]) -> Sinks:
    """The names by which the modelled libraries are used."""
    paths: set[str] = set()
    sends: set[str] = set()
    for library in libraries:
        for function in library.functions:
            paths |= set(function.paths)
        for cls in library.classes:
            paths |= set(cls.PATHS)
            sends |= {name for name in dir(cls) if not name.startswith("_") and _SENDS.match(name)}
    sends |= {name for name in (path.rsplit(".", 1)[-1] for path in paths) if name.islower() and _SENDS.match(name)}
    paths = {path for path in paths if path.split(".", 1)[0] not in _CARRIERS or path.startswith("logging.handlers.")}
    paths = {path for path in paths if not path.startswith(_TEXTUAL)}
    return Sinks(frozenset(path.split(".", 1)[0] for path in paths), frozenset(paths), frozenset(sends), _WEB)


def chains(body: Iterable[t.Stmt], outer: Chain) -> Iterator[Chain]:
    """Every function below ``outer`` that can be a root: of the top level and of classes."""
    for node in body:
        if isinstance(node, t.Func):
            yield (*outer, node)
        elif isinstance(node, t.Class):
            yield from chains(node.body, (*outer, node))
        else:
            for block in t.blocks(node):
                yield from chains(block, outer)


def module_mentions(body: Iterable[t.Stmt], *names: str) -> bool:
    """Whether the top level itself, outside functions and classes, mentions one of ``names``."""
    wanted = set(names)
    return any(mentions_any(node, wanted) for node in body if not isinstance(node, (t.Func, t.Class, t.Import, t.From)))


def mentions_any(node: object, wanted: set[str]) -> bool:
    """Whether code mentions one of ``wanted``, outside functions and classes within it."""
    return any(name in wanted for name in names_of((node,)))


def names_of(nodes: Iterable[object]) -> Iterator[str]:
    """The names and attributes that code mentions, outside functions and classes within it."""
    stack: list[object] = list(nodes)
    while stack:
        current = stack.pop()
        if isinstance(current, t.Name):
            yield current.id
        elif isinstance(current, t.Attr):
            yield current.name
            stack.append(current.value)
        elif isinstance(current, (t.Func, t.Class)):
            continue
        elif isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__slots__") and not isinstance(current, (str, t.Const)):
            stack.extend(getattr(current, name) for name in current.__slots__ if name != "at")


def names_mail(node: t.Func, hot: set[str]) -> bool:
    """Whether a function names something of ``hot``; an everyday name only counts where it is called.

    ``request`` is what a view gets far more often than a method that makes one.
    """
    found = hot & node.names
    if found and not _TESTS.isdisjoint(node.names):
        found &= _beyond_tests(node)
    return bool(found - EVERYDAY) or (bool(found) and _calls(node.body, found))


_TESTS: Final = frozenset({"isinstance", "issubclass"})


def _beyond_tests(node: t.Func) -> set[str]:
    """The names that a function mentions, those left out that only tell of which class a thing is: it makes none of them."""
    found: set[str] = set()
    tested: set[str] = set()
    stack: list[object] = [node.body]
    while stack:
        current = stack.pop()
        if isinstance(current, t.Name):
            found.add(current.id)
        elif isinstance(current, t.Attr):
            found.add(current.name)
            stack.append(current.value)
        elif isinstance(current, t.Call) and ends_in(current.func) in _TESTS and len(current.args) == 2:
            stack.append(current.args[0])
            tested.update(names_of((current.args[1].value,)))
        elif isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__slots__") and not isinstance(current, (str, t.Const)):
            stack.extend(getattr(current, name) for name in current.__slots__ if name != "at")
    return set(node.names) - (tested - found)


def _calls(body: Iterable[t.Stmt], names: set[str]) -> bool:
    stack: list[object] = list(body)
    while stack:
        current = stack.pop()
        if isinstance(current, t.Call):
            # `retry(session.request, url)` calls it as well; `render(request)` hands on what a view got.
            handed = [each.value for each in current.args if isinstance(each.value, t.Attr) and not _own(each.value)]
            if any(ends_in(each) in names for each in (current.func, *handed)):
                return True
        if isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__slots__") and not isinstance(current, (str, t.Const)):
            stack.extend(getattr(current, name) for name in current.__slots__ if name != "at")
    return False


def _binds(value: t.Expr, names: set[str]) -> bool:
    """Whether a value that is kept mentions a name; an everyday name where the method is kept: ``requests.request``."""
    handed = [each.value for each in value.args] if isinstance(value, t.Call) else []
    kept = [each for each in (value, *handed) if isinstance(each, t.Attr) and not _own(each)]
    return mentions_any(value, names - EVERYDAY) or any(each.name in names for each in kept)


def ends_in(node: t.Expr) -> str:
    """The name that an expression ends in; empty for what has none."""
    return node.id if isinstance(node, t.Name) else node.name if isinstance(node, t.Attr) else ""


def _own(node: t.Attr) -> bool:
    return isinstance(node.value, t.Name) and node.value.id == "self"


def returns(body: Iterable[t.Stmt]) -> bool:
    """Whether a function gives something back."""
    return any(isinstance(node, t.Return) and node.value is not None for node in t.statements(body))


def bound(body: Iterable[t.Stmt]) -> Iterator[str]:
    """The names that the body of a class defines."""
    for node in body:
        if isinstance(node, (t.Func, t.Class)):
            yield node.name
            if isinstance(node, t.Func) and node.name == "__init__":
                # What it sets on the object stands before what the class has.
                yield from node.names
        elif isinstance(node, t.Assign):
            yield from (target.id for target in node.targets if isinstance(target, t.Name))
