"""``--jobs`` shares the work between processes and changes nothing: not the report, not its bytes, not what is remembered."""

from __future__ import annotations

import functools
import multiprocessing
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard import cli, discover
from mailguard.gate.callers import open_to_callers
from mailguard.gate.shelves import libraries, reporters
from mailguard.hosts import NO_HOSTS
from mailguard.source import crew
from mailguard.source.crew import Crew
from mailguard.source.interpret.machine import Machine
from mailguard.source.roots import Outcome, Task
from mailguard.source.scan import SourceFile, scan

CASES = Path(__file__).parents[1] / "scan" / "cases"

HEAD = "from django.core.mail import EmailMessage, send_mail\nfrom shop.models import User\n"
PIECES = [
    "def tell{i}(people):\n    send_mail('s', 't', None, people)\n",
    "def pass{i}(people, *rest):\n    tell{j}(people)\n",
    "def turn{i}(people):\n    return pass{j}(people) if people else STAFF{j}\n",
    "def view{i}(request):\n    pass{j}([user.email for user in User.objects.all()])\n",
    "def one{i}(request):\n    m{j}.tell{j}([request.user.email])\n",
    "class Box{i}(EmailMessage):\n    def readers(self):\n        return STAFF{j}\n\n    def go(self):\n        self.to = self.readers()\n        self.send()\n",
    "class Sub{i}(m{j}.Box{j}):\n    def readers(self):\n        return list(User.objects.values_list('email', flat=True))\n",
    "def box{i}(people):\n    box = Box{j}('s', 't', to=people)\n    box.go()\n    return box\n",
    "STAFF{i} = ['a@example.com'] + STAFF{j}\n",
    "HOOKS{i} = [tell{j}]\nm{j}.HOOKS{j}.append(pass{j})\n",
    "def hooked{i}(people):\n    for hook in HOOKS{j}:\n        hook(people)\n",
    "def made{i}():\n    message = EmailMessage('s', 't')\n    message.to = m{j}.turn{j}(STAFF{i})\n    return message\n",
    "def sent{i}():\n    made{j}().send()\n",
    "if STAFF{j}:\n    box{j}([user.email for user in User.objects.all()])\n",
    "people{i} = open('people.txt').read().split(',')\ndef late{i}():\n    return tell{j}(people{i})\n",
]
NAMES = re.compile(r"\b(?:tell|pass|turn|Box|box|STAFF|HOOKS|made|people)(\d)\b")


@st.composite
def programs(draw: st.DrawFn) -> dict[str, str]:
    """Files that import each other, in circles too."""
    count = draw(st.integers(2, 4))
    numbers = st.integers(0, count - 1)
    files = {"shop/__init__.py": "", "shop/models.py": "class User: pass\n"}
    for number in range(count):
        body = ""
        for piece in draw(st.lists(st.sampled_from(PIECES), min_size=2, max_size=6, unique=True)):
            body += piece.format(i=number, j=draw(numbers)) + "\n"
        wanted = {found.group(): found[1] for found in NAMES.finditer(body) if f"m{found[1]}." not in body}
        imports = "".join(
            f"from shop.m{home} import {name}\n" for name, home in sorted(wanted.items()) if home != str(number)
        )
        imports += "".join(f"from shop import m{home}\n" for home in sorted(set(re.findall(r"\bm(\d)\.", body))))
        files[f"shop/m{number}.py"] = HEAD + imports + body
    return files


def looked(files: dict[str, str], jobs: int | None = 1) -> list[str]:
    """All that a scan comes to, with the way of each value."""
    sources = [SourceFile(path, text.encode) for path, text in files.items()]
    known = libraries()
    asked = functools.partial(open_to_callers, hosts=NO_HOSTS)
    found = scan(sources, known, asked, is_test=discover.is_test_code, jobs=jobs, debug=jobs == 1)
    return [
        *(repr((sorted(one.loops), replace(one, loops=frozenset()))) for one in found.dispatches),
        *map(repr, (found.skips, found.files, found.files_read, sorted(found.loud), sorted(found.words))),
        repr(sorted(found.naming)),
    ]


