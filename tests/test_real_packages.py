"""Which of the packages that our models and decoders are compared with the tests have, and which they do without, and why."""

from __future__ import annotations

import ast
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


def skipped() -> Iterator[tuple[str, str]]:
    """What the tests skip without, and where that is said."""
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
        f"{name} ({where})" for name, where in skipped() if name not in LEFT_OUT and distribution(name) not in has
    ]
    assert not missing, (
        "skipped in silence for want of a package: add it to the test group or to LEFT_OUT, with the reason"
    )


def test_nothing_is_left_out_that_is_there_or_unknown() -> None:
    has, named = group("test"), {name for name, _ in skipped()}
    assert not [name for name in LEFT_OUT if distribution(name) in has]
    assert not LEFT_OUT.keys() - named
    assert not {name for name, _ in skipped() if name in DISTRIBUTIONS and distribution(name) not in has}


@pytest.mark.skipif(
    "MAILGUARD_ALL_PACKAGES" not in os.environ, reason=".ci/run sets it: there nothing is skipped in silence"
)
def test_every_package_of_the_test_group_can_be_imported() -> None:
    names = {name for name, _ in skipped()} - LEFT_OUT.keys()
    assert not [name for name in names if importlib.util.find_spec(name) is None]
