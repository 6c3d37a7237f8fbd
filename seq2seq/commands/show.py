"""`seq2seq show`: documents, references and a checkpoint's headlines side by side, for people to read."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..errors import UserError


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
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
    from rich.console import Console
    from rich.table import Table

    from ..inference import Summarizer

    pairs = read(args.input, args.count)
    summarizer = Summarizer.from_checkpoint(args.checkpoint, args.device)
    options = {"beam_size": args.beam_size} if args.beam_size else {}
    found = summarizer.summarize([pair["document"] for pair in pairs], **options)
    table = Table("document", "reference", "headline", show_lines=True)
    for pair, headline in zip(pairs, found, strict=True):
        table.add_row(*map(_literal, (pair["document"], pair.get("summary", ""), headline)))
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    return 0


def _literal(text: str):
    from rich.text import Text

    return Text(text)  # square brackets in news are no markup


def read(name: str, count: int) -> list[dict[str, str]]:
    """`count` objects, evenly from a JSON Lines file."""
    if not Path(name).is_file():
        raise UserError(f"{name}: no such file; give JSON Lines with a 'document' in each line")
    with open(name, encoding="utf-8", errors="replace") as file:
        lines = file.readlines()
    step = max(1, len(lines) // max(1, count))
    pairs = []
    for number in range(0, len(lines), step)[:count]:
        try:
            pair = json.loads(lines[number])
            pairs.append({key: str(pair[key]) for key in ("document", "summary") if key in pair})
            pairs[-1]["document"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{name}:{number + 1}: no JSON object with a 'document'; give one a line") from error
    return pairs
