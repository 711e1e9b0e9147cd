"""The pages of an audit, by name. All of them show one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mailguard.audit.data import render_csv, render_json
from mailguard.audit.markdown import render_markdown
from mailguard.audit.table import Audit
from mailguard.audit.text import render_text
from mailguard.model.reporter import Options


@dataclass(frozen=True, slots=True)
class Page:
    """One format of the audit."""

    name: str
    title: str
    render: Callable[[Audit, Options], str]
    """Pure: the same audit and options give the same text. Ends with a line feed. Holds no address."""
    suffixes: tuple[str, ...]


PAGES: Final[Mapping[str, Page]] = {
    page.name: page
    for page in (
        Page("text", "for people, on a terminal", render_text, (".txt",)),
        Page("json", "data with a schema", render_json, (".json",)),
        Page("csv", "a table for a spreadsheet", render_csv, (".csv",)),
        Page("markdown", "for a wiki or a merge request", render_markdown, (".md", ".markdown")),
    )
}
"""The formats, by name."""
