"""Headlines per second of `seq2seq decode` and of onnxruntime, greedy and with beam 5, and their different headlines.

    seq2seq export onnx --checkpoint titles --output titles-onnx
    python benchmarks/onnx.py --checkpoint titles --onnx titles-onnx --input DOCUMENTS \
        [--threads N] [--runs 5] [--batch-sizes 1 32 500] [--count N]

Both run in one process after a warm-up, in turn, with the same documents, threads and batches. The ratio compares the
times of one run. The folder is made by another process: the name of this file hides the package `onnx` here.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import common
import torch

from seq2seq.export_onnx.runtime import OnnxSummarizer
from seq2seq.inference import Summarizer
from seq2seq.ops.cpu import tune_cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--onnx", required=True, type=Path, help="the folder that was exported from this checkpoint")
    parser.add_argument("--input", required=True, type=Path, help="a document a line")
    parser.add_argument("--count", type=int, help="number of documents (default: all)")
    parser.add_argument("--threads", type=int, default=common.threads())
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 32, 500], help="documents in a batch")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tune_cpu()  # as `seq2seq decode` does
    documents = args.input.read_text(encoding="utf-8").splitlines()[: args.count]
    systems = Summarizer.from_checkpoint(args.checkpoint, "cpu"), OnnxSummarizer(args.onnx, args.threads)
    print(f"{common.machine()}, onnxruntime {common.version('onnxruntime')}; {args.threads} threads; ", end="")
    print(f"{len(documents)} documents; {args.runs} runs, median (lowest-highest)\n")
    print("| beam | batch | decode, headlines/s | onnxruntime, headlines/s | onnxruntime / decode | other headlines |")
    print("|---|---|---|---|---|---|")
    for beam_size in (1, 5):
        for batch_size in args.batch_sizes:
            rates: list[list[float]] = [[], []]
            texts: list[list[str]] = [[], []]
            for run in range(args.runs + 1):  # the first is the warm-up
                for i in (0, 1) if run % 2 else (1, 0):
                    start = time.perf_counter()
                    texts[i] = systems[i].summarize(documents, batch_size=batch_size, beam_size=beam_size)
                    if run:
                        rates[i].append(len(documents) / (time.perf_counter() - start))
            ratio = common.median_range(common.ratios(rates[1], rates[0]))
            figures = " | ".join(common.median_range(rate, 1) for rate in rates)
            other = sum(a != b for a, b in zip(*texts, strict=True))
            print(f"| {beam_size} | {batch_size} | {figures} | {ratio} | {other} |", flush=True)


if __name__ == "__main__":
    main()
