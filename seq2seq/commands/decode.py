"""`seq2seq decode`: documents in, headlines or labels out, in the same order."""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from seq2seq.data.corpora import STANDARD_INPUT, Row
from seq2seq.errors import UserError
from seq2seq.files import user_path
from seq2seq.progress import Progress

from .arguments import (
    DEFAULT_MODEL,
    Parser,
    add_decoding_options,
    add_reranking_options,
    check_positive,
    load_summarizer,
)
from .documents import Documents, add_input_options
from .labels import is_labeller, load_labeller, render_labels
from .outputs import (
    Interrupted,
    RecordLine,
    check_output,
    interruptible,
    open_output,
    output_format,
    record_line,
)


def parser() -> Parser:
    p = Parser(
        prog="seq2seq decode",
        description="Write headlines for documents, or labels with a checkpoint of a labelling task. Text input has "
        "one document per line. All formats of corpora are read too: JSON Lines, CSV, TSV and Parquet with a column "
        "'document'.",
    )
    add_input_options(p, default="-")
    p.add_argument(
        "--output",
        default="-",
        metavar="FILE",
        help="headlines; - is standard output (default); compressed if the name ends in .gz",
    )
    p.add_argument(
        "--format",
        choices=("text", "jsonl", "csv"),
        help="text: one headline per line (n-best: score, tab, headline; an empty line between documents); "
        "jsonl: objects with the fields of the input (document, ...), prediction and score; csv: the same as a table. "
        "For labels of tokens text is one token per line with a tab and its label, and an empty line after each "
        "document. Default: jsonl for an --output in .jsonl or .json, csv for one in .csv, else text",
    )
    p.add_argument(
        "--prediction-column",
        metavar="NAME",
        help="key or column of the headlines in jsonl and csv (default: prediction); with summary, each headline takes "
        "the place of the input's summary, and `fit` reads the output as a corpus",
    )
    p.add_argument(
        "--batch-size", type=int, metavar="N", help="documents in a batch (default: 80,000 document tokens in a batch)"
    )
    add_decoding_options(p, default=DEFAULT_MODEL)
    add_reranking_options(p)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq decode`. Returns the exit status; raises UserError on bad arguments or input."""
    args = parser().parse_args(argv)
    check_positive(args, "batch_size", "threads")
    output_file = None if args.output == "-" else user_path(args.output)
    form = args.format or output_format(output_file)
    column = prediction_column(args.prediction_column, form, args.document_column)
    source = Documents(args)
    check_output(output_file, source.path)
    line = record_line(form)
    labels = is_labeller(args)
    source.accepts_lists = labels
    if labels:
        model: Any = load_labeller(args)
        write = partial(
            render_labels, form=form, line=line, column=column, task=model.task, document_column=args.document_column
        )
    else:
        model = load_summarizer(args, scores_are_written=form != "text")
        write = partial(render, form=form, line=line, column=column, n_best=model.options.n_best)
    rows = iter(source)
    first = list(islice(rows, 1))  # an error in the first row leaves the output as it was
    rows = chain(first, rows)
    if form != "text" and first:
        for name in sorted({"prediction", "score"} & {column, "score"} & first[0].fields.keys()):
            print(f"seq2seq decode: note: the field {name!r} of the input is replaced", file=sys.stderr)
    pending: deque[Row] = deque()  # rows without a headline so far; at most one chunk of `stream`

    def documents() -> Iterator[str]:
        for row in rows:
            pending.append(row)
            yield row.document

    typed = source.path == STANDARD_INPUT and sys.stdin.isatty()
    if typed:
        print("seq2seq decode: type one document on each line; Ctrl-D ends the input", file=sys.stderr)
    chunk = {"chunk": 1} if typed else {}  # each line has its answer before the next line is read
    written = 0
    try:
        with interruptible(), open_output(output_file) as output, progress(args, source, output_file) as bar:
            for found in model.stream(documents(), batch_size=args.batch_size, **chunk):
                row = pending.popleft()
                output.write(write({**row.fields, args.document_column: row.document}, found))
                written += 1
                if typed or (output_file is None and sys.stdout.isatty()):
                    output.flush()
                if bar:
                    bar.update(1)
            output.flush()
    except Interrupted as interruption:
        result = f"{output_file or 'standard output'} has the results of the first {written:,} documents"
        print(f"seq2seq decode: {interruption}; {result}", file=sys.stderr)
        return 128 + interruption.signal
    except OSError as error:
        if error.filename is None and output_file:  # an error of writing does not name its file
            error.filename = str(output_file)
        raise
    report(source, model, "label" if labels else "headline")
    return 0


def progress(
    args: argparse.Namespace, source: Documents, output_file: Path | None
) -> AbstractContextManager[Progress | None]:
    """The progress of a file of documents, with speed and time left, if standard error is a terminal that shows no
    headlines. Otherwise None."""
    shows_headlines = output_file is None and sys.stdout.isatty()
    if not sys.stderr.isatty() or shows_headlines or not source.path.is_file():
        return nullcontext()
    return Progress("decode", count_documents(args), "documents")


def count_documents(args: argparse.Namespace) -> int | None:
    """The documents of the input; None if it has a fault, which the command reports at its row."""
    try:
        return sum(1 for _ in Documents(args))
    except UserError:
        return None


def prediction_column(given: str | None, form: str, document_column: str) -> str:
    """The key of the headlines. Raises UserError if it has no effect, or would replace another column."""
    if given is None:
        return "prediction"
    if form == "text":
        raise UserError(
            "--prediction-column has no effect on text; give an --output in .jsonl or .csv, or --format jsonl"
        )
    if given in (document_column, "score", "hypotheses"):
        raise UserError(f"--prediction-column {given}: the output has another column of this name; give another one")
    return given


def render(
    fields: Mapping[str, Any], found: list[Any], *, form: str, line: RecordLine, n_best: int, column: str
) -> str:
    """The output for one document: a record, or with text one line, or several with n-best.

    Args:
        found: the hypotheses, the best one first.
        line: writes a record.
        column: the key of the headline in a record.
    """
    if form != "text":
        record = {**fields, column: found[0].text, "score": round(found[0].score, 4)}
        return line(record | ({"hypotheses": [h._asdict() for h in found]} if n_best > 1 else {}))
    if n_best == 1:
        return found[0].text + "\n"
    return "".join(f"{h.score:.4f}\t{h.text}\n" for h in found) + "\n"


def report(source: Documents, model: Any, result: str = "headline") -> None:
    """Writes one line with the number of documents and of unusual ones to standard error."""
    notes = []
    if model.empty:
        notes.append(f"{model.empty} without a word ({result} left empty)")
    if model.cut:
        notes.append(f"{model.cut} cut to {model.max_document_tokens} tokens")
    if source.replaced:
        notes.append(f"{source.replaced} with bytes that are not text (replaced)")
    print(
        f"seq2seq decode: {source.count} document{'s' * (source.count != 1)}" + "".join(f"; {note}" for note in notes),
        file=sys.stderr,
    )
