"""`seq2seq show`: prints documents, references and a checkpoint's headlines side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from seq2seq.errors import UserError

from .arguments import Parser, add_decoding_options, check_positive, load_summarizer


def parser() -> Parser:
    p = Parser(
        prog="seq2seq show",
        description="Decode some documents and print document, reference and headlines side by side.",
    )
    p.add_argument("--input", required=True, metavar="FILE", help="JSON Lines with 'document' and, if known, 'summary'")
    p.add_argument(
        "--count", type=int, default=10, metavar="N", help="number of documents, evenly from the file (default 10)"
    )
    add_decoding_options(p)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq show`. Returns the exit status; raises UserError on bad arguments or input."""
    args = parser().parse_args(argv)
    check_positive(args, "count", "threads")
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    pairs = read_pairs(args.input, args.count)
    found = load_summarizer(args).stream([pair["document"] for pair in pairs])
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table("document", "reference", "headline", show_lines=True)
    for pair, headlines in zip(pairs, found, strict=True):
        cells = pair["document"], pair["summary"], "\n".join(headline.text for headline in headlines)
        # Text: square brackets in news are not markup.
        table.add_row(*(Text(encodable(cell, console.encoding)) for cell in cells))
    console.print(table)
    return 0


def encodable(text: str, encoding: str) -> str:
    """`text` with escapes for the characters that an output lacks, so that the widths of the table include them."""
    return text.encode(encoding, "backslashreplace").decode(encoding)


def read_pairs(name: str, count: int) -> list[dict[str, str]]:
    """Reads `count` objects, evenly spread over a JSON Lines file. Raises UserError if one has no document."""
    if not Path(name).is_file():
        raise UserError(f"{name}: no such file; give JSON Lines with a 'document' in each line")
    with open(name, encoding="utf-8", errors="replace", newline="\n") as file:
        lines = file.readlines()
    if not lines:
        raise UserError(f"{name}: the file is empty; give JSON Lines with a 'document' in each line")
    pairs = []
    for i in range(min(count, len(lines))):
        number = i * len(lines) // min(count, len(lines))
        try:
            pair = json.loads(lines[number])
            pairs.append({"document": str(pair["document"]), "summary": str(pair.get("summary", ""))})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f"{name}:{number + 1}: no JSON object with a 'document'; give one per line") from error
    return pairs
