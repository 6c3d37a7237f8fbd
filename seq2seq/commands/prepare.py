"""`seq2seq prepare`: raw distributions in, JSON Lines out. Parses arguments and calls seq2seq.data.prepare."""

from __future__ import annotations

import argparse
from pathlib import Path

from seq2seq.commands.arguments import Parser
from seq2seq.data.raw import prepare_gigaword, prepare_reuters

_DESCRIPTION = """\
Turn a raw distribution into JSON Lines: train.jsonl, validation.jsonl and test.jsonl, one object with the keys
`document` and `summary` a line, and report.json, which counts what was kept, left out and mended."""

_REUTERS = """\
Reuters-21578, 21,578 newswire stories of 1987. Stories with a title of at least 3 and a body of at least 12 tokens,
ordered by NEWID: the first 90 % train, 5 % validation, 5 % test; validation and test stories whose headline occurs in
training are left out. The case and the whole body are kept."""

_GIGAWORD = """\
Gigaword's sentence-headline pairs (Rush et al. 2015): line-aligned text files, plain or .gz, in the folder itself or in
its folders train/ and giga/: train.article.txt, train.title.txt, valid.article.filter.txt, valid.title.filter.txt,
input.txt, task1_ref0.txt. Pairs with an empty side are left out; UNK, <unk> and # are kept."""


def main(argv: list[str]) -> int:
    """Runs `seq2seq prepare ARGV`; 0 on success, UserError on bad input, SystemExit on bad arguments."""
    parser = Parser(
        prog="seq2seq prepare", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    corpora = parser.add_subparsers(dest="corpus", metavar="CORPUS", required=True)

    reuters = corpora.add_parser(
        "reuters21578",
        help="Reuters-21578, from its archive, its folder or the network",
        description=_REUTERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: seq2seq prepare reuters21578 --output data/reuters21578",
    )
    reuters.add_argument(
        "--source",
        metavar="ARCHIVE|FOLDER|URL",
        help="a .tar.gz, .tar or .zip archive, the folder with reut2-000.sgm ... reut2-021.sgm, or an http(s) address"
        " (default: download reuters21578.tar.gz from the collection's home to the output folder, 8 MB)",
    )
    reuters.set_defaults(prepare=prepare_reuters)

    gigaword = corpora.add_parser(
        "gigaword",
        help="Gigaword, from its article and title files",
        description=_GIGAWORD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: seq2seq prepare gigaword --source sumdata --output data/gigaword",
    )
    gigaword.add_argument("--source", type=Path, required=True, metavar="DIR", help="the folder of the distribution")
    gigaword.set_defaults(prepare=prepare_gigaword)

    for corpus in (reuters, gigaword):
        corpus.add_argument("--output", type=Path, required=True, metavar="DIR", help="the folder to write to")
        corpus.add_argument(
            "--force", action="store_true", help="replace what an earlier run wrote to the output folder"
        )

    arguments = parser.parse_args(argv)
    print(arguments.prepare(arguments.source, arguments.output, arguments.force))
    print(f"  written:  {arguments.output}")
    return 0
