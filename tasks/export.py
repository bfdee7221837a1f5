"""Rows and leads as one file, CSV or Parquet by its name: read in one pass, written block by block.

`reasons` are rule ids; `python -m flows explain` and docs/rules.md say what they mean.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from sqlalchemy import Engine

from models.streams import driver_rows
from tasks.guard import guarded_text
from tasks.whole_file import whole_file

ROW_COLUMNS = (
    "batch", "file", "sheet", "line", "external_id", "outcome", "lead", "account", "verdict", "reasons", "grade",
    "owner", "company", "contact", "phone", "email", "budget_min", "budget_max", "created", "source", "industry",
    "region", "urgency",
)  # fmt: skip
#: What a lead has beside the columns of its first row's place.
LEAD_COLUMNS = (
    *ROW_COLUMNS, "rows", "status", "opened_at", "team", "source_detail", "need", "chain", "chain_state",
    "chain_members",
)  # fmt: skip

# a row of which no lead could be made alone may have joined one since, or be left by it
OUTCOME_NOW = """COALESCE(m.outcome, CASE WHEN l.id IS NOT NULL THEN 'merged' WHEN s.accepted AND (EXISTS (
SELECT 1 FROM reversal r WHERE r.batch_id = s.batch_id) OR EXISTS (
SELECT 1 FROM withdrawal w WHERE w.submission_id = s.id)) THEN 'reverted' ELSE 'rejected' END)"""
# a repeated delivery has its lead through the row that stands for it
_ROWS = f"""
SELECT s.batch_id, b.file, s.sheet, s.line, s.external_id,
       {OUTCOME_NOW},
       l.number, l.account_id, l.verdict, CASE WHEN l.id IS NULL THEN s.issues ELSE l.reasons END, l.grade, l.owner,
       s.company, s.contact, s.phone, s.email, s.budget_min, s.budget_max, s.created, s.source, s.industry, s.region,
       s.urgency
FROM submission s JOIN batch b ON b.id = s.batch_id
LEFT JOIN membership m ON m.submission_id = s.id AND m.until IS NULL
LEFT JOIN membership n ON n.submission_id = s.same_as AND n.until IS NULL AND m.id IS NULL
LEFT JOIN lead l ON l.id = COALESCE(m.lead_id, n.lead_id)
ORDER BY s.batch_id, s.line, s.sheet
"""
_LEADS = """
SELECT s.batch_id, b.file, s.sheet, s.line, s.external_id, m.outcome, l.number, l.account_id, l.verdict, l.reasons,
       l.grade, l.owner, COALESCE(a.name, s.company), k.name, k.phone, k.email, l.budget_min, l.budget_max, l.created,
       l.source, l.industry, l.region, l.urgency, l.rows, l.status, substr(CAST(l.opened_at AS TEXT), 1, 19),
       (SELECT e.team FROM lead_event e WHERE e.lead_id = l.id ORDER BY e.id DESC LIMIT 1),
       l.source_detail, l.need, l.chain, l.chain_state, l.chain