def forget(machine: Machine) -> None:
    """Forget what modules hold, as a process that was started just now."""
    for kept in (machine._loaded, machine._heap, machine._frames, machine._paths):  # no user needs that
        kept.clear()


quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


SHARED = {
    "what one run of a helper came to at the end of its budget": {
        "a.py": "from django.core.mail import send_mail\n"
        + "".join(f"def deep{n}(x):\n    return deep{n + 1}(x)\n" for n in range(6))
        + "def deep6(x):\n    return 'x@example.com,y@example.org'\n"
        "def first(request):\n    send_mail('s', 't', None, [deep0(1)])\n"
        "def second(request):\n    send_mail('s', 't', None, [deep3(1)])\n",
    },
    "what one module puts into a list of another": {
        "hooks.py": "HOOKS = ['z@example.com']\n",
        "a.py": "from django.core.mail import send_mail\nfrom hooks import HOOKS\nHOOKS.append('a@example.org')\n"
        "def first(request):\n    send_mail('s', 't', None, [request.user.email])\n",
        "b.py": "from django.core.mail import send_mail\nimport hooks\n"
        "def second(request):\n    send_mail('s', 't', None, hooks.HOOKS)\n",
    },
    "modules that need each other": {
        "a.py": "from django.core.mail import send_mail\nimport b\nALL = b.SOME + ['c@example.com']\nONE = ['a@example.com']\n"
        "def first(request):\n    send_mail('s', 't', None, ALL)\n",
        "b.py": "from django.core.mail import send_mail\nimport a\nSOME = a.ONE + ['b@example.org']\n"
        "def second(request):\n    send_mail('s', 't', None, SOME)\n",
        "c.py": "from django.core.mail import send_mail\nimport a, b\n"
        "def third(request):\n    send_mail('s', 't', None, a.ALL)\n\ndef fourth(request):\n    send_mail('s', 't', None, b.SOME)\n",
    },
    "classes of modules that need each other": {
        "a.py": "from django.core.mail import send_mail\nimport b\nclass Kept(b.Base):\n    people = ['a@example.com', 'b@example.org']\n"
        "    def go(self):\n        send_mail('s', 't', None, self.people)\n",
        "b.py": "from django.core.mail import send_mail\nimport a\nclass Base:\n    pass\n\n"
        "def made():\n    a.Kept().go()\nTABLE = {'kept': a.Kept}\n\ndef second(request):\n    TABLE['kept']().go()\n",
    },
}


