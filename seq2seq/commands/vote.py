"""`seq2seq vote`: one headline for each document from the predictions of several systems."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from seq2seq.errors import UserError
from seq2seq.files import user_path
from seq2seq.scoring import WordOptions
from seq2seq.scoring.vote import vote

from .arguments import Parser, add_fields, flag_of, given_fields, replace_fields
from .documents import add_input_format
from .outputs import RecordLine, check_output, open_output, output_format, record_line
from .score import check_lengths
from .scored_texts import PREDICTION_COLUMNS, TextFile

LEAST = 3
"""With two predictions, each is as close to the other: the first one would always win."""


def parser() -> Parser:
    p = Parser(
        prog="seq2seq vote",
        description="Choose one headline for each document from the predictions of several systems: the one with the "
        "highest mean ROUGE to the predictions of the other systems (post-ensembling, Kobayashi 2018). The order of "
        "the files decides between equal ones: give the best system first. Files are those of `seq2seq decode`, "
        "`predict` and `test`, or plain text with one headline on each line.",
    )
    p.add_argument("files", nargs="+", metavar="PREDICTIONS", help=f"predictions of {LEAST} or more systems")
    p.add_argument(
        "--output",
        default="-",
        metavar="FILE",
        help="chosen headlines, one on each line; - is standard output (default). A name in .jsonl or .csv gives "
        "records with the prediction and the fields that are equal in all files, such as the document",
    )
    add_input_format(p)
    p.add_argument("--prediction-column", metavar="NAME", help="column, or key of JSON objects, with predictions")
    add_fields(p.add_argument_group("ROUGE"), WordOptions)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq vote`. Returns the exit status; raises UserError on bad arguments or input."""
    args = parser().parse_args(argv)
    if len(args.files) < LEAST:
        raise UserError(f"{len(args.files)} files of predictions: give at least {LEAST}, or the first one always wins")
    scoring = replace_fields("scoring", WordOptions(), given_fields(args, WordOptions), ())
    output_file = None if args.output == "-" else user_path(args.output)
    form = output_format(output_file)
    line = record_line(form)
    files = [TextFile(name, args.input_format, "FILE") for name in args.files]
    for file in files:
        check_output(output_file, file.path)
        check_lengths(files[0].path, len(files[0].rows), file.path, len(file.rows))
    if args.prediction_column and all(file.is_text for file in files):
        raise UserError(f"{flag_of('prediction_column')} has no effect on plain text: leave it out")
    columns = [file.predictions(args.prediction_column) for file in files]
    chosen = [0] * len(files)
    with open_output(output_file) as output:
        for position, predictions in enumerate(zip(*columns, strict=True)):
            winner = vote(predictions, scoring.tokenizer)
            chosen[winner] += 1
            fields = [file.rows[position].fields for file in files]
            output.write(render(fields, predictions[winner], form, line))
        output.flush()
    report = ", ".join(f"{count} of {name}" for name, count in zip(args.files, chosen, strict=True))
    print(f"seq2seq vote: {sum(chosen)} headlines: {report}", file=sys.stderr)
    return 0


def render(fields: Sequence[Mapping[str, Any]], prediction: str, form: str, line: RecordLine) -> str:
    """The output for one document: the headline, or a record with it and the fields that are equal in all files."""
    if form == "text":
        return prediction + "\n"
    first, *others = fields
    common = {
        name: value
        for name, value in first.items()
        if name not in PREDICTION_COLUMNS and all(name in other and other[name] == value for other in others)
    }
    return line({**common, "prediction": prediction})