FROM lead l JOIN submission s ON s.id = l.origin_id JOIN batch b ON b.id = s.batch_id
JOIN membership m ON m.submission_id = s.id AND m.until IS NULL
JOIN contact k ON k.id = l.contact_id LEFT JOIN account a ON a.id = l.account_id
WHERE l.joined_into IS NULL
ORDER BY l.id
"""
_WHOLE = ("batch", "line", "account", "rows")
_YUAN = ("budget_min", "budget_max")
# these keep exactly the form that the base has: +852… and --03-15 are no formulas to whoever reads them
_AS_THEY_ARE = ("phone", "created", "opened_at")
_FETCH, _BLOCK = 2_000, 50_000


def export_rows(engine: Engine, out: Path, *, bom: bool = False) -> int:
    """Write one line for each row received, by batch and line; gives how many."""
    return _export(engine, out, _ROWS, ROW_COLUMNS, lambda rows: rows, bom=bom)


def export_leads(
    engine: Engine,
    out: Path,
    *,
    zone: str = "Asia/Shanghai",
    bom: bool = False,
    chains: Callable[[pa.Array], pa.Array] | None = None,
) -> int:
    """Write one line for each lead that stands for itself, in the order of their making; gives how many.

    chains: says who is in a column of decision chains (tasks.chain); without it chain_members is blank.
    """

    def shaped(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index("chain_members")
        texts = rows["chain_members"].combine_chunks()
        members = pa.nulls(len(rows), pa.string()) if chains is None else chains(texts).cast(pa.string())
        return with_local_time(rows).set_column(place, "chain_members", members)

    def with_local_time(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index("opened_at")
        at = pc.assume_timezone(rows["opened_at"].cast(pa.timestamp("s")), "UTC").cast(pa.timestamp("s", zone))
        written = pc.strftime(at, format="%Y-%m-%dT%H:%M:%S%z")
        return rows.set_column(place, "opened_at", pc.replace_substring_regex(written, r"(\d\d)$", r":\1"))

    return _export(engine, out, _LEADS, LEAD_COLUMNS, shaped, bom=bom)


def _export(
    engine: Engine,
    out: Path,
    query: str,
    columns: Sequence[str],
    shape: Callable[[pa.Table], pa.Table],
    *,
    bom: bool,
) -> int:
    suffix = out.suffix.lower()
    if suffix not in _WRITERS:
        raise ValueError(f"{out.name}: the name must end in {' or '.join(_WRITERS)}")
    with whole_file(out) as part:
        return _WRITERS[suffix](part, (shape(rows) for rows in _blocks(engine, query, columns)), columns, bom)


def _blocks(engine: Engine, query: str, names: Sequence[str]) -> Iterator[pa.Table]:
    """The query's rows in blocks, read in one pass so that they agree with each other."""
    schema = pa.schema([(name, _type_of(name)) for name in names])
    with engine.connect() as conn:
        parts: list[pa.Table] = []
        for fetched in driver_rows(conn, query, _FETCH):
            columns = zip(zip(*fetched, strict=True), schema, strict=True)
            parts.append(pa.Table.from_arrays([_array(values, field.type) for values, field in columns], schema=schema))
            if len(parts) * _FETCH >= _BLOCK:
                yield pa.concat_tables(parts).combine_chunks()
                parts = []
        if parts:
            yield pa.concat_tables(parts).combine_chunks()


def _type_of(name: str) -> pa.DataType:
    return pa.int64() if name in (*_WHOLE, *_YUAN) else pa.string()


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if pa.types.is_string(kind):
        array = pa.array(values, kind)
        return pc.if_else(pc.equal(array, ""), pa.scalar(None, kind), array)
    array = pa.array(values)
    return pc.round(array).cast(kind) if pa.types.is_floating(array.type) else array.cast(kind)


def _write_csv(path: Path, blocks: Iterator[pa.Table], columns: Sequence[str], bom: bool) -> int:
    count = 0
    with path.open("wb") as file:
        file.write((("\ufeff" if bom else "") + ",".join(columns) + "\n").encode())
        options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
        for rows in blocks:
            pacsv.write_csv(_guarded(rows), file, options)
            count += rows.num_rows
    return count


def _write_parquet(path: Path, blocks: Iterator[pa.Table], columns: Sequence[str], _bom: bool) -> int:
    schema, count = pa.schema([(name, _type_of(name)) for name in columns]), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in blocks:
            writer.write_table(rows.cast(schema))
            count += rows.num_rows
    return count


def _guarded(rows: pa.Table) -> pa.Table:
    """Put a ' before the few cells that a spreadsheet would run."""
    for place, field in enumerate(rows.schema):
        if not pa.types.is_string(field.type) or field.name in _AS_THEY_ARE:
            continue
        column = rows.column(place).combine_chunks()
        mask = pc.fill_null(pc.match_substring_regex(column, r"^'*[=+\-@\t\r]"), False)
        if pc.any(mask).as_py():
            safe = [guarded_text(cell) for cell in column.filter(mask).to_pylist()]
            rows = rows.set_column(place, field.name, pc.replace_with_mask(column, mask, pa.array(safe, pa.string())))
    return rows


_Writer = Callable[[Path, Iterator[pa.Table], Sequence[str], bool], int]
_WRITERS: dict[str, _Writer] = {".csv": _write_csv, ".parquet": _write_parquet}
