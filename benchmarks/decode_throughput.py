"""How many headlines a second, greedy and with beam 5: as `seq2seq decode` does it, and with its faster options.

    python benchmarks/decode_throughput.py --checkpoint runs/reuters/pointer-1/best.ckpt \
        --input runs/reuters/tokens/test.document.txt --references runs/reuters/tokens/test.summary.txt \
        [--threads N] [--device cpu] [--runs 5] [--shortlists 1000 2000 4000]

All variants run in one process after a warm-up, in another order in each run. `whole rows` is the search over
`Seq2Seq.step`, the plain version of what `decode` does in pieces. The ratio is headlines a second to those of the
default, run by run; ROUGE is that of the variant's own headlines, and `other` how many of them differ from the
default's.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from common import machine

from seq2seq.ops.cpu import tune_cpu
from seq2seq.inference import Summarizer
from seq2seq.model.network import Seq2Seq
from seq2seq.scoring.rouge import KINDS, mean_scores, score_pair


class Variant(NamedTuple):
    name: str
    summarizer: Summarizer
    options: dict[str, Any]
    whole: bool = False

    def __call__(self, documents: list[str], beam_size: int) -> list[str]:
        in_pieces: Callable = Seq2Seq.step_in_pieces
        if self.whole:
            Seq2Seq.step_in_pieces = Seq2Seq.step  # type: ignore[assignment, method-assign]
        try:
            return self.summarizer.summarize(documents, beam_size=beam_size, **self.options)
        finally:
            Seq2Seq.step_in_pieces = in_pieces  # type: ignore[method-assign]


def report(beam_size: int, names: list[str], rates: list[list[float]], texts: list[list[str]], references: list[str]):
    print(f"\n| beam {beam_size} | headlines/s (lowest-highest) | / default | R1 | R2 | RL | other |")
    print("|---|---|---|---|---|---|---|")
    for name, found, written in zip(names, rates, texts, strict=True):
        ratios = [a / b for a, b in zip(found, rates[0], strict=True)]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        speed = f"{statistics.median(found):,.0f} ({min(found):,.0f}-{max(found):,.0f})"
        figures = "- | - | -"
        if references:
            scores = mean_scores([score_pair(r, t) for r, t in zip(references, written, strict=True)])
            figures = " | ".join(f"{scores[kind]:.2f}" for kind in KINDS)
        other = sum(a != b for a, b in zip(written, texts[0], strict=True))
        print(f"| {name} | {speed} | {ratio} | {figures} | {other} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--input", required=True, type=Path, help="a document a line")
    parser.add_argument("--references", type=Path, help="their headlines, a line each")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--shortlists", type=int, nargs="*", default=[1000, 2000, 4000])
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    tune_cpu()  # as `seq2seq decode` does
    exact = Summarizer.from_checkpoint(args.checkpoint, args.device)
    low = Summarizer.from_checkpoint(args.checkpoint, args.device, "bfloat16")
    documents = args.input.read_text(encoding="utf-8").splitlines()
    references = args.references.read_text(encoding="utf-8").splitlines() if args.references else []
    variants = [Variant("default", exact, {}), Variant("whole rows", exact, {}, whole=True)]
    variants += [Variant(f"shortlist {n:,}", exact, {"shortlist": n}) for n in args.shortlists]
    variants += [Variant("bfloat16", low, {})]
    variants += [Variant(f"bfloat16, shortlist {n:,}", low, {"shortlist": n}) for n in args.shortlists]
    print(
        f"{machine()}; {torch.get_num_threads()} threads; {args.device}; {len(documents)} documents; {args.runs} runs"
    )
    for beam_size in (1, 5):
        rates: list[list[float]] = [[] for _ in variants]
        texts: list[list[str]] = [[] for _ in variants]
        for run in range(args.runs + 1):  # the first is the warm-up
            for i in random.Random(run).sample(range(len(variants)), len(variants)):
                start = time.perf_counter()
                texts[i] = variants[i](documents, beam_size)
                if run:
                    rates[i].append(len(documents) / (time.perf_counter() - start))
        report(beam_size, [variant.name for variant in variants], rates, texts, references)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
