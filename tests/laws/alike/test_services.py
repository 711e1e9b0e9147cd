"""What is assumed of every service, and what is watched of each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mailguard.addresses.plain import plain_keys
from mailguard.alike import outline
from mailguard.alike.twin import Watched
from mailguard.model.exchange import HttpRequest

from .support import Count, both, report

sys.path.insert(0, str(Path(__file__).parents[2] / "providers"))
import samples  # lies beside the tests of the providers

# A folder there is called like the package it tests: left on the path, it would be taken for that.
sys.path.pop(0)


def _renamed(value: Any, number: int) -> Any:
    """The same request to other people, who have other names, with other words in it."""
    if isinstance(value, dict):
        return {key: _renamed(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, number) for item in value]
    if isinstance(value, str) and "@" in value and plain_keys([value]) is not None:
        local, _, domain = value.partition("@")
        return f"z{number}.{local}@{domain}"
    return value


def _with(value: Any, number: int) -> Any:
    """With another name beside each plain address, and other words in subjects and texts."""
    if isinstance(value, dict):
        result = {key: _with(item, number) for key, item in value.items()}
        for address, name in outline.PAIRS.values():
            if set(result) == {address, name} and "@" in str(result[address]) and "@" not in str(result[name]):
                result[name] = f"Other Name {number}"
        for key in (
            "subject",
            "Subject",
            "text",
            "html",
            "TextBody",
            "HtmlBody",
            "htmlContent",
            "Text-part",
            "Html-part",
        ):
            if isinstance(result.get(key), str) and "@" not in result[key]:
                result[key] = f"Other words {number}"
        return result
    return [_with(item, number) for item in value] if isinstance(value, list) else value


def json_samples() -> list[Any]:
    result = []
    for sample in samples.samples():
        exchange = sample.exchange
        if isinstance(exchange, HttpRequest) and isinstance(exchange.body, (str, bytes)):
            text = exchange.body.decode("utf-8", "replace") if isinstance(exchange.body, bytes) else exchange.body
            try:
                body = json.loads(text)
            except ValueError:
                continue
            if isinstance(body, dict):
                result.append(pytest.param(exchange, body, id=str(sample)))
    return result


@pytest.mark.parametrize(("exchange", "body"), json_samples())
def test_every_service_takes_one_plain_address_and_name_like_another(
    tmp_path: Path, exchange: HttpRequest, body: dict[str, Any]
) -> None:
    headers = (
        {str(key): str(value) for key, value in dict(exchange.headers).items()}
        if isinstance(exchange.headers, dict)
        else {}
    )
    record = {"method": exchange.method, "url": exchange.url, "headers": headers, "status": 200}
    bodies = [body, body, *(_renamed(_with(body, number), number) for number in range(4)), body]
    file = tmp_path / "sent.jsonl"
    file.write_text("".join(json.dumps(record | {"body": json.dumps(one)}) + "\n" for one in bodies), encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful


def test_most_samples_have_a_form(tmp_path: Path, count: Count) -> None:
    """So that the law above says something."""
    dealt = 0
    for number, parameter in enumerate(json_samples()):
        exchange, body = parameter.values
        record = {
            "method": exchange.method,
            "url": exchange.url,
            "headers": {},
            "status": 200,
            "body": json.dumps(body),
        }
        file = tmp_path / f"{number}.jsonl"
        file.write_text((json.dumps(record) + "\n") * 4, encoding="utf-8")
        count.hits = 0
        report(file)
        dealt += count.hits > 0
    assert dealt * 3 > len(json_samples())


def test_whatever_reads_a_watched_mapping_is_noted() -> None:
    def read(use: Any) -> set[int]:
        noted: set[int] = set()
        use(Watched({"a": "x", "b": "y", "c": {}}, {"a": 0, "b": 1}, noted))
        return noted

    assert read(lambda it: it["a"]) == read(lambda it: it.get("a")) == {0}
    assert read(lambda it: ("a" in it, it["c"], it.get("z"), len(it), list(it), it.keys())) == set()
    for use in (
        lambda it: list(it.items()),
        lambda it: list(it.values()),
        dict,
        lambda it: {**it},
        lambda it: it | {},
        lambda it: {} | it,
        lambda it: it == {},
        lambda it: it != {},
        str,
        repr,
        lambda it: it.copy(),
        __import__("copy").copy,
        __import__("copy").deepcopy,
        json.dumps,
        lambda it: it.pop("z", None),
        lambda it: it.popitem(),
        lambda it: it.setdefault("z"),
        {}.update,
        lambda it: [it] == [{}],
    ):
        assert read(use) >= {0, 1}

    def matched(it: Any) -> None:
        match it:
            case {"a": _}:
                pass

    assert read(matched) == {0}


def test_what_a_service_reads_is_not_left_out(tmp_path: Path, count: Count) -> None:
    # Of one form, but the flag is a text that is read.
    lines = []
    for flag in ("true", "true", "true", "false", "false", "false"):
        body = {
            "key": "k",
            "message": {
                "to": [{"email": "ann@example.com"}, {"email": "bob@example.net"}],
                "preserve_recipients": flag,
                "text": "x",
            },
        }
        record = {
            "method": "POST",
            "url": "https://mandrillapp.com/api/1.0/messages/send",
            "headers": {},
            "body": json.dumps(body),
        }
        lines.append(json.dumps(record))
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
