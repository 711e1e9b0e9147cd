"""Which of the packages that our models and decoders are compared with the tests have, and which they do without, and why."""

from __future__ import annotations

import ast
import functools
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TESTS = Path(__file__).parent

LEFT_OUT = {
    "google": "appengine-python-standard brings gRPC, cryptography and the clients of a cloud; its messages were compared when the model was written",
    "googleapiclient": "114 MB: it carries the description of every service of Google; its MIME is decoded from samples",
    "msgraph": "260 MB in 33,000 files, and five seconds to import; its requests are among the samples",
    "prefect_email": "brings all of Prefect, 120 packages",
    "Products": "Products.MailHost brings all of Zope",
    "pyramid_mailer": "the formats that it writes are compared where it is installed",
}
"""What the tests of this repository skip where it is not installed, by the name that is imported, and why it is no
dependency of theirs. ``pip install --group sdks`` brings what can be had; they pass with it."""

RELEASES = {
    "brevo_python": "brevo-python 1, generated like sib_api_v3_sdk, which the test group has; of brevo-python it has 5",
    "mailersend": "mailersend before 2.0; the test group has 2, and one of them only can be installed",
}
"""Releases of packages that cannot stand beside those of the test group, likewise."""

MAY_BE_SKIPPED = {
    "providers/app_engine/test_app_engine.py::test_the_model_sends_to_whom_the_package_sends": "google",
    "providers/brevo/test_brevo.py::test_a_send_of_a_generated_package_is_what_its_model_says[brevo_python]": "brevo_python",
    "providers/brevo/test_brevo.py::test_bcc_comes_before_cc[brevo_python]": "brevo_python",
    "providers/frameworks/test_frameworks.py::test_prefect": "prefect_email",
    "providers/gmail/test_gmail.py::test_the_real_client_posts_what_the_model_posts": "googleapiclient",
    "providers/graph/test_graph.py::test_a_thousand_people_of_microsofts_package": "msgraph",
    "providers/graph/test_graph.py::test_what_the_package_of_microsoft_sends_is_what_was_asked_of_it": "msgraph",
    "providers/mailersend/test_mailersend.py::test_the_older_package_sends_what_its_model_says": "mailersend",
    "providers/plone/test_plone.py::test_mailhost": "Products",
    "providers/pyramid_mailer/test_pyramid_mailer.py::test_the_model_sends_what_the_package_sends": "pyramid_mailer",
}
"""Every test that may be skipped where all packages of the test group are, with what it lacks. Any other one fails there:
see ``pytest_runtest_makereport`` of ``conftest.py``."""

SYSTEMS = {
    "test_discover.py::test_a_name_that_is_no_text_is_printed_with_escapes": "other systems insist on names that are text",
    "cli/test_process.py::test_a_name_that_is_no_text_can_be_named": "likewise",
    "cli/test_process.py::test_what_a_shell_does_to_the_streams_is_one_line_and_a_code": "not every system has a full device",
}
"""Tests that only one system can run."""


def is_excused(nodeid: str) -> bool:
    """Whether a test is among those that may be skipped."""
    name = nodeid.partition("tests/")[2]
    return name in MAY_BE_SKIPPED or (sys.platform != "linux" and name.partition("[")[0] in SYSTEMS)


DISTRIBUTIONS = {
    "brevo": "brevo-python",
    "brevo_python": "brevo-python",
    "django": "django",
    "anymail": "django-anymail",
    "flask_mail": "flask-mail",
    "flask_mailman": "flask-mailman",
    "mailjet_rest": "mailjet-rest",
    "fastapi_mail": "fastapi-mail",
    "loops_sdk": "loops-sdk",
    "sib_api_v3_sdk": "sib-api-v3-sdk",
    "vcr": "vcrpy",
    "mailchimp_transactional": "mailchimp-transactional",
}
"""The names of packages where they are imported by another."""


def group(name: str) -> set[str]:
    """The packages of a dependency group, in their comparing form."""
    content = tomllib.loads((TESTS.parent / "pyproject.toml").read_text("utf-8"))
    entries: list[Any] = content["dependency-groups"][name]
    return {
        re.sub(r"[-_.]+", "-", re.split(r"[<>=\[; ]", entry)[0]).lower() for entry in entries if isinstance(entry, str)
    }


@functools.cache
def skipped() -> frozenset[tuple[str, str]]:
    """What the tests skip without, and where that is said."""
    return frozenset(_skipped())


def _skipped() -> Iterator[tuple[str, str]]:
    for file in sorted(TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "importorskip"
                and isinstance(node.args[0], ast.Constant)
            ):
                name = str(node.args[0].value).partition(".")[0]
                if name not in sys.stdlib_module_names:  # not on every system, but no package
                    yield name, f"{file.relative_to(TESTS)}:{node.lineno}"


def distribution(name: str) -> str:
    return DISTRIBUTIONS.get(name, name.replace("_", "-").lower())


def test_every_test_that_may_be_skipped_has_its_package_or_a_reason() -> None:
    has = group("test")
    missing = [
        f"{name} ({where})"
        for name, where in sorted(skipped())
        if name not in LEFT_OUT and distribution(name) not in has
    ]
    assert not missing, (
        "skipped in silence for want of a package: add it to the test group or to LEFT_OUT, with the reason"
    )


def test_nothing_is_left_out_that_is_there_or_unknown() -> None:
    has, named = group("test"), {name for name, _ in skipped()}
    assert not [name for name in LEFT_OUT if distribution(name) in has]
    assert not LEFT_OUT.keys() - named
    assert not {name for name, _ in skipped() if name in DISTRIBUTIONS and distribution(name) not in has}


def test_what_may_be_skipped_is_there_and_lacks_what_is_left_out() -> None:
    assert set(MAY_BE_SKIPPED.values()) == LEFT_OUT.keys() | RELEASES.keys()
    for name in (*MAY_BE_SKIPPED, *SYSTEMS):
        file, _, test = name.partition("[")[0].partition("::")
        tree = ast.parse((TESTS / file).read_bytes())
        assert any(isinstance(node, ast.FunctionDef) and node.name == test for node in tree.body), name


@pytest.mark.parametrize(("test", "fails"), [("test_prefect", False), ("test_of_something_else", True)])
def test_what_is_skipped_without_an_excuse_fails(test: str, fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from . import conftest

    def skipped_one() -> pytest.TestReport:
        nodeid = f"tests/providers/frameworks/test_frameworks.py::{test}"
        return pytest.TestReport(nodeid, (nodeid, 1, test), {}, "skipped", (nodeid, 1, "Skipped: no package"), "call")

    monkeypatch.delenv("MAILGUARD_ALL_PACKAGES", raising=False)
    assert conftest.strict(skipped_one()).skipped
    monkeypatch.setenv("MAILGUARD_ALL_PACKAGES", "1")
    assert conftest.strict(skipped_one()).failed is fails


@pytest.mark.skipif(
    "MAILGUARD_ALL_PACKAGES" not in os.environ, reason=".ci/run sets it: there nothing is skipped in silence"
)
def test_every_package_of_the_test_group_can_be_imported() -> None:
    names = {name for name, _ in skipped()} - LEFT_OUT.keys()
    assert not [name for name in names if importlib.util.find_spec(name) is None]
