"""`seq2seq prepare`: one subcommand for each raw distribution that is registered in `seq2seq.data.raw`."""

from __future__ import annotations

import argparse

from ..data.raw import DISTRIBUTIONS
from ..files import user_path
from .arguments import Parser

DESCRIPTION = """\
Turn a raw distribution into JSON Lines: train.jsonl, validation.jsonl and test.jsonl, one object with the keys
`document` and `summary` per line, and report.json with the numbers of kept, left out and mended documents."""


def parser() -> Parser:
    plain = argparse.RawDescriptionHelpFormatter
    p = Parser(prog="seq2seq prepare", description=DESCRIPTION, formatter_class=plain)
    corpora = p.add_subparsers(dest="corpus", metavar="CORPUS", required=True)
    for name, distribution in DISTRIBUTIONS.items():
        corpus = corpora.add_parser(
            name,
            help=distribution.help,
            description=distribution.description,
            epilog=f"example: {distribution.example}",
            formatter_class=plain,
        )
        for option, settings in distribution.arguments.items():
            corpus.add_argument(option, **settings)
        corpus.add_argument("--output", type=user_path, required=True, metavar="DIR", help="the folder to write to")
        corpus.add_argument("--force", action="store_true", help="replace the output of an earlier run")
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq prepare ARGV`; 0 on success, UserError on bad input, SystemExit on bad arguments."""
    arguments = vars(parser().parse_args(argv))
    distribution = DISTRIBUTIONS[arguments.pop("corpus")]
    print(distribution.prepare(**arguments))
    print(f"  written:  {arguments['output']}")
    return 0
