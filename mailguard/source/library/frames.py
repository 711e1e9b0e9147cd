"""Tables and their columns as pandas and polars have them: what is read off one is many things, or one cell of a row.

Shapes after pandas 2.2 and polars 1.x: ``frame["Email"]`` is a column, ``frame[mask]`` a smaller frame, ``frame.loc[row, "Email"]``
a cell, ``iterrows()`` and ``itertuples()`` go over the rows. Nothing of the data is known but that there may be many.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.place import Place
from mailguard.model.value import Items, Known, Member, Parameter, Step, StepKind, Text, Trail, Unknown, text, trail_of
from mailguard.source.interpret.values import Ref, Val

__all__ = [
    "COLUMN",
    "READERS",
    "SORTS",
    "attribute",
    "column_of",
    "frame",
    "item",
    "joins",
    "method",
    "trail_of_source",
]

FRAME: Final = "frame"
COLUMN: Final = "column"
_INDEXERS: Final = ("loc", "iloc", "at", "iat")
SORTS: Final = frozenset({FRAME, COLUMN, *(f"{sort}.{name}" for sort in (FRAME, COLUMN) for name in _INDEXERS)})
"""The sorts of collections that are frames, columns, or the ``loc`` of one."""
READERS: Final = frozenset(
    [
        f"{package}.{name}"
        for package in ("pandas", "polars", "dask.dataframe", "modin.pandas", "cudf", "geopandas")
        for name in (
            "read_csv read_excel read_sql read_sql_query read_sql_table read_json read_table read_parquet read_gbq read_feather "
            "read_html read_xml read_fwf read_clipboard read_database scan_csv read_file DataFrame from_dict from_records "
            "concat merge json_normalize"
        ).split()
    ]
)
"""Functions that give a frame: from a file, a query, or rows."""

_FLAGS: Final = frozenset(
    "isin isna isnull notna notnull duplicated contains startswith endswith eq ne gt ge lt le between is_in is_null is_not_null "
    "empty shape size dtype dtypes ndim any all count nunique sum min max mean std idxmax idxmin info memory_usage height width "
    "to_csv to_excel to_sql to_json to_html to_parquet hist plot".split()
)
_ROWS: Final = frozenset("itertuples iter_rows rows to_records to_dicts tolist to_list to_numpy values".split())


def frame(place: Place, trail: Trail) -> Items:
    """A table whose rows come from where ``trail`` says, else from a file."""
    way = trail or (Step(StepKind.FILE, place),)
    return Items((Member(Unknown("row", OPTIONAL, way), MANY),), way, FRAME)


def column_of(holder: Items, label: str) -> Items:
    """One column of a frame."""
    way = holder.trail
    return Items((Member(Unknown(label or "a cell", OPTIONAL, way), MANY),), way, COLUMN)


def _row(holder: Items) -> Unknown:
    return Unknown("row", OPTIONAL, holder.trail)


def _cell(holder: Items) -> Val:
    member = holder.members[0].value if holder.members else None
    return member if isinstance(member, Unknown) else _row(holder)


def _base(holder: Items) -> str:
    return holder.sort.partition(".")[0]


def attribute(holder: Items, name: str) -> Val:
    """``frame.name`` read as data: an indexer, a column, a fact about the table."""
    base = _base(holder)
    if name in _INDEXERS:
        return replace(holder, sort=f"{base}.{name}")
    if name in _FLAGS:
        return Unknown("a flag", OPTIONAL)
    if base == COLUMN or name in {"values", "T", "str", "array"}:
        return replace(holder, sort=base)
    if name in {"index", "columns"}:
        return Items((Member(Unknown(name, OPTIONAL), MANY),), sort="list")
    return column_of(holder, name)


def item(holder: Items, index: Val) -> Val:
    """``frame[index]``, ``frame.loc[index]``, ``column[index]``."""
    base, _, indexer = holder.sort.partition(".")
    key = text(index) if isinstance(index, (str, Known, Text)) else None
    if indexer in {"at", "iat"}:
        return _cell(holder) if base == COLUMN else _labelled_cell(holder, index)
    if isinstance(index, Items) and index.sort == "tuple" and base == FRAME:
        return _labelled_cell(holder, index) if _one_row(index) else _column_at(holder, index)
    if not indexer and base == FRAME:
        # A mask, a list of columns, or a column whose name is kept somewhere: all of these are many.
        return column_of(holder, key) if isinstance(key, str) else replace(holder, sort=FRAME)
    if _is_mask(index):
        return replace(holder, sort=base)
    return _cell(holder) if base == COLUMN else _row(holder)


def _one_row(index: Items) -> bool:
    return bool(index.members) and not _is_mask(index.members[0].value)


def _is_mask(index: Val) -> bool:
    """Whether an index chooses several rows: a slice, a comparison, a list of labels or of flags."""
    if isinstance(index, Known):
        return isinstance(index.value, bool)
    if isinstance(index, (Unknown, Parameter)):
        label = index.why if isinstance(index, Unknown) else index.name
        return label in {"a flag", "a slice", "..."}
    return isinstance(index, (Ref, Items))


def _column_at(holder: Items, index: Items) -> Val:
    label = text(index.members[-1].value) if isinstance(index.members[-1].value, (str, Known, Text)) else None
    return column_of(holder, label if isinstance(label, str) else "")


def _labelled_cell(holder: Items, index: Val) -> Val:
    label = _column_at(holder, index) if isinstance(index, Items) and index.members else None
    return _cell(label) if isinstance(label, Items) else _row(holder)


def method(holder: Items, name: str, args: list[Val]) -> Val:
    """``frame.name(*args)``, without what its functions do."""
    base = _base(holder)
    if name in _FLAGS:
        return Unknown("a flag", OPTIONAL)
    if name in {"iterrows", "items", "iteritems", "enumerate"}:
        inner = _row(holder) if base == FRAME else _cell(holder)
        pair = Items((Member(Unknown("index", OPTIONAL), ONE), Member(inner, ONE)), sort="tuple")
        return Items((Member(pair, MANY),), holder.trail, "iterator")
    if name == "groupby" and base == FRAME:
        pair = Items((Member(Unknown("key", OPTIONAL), ONE), Member(replace(holder, sort=FRAME), ONE)), sort="tuple")
        return Items((Member(pair, MANY),), holder.trail, "iterator")
    if base == FRAME and name in {"get", "pop", "get_column"} and args and isinstance(args[0], Known):
        return column_of(holder, str(args[0].value))
    if name in {"item", "first", "last"} and base == COLUMN:
        return _cell(holder)
    if name in _ROWS or (
        name == "to_dict" and args and isinstance(args[0], Known) and args[0].value in ("records", "r")
    ):
        return Items(holder.members, holder.trail, "list")
    return replace(holder, sort=base)


def joins(name: str) -> bool:
    """Whether a method writes a whole column into one text: ``column.str.cat(sep=", ")``, ``to_string()``."""
    return re.fullmatch(r"cat|to_string|str_concat", name) is not None


def trail_of_source(args: list[Val]) -> Trail:
    """Where the rows come from that a frame is made of."""
    return next((trail_of(arg) for arg in args if trail_of(arg)), ())
