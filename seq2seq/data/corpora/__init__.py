"""Text pairs from files or the Hugging Face Hub: the first step of the flow, (files) -> `datasets.Dataset` of strings.

Whatever the source, the result has exactly the string columns `document` and `summary` and lies memory-mapped on
disk, so that millions of pairs need no more memory than thousands. Files are read once, line by line, by readers that
can name the line that is wrong, and that never guess types (`datasets` makes timestamps of texts that look like
dates); the Arrow copy is cached under a fingerprint of each file's path, size and modification time.
"""

from __future__ import annotations

import csv
import difflib
import glob
import gzip
import hashlib
import io
import itertools
import json
import os
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, cast

import datasets
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets.table import MemoryMappedTable
from filelock import FileLock

from seq2seq.progress import Progress
from seq2seq.errors import UserError

Split = Literal["train", "validation", "test"]
SCHEMA = pa.schema({"document": pa.string(), "summary": pa.string()})

_BATCH_ROWS = 10_000
_BATCH_CHARACTERS = 16 << 20
_FORMAT = "corpus-1"  # part of every fingerprint: change it when a reader changes what it returns
_SUFFIXES = ".jsonl, .json, .csv, .tsv (each also .gz) or .parquet"


@dataclass(frozen=True)
class CorpusOptions:
    """Where the text pairs come from: files of your own, or a data set on the Hugging Face Hub.

    Args:
        train: A .jsonl, .json (one object a line), .csv, .tsv or .parquet file, all but the last also .gz; or a glob
            pattern over several ("part-*.jsonl.gz"); or two line-aligned text files as {document: FILE, summary: FILE}.
        validation: The same, for validation.
        test: The same, for test.
        name: A data set on the Hugging Face Hub (or a folder that `datasets` can load), in place of the files above.
        config: The Hub data set's configuration, where it has several.
        revision: The Hub data set's branch, tag or commit, such as refs/convert/parquet.
        document_column: The column that holds the document.
        summary_column: The column that holds the summary.
    """

    train: str | dict[str, str] | None = None
    validation: str | dict[str, str] | None = None
    test: str | dict[str, str] | None = None
    name: str | None = None
    config: str | None = None
    revision: str | None = None
    document_column: str = "document"
    summary_column: str = "summary"


class _Row(NamedTuple):
    """One pair as read; `line` counts from 1. The values are checked to be strings later."""

    line: int
    document: Any
    summary: Any


def load_split(options: CorpusOptions, split: Split) -> datasets.Dataset:
    """Return one split with the string columns `document` and `summary`, memory-mapped and cached.

    Empty texts are legal. Raises UserError for a split that is not configured and for a file, line or column that is
    wrong.
    """
    quiet_progress_bars()
    source = getattr(options, split)
    files_given = [key for key in ("train", "validation", "test") if getattr(options, key) is not None]
    if options.name is not None:
        if files_given:
            raise UserError(
                f"data.corpus.name and data.corpus.{files_given[0]} are both set: give a name or files, not both"
            )
        return _load_hub(options, split)
    if source is None:
        raise UserError(f"no {split} data: set data.corpus.{split} to a file, or data.corpus.name to a Hub data set")
    key = f"data.corpus.{split}"
    if isinstance(source, str):
        paths = _expand(source, key)
        for path in paths:
            _suffix(path, key)  # an unknown suffix is told before the first file is read
        rows: Iterator[tuple[str, str]] = itertools.chain.from_iterable(
            _checked(path, _read(path, key, options)) for path in paths
        )
    else:
        if set(source) != {"document", "summary"}:
            raise UserError(f"{key} has the keys {sorted(source)}: give {{document: FILE, summary: FILE}}")
        paths = [_existing(Path(source[side]).expanduser(), key) for side in ("document", "summary")]
        rows = _checked(paths[0], _read_text_pair(*paths), paths[1])
    fingerprint = _files_fingerprint(paths, type(source).__name__, options.document_column, options.summary_column)
    dataset = cached_dataset(fingerprint, SCHEMA, _tables(rows, f"Reading {split}"))
    if len(dataset) == 0:
        raise UserError(f"{key}: there are no pairs in {source if isinstance(source, str) else paths[0]}")
    return dataset


