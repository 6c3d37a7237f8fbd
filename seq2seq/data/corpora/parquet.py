"""Readers of Parquet and Arrow files. They import pyarrow only when they read, because other formats do not need it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UserError, first_line
from .rows import STANDARD_INPUT, Columns, Row, check_columns, with_inner_fields

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 10_000


def read_parquet(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a Parquet file; the line numbers are row numbers from 1."""
    import pyarrow.parquet as pq

    def batches() -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path) as file:
            names = _needed(file.schema_arrow, columns, path)
            yield from file.iter_batches(BATCH_ROWS, columns=list(set(names)) if columns.strict else None)

    return _rows(batches(), path, columns, "a Parquet file")


def read_arrow(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a file that `Dataset.save_to_disk` of Hugging Face has written, an Arrow stream."""
    import pyarrow as pa

    def batches() -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
            _needed(stream.schema, columns, path)
            yield from stream

    return _rows(batches(), path, columns, "an Arrow file")


def _needed(schema: pa.Schema, columns: Columns, path: Path) -> list[str]:
    """The names of the two columns that a file has. Raises UserError if a required one is missing or not text."""
    schema = _with_inner_columns(schema.empty_table(), columns).schema
    check_arrow_columns(schema, columns, str(path))
    return [name for name in (columns.document, columns.summary) if name in schema.names]


def _rows(batches: Iterator[pa.RecordBatch], path: Path, columns: Columns, kind: str) -> Iterator[Row]:
    """The rows of a file. Raises UserError if it cannot be read."""
    import pyarrow as pa

    if path == STANDARD_INPUT:
        raise UserError(f"{kind} cannot be read from standard input: give the name of the file")
    number = count(1)
    try:
        for batch in batches:
            if columns.strict:
                table = _with_inner_columns(pa.table(batch), columns)
                present = [name for name in (columns.document, columns.summary) if name in table.column_names]
                yield from map(Row, number, *(table.column(name).to_pylist() for name in present))
            else:
                for fields in batch.to_pylist():
                    named = with_inner_fields(fields) if columns.nested else fields
                    yield Row(next(number), named.get(columns.document), named.get(columns.summary), fields)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: a text is not valid UTF-8 ({error.reason}): write the file again from valid text"
        ) from None
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: not a readable {kind.split(maxsplit=1)[1]}: {first_line(error)}") from None


def _with_inner_columns(table: pa.Table, columns: Columns) -> pa.Table:
    """The table with a column "translation.de" for the field "de" of a column "translation", if `columns` need one."""
    return table.flatten() if columns.nested else table


def check_arrow_columns(schema: pa.Schema, columns: Columns, where: str) -> None:
    """Raises UserError if a required column is missing from an Arrow schema, or is not a column of strings and has no
    labels."""
    import pyarrow as pa

    schema = schema.empty_table().flatten().schema  # so that an error names the fields of columns too
    check_columns(columns, schema.names, where)
    for column in () if columns.labels else columns.required:
        kind = schema.field(column).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
            raise UserError(f"{where}: column {column} holds {kind}, not text: name a column of strings")
