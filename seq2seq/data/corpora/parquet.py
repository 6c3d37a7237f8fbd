"""Reader of Parquet files."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import UserError
from .rows import Columns, Row, check_arrow_columns, first_line

BATCH_ROWS = 10_000


def read_parquet(path: Path, columns: Columns) -> Iterator[Row]:
    """Yields the pairs of a Parquet file; the line numbers are row numbers from 1."""
    try:
        with pq.ParquetFile(path) as file:
            check_arrow_columns(file.schema_arrow, columns, str(path))
            number = itertools.count(1)
            for batch in file.iter_batches(BATCH_ROWS, columns=list(set(columns))):
                yield from map(Row, number, *(batch.column(column).to_pylist() for column in columns))
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: a text is not valid UTF-8 ({error.reason}): write the file again from valid text"
        ) from None
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: not a readable Parquet file: {first_line(error)}") from None
