"""Four pages of one table."""

from __future__ import annotations

import csv
import io
import json
import os
import re

import jsonschema
import pytest

from mailguard.audit.pages import PAGES
from mailguard.audit.statement import statement
from mailguard.audit.table import ORDER
from mailguard.model.finding import Verdict

from .support import GOLDEN, SCHEMA, TREE, fixed, look, page, repository


@pytest.mark.parametrize("name", PAGES)
def test_golden(name, audit):
    """MAILGUARD_WRITE_GOLDEN=1 writes the texts anew; read the difference before you commit it."""
    text = page(name, fixed(audit))
    file = GOLDEN / f"small.{name}"
    if os.environ.get("MAILGUARD_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_same_whatever_the_order_and_the_place_of_the_files(name, audit, tmp_path):
    again = look(repository(tmp_path / "elsewhere", dict(reversed(TREE.items()))))
    assert page(name, again) == page(name, audit)


def test_the_parts_add_up(audit):
    assert sum(audit.count(verdict) for verdict in ORDER) == len(audit.rows) == audit.ledger.calls
    for totals in (audit.by_api(), audit.by_folder()):
        assert sum(total.total for total in totals) == len(audit.rows)
        for verdict in ORDER:
            assert sum(total.counts[verdict] for total in totals) == audit.count(verdict)
    assert audit.count(Verdict.SHOWS) == audit.ledger.shows
    assert audit.count(Verdict.UNDECIDED) == audit.ledger.undecided == sum(count for _, count in audit.open_points())


def test_json_is_what_its_schema_says_and_the_schema_knows_every_key(audit):
    data = json.loads(page("json", audit))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)

    def closed(part):
        if isinstance(part, dict):
            found = {key: closed(value) for key, value in part.items()}
            return found | {"additionalProperties": False} if isinstance(part.get("properties"), dict) else found
        return [closed(item) for item in part] if isinstance(part, list) else part

    strict = closed(SCHEMA)
    strict["properties"] = {key: closed(value) for key, value in SCHEMA["properties"].items()}
    jsonschema.Draft202012Validator(strict).validate(data)


def test_every_page_tells_of_every_place(audit):
    for name in PAGES:
        text = page(name, audit)
        for one in (*audit.rows, *audit.requests):
            place = one.call.place
            wanted = place.path if name == "csv" else str(place)
            assert wanted in text, (name, str(place))
        for one in (*audit.elsewhere, *audit.unexplained):
            assert one.path in text
        for skip in audit.skips:
            assert skip.place.path in text


def test_every_page_holds_the_statement(audit):
    found, limits = statement(audit)
    for name in PAGES:
        text = " ".join(page(name, audit).split()).replace("&#96;", "`").replace("> ", "")
        assert " ".join(found.split()) in text
        assert limits in text


def test_the_csv_has_as_many_cells_in_every_row(audit):
    rows = list(csv.reader(io.StringIO(page("csv", audit))))
    assert {len(one) for one in rows} == {len(rows[0])}
    calls = [one for one in rows if one[0] == "mail call"]
    assert len(calls) == len(audit.rows)


def test_colour_adds_nothing_that_the_words_do_not_say(audit):
    plain = re.sub(r"\x1b\[\d+m", "", page("text", audit, colour=True))
    assert plain == page("text", audit)
