"""Who may call a root: found by names, over the bytes of all files; whether it really calls is what running it shows."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from mailguard.model.finding import Skip, SkipReason
from mailguard.model.place import Place
from mailguard.source import tree as t
from mailguard.source.handed import Registries
from mailguard.source.importing import imports, names_word, passes_on
from mailguard.source.interpret.guessing import BY_NAME
from mailguard.source.interpret.machine import Machine
from mailguard.source.project import Module, Project
from mailguard.source.roots import GENERIC, Root
from mailguard.source.seeds import Chain, bound, chains, ends_in, mentions_any, module_mentions
from mailguard.source.shared import Shared
from mailguard.source.uses import mentions

__all__ = ["AND", "CALLERS_LIMIT", "Callers"]

AND: Final = " & "
"""Between the parts of a text that is looked for in all files."""
CALLERS_LIMIT: Final = 15
"""Files that name a function, above which they must name its module or class as well."""
ROOTS_LIMIT: Final = 60
"""Callers of one function that are run; with more, each further one costs time and tells little."""
HEIRS_LIMIT: Final = 200
"""Subclasses of one class whose own ways are looked at."""
PACKAGES: Final = 2
"""So many packages in a row that pass a name on."""


@dataclass
class Callers:
    """The roots of a project, and which of them may call which."""

    project: Project
    machine: Machine
    is_test: Callable[[str], bool]
    roots: dict[tuple[Module, Chain], Root] = field(default_factory=dict)
    functions: dict[Module, list[Chain]] = field(default_factory=dict)
    mentions: dict[str, list[Module]] = field(default_factory=dict)
    """By a name that was searched for: the files that hold it."""
    cut: set[int] = field(default_factory=set)
    """Roots with more callers than are run."""
    known: dict[int, list[Root]] = field(default_factory=dict)
    stems: dict[tuple[str, Module], list[str]] = field(default_factory=dict)
    objects: dict[str, frozenset[str]] = field(default_factory=dict)
    skips: list[Skip] = field(default_factory=list)
    """What was not run, as there is too much of it."""
    users: dict[tuple[Module, Chain, t.Class, str], Root] = field(default_factory=dict)
    """Makers of objects of a class, by the class and the method that is called on what they make."""

    def __post_init__(self) -> None:
        """Set up what looks for registries and for shared containers."""
        self.registries = Registries(self.files_naming)
        self.shared = Shared(self.files_naming, self.files_setting, self.chains)
        self.machine.takers, self.machine.fills = self.shared.takers, self.shared.fills
        self.machine.assigns, self.machine.commands = self.shared.assigns, self.shared.commands

    def root(self, module: Module, chain: Chain, home: Module | None = None) -> Root:
        """The root at ``chain`` of ``module``; ``home`` is the file of the function where that is another one."""
        key = (module, chain)
        if key not in self.roots:
            self.roots[key] = Root(module, chain, home or module)
        return self.roots[key]

    def using(self, maker: Root, root: Root) -> Root:
        """``maker``, run so that the method of ``root`` is called on each object of its class that it makes."""
        cls = root.chain[0]
        assert isinstance(cls, t.Class)  # noqa: S101  # only methods are asked about
        key = (maker.module, maker.chain, cls, root.name)
        if key not in self.users:
            self.users[key] = Root(maker.module, maker.chain, maker.home, used=(root.module, cls, root.name))
        return self.users[key]

    def chains(self, module: Module) -> list[Chain]:
        """Every function of a file that can be a root: of the top level and of classes."""
        if module not in self.functions:
            self.functions[module] = list(chains(module.body, ()))
        return self.functions[module]

    def as_subclasses(self, root: Root) -> list[Root]:
        """A method as those subclasses have it that override what it, or the methods beside it, ask of ``self``."""
        if self.machine.methods is None or len(root.chain) != 2 or self.is_test(root.module.path):
            return []
        cls, method = root.chain
        if not isinstance(cls, t.Class) or not isinstance(method, t.Func):
            return []
        hooks: set[str] = set()
        for node in cls.body:
            if isinstance(node, t.Func):
                hooks |= node.names
        found = []
        heirs = self.machine.methods.subclasses(cls.name, HEIRS_LIMIT + 1)
        for module, heir in heirs[:HEIRS_LIMIT]:
            own = set(bound(heir.body))
            if method.name not in own and not own.isdisjoint(hooks):
                found.append(self.root(module, (heir, method), root.home))
        if len(heirs) > HEIRS_LIMIT:
            self.skips.append(Skip(SkipReason.BUDGET, Place(root.module.path, method.at.line), root.symbol))
        return found

    def of(self, root: Root) -> list[Root]:
        """Functions that may lead to the root; looked for once."""
        if id(root) not in self.known:
            self.known[id(root)] = self._find_callers(root)
        return self.known[id(root)]

    def _find_callers(self, root: Root) -> list[Root]:
        """Functions that name the root, its class, or a subclass of it: they may lead to it."""
        if not root.chain:
            return []
        result: dict[tuple[Module, Chain], Root] = {}
        names = [root.name] if root.name not in {"__init__", "__call__", "__new__"} else []
        names += [node.name for node in root.chain[:-1] if isinstance(node, t.Class)]
        if root.name == "run" and len(names) > 1:
            # Whoever starts a thread or a task names its class.
            names = names[1:]
        if root.name in {"__init__", "__call__", "__new__"} and len(root.chain) == 1:
            return []
        if isinstance(root.chain[0], t.Func) and root.name == "<lambda>":
            return []
        names = names[:1] if root.name in names else names
        names += self._aliases(names)
        kept = self._kept(names)
        for name in (*names, *kept):
            # A name as common as `process` is a call of this one only where its class or module is named as well.
            stems = self._stems(name, root.module)
            common = name in GENERIC or len(self._naming(name, root)) > CALLERS_LIMIT
            hints = self._hints(root).union(stems) if common else set()
            self.lead(name, root.module)
            for module in self._naming(name, root):
                imported = common and any(imports(module.imports(), stem) for stem in stems)
                for chain in self.chains(module):
                    node = chain[-1]
                    if (
                        isinstance(node, t.Func)
                        and (name in node.names or _is_wrapped(node, name))
                        and (not common or imported or module is root.module or not hints.isdisjoint(node.names))
                        and not (module is root.module and chain == root.chain)
                    ):
                        result[(module, chain)] = self.root(module, chain)
                        self.machine.nearby.add(module, [name])
                if module_mentions(module.body, name):
                    result[(module, ())] = self.root(module, ())
                    self.machine.nearby.add(module, [name])
        for one in (*self._through_holders(root), *self._through_containers(root)):
            result[(one.module, one.chain)] = one
        if len(result) > ROOTS_LIMIT:
            self.cut.add(id(root))
        return list(result.values())[:ROOTS_LIMIT]

    def lead(self, name: str, home: Module) -> None:
        """Let a name count as leading to a mail call: an everyday one in the file that has it, and in those that import it."""
        if name in GENERIC or len(self.files_naming(name)) > CALLERS_LIMIT:
            self.machine.nearby.add(home, [name])
        else:
            self.machine.relevant.add(name)

    def _through_holders(self, root: Root) -> Iterator[Root]:
        """Functions that may call what a registry, a signal, a task queue or a setting holds, where the root is in one."""
        if len(root.chain) == 2 and isinstance(root.chain[0], t.Class):
            for base in root.chain[0].bases:
                yield from self._naming_both(mentions(base), "__subclasses__")
        for holder in self.registries.holders(root.module, root.chain):
            kept = self.machine.registered.setdefault(holder.name, {})
            kept[root.module, root.chain[0].name] = holder.home
            if "." in holder.name:
                self.machine.relevant |= BY_NAME
                for name in sorted(BY_NAME):
                    for module in self.files_naming(name)[:CALLERS_LIMIT]:
                        if holder.name.encode() in module.names():
                            yield from self._naming_in(module, name)
                continue
            self.machine.relevant.add(holder.name)
            for module in self.files_naming(holder.name)[: CALLERS_LIMIT * 4]:
                if (
                    holder.home is None
                    or module is holder.home
                    or imports(module.imports(), holder.home.name.rsplit(".", 1)[-1])
                ):
                    yield from self._naming_in(module, holder.name, root)

    def _through_containers(self, root: Root) -> Iterator[Root]:
        """Functions that put something into a container out of which the root takes it."""
        node = root.chain[-1]
        for name in sorted(self.shared.taken_by(node)) if isinstance(node, t.Func) else ():
            for home in sorted(self.machine.opened.get(name, ()), key=lambda home: home.path):
                for module, chain in self.shared.givers(name, home):
                    self.machine.relevant.add(name)
                    yield self.root(module, chain)

    def _naming_in(self, module: Module, name: str, but: Root | None = None) -> Iterator[Root]:
        """The functions of a file that name something, and its top level."""
        for chain in self.chains(module):
            node = chain[-1]
            if isinstance(node, t.Func) and name in node.names and (but is None or chain != but.chain):
                yield self.root(module, chain)
        if module_mentions(module.body, name):
            yield self.root(module, ())

    def _naming_both(self, names: set[str], other: str) -> Iterator[Root]:
        for module in self.files_naming(other)[:CALLERS_LIMIT]:
            for one in self._naming_in(module, other):
                node = one.chain[-1] if one.chain else None
                if not isinstance(node, t.Func) or not names.isdisjoint(node.names):
                    self.machine.relevant.add(other)
                    yield one

    def _aliases(self, names: list[str]) -> list[str]:
        """Other names under which things called ``names`` are imported: ``from mailer import deliver as tell``."""
        found: set[str] = set()
        for name in names:
            pattern = re.compile(rb"\b%b[ \t]+as[ \t]+([^\W\d]\w*)" % re.escape(name.encode()))
            for module in self.files_naming(name)[: CALLERS_LIMIT * 4]:
                found |= {match[1].decode("utf-8", "replace") for match in pattern.finditer(module.names())}
        found -= {*names, *GENERIC}
        self.machine.relevant |= found
        return sorted(found)

    def _kept(self, names: list[str]) -> list[str]:
        """Names at the top level of files under which things called ``names`` are kept: ``HANDLERS = {"mail": by_mail}``."""
        kept: set[str] = set()
        wanted = set(names)
        for name in names:
            if name in GENERIC:
                continue
            for module in self.files_naming(name)[: CALLERS_LIMIT * 4]:
                classes = (node for cls in module.body if isinstance(cls, t.Class) for node in cls.body)
                for node in (*module.body, *classes):
                    if isinstance(node, t.Assign) and node.value is not None and mentions_any(node.value, wanted):
                        kept |= {target.id for target in node.targets if isinstance(target, t.Name)}
        return sorted(kept - {"__all__"} - wanted - GENERIC)

    def files_naming(self, name: str) -> list[Module]:
        """The files that name something, test code left out; found over bytes."""
        if name not in self.mentions:
            token = name.encode()
            self.mentions[name] = [
                module
                for module in self.project.modules.values()
                if token in module.names() and not self.is_test(module.path) and names_word(module.names(), token)
            ]
        return self.mentions[name]

    def files_setting(self, name: str) -> list[Module]:
        """The files that may set an attribute of a name, test code left out: ``.name =``, ``setattr(x, "name", ...)``.

        Far fewer than name it; what is asked for is what makes a file count, so each spelling is looked for by itself.
        """
        spelled = [f".{name}{sign}" for sign in (" =", "=", "  ", "\t")]
        if spelled[0] not in self.mentions:
            attribute = f".{name}".encode()
            holding = [each for each in self.project.modules.values() if attribute in each.names()]
            for each in spelled:
                token = each.encode()
                self.mentions[each] = [
                    module for module in holding if token in module.names() and not self.is_test(module.path)
                ]
        by_name = [f"setattr({AND}{quote}{name}{quote}" for quote in "'\""]
        if by_name[0] not in self.mentions:
            calling = [each for each in self._with_setattr if not self.is_test(each.path)]
            for each in by_name:
                token = each.partition(AND)[2].encode()
                self.mentions[each] = [module for module in calling if token in module.names()]
        return list(dict.fromkeys(module for each in (*spelled, *by_name) for module in self.mentions[each]))

    @functools.cached_property
    def _with_setattr(self) -> list[Module]:
        return [module for module in self.project.modules.values() if b"setattr(" in module.names()]

    def _naming(self, name: str, root: Root) -> list[Module]:
        found = self.files_naming(name)
        if len(found) > CALLERS_LIMIT or name in GENERIC:
            own, *packages = self._stems(name, root.module)
            hints = [hint.encode() for hint in (*sorted(self._hints(root)), own)]
            found = [
                module
                for module in found
                if module is root.module
                or any(hint in module.names() for hint in hints)
                or any(imports(module.imports(), package) for package in packages)
            ]
        if len(found) > CALLERS_LIMIT * 4:
            self.cut.add(id(root))
        return found[: CALLERS_LIMIT * 4]

    def _stems(self, name: str, home: Module) -> list[str]:
        """What the modules are called from which a file may import ``name``: the one that has it, and packages that pass it on."""
        key = (name, home)
        if key not in self.stems:
            stems = [home.name.rsplit(".", 1)[-1]]
            for _ in range(PACKAGES):
                found = {
                    package.name.rsplit(".", 1)[-1]
                    for package in self._packages
                    if any(passes_on(package.imports(), name, stem) for stem in stems)
                }
                stems += sorted(found.difference(stems))
            self.stems[key] = stems
        return self.stems[key]

    def _hints(self, root: Root) -> set[str]:
        """What a function may name that calls this method of the class, and no other one of that name: the class, an object of it."""
        found: set[str] = set()
        for node in root.chain[:-1]:
            found.add(node.name)
            found |= self._objects_of(node.name) if isinstance(node, t.Class) else set()
        return found

    def _objects_of(self, cls: str) -> frozenset[str]:
        """The names under which objects of a class are kept, and of functions that make one and give it back."""
        if cls not in self.objects:
            names: set[str] = set()
            for module in self.files_naming(cls)[: CALLERS_LIMIT * 4]:
                for node in t.statements(module.body):
                    if isinstance(node, t.Assign) and node.value is not None and _makes(node.value, cls):
                        names |= {target.name for target in node.targets if isinstance(target, t.Attr)}
                        if node in module.body:
                            names |= {target.id for target in node.targets if isinstance(target, t.Name)}
                    elif isinstance(node, t.Func) and cls in node.names and _gives(node.body, cls):
                        names.add(node.name)
            self.objects[cls] = frozenset(names - GENERIC)
        return self.objects[cls]

    @functools.cached_property
    def _packages(self) -> list[Module]:
        """The files of packages that import something."""
        packages = (module for module in self.project.modules.values() if module.is_package)
        return [module for module in packages if b"import" in module.names() and not self.is_test(module.path)]

    def makers_of(self, root: Root) -> list[Root]:
        """Functions that make an object of the root's class, or of one that is derived from it."""
        cls, method = root.chain[0].name, root.chain[-1].name
        names = [cls]
        if self.machine.methods is not None:
            # One that overrides the method does not lead here by its name; where it calls this one, it is a caller.
            heirs = [heir for _, heir in self.machine.methods.subclasses(cls)]
            names += [heir.name for heir in heirs if all(getattr(node, "name", "") != method for node in heir.body)]
        names += self._aliases(names)
        self.machine.relevant.update(names)
        found = [
            one
            for name in dict.fromkeys(names)
            for module in self.files_naming(name)[: CALLERS_LIMIT * 4]
            for one in self._naming_in(module, name, root)
        ]
        # Whoever hands the object on leads here by the name of what gets it.
        self.machine.relevant.update(one.name for one in self.of(root) if one.name and one.name not in GENERIC)
        makers = [one for one in dict.fromkeys(found) if one.chain[:1] != root.chain[:1]]
        if len(makers) > ROOTS_LIMIT or any(len(self.files_naming(name)) > CALLERS_LIMIT * 4 for name in names):
            self.cut.add(id(root))
        return makers[:ROOTS_LIMIT]


def _is_wrapped(node: t.Func, name: str) -> bool:
    """Whether a decorator called ``name`` makes something else of a function, which may send what that gives."""
    return any(name in mentions(decorator) for decorator in node.decorators)


def _makes(value: t.Expr, cls: str) -> bool:
    """Whether a value is a new object of a class, or holds one."""
    return any(isinstance(each, t.Call) and ends_in(each.func) == cls for each in (value, *_parts(value)))


def _parts(value: t.Expr) -> Iterator[t.Expr]:
    if isinstance(value, t.Cond):
        yield from (value.body, value.orelse)
    elif isinstance(value, t.Bool):
        yield from (value.left, value.right)
    elif isinstance(value, t.Call):
        yield from (arg.value for arg in value.args)


def _gives(body: Iterable[t.Stmt], cls: str) -> bool:
    """Whether a function gives back a new object of a class."""
    returned = (node.value for node in t.statements(body) if isinstance(node, t.Return))
    return any(value is not None and _makes(value, cls) for value in returned)
