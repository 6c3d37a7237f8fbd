"""The recurrent cells on one corpus: quality, weights, speed, and how far gradients reach in the encoder.

    python benchmarks/cells.py                                                              # newswire, three seeds
    python benchmarks/cells.py --device cuda --jobs 6
    python benchmarks/cells.py --corpus configs/reuters21578.yaml configs/published/small/ours.yaml \\
        --output runs/cells-reuters
    python benchmarks/cells.py --report                                     # the tables again, without training

Each cell is trained once for each seed with the options of the configs. The best checkpoint is tested with their search
on both splits. `--jobs` trains several networks side by side, each with one thread on a CPU.

Speeds are measured afterwards, in this process, with the networks of the first seed: the cells in turn, one warm-up and
some rounds. Training: all of a training step (forward, backward, clipping, optimizer) on batches of the training split.
Search: greedy, all documents of the test split.

Gradients: g is the gradient of the loss at the state of the encoder's forward direction after the last word. The
recurrence carries it back over k words; the figure is the norm at that state divided by the norm of g, the mean over
the first documents of the test split that have more than 40 words. It is 1 at k = 0.
"""

from __future__ import annotations

import argparse
import copy
import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from common import ACCELERATORS, KINDS, ROOT, SETTINGS, machine, median_range, metrics, run_seq2seq, side_by_side
from train_throughput import synchronize, training_step
from workload import new_optimizer

from seq2seq.batch import Batch, make_batch
from seq2seq.data.bucketing import BatchOptions
from seq2seq.data.corpora import CorpusOptions
from seq2seq.data.tokenizer import TokenizerOptions
from seq2seq.inference import Summarizer
from seq2seq.model.cells import CELLS
from seq2seq.model.network import Seq2Seq
from seq2seq.ops.cpu import tune_cpu
from seq2seq.training.datamodule import HeadlineData, vocabulary_of
from seq2seq.training.state_gradients import network_flow

DISTANCES = (1, 10, 40)
"""Words between a state and the gradient that is carried back to it."""
LAYER = "encoder.forwards.0"

Scores = dict[str, float]


class Result(NamedTuple):
    """The figures of one cell.

    Args:
        parameters: weights of the network.
        validation, test: metrics of each seed.
        words: words per second in training, by round.
        headlines: headlines per second in a greedy search, by round.
        carried: for each seed the norms of the gradients at `DISTANCES`.
    """

    parameters: int
    validation: list[Scores]
    test: list[Scores]
    words: list[float]
    headlines: list[float]
    carried: list[list[float]]


def train(args: argparse.Namespace, cell: str, seed: int, folder: Path) -> None:
    """Trains a cell in `folder`, and tests its best checkpoint on both splits."""
    threads = 1 if args.jobs > 1 else None
    options: list[str | Path] = [word for config in args.corpus for word in ("--config", config)]
    options += ["--seed_everything", str(seed), "--model.network.cell", cell]
    options += ["--trainer.accelerator", ACCELERATORS[args.device], "--trainer.devices", "1"]
    options += ["--trainer.logger", "false", "--trainer.default_root_dir"]
    limit = [] if args.epochs is None else ["--trainer.max_epochs", str(args.epochs)]
    run_seq2seq("fit", *options, folder, *limit, threads=threads)
    best = ["--ckpt_path", folder / "best.ckpt"]
    run_seq2seq("test", *options, folder, *best, threads=threads)
    validation = ["--data.corpus.test", settings_of(folder)["data"]["corpus"]["validation"]]
    run_seq2seq("test", *options, folder / "validation", *best, *validation, threads=threads)


def settings_of(folder: Path) -> dict[str, Any]:
    """The config that a training has saved."""
    return yaml.safe_load((ROOT / folder / "config.yaml").read_text(encoding="utf-8"))


