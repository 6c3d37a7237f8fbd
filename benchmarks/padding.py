"""The share of padding in training batches, and the randomness of the batches.

    python benchmarks/padding.py --train "data/webnews/train-*.jsonl.gz" [--tokens 8000] [--widths 1 2 4 8 16]

For each bucket width: padded tokens / real tokens over an epoch, and three measures of randomness. `length` is
Spearman's correlation between the position of a batch in the epoch and its length (0: no relation). `mates` is the
number of examples with the same rounded lengths, which every epoch shuffles again (median over the examples). `again`
is the share of an example's batch-mates that are batch-mates in the next epoch too; the share in a wholly random order
stands in brackets.
"""

from __future__ import annotations

import argparse

import numpy as np
from common import machine

from seq2seq.data.bucketing import BatchOptions, BatchSampler
from seq2seq.data.corpora import CorpusOptions
from seq2seq.data.encoding import EncodedRows
from seq2seq.data.tokenizer import TokenizerOptions
from seq2seq.training.datamodule import HeadlineData


def lengths_of(pattern: str, vocabulary: int, document: int, summary: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens of the training pairs, as `seq2seq fit` would count them."""
    data = HeadlineData(
        CorpusOptions(train=pattern),
        TokenizerOptions(kind="word", vocab_size=vocabulary, normalizers=("nfkc", "lowercase")),
        max_document_tokens=document,
        max_summary_tokens=summary,
    )
    loader = data.train_dataloader()
    rows: EncodedRows = loader.dataset.rows  # type: ignore[attr-defined]
    return rows.lengths()


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, those of equal values averaged."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def measure(documents: np.ndarray, summaries: np.ndarray, options: BatchOptions) -> str:
    """A line of the table for one bucket width. documents, summaries: [n] lengths."""
    sampler = BatchSampler(documents, summaries, options, shuffle=True, seed=1)
    targets = summaries + 1
    batch_of, correlations, padded = [], [], 0
    for epoch in range(2):
        sampler.set_epoch(epoch)
        plans = [plan.indices for plan in sampler]
        widths = np.array([documents[i].max() + targets[i].max() for i in plans])
        padded = int(sum(len(i) * width for i, width in zip(plans, widths, strict=True)))
        correlations.append(np.corrcoef(ranks(np.arange(len(plans))), ranks(widths))[0, 1])
        of = np.empty(len(documents), np.int64)
        for number, indices in enumerate(plans):
            of[indices] = number
        batch_of.append(of)
    real = int(documents.sum() + targets.sum())
    keys = np.stack([-(-np.maximum(documents, 1) // options.bucket_width), targets])
    pools = np.unique(keys, axis=1, return_counts=True)[1]
    mates = np.median(np.repeat(pools, pools)) - 1
    # Pairs that share a batch in both epochs, of those that do in the first.
    both = np.unique(np.stack(batch_of), axis=1, return_counts=True)[1]
    first = np.bincount(batch_of[0])
    again = float((both * (both - 1)).sum() / (first * (first - 1)).sum())
    chance = float(first.mean() / len(documents))
    correlation = max(correlations, key=abs)
    return (
        f"| {options.bucket_width} | {len(first):,} | {first.mean():.0f} | {padded / real:.4f} | {correlation:+.3f} "
        f"| {mates:,.0f} | {100 * again:.2f} % ({100 * chance:.2f} %) |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="JSON Lines with documents and summaries; a file or a pattern")
    parser.add_argument("--tokens", type=int, default=8000)
    parser.add_argument("--widths", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--max-document-tokens", type=int, default=100)
    parser.add_argument("--max-summary-tokens", type=int, default=30)
    parser.add_argument("--vocabulary", type=int, default=50_000)
    args = parser.parse_args()
    documents, summaries = lengths_of(args.train, args.vocabulary, args.max_document_tokens, args.max_summary_tokens)
    print(f"{machine()}\n{len(documents):,} pairs, {args.tokens:,} padded tokens a batch, seed 1\n")
    print("| bucket width | batches | pairs a batch | padded / real tokens | length | mates | again (by chance) |")
    print("|---|---|---|---|---|---|---|")
    for width in args.widths:
        print(measure(documents, summaries, BatchOptions(tokens=args.tokens, bucket_width=width)), flush=True)


if __name__ == "__main__":
    main()
