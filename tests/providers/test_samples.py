"""What all providers share: each recorded request is claimed by one of them, and decodes to what the sample says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from mailguard.model.count import MANY
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Undecided
from mailguard.model.value import ABSENT, Either, Fields, Items, Member, Unknown, Value

from . import samples

SAMPLES = samples.samples()
JSON_SAMPLES = [
    sample
    for sample in SAMPLES
    if isinstance(sample.exchange, HttpRequest) and str(sample.exchange.body).lstrip()[:1] in ("{", "[")
]


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_sample_decodes_to_what_it_says(sample: samples.Sample) -> None:
    answer = samples.decoded(sample.exchange)
    assert not isinstance(answer, CannotTell), answer
    found = samples.readings(answer)
    if sample.open:
        assert isinstance(answer, Undecided)
        assert sample.messages in found or sample.alternative in found
    elif sample.uncertain:
        assert sample.messages in found
    else:
        assert found == [sample.messages]


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_one_provider_only_claims_a_sample(sample: samples.Sample) -> None:
    names = [provider.name for provider in samples.providers() if provider.claims(sample.exchange) is not None]
    assert len(names) == 1


@pytest.mark.parametrize("sample", JSON_SAMPLES, ids=str)
def test_a_request_of_the_code_reads_like_the_recorded_one(sample: samples.Sample) -> None:
    data = samples.written(json.loads(sample.exchange.body))
    ours = replace(sample.exchange, body=data, encoding="json")
    assert samples.readings(samples.decoded(ours)) == samples.readings(samples.decoded(sample.exchange))


def _everywhere(data: Any, change: Callable[[Any], Value]) -> Iterator[Any]:
    """``data`` with one of its parts changed, once for each part."""
    yield change(data)
    if isinstance(data, dict):
        for key, value in data.items():
            for changed in _everywhere(value, change):
                yield {**data, key: changed}
    elif isinstance(data, list):
        for number, value in enumerate(data):
            for changed in _everywhere(value, change):
                yield [*data[:number], changed, *data[number + 1 :]]


_STRANGE: list[Callable[[Any], Value]] = [
    lambda _: None,
    lambda _: "",
    lambda _: 7,
    lambda _: [],
    lambda _: {},
    lambda value: [[value]],
    lambda value: {"": value},
    lambda _: "\ud800",
    lambda _: Unknown("x"),
    lambda _: Unknown("xs", MANY),
    lambda value: Either((value, ABSENT)),
    lambda value: Items((Member(value, MANY),)),
    lambda value: Fields((("to", value),), open=True),
]


@pytest.mark.parametrize("sample", JSON_SAMPLES, ids=str)
def test_no_part_of_a_request_can_make_a_provider_fail(sample: samples.Sample) -> None:
    found = samples.claimed(sample.exchange)
    assert found is not None
    provider, operation = found
    data = json.loads(sample.exchange.body)
    for change in _STRANGE:
        for changed in _everywhere(data, change):
            answer = provider.decode(operation, replace(sample.exchange, body=changed, encoding="json"))
            assert isinstance(answer, (tuple, Undecided, CannotTell))


def test_every_folder_with_samples_is_named_after_a_provider() -> None:
    names = {provider.name for provider in samples.providers()}
    folders = {str(sample).split("/")[0].replace("_", "-") for sample in SAMPLES}
    assert folders <= names
    assert {name.replace("_", "-") for name in OF_MANY_MATTERS} <= folders


OF_MANY_MATTERS = {"graph", "gmail", "postal", "unisender_go"}
"""Services to whose hosts other things of the same form are written: a new path of theirs may be anything."""


@pytest.mark.parametrize(
    "sample", [sample for sample in JSON_SAMPLES if str(sample).split("/")[0] not in OF_MANY_MATTERS], ids=str
)
def test_a_mail_at_a_new_path_of_its_host_does_not_pass(sample: samples.Sample) -> None:
    """A service may add a way to send tomorrow: it is not taken for a matter of the account."""
    parts = urlsplit(str(sample.exchange.url))
    moved = replace(sample.exchange, url=f"{parts.scheme}://{parts.netloc}/v9/brand-new")
    answer = samples.decoded(moved)
    quiet = "a mail at a path that nobody knows is taken for a matter of the account: see `looks` of json_api.Api"
    assert isinstance(answer, (CannotTell, Undecided)) or answer != (), quiet
