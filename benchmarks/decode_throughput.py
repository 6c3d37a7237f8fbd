"""How many headlines a second: greedy and beam 5, in turn, on a file of documents.

    python benchmarks/decode_throughput.py --checkpoint runs/reuters/pointer-1/best.ckpt \
        --input runs/reuters/tokens/test.document.txt [--threads N] [--device cpu] [--runs 5]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import torch
from common import machine

from seq2seq.inference import Summarizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--input", required=True, help="a document a line")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    summarizer = Summarizer.from_checkpoint(args.checkpoint, args.device)
    with open(args.input, encoding="utf-8") as file:
        documents = file.read().splitlines()
    print(f"{machine()}; {torch.get_num_threads()} threads; {args.device}; {len(documents)} documents")
    times: dict[int, list[float]] = {1: [], 5: []}
    for run in range(args.runs + 1):  # the first is the warm-up
        for beam_size, seconds in times.items():
            start = time.perf_counter()
            summarizer.summarize(documents, beam_size=beam_size)
            if run:
                seconds.append(time.perf_counter() - start)
    for beam_size, seconds in times.items():
        rates = [len(documents) / s for s in seconds]
        print(f"  beam {beam_size}: {statistics.median(rates):,.0f} headlines/s ({min(rates):,.0f}-{max(rates):,.0f})")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
