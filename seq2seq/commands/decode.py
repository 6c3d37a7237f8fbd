"""`seq2seq decode`: documents in, headlines out, in the same order, one line for each document whatever it holds."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import IO, Any

from seq2seq.errors import UserError
from seq2seq.commands.arguments import Parser, search_options

PRECISIONS = ("float32", "bfloat16")


def parser() -> Parser:
    p = Parser(
        prog="seq2seq decode",
        description="Write headlines for documents. Text input is a document a line; JSON Lines input has objects with "
        "a 'document'. Options left out keep what the checkpoint was trained to be tested with.",
    )
    p.add_argument(
        "--checkpoint", required=True, metavar="FILE", help="what `seq2seq fit` wrote, e.g. runs/quickstart/best.ckpt"
    )
    p.add_argument("--input", default="-", metavar="FILE", help="documents; - is standard input (default)")
    p.add_argument("--output", default="-", metavar="FILE", help="headlines; - is standard output (default)")
    p.add_argument("--beam-size", type=int, metavar="N", help="hypotheses kept at each step; 1 is greedy search")
    p.add_argument(
        "--n-best", type=int, metavar="N", help="headlines for each document, best first (needs --beam-size >= N)"
    )
    p.add_argument("--length-penalty", type=float, metavar="X", help="a headline's score is log-probability / length^X")
    p.add_argument("--min-length", type=int, metavar="N", help="at least so many tokens")
    p.add_argument("--max-length", type=int, metavar="N", help="at most so many tokens")
    p.add_argument(
        "--no-repeat-ngram-size", type=int, metavar="N", help="no N tokens in a row occur twice in a headline (0 = off)"
    )
    p.add_argument("--allow-unk", action="store_true", default=None, help="let <unk> stand in headlines")
    p.add_argument(
        "--format",
        choices=("text", "jsonl"),
        default="text",
        help="text: a headline a line (n-best: score, tab, headline; an empty line between documents); "
        "jsonl: objects with document, prediction, score, and what else the input line held",
    )
    p.add_argument(
        "--input-format",
        choices=("auto", "text", "jsonl"),
        default="auto",
        help="auto: jsonl for names in .jsonl, else text",
    )
    p.add_argument(
        "--batch-size", type=int, metavar="N", help="documents decoded at once (default: as many as 80,000 tokens hold)"
    )
    p.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu or cuda")
    p.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="bfloat16 is faster where the hardware multiplies it (AVX512-BF16, AMX, GPUs), and slower elsewhere",
    )
    p.add_argument(
        "--shortlist",
        type=int,
        metavar="N",
        help="say only the N most frequent words and the document's own: faster (0 = the whole vocabulary)",
    )
    p.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all cores)")
    return p


NOT_TEXT = re.compile("[\0\ud800-\udfff]")
ESCAPED = "backslashreplace"  # what half a surrogate pair in another field of the input becomes: JSON's own escape
SEARCH = (
    *("beam_size", "n_best", "length_penalty", "min_length", "max_length"),
    *("no_repeat_ngram_size", "allow_unk", "shortlist"),
)


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    for name in ("batch_size", "threads"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise UserError(f"--{name.replace('_', '-')} {getattr(args, name)}: give at least 1")
    source = Source(args.input, args.input_format)
    import torch  # here, after the arguments are known

    from seq2seq.ops.cpu import tune_cpu
    from seq2seq.inference import Summarizer

    if args.threads:
        torch.set_num_threads(args.threads)
    tune_cpu()
    summarizer = Summarizer.from_checkpoint(args.checkpoint, args.device, args.precision)
    summarizer.options = search_options({name: getattr(args, name) for name in SEARCH}, summarizer.options)
    held: list[dict[str, Any]] = []  # what the lines read ahead said; as long as a chunk at most

    def documents() -> Iterator[str]:
        for document, line in source:
            held.append(line)
            yield document

    with open_output(args.output, args.input) as output:
        for found in summarizer.stream(documents(), batch_size=args.batch_size):
            output.write(render(held.pop(0), found, args.format, summarizer.options.n_best))
            if args.output == "-" and sys.stdout.isatty():
                output.flush()
        output.flush()
    report(source, summarizer)
    return 0


def render(line: dict[str, Any], found: list[Any], form: str, n_best: int) -> str:
    """One document's output: a line, or with n-best several."""
    if form == "jsonl":
        result = line | {"prediction": found[0].text, "score": round(found[0].score, 4)}
        if n_best > 1:
            result["hypotheses"] = [h._asdict() for h in found]
        return json.dumps(result, ensure_ascii=False) + "\n"
    if n_best == 1:
        return found[0].text + "\n"
    return "".join(f"{h.score:.4f}\t{h.text}\n" for h in found) + "\n"


class Source:
    """Documents from a file or standard input. What is not text (bytes that are not UTF-8, NUL, halves of surrogate
    pairs) is replaced and counted, never an error; a line that is no JSON object with a `document` is one.
    """

    def __init__(self, name: str, form: str) -> None:
        self.name, self.mended, self.count = name, 0, 0
        self.json = form == "jsonl" or (form == "auto" and name.endswith(".jsonl"))
        if name != "-" and (os.path.isdir(name) or not os.path.exists(name)):
            raise UserError(f"{name}: no such file; give one with a document a line, or - for standard input")
        self.stream: IO[bytes] = sys.stdin.buffer if name == "-" else open(name, "rb")  # noqa: SIM115 (read to its end)

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(document, the line as an object) for each line."""
        for raw in self.stream:
            self.count += 1
            line = (raw.removeprefix(b"\xef\xbb\xbf") if self.count == 1 else raw).rstrip(b"\r\n")
            text = line.decode("utf-8", errors="surrogateescape")
            parsed = self._object(text) if self.json else {"document": text}
            document = NOT_TEXT.sub("�", parsed["document"])
            self.mended += document != parsed["document"]
            yield document, parsed | {"document": document}

    def _object(self, text: str) -> dict[str, Any]:
        try:
            line = json.loads(text, strict=False)
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{self.name}:{self.count}: not JSON ({error}); give one object a line, or --input-format text"
            ) from error
        if not isinstance(line, dict) or not isinstance(line.get("document"), str):
            raise UserError(
                f'{self.name}:{self.count}: no text under \'document\'; give objects like {{"document": "..."}}'
            )
        return line


def open_output(name: str, source: str) -> Any:
    """The output, line by line in UTF-8; standard output stays open."""
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
    """What was unusual, in one line on standard error."""
    notes = []
    if summarizer.empty:
        notes.append(f"{summarizer.empty} without a word (headline left empty)")
    if summarizer.cut:
        notes.append(f"{summarizer.cut} cut to {summarizer.max_document_tokens} tokens")
    if source.mended:
        notes.append(f"{source.mended} with bytes that are not text (replaced)")
    print(f"seq2seq decode: {source.count} documents" + "".join(f"; {note}" for note in notes), file=sys.stderr)
