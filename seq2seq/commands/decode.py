"""`seq2seq decode`: documents in, headlines out, one output line for each input line, in the same order."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import IO, Any

from seq2seq.errors import UserError

from .arguments import Parser, add_decoding_options, check_positive, load_summarizer

NOT_TEXT = re.compile("[\0\ud800-\udfff]")
ESCAPED = "backslashreplace"  # writes a lone surrogate in another field of the input as JSON's own escape


def parser() -> Parser:
    p = Parser(
        prog="seq2seq decode",
        description="Write headlines for documents. Text input has one document per line. JSON Lines input has objects "
        "with a 'document'.",
    )
    p.add_argument("--input", default="-", metavar="FILE", help="documents; - is standard input (default)")
    p.add_argument("--output", default="-", metavar="FILE", help="headlines; - is standard output (default)")
    p.add_argument(
        "--format",
        choices=("text", "jsonl"),
        default="text",
        help="text: one headline per line (n-best: score, tab, headline; an empty line between documents); "
        "jsonl: objects with document, prediction, score, and the other fields of the input line",
    )
    p.add_argument(
        "--input-format",
        choices=("auto", "text", "jsonl"),
        default="auto",
        help="auto: jsonl for names in .jsonl, else text",
    )
    p.add_argument(
        "--batch-size", type=int, metavar="N", help="documents in a batch (default: 80,000 document tokens in a batch)"
    )
    add_decoding_options(p)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq decode`. Returns the exit status; raises UserError on bad arguments or input."""
    args = parser().parse_args(argv)
    check_positive(args, "batch_size", "threads")
    source = Source(args.input, args.input_format)
    summarizer = load_summarizer(args)
    pending: list[dict[str, Any]] = []  # input lines without a headline so far; at most one chunk of `stream`

    def documents() -> Iterator[str]:
        for line in source:
            pending.append(line)
            yield line["document"]

    with open_output(args.output, args.input) as output:
        for found in summarizer.stream(documents(), batch_size=args.batch_size):
            output.write(render(pending.pop(0), found, args.format, summarizer.options.n_best))
            if args.output == "-" and sys.stdout.isatty():
                output.flush()
        output.flush()
    report(source, summarizer)
    return 0


def render(line: dict[str, Any], found: list[Any], form: str, n_best: int) -> str:
    """The output for one document: one line, or several with n-best text."""
    if form == "jsonl":
        result = line | {"prediction": found[0].text, "score": round(found[0].score, 4)}
        if n_best > 1:
            result["hypotheses"] = [h._asdict() for h in found]
        return json.dumps(result, ensure_ascii=False) + "\n"
    if n_best == 1:
        return found[0].text + "\n"
    return "".join(f"{h.score:.4f}\t{h.text}\n" for h in found) + "\n"


class Source:
    """Documents from a file or standard input.

    Bytes that are not UTF-8, NUL and lone surrogates are replaced and counted. A JSON line without a `document` raises
    UserError.
    """

    def __init__(self, name: str, form: str) -> None:
        self.name, self.replaced, self.count = name, 0, 0
        self.json = form == "jsonl" or (form == "auto" and name.endswith(".jsonl"))
        if name != "-" and (os.path.isdir(name) or not os.path.exists(name)):
            raise UserError(f"{name}: no such file; give one with one document per line, or - for standard input")
        self.stream: IO[bytes] = sys.stdin.buffer if name == "-" else open(name, "rb")  # noqa: SIM115 (read to its end)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each line as an object with a `document`."""
        for raw in self.stream:
            self.count += 1
            line = (raw.removeprefix(b"\xef\xbb\xbf") if self.count == 1 else raw).rstrip(b"\r\n")
            text = line.decode("utf-8", errors="surrogateescape")
            parsed = self._object(text) if self.json else {"document": text}
            document = NOT_TEXT.sub("�", parsed["document"])
            self.replaced += document != parsed["document"]
            yield parsed | {"document": document}

    def _object(self, text: str) -> dict[str, Any]:
        try:
            line = json.loads(text, strict=False)
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{self.name}:{self.count}: not JSON ({error}); give one object per line, or --input-format text"
            ) from error
        if not isinstance(line, dict) or not isinstance(line.get("document"), str):
            raise UserError(
                f'{self.name}:{self.count}: no text under \'document\'; give objects like {{"document": "..."}}'
            )
        return line


def open_output(name: str, source: str) -> Any:
    """Opens the output as UTF-8 with "\\n" as line end. Standard output is not closed at the end of the block."""
    if name == "-":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", errors=ESCAPED, newline="\n")
        return nullcontext(sys.stdout)
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        raise UserError(f"{folder}: no such folder for --output; make it first")
    if os.path.exists(name) and os.path.exists(source) and os.path.samefile(name, source):
        raise UserError(f"--output {name}: that is the input; give another name")
    return open(name, "w", encoding="utf-8", errors=ESCAPED, newline="\n")


def report(source: Source, summarizer: Any) -> None:
    """Writes one line with the number of documents and of unusual ones to standard error."""
    notes = []
    if summarizer.empty:
        notes.append(f"{summarizer.empty} without a word (headline left empty)")
    if summarizer.cut:
        notes.append(f"{summarizer.cut} cut to {summarizer.max_document_tokens} tokens")
    if source.replaced:
        notes.append(f"{source.replaced} with bytes that are not text (replaced)")
    print(f"seq2seq decode: {source.count} documents" + "".join(f"; {note}" for note in notes), file=sys.stderr)