@pytest.mark.parametrize("about", SHARED)
def test_no_root_knows_of_another(about: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(self: Crew, tasks: Sequence[Task]) -> list[Outcome]:
        # Each by a process of its own, as it were: nothing was run there before.
        outcomes = []
        for task in tasks:
            forget(self.runner.machine)
            outcomes.append(self.runner.run(task))
        return outcomes

    def backwards(self: Crew, tasks: Sequence[Task]) -> list[Outcome]:
        return [self.runner.run(task) for task in tasks[::-1]][::-1]

    usual = looked(SHARED[about])
    assert sum("Dispatch" in one for one in usual) >= 1
    for run in (alone, backwards):
        with monkeypatch.context() as patched:
            patched.setattr(Crew, "run", run)
            assert looked(SHARED[about]) == usual


@given(files=programs(), seed=st.integers(0, 9))
@quick
def test_the_order_in_which_roots_are_run_changes_nothing(
    files: dict[str, str], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    randomness = random.Random(seed)

    def shuffled(self: Crew, tasks: Sequence[Task]) -> list[Outcome]:
        order = list(range(len(tasks)))
        randomness.shuffle(order)
        outcomes = {}
        for number in order:
            if randomness.random() < 0.5:
                forget(self.runner.machine)
            outcomes[number] = self.runner.run(tasks[number])
        return [outcomes[number] for number in range(len(tasks))]

    usual = looked(files)
    with monkeypatch.context() as patched:
        patched.setattr(Crew, "run", shuffled)
        assert looked(files) == usual


@given(files=programs())
@settings(quick, max_examples=12)
def test_the_number_of_processes_changes_nothing(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "FEW", 1)
    usual = looked(files)
    for jobs in (2, 3):
        assert looked(files, jobs) == usual


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All programs of the scan's cases, each in a folder."""
    root = tmp_path_factory.mktemp("cases") / "tree"
    for case in CASES.glob("*.txt"):
        _, *parts = re.split(r"^=== (.+)\n", case.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for path, code in zip(parts[::2], parts[1::2], strict=True):
            file = root / case.stem / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(code, encoding="utf-8")
    return root


def test_every_output_of_a_large_program_is_that_of_one_process(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tree)
    monkeypatch.setenv("MAILGUARD_CACHE_DIR", str(tmp_path / "cache"))
    taken: list[int] = []
    usual = Crew._take  # to see that helpers did work
    monkeypatch.setattr(
        Crew, "_take", lambda self, answer: (taken.append(len(answer.outcomes)), usual(self, answer))[1]
    )
    forms = sorted(reporters())
    outputs = [f"--output={form}={tmp_path / form}" for form in forms]
    said = set()
    for jobs in ("1", "2", "3"):
        code = cli.run(["check", "--no-cache", "--isolated", *outputs, "--jobs", jobs, "."])
        said.add((code, *capsysbinary.readouterr(), *((tmp_path / form).read_bytes() for form in forms)))
    assert len(said) == 1
    assert all(len(text) > 1000 for text in list(said.pop())[3:])
    assert sum(taken) > 20


@pytest.fixture(scope="module")
def some(tree: Path) -> dict[str, str]:
    """The programs of every third case: enough of them that helpers get work."""
    folders = sorted(tree.iterdir())[::3]
    return {
        file.relative_to(tree).as_posix(): file.read_text("utf-8")
        for folder in folders
        for file in folder.rglob("*.py")
    }


@pytest.fixture(scope="module")
def by_one(some: dict[str, str]) -> list[str]:
    """What one process says of them."""
    return looked(some)


def test_a_helper_that_dies_costs_time_and_nothing_else(
    some: dict[str, str], by_one: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    died = multiprocessing.Value("i", 0)

    def dying(self: Crew, orders: object) -> object:
        with died.get_lock():
            died.value += 1
        raise EOFError

    monkeypatch.setattr(Crew, "_answer", dying)
    assert looked(some, 3) == by_one
    assert died.value > 0


def test_outcomes_that_no_pipe_takes_are_worked_out_here(
    some: dict[str, str], by_one: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Crew._answer
    stuck = (lambda: None,)
    monkeypatch.setattr(
        Crew, "_answer", lambda self, orders: answer(self, orders)._replace(outcomes=stuck * len(orders))
    )
    assert looked(some, 2) == by_one


@pytest.mark.parametrize(("worth", "helped"), [(0.0, True), (1e-9, True), (1e9, False)])
def test_as_many_processes_as_pay_change_nothing(
    monkeypatch: pytest.MonkeyPatch, worth: float, *, helped: bool
) -> None:
    body = "".join(
        f"def tell{number}(users):\n    send_mail('s', 't', None, [u.email for u in users.all()][:{number}])\n"
        for number in range(12)
    )
    files = {"a.py": f"from django.core.mail import send_mail\n{body}"}
    asked: list[int] = []
    hire = Crew._hire
    monkeypatch.setattr(crew, "processors", lambda: 2)
    monkeypatch.setattr(crew, "WORTH", worth)
    monkeypatch.setattr(Crew, "_hire", lambda self: asked.append(self.jobs) or hire(self))
    assert looked(files, None) == looked(files, 1)
    assert (asked != []) is helped