def quiet_progress_bars() -> None:
    """Switch the progress bars of `datasets` off where nobody watches: in a log file they are noise."""
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()


def cached_dataset(fingerprint: str, schema: pa.Schema, tables: Iterable[pa.Table]) -> datasets.Dataset:
    """Return the data set cached under `fingerprint`, writing it from `tables` if it is not there yet.

    The file appears under its name only when it is complete, and one process writes while others wait.
    """
    folder = Path(datasets.config.HF_DATASETS_CACHE) / "seq2seq"
    path = folder / f"{fingerprint}.arrow"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            if not path.exists():
                _write_arrow(path, schema, tables)
    return datasets.Dataset(MemoryMappedTable.from_file(str(path)), fingerprint=fingerprint)


def _write_arrow(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
            for table in tables:
                writer.write_table(table)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def fingerprint_of(*parts: object) -> str:
    """Return a stable name for what `parts` (plain values) describe."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]


def _files_fingerprint(paths: list[Path], *settings: str) -> str:
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return fingerprint_of(_FORMAT, stats, *settings)


def _tables(rows: Iterable[tuple[str, str]], description: str) -> Iterator[pa.Table]:
    """Gather rows into tables of bounded size: by rows, and by characters because a document can be long."""
    documents: list[str] = []
    summaries: list[str] = []
    characters = 0
    with Progress(description) as progress:
        for document, summary in rows:
            documents.append(document)
            summaries.append(summary)
            characters += len(document) + len(summary)
            if len(documents) >= _BATCH_ROWS or characters >= _BATCH_CHARACTERS:
                progress.update(len(documents))
                yield pa.table([documents, summaries], schema=SCHEMA)
                documents, summaries, characters = [], [], 0
        if documents:
            progress.update(len(documents))
            yield pa.table([documents, summaries], schema=SCHEMA)


# --- Files -----------------------------------------------------------------------------------------------------------


def _expand(pattern: str, key: str) -> list[Path]:
    """Return the files a path or glob pattern stands for, sorted by name."""
    path = Path(pattern).expanduser()
    if not path.exists() and glob.has_magic(pattern):
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
        if not found:
            raise UserError(f"{key}: no file matches {pattern}")
        return [_existing(name, key) for name in found]
    return [_existing(path, key)]


def _existing(path: Path, key: str) -> Path:
    if path.is_dir():
        raise UserError(f"{key}: {path} is a folder: name a file in it, or a pattern such as {path}/*.jsonl")
    if not path.exists():
        names = os.listdir(path.parent) if path.parent.is_dir() else []
        nearest = difflib.get_close_matches(path.name, names, n=1)
        hint = f" (did you mean {path.parent / nearest[0]}?)" if nearest else ""
        raise UserError(f"{key}: no such file: {path}{hint}")
    return path


def _suffix(path: Path, key: str) -> str:
    name = path.name.lower()
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix not in (".jsonl", ".json", ".csv", ".tsv", ".parquet") or name.endswith(".parquet.gz"):
        raise UserError(
            f"{key}: cannot tell the format of {path}: the name must end in {_SUFFIXES};"
            " line-aligned text files are given as {document: FILE, summary: FILE}"
        )
    return suffix


def _read(path: Path, key: str, options: CorpusOptions) -> Iterator[_Row]:
    columns = (options.document_column, options.summary_column)
    suffix = _suffix(path, key)
    if suffix == ".parquet":
        return _read_parquet(path, *columns)
    if suffix in (".csv", ".tsv"):
        return _read_csv(path, *columns, delimiter="," if suffix == ".csv" else "\t")
    return _read_jsonl(path, *columns)


def _checked(path: Path, rows: Iterable[_Row], summary_path: Path | None = None) -> Iterator[tuple[str, str]]:
    """Pass on the pairs whose values are proper text; the first that is not raises UserError naming its line."""
    for line, document, summary in rows:
        for where, value in ((path, document), (summary_path or path, summary)):
            if not isinstance(value, str):
                kind = "null" if value is None else f"of type {type(value).__name__}"
                raise UserError(f"{where}:{line}: a document and a summary must be strings, one here is {kind}")
            if "\0" in value:
                raise UserError(f"{where}:{line}: NUL byte in the text: the file is damaged or not text; remove it")
            try:
                value.isascii() or value.encode()
            except UnicodeEncodeError as error:
                raise UserError(
                    f"{where}:{line}: half a surrogate pair ({value[error.start]!r}) is no character"
                ) from None
        yield document, summary


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Yield (line number from 1, line without its end). Only "\n" or "\r\n" ends one: texts hold U+2028 or \x0b."""
    with _open(path) as stream:
        number = 0
        try:
            for number, raw in enumerate(stream, start=1):
                if number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                try:
                    line = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise UserError(
                        f"{path}:{number}: byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not"
                        " valid UTF-8: save the file as UTF-8"
                    ) from None
                if "\0" in line:
                    raise UserError(
                        f"{path}:{number}: NUL byte: the file is damaged or not text (UTF-16?); save it as UTF-8"
                    )
                yield number, line.removesuffix("\n").removesuffix("\r")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UserError(f"{path}: damaged or truncated gzip file (after line {number}): {error}") from None


def _open(path: Path) -> BinaryIO:
    try:
        if path.name.lower().endswith(".gz"):
            return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(path), 1 << 20))
        return open(path, "rb", buffering=1 << 20)
    except OSError as error:
        raise UserError(f"{path}: cannot be opened: {error.strerror}") from None


