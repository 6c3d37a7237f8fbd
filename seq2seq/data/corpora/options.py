"""The `data.corpus` section of a config."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CorpusOptions:
    """The source of the text pairs: your own files, or a data set on the Hugging Face Hub.

    Args:
        train: A .jsonl, .json (one object per line), .csv, .tsv or .parquet file; all but the last also as .gz. Or a
            glob pattern for several files ("part-*.jsonl.gz"). Or two line-aligned text files: {document: FILE,
            summary: FILE}.
        validation: The same, for validation.
        test: The same, for test.
        name: A data set on the Hugging Face Hub (or a folder that `datasets` can load), instead of files.
        config: The configuration of the Hub data set, if it has several.
        revision: The branch, tag or commit of the Hub data set, for example refs/convert/parquet.
        document_column: The column with the documents.
        summary_column: The column with the summaries.
    """

    train: str | dict[str, str] | None = None
    validation: str | dict[str, str] | None = None
    test: str | dict[str, str] | None = None
    name: str | None = None
    config: str | None = None
    revision: str | None = None
    document_column: str = "document"
    summary_column: str = "summary"