def data_of(folder: Path) -> HeadlineData:
    """The data of a training, with the tokenizer of its checkpoint."""
    data = settings_of(folder)["data"]
    sections = {"corpus": CorpusOptions, "tokenizer": TokenizerOptions, "batches": BatchOptions}
    made = {name: kind(**data[name]) for name, kind in sections.items()}
    return HeadlineData(**{**data, **made, "tokenizer_from": str(ROOT / folder / "best.ckpt")})


def long_batches(data: HeadlineData, documents: int, longest: int, size: int = 50) -> list[Batch]:
    """The first pairs of the test split whose document has more than `longest` words, in batches of `size`.

    Raises SystemExit if there is none.
    """
    tokenizer, pairs = data.tokenizer, data.split("test")
    encoded = tokenizer.encode_documents(pairs["document"], data.max_document_tokens)
    chosen = [i for i, document in enumerate(encoded) if len(document.ids) > longest][:documents]
    if not chosen:
        raise SystemExit(f"no document of the test split has more than {longest} words")
    batches = []
    for rows in (chosen[start : start + size] for start in range(0, len(chosen), size)):
        ids, oov = [encoded[i].ids for i in rows], [encoded[i].oov for i in rows]
        texts = [pairs[i]["summary"] for i in rows]
        summaries = [ids for ids, _ in tokenizer.encode_summaries(texts, oov, data.max_summary_tokens)]
        batches.append(make_batch(ids, summaries, oov, vocabulary_of(tokenizer)))
    return batches


def carried_back(network: Seq2Seq, batches: Sequence[Batch], distances: Sequence[int]) -> list[float]:
    """The norms of the carried gradients at some distances, the mean over all documents of the batches.

    Raises SystemExit if a gradient at the last state is zero.
    """
    device, documents = network.output.bias.device, sum(map(len, batches))
    sums = [0.0] * len(distances)
    for batch in batches:
        carried = network_flow(network, batch.to(device)).layers[LAYER].carried
        for i, distance in enumerate(distances):
            share = carried[distance]
            if share is None:
                raise SystemExit(f"{LAYER}: the gradient at the last state is zero for all documents of a batch")
            sums[i] += share * len(batch)
    return [total / documents for total in sums]


class Speeds:
    """Times the networks of several cells in turn.

    Args:
        folders: the run of each cell.
        device: cpu or cuda.
        steps: training steps of a round.
    """

    def __init__(self, folders: dict[str, Path], device: str, steps: int) -> None:
        self.device = torch.device(device)
        data = data_of(next(iter(folders.values())))
        self.batches = list(islice(data.train_dataloader(), steps))
        self.documents = list(data.split("test")["document"])
        self.summarizers = {
            cell: Summarizer.from_checkpoint(ROOT / folder / "best.ckpt", device) for cell, folder in folders.items()
        }
        self.words: dict[str, list[float]] = {cell: [] for cell in folders}
        self.headlines: dict[str, list[float]] = {cell: [] for cell in folders}

    def measure(self, rounds: int) -> None:
        """Words per second in training and headlines per second in a greedy search, for each round and cell."""
        words = sum(batch.tokens() for batch in self.batches)
        for number in range(rounds + 1):  # the first is the warm-up
            for cell, summarizer in self.summarizers.items():
                network = copy.deepcopy(summarizer.network).train()
                training = self._seconds(self._train, network, new_optimizer(network))
                search = self._seconds(summarizer.summarize, self.documents, beam_size=1)
                if number:
                    self.words[cell].append(words / training)
                    self.headlines[cell].append(len(self.documents) / search)

    def _train(self, network: Seq2Seq, optimizer: torch.optim.Optimizer) -> None:
        for batch in self.batches:
            training_step(network, batch, optimizer)

    def _seconds(self, work: Callable, *arguments: Any, **options: Any) -> float:
        synchronize(self.device)
        start = time.perf_counter()
        work(*arguments, **options)
        synchronize(self.device)
        return time.perf_counter() - start


