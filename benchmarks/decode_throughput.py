"""Headlines per second, greedy and with beam 5: as `seq2seq decode` computes them, and with its faster options.

    python benchmarks/decode_throughput.py --checkpoint runs/reuters/pointer-1/best.ckpt \
        --input runs/reuters/tokens/test.document.txt --references runs/reuters/tokens/test.summary.txt \
        [--threads N] [--device cpu] [--runs 5] [--shortlists 1000 2000 4000]

All variants run in one process after a warm-up, in another order in each run. `whole rows` computes
the distributions of all rows at once, and not in pieces. `plain operations` uses no compiled loops. The ratio compares
the headlines per second of one run with those of the default; ROUGE scores the variant's own headlines, and `other`
counts those that differ from the default's.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import common
import torch
from torch import Tensor

from seq2seq import ops
from seq2seq.inference import Summarizer
from seq2seq.model.network import SearchState
from seq2seq.ops.cpu import bfloat16_is_faster, tune_cpu
from seq2seq.scoring import KINDS, mean_scores, score_pair


class Variant(NamedTuple):
    """One way to search: a loaded network, options of the search, and a change that holds while it runs."""

    name: str
    summarizer: Summarizer
    options: dict[str, Any]
    change: Callable[[], AbstractContextManager] = nullcontext

    def __call__(self, documents: list[str], beam_size: int) -> list[str]:
        """The headlines of the documents."""
        with self.change():
            return self.summarizer.summarize(documents, beam_size=beam_size, **self.options)


def variants(checkpoint: str, device: str, shortlists: list[int]) -> list[Variant]:
    """All variants; those in bfloat16 only if the device is faster with it."""
    exact = Summarizer.from_checkpoint(checkpoint, device)
    network, in_pieces = exact.network, exact.network.step_in_pieces

    def in_one_piece(tokens: Tensor, state: SearchState) -> tuple[Any, SearchState]:
        return in_pieces(tokens, state, rows_at_once=len(tokens))

    found = [
        Variant("default", exact, {}),
        Variant("whole rows", exact, {}, lambda: patch.object(network, "step_in_pieces", in_one_piece)),
        Variant("plain operations", exact, {}, ops.reference_only),
        *(Variant(f"shortlist {n:,}", exact, {"shortlist": n}) for n in shortlists),
    ]
    if bfloat16_is_faster(device):
        low = Summarizer.from_checkpoint(checkpoint, device, "bfloat16")
        found.append(Variant("bfloat16", low, {}))
        found += [Variant(f"bfloat16, shortlist {n:,}", low, {"shortlist": n}) for n in shortlists]
    return found


def report(beam_size: int, names: list[str], rates: list[list[float]], texts: list[list[str]], references: list[str]):
    """Prints the table of one beam size."""
    print(f"\n| beam {beam_size} | headlines/s (lowest-highest) | / default | R1 | R2 | RL | other |")
    print("|---|---|---|---|---|---|---|")
    for name, found, written in zip(names, rates, texts, strict=True):
        ratio = common.median_range(common.ratios(found, rates[0]))
        figures = "- | - | -"
        if references:
            scores = mean_scores([score_pair(r, t) for r, t in zip(references, written, strict=True)])
            figures = " | ".join(f"{scores[kind]:.2f}" for kind in KINDS)
        other = sum(a != b for a, b in zip(written, texts[0], strict=True))
        print(f"| {name} | {common.median_range(found, 0)} | {ratio} | {figures} | {other} |")


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
    documents = args.input.read_text(encoding="utf-8").splitlines()
    references = args.references.read_text(encoding="utf-8").splitlines() if args.references else []
    ways = variants(args.checkpoint, args.device, args.shortlists)
    print(f"{common.machine()}; {torch.get_num_threads()} threads; {args.device}; ", end="")
    print(f"{len(documents)} documents; {args.runs} runs")
    for beam_size in (1, 5):
        rates: list[list[float]] = [[] for _ in ways]
        texts: list[list[str]] = [[] for _ in ways]
        for run in range(args.runs + 1):  # the first is the warm-up
            for i in random.Random(run).sample(range(len(ways)), len(ways)):
                start = time.perf_counter()
                texts[i] = ways[i](documents, beam_size)
                if run:
                    rates[i].append(len(documents) / (time.perf_counter() - start))
        report(beam_size, [way.name for way in ways], rates, texts, references)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
