"""`seq2seq show`: documents, references and a checkpoint's headlines side by side, for people to read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError
from seq2seq.commands.arguments import Parser, search_options


def parser() -> Parser:
    p = Parser(
        prog="seq2seq show",
        description="Decode some documents and print document, reference and headline side by side.",
    )
    p.add_argument("--checkpoint", required=True, metavar="FILE", help="what `seq2seq fit` wrote")
    p.add_argument("--input", required=True, metavar="FILE", help="JSON Lines with 'document' and, if known, 'summary'")
    p.add_argument(
        "--count", type=int, default=10, metavar="N", help="how many, taken evenly from the file (default 10)"
    )
    p.add_argument("--beam-size", type=int, metavar="N", help="hypotheses kept at each step")
    p.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu or cuda")
    return p


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    if args.count < 1:
        raise UserError(f"--count {args.count}: give at least 1")
    from rich.console import Console
    from rich.table import Table

    from seq2seq.ops.cpu import tune_cpu
    from seq2seq.inference import Summarizer

    pairs = read(args.input, args.count)
    tune_cpu()
    summarizer = Summarizer.from_checkpoint(args.checkpoint, args.device)
    summarizer.options = search_options({"beam_size": args.beam_size}, summarizer.options)
    found = summarizer.summarize([pair["document"] for pair in pairs])
    table = Table("document", "reference", "headline", show_lines=True)
    for pair, headline in zip(pairs, found, strict=True):
        table.add_row(*map(_literal, (pair["document"], pair["summary"], headline)))
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    return 0


def _literal(text: str) -> Any:
    from rich.text import Text

    return Text(text)  # square brackets in news are no markup


def read(name: str, count: int) -> list[dict[str, str]]:
    """`count` objects, evenly from a JSON Lines file."""
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
            raise UserError(f"{name}:{number + 1}: no JSON object with a 'document'; give one a line") from error
    return pairs