def _read_jsonl(path: Path, document_column: str, summary_column: str) -> Iterator[_Row]:
    for number, line in _lines(path):
        if not line or line.isspace():
            continue
        try:
            pair = json.loads(line)
        except (ValueError, RecursionError) as error:
            cause = getattr(error, "msg", str(error))
            raise UserError(f"{path}:{number}: not valid JSON ({cause}): write one JSON object on each line") from None
        if not isinstance(pair, dict):
            raise UserError(
                f"{path}:{number}: a JSON {type(pair).__name__}, not an object: write one object on each line"
            )
        if document_column not in pair or summary_column not in pair:
            raise _missing_column(f"{path}:{number}", pair, document_column, summary_column)
        yield _Row(number, pair[document_column], pair[summary_column])


def _read_csv(path: Path, document_column: str, summary_column: str, delimiter: str) -> Iterator[_Row]:
    r"""Read CSV or TSV with a header. Fields may be quoted as in RFC 4180; a stray quote is an error, not a guess."""
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader((f"{line}\n" for _, line in _lines(path)), delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        if header and (document_column not in header or summary_column not in header):
            raise _missing_column(f"{path}:1", header, document_column, summary_column)
        for fields in reader:
            if not fields:
                continue
            if len(fields) != len(header):
                raise UserError(f"{path}:{reader.line_num}: {len(fields)} fields, but the header has {len(header)}")
            yield _Row(reader.line_num, fields[header.index(document_column)], fields[header.index(summary_column)])
    except csv.Error as error:
        raise UserError(
            f"{path}:{reader.line_num}: {error}: quote a field that holds quotes, and double them inside; or use .jsonl"
        ) from None


def _read_parquet(path: Path, document_column: str, summary_column: str) -> Iterator[_Row]:
    """Read Parquet; the line numbers are row numbers from 1."""
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            if document_column not in schema.names or summary_column not in schema.names:
                raise _missing_column(str(path), schema.names, document_column, summary_column)
            for column in (document_column, summary_column):
                _require_text(schema.field(column).type, f"{path}: column {column}")
            row = itertools.count(1)
            for batch in file.iter_batches(_BATCH_ROWS, columns=list({document_column, summary_column})):
                documents, summaries = (batch.column(name).to_pylist() for name in (document_column, summary_column))
                yield from map(_Row, row, documents, summaries)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: a text is not valid UTF-8 ({error.reason}): write the file again from valid text"
        ) from None
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: not a readable Parquet file: {_first_line(error)}") from None