def measured(args: argparse.Namespace, folder: Callable[[str, int], Path]) -> dict[str, Result]:
    """The figures of all cells, from their runs."""
    speeds = Speeds({cell: folder(cell, args.seeds[0]) for cell in args.cells}, args.device, args.steps)
    speeds.measure(args.rounds)
    found = {}
    for cell, summarizer in speeds.summarizers.items():
        runs = [folder(cell, seed) for seed in args.seeds]
        carried = []
        for run in runs:
            network = Summarizer.from_checkpoint(ROOT / run / "best.ckpt", args.device).network
            batches = long_batches(data_of(run), args.documents, max(DISTANCES))
            carried.append(carried_back(network, batches, DISTANCES))
        found[cell] = Result(
            sum(p.numel() for p in summarizer.network.parameters()),
            [metrics(run / "validation") for run in runs],
            [metrics(run) for run in runs],
            speeds.words[cell],
            speeds.headlines[cell],
            carried,
        )
    return found


def tables(results: dict[str, Result]) -> Iterable[str]:
    """The lines of both tables in Markdown."""
    splits = [f"{split} {name}" for split in ("validation", "test") for name in ("R1", "R2", "RL")]
    yield _cells(["cell", *splits])
    yield "|---" * (1 + len(splits)) + "|"
    for cell, result in results.items():
        scores = [[run[kind] for run in runs] for runs in (result.validation, result.test) for kind in KINDS]
        yield _cells([cell, *(_mean_range(values, ".2f") for values in scores)])
    yield ""
    distances = [f"gradient at k = {distance}" for distance in DISTANCES]
    yield _cells(["cell", "weights", "words/s in training", "headlines/s, greedy", *distances])
    yield "|---" * (4 + len(distances)) + "|"
    for cell, result in results.items():
        speeds = [median_range(rates, 0) for rates in (result.words, result.headlines)]
        norms = [_mean_range(values, ".2g") for values in zip(*result.carried, strict=True)]
        yield _cells([cell, f"{result.parameters:,}", *speeds, *norms])


def _mean_range(values: Sequence[float], form: str) -> str:
    """The mean of the seeds with their range: "mean (lowest-highest)"."""
    mean = f"{sum(values) / len(values):{form}}"
    return f"{mean} ({min(values):{form}}-{max(values):{form}})" if len(values) > 1 else mean


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="+", default=["configs/quickstart.yaml"], metavar="CONFIG")
    parser.add_argument("--cells", nargs="+", default=list(CELLS), choices=list(CELLS), metavar="CELL")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, help="of each training (default: those of the configs)")
    parser.add_argument("--device", default="cpu", choices=list(ACCELERATORS))
    parser.add_argument("--jobs", type=int, default=1, help="trainings side by side; more than one share the device")
    parser.add_argument("--rounds", type=int, default=5, help="of the measurement of speed")
    parser.add_argument("--steps", type=int, default=20, help="training steps of a round")
    parser.add_argument("--documents", type=int, default=400, help="of the mean of the gradients, at most")
    parser.add_argument("--output", type=Path, default=Path("runs/cells"))
    parser.add_argument("--report", action="store_true", help="measure existing runs and print the tables")
    args = parser.parse_args()

    def folder(cell: str, seed: int) -> Path:
        return args.output / f"{cell}-{seed}"

    os.chdir(ROOT)  # the files of the configs are relative to it
    if not args.report:
        runs = [(cell, seed) for seed in args.seeds for cell in args.cells]
        side_by_side([partial(train, args, *run, folder(*run)) for run in runs], args.jobs)
    tune_cpu()  # as the commands do
    results = measured(args, folder)
    print(f"{' + '.join(args.corpus)}, seeds {args.seeds}: mean (lowest-highest); {SETTINGS}")
    where = torch.cuda.get_device_name() if args.device == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{machine()}; {where}; speeds: median (lowest-highest) of {args.rounds} rounds\n")
    print("\n".join(tables(results)))


if __name__ == "__main__":
    main()
