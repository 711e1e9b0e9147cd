"""The audit of one repository, which is made once."""

from __future__ import annotations

import pytest

from .support import TREE, look, repository


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    return repository(tmp_path_factory.mktemp("small"), TREE)


@pytest.fixture(scope="session")
def audit(small):
    return look(small)


@pytest.fixture
def inside(small, monkeypatch):
    monkeypatch.chdir(small)
    return small