def _read_text_pair(documents: Path, summaries: Path) -> Iterator[_Row]:
    """Read two text files whose n-th lines belong together."""
    document_lines, summary_lines = _lines(documents), _lines(summaries)
    paired = 0
    for paired, document in document_lines:
        summary = next(summary_lines, None)
        if summary is None:
            total = paired + sum(1 for _ in document_lines)
            raise _misaligned(documents, total, summaries, paired - 1)
        yield _Row(paired, document, summary[1])
    extra = sum(1 for _ in summary_lines)
    if extra:
        raise _misaligned(documents, paired, summaries, paired + extra)


def _misaligned(documents: Path, document_count: int, summaries: Path, summary_count: int) -> UserError:
    return UserError(
        f"{documents} has {document_count} lines and {summaries} has {summary_count}: line n of one belongs to line n"
        " of the other, so both need the same number"
    )


def _missing_column(where: str, columns: Iterable[str], document_column: str, summary_column: str) -> UserError:
    columns = list(columns)
    side, name = ("summary", summary_column) if document_column in columns else ("document", document_column)
    existing = ", ".join(map(str, columns)) or "none"
    return UserError(f"{where}: no column {name!r} (there are: {existing}): set data.corpus.{side}_column")


def _require_text(kind: pa.DataType, where: str) -> None:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise UserError(f"{where} holds {kind}, not text: name a column of strings")


# --- Hub -------------------------------------------------------------------------------------------------------------


def _load_hub(options: CorpusOptions, split: Split) -> datasets.Dataset:
    name = options.name
    try:
        dataset = datasets.load_dataset(name, options.config, split=split, revision=options.revision)
    except Exception as error:  # the loaders of `datasets` raise anything from KeyError to requests' own errors
        raise UserError(
            f"data.corpus.name: cannot load {split} of {name}: {_first_line(error)}: {_cure(error)}"
        ) from error
    columns = (options.document_column, options.summary_column)
    if not set(columns) <= set(dataset.column_names):
        raise _missing_column(f"{name} ({split})", dataset.column_names, *columns)
    for column in columns:
        _require_text(dataset.data.schema.field(column).type, f"{name} ({split}): column {column}")
        _check_column(dataset, column, f"{name} ({split})")
    if len(dataset) == 0:
        raise UserError(f"data.corpus.name: there are no pairs in {split} of {name}")
    dataset = dataset.select_columns(list(columns))
    if columns != ("document", "summary"):
        dataset = dataset.rename_columns(dict(zip(columns, ("document", "summary"), strict=True)))
    features = datasets.Features.from_arrow_schema(SCHEMA)
    return dataset if dataset.features == features else dataset.cast(features)


def _cure(error: Exception) -> str:
    if "script" in str(error):
        return "set data.corpus.revision=refs/convert/parquet, or name a copy in Parquet"
    if isinstance(error, ConnectionError) or "offline" in str(error).lower():
        return "download it once with a connection (HF_HUB_OFFLINE unset), or give files as data.corpus.train"
    return "check data.corpus.name, data.corpus.config and data.corpus.revision"


def _check_column(dataset: datasets.Dataset, column: str, where: str) -> None:
    """Raise UserError at the first null or NUL byte, one chunk in memory at a time."""
    row = 0
    for chunk in dataset.data.column(column).chunks:
        bad = pc.or_kleene(pc.is_null(chunk), pc.match_substring(chunk.cast(pa.large_string()), "\0"))
        first = pc.index(bad, True).as_py()
        if first >= 0:
            what = "null" if not chunk[first].is_valid else "text with a NUL byte"
            raise UserError(
                f"{where}: row {row + first + 1} of column {column} is {what}: leave it out of the data set"
            )
        row += len(chunk)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")
