"""What raises ROUGE: each technique on one corpus and over several seeds, chosen on the validation split.

    seq2seq prepare reuters21578 --output data/reuters21578
    python benchmarks/techniques.py --corpus configs/reuters21578.yaml                     # all, three seeds, in turn
    python benchmarks/techniques.py --corpus configs/reuters21578.yaml --device cuda --jobs 12
    python benchmarks/techniques.py --corpus configs/reuters21578.yaml --report            # only the table
    python benchmarks/techniques.py ... --techniques plain combined --split test           # once, after the choice

The rows of `TECHNIQUES` are options of `seq2seq fit` and `seq2seq test`, laid over the corpus' config and the sizes of
`configs/published/small/ours.yaml`. A row may begin with the best checkpoint of another row and the same seed. A search
is a row without a training. An ensemble has the checkpoints of all seeds. The best checkpoint of a training by
validation ROUGE-L (greedy) is scored on the validation split with the beam of the config. `gain` is the mean over the
seeds of the difference from `plain` with the same seed. `numbers` is the share of the headline's numbers that stand in
the document. `minutes` are those of the training's process, comparable only with `--jobs 1` on an idle machine.

Jobs run side by side, each with one thread. A job begins when those it needs have ended, and existing results are kept,
so a second call goes on. `--minutes` ends the starting of jobs.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from common import ACCELERATORS, ROOT, SMALL, machine, run_seq2seq


class Technique(NamedTuple):
    """A row of the table.

    Args:
        fit: options of `seq2seq fit`; None = no training, and the checkpoint is that of `start`.
        test: further options of `seq2seq test`.
        start: the row whose best checkpoint this one begins with, or tests.
        tokenizer: the row whose tokenizer the training takes over.
        prepare: words after `seq2seq prepare`, once for all seeds; {data} is a folder for the output.
        average: the number of checkpoints whose average is tested.
        ensemble: all seeds of `start` are tested together.
    """

    fit: str | None = ""
    test: str = ""
    start: str | None = None
    tokenizer: str | None = None
    prepare: str | None = None
    average: int = 0
    ensemble: bool = False


SPLITS = "--train {train} --validation {validation}"
DROPOUT = "--model.network.dropout"
BATCH_16 = "--data.batches.examples 16"
MINIMUM_RISK = "--model.search.beam_size 16 --model.search.minimum_risk true"
TECHNIQUES: dict[str, Technique] = {
    "plain": Technique(),
    # the network
    "without pointer": Technique("--model.network.pointer false"),
    "additive attention": Technique("--model.network.attention additive"),
    "selective gate": Technique("--model.network.encoder_gate selective"),
    "convolutional gate": Technique("--model.network.encoder_gate convolutional"),
    # regularisation
    "dropout 0.3": Technique(f"{DROPOUT} 0.3"),
    "dropout 0.4": Technique(f"{DROPOUT} 0.4"),
    "label smoothing 0.1": Technique("--model.network.label_smoothing 0.1"),
    "weight dropout 0.2": Technique("--model.network.weight_dropout 0.2"),
    # the optimizer
    "batch 32": Technique("--data.batches.examples 32"),
    "batch 16": Technique("--data.batches.examples 16"),
    "learning rate 2e-3": Technique("--model.optimizer.learning_rate 2e-3"),
    "20 epochs": Technique("--trainer.max_epochs 20"),
    "20 epochs, dropout 0.3": Technique(f"--trainer.max_epochs 20 {DROPOUT} 0.3"),
    "average of weights (EMA 0.999)": Technique("--model.optimizer.ema_decay 0.999"),
    "average of 4 checkpoints": Technique("--checkpoint.keep_last 4 --checkpoint.every_n_train_steps 130", average=4),
    # data
    "only supported numbers": Technique("--data.corpus.supported numbers"),
    "denoising first: training": Technique(
        "--trainer.max_epochs 8", tokenizer="plain", prepare=f"denoise {SPLITS} --output {{data}}"
    ),
    "denoising first": Technique(start="denoising first: training"),
    # training for the measure
    "minimum risk": Technique("--config configs/minimum_risk.yaml", start="plain"),
    "ranking": Technique("--config configs/minimum_risk.yaml --model.objective.name ranking", start="plain"),
    # search
    "minimum Bayes risk of 16": Technique(None, MINIMUM_RISK, "plain"),
    "supported numbers": Technique(None, "--model.search.supported numbers", "plain"),
    "no bigram twice": Technique(None, "--model.search.no_repeat_ngram_size 2", "plain"),
    "ensemble of the seeds": Technique(None, "", "plain", ensemble=True),
    # together
    "batch 16, dropout 0.3": Technique(f"{BATCH_16} {DROPOUT} 0.3"),
    "denoising first, batch 16": Technique(f"{BATCH_16} {DROPOUT} 0.3", start="denoising first: training"),
    "denoising first, batch 16; Bayes risk": Technique(None, MINIMUM_RISK, "denoising first, batch 16"),
    "denoising first, batch 16; ensemble": Technique(None, "", "denoising first, batch 16", ensemble=True),
    "denoising first, batch 16; ensemble, Bayes risk": Technique(
        None, MINIMUM_RISK, "denoising first, batch 16", ensemble=True
    ),
}
FIGURES = ("rouge1", "rouge2", "rougeL")


def slug(name: str) -> str:
    """The name of a row as the name of a folder."""
    return re.sub(r"[^\w.-]+", "_", name)


class Laboratory:
    """The jobs of all rows and seeds, and where their files lie.

    Args:
        args: of the command line.
        rows: the techniques to run, with those that they begin with.
    """

    def __init__(self, args: argparse.Namespace, rows: dict[str, Technique]) -> None:
        self.args, self.rows = args, rows
        self.output = ROOT / args.output
        self.begin, self.lock = time.monotonic(), threading.Lock()
        self.base = [
            word for config in [*args.corpus, str(SMALL / "ours.yaml"), *args.config] for word in ("--config", config)
        ]
        self.files: dict[str, Any] = {}
        for config in args.corpus:
            settings = yaml.safe_load((ROOT / config).read_text(encoding="utf-8"))
            self.files.update(settings.get("data", {}).get("corpus", {}))

    def folder(self, name: str, seed: int | str) -> Path:
        """The folder of a row and a seed."""
        return self.output / f"{slug(name)}-{seed}"

    def data(self, name: str) -> Path:
        """The folder of a row's own corpus."""
        return self.output / "data" / slug(name)

    def checkpoint(self, name: str, seed: int) -> Path:
        """The checkpoint of a row that is tested, and with which other rows begin."""
        row = self.rows[name]
        if row.fit is None:
            return self.checkpoint(str(row.start), seed)
        return self.folder(name, seed) / ("average.ckpt" if row.average else "best.ckpt")

    def trained(self, name: str, seed: int) -> bool:
        """Whether the training of a row has ended."""
        return self.rows[name].fit is None or (self.folder(name, seed) / "trained.json").exists()

    def result(self, name: str, seed: int | str, split: str) -> dict[str, Any] | None:
        """metrics.json of a row, with its minutes; None if there is none."""
        folder = self.folder(name, seed)
        if not (folder / split / "metrics.json").exists():
            return None
        found = json.loads((folder / split / "metrics.json").read_text())
        if (folder / "trained.json").exists():
            found["minutes"] = json.loads((folder / "trained.json").read_text())["minutes"]
        return found

    def run(self, folder: Path, *words: str | Path) -> float:
        """Runs `seq2seq` with its log in `folder`, and returns its minutes. Raises SystemExit if it fails."""
        start = time.monotonic()
        run_seq2seq(*words, threads=1, folder=folder)
        return (time.monotonic() - start) / 60

    def corpus(self, name: str) -> dict[str, Any]:
        """The splits of a row: those of its own corpus, which is made if need be, and of the config for the others."""
        if self.rows[name].prepare is None:
            return self.files
        with self.lock:  # made once, by the first seed
            folder = self.data(name)
            if not folder.exists():
                words = str(self.rows[name].prepare).format(data=folder, **self.files)
                self.run(self.output / "data" / "logs" / folder.name, "prepare", *words.split())
        made = {split: folder / f"{split}.jsonl" for split in self.files}
        return {**self.files, **{split: str(file) for split, file in made.items() if file.exists()}}

    def train(self, name: str, seed: int) -> None:
        """Trains a row, unless it is trained."""
        row, folder = self.rows[name], self.folder(name, seed)
        if self.trained(name, seed):
            return
        words = [*self.base, "--data.corpus", json.dumps(self.corpus(name)), *str(row.fit).split()]
        words += ["--seed_everything", str(seed), *self.trainer(folder)]
        words += ["--init_from", str(self.checkpoint(row.start, seed))] if row.start else []
        words += ["--data.tokenizer_from", str(self.checkpoint(row.tokenizer, seed))] if row.tokenizer else []
        minutes = self.run(folder, "fit", *words)
        if row.average:
            self.run(folder, "average", "--last", str(row.average), folder, "--output", folder / "average.ckpt")
        (folder / "trained.json").write_text(json.dumps({"minutes": minutes}))

    def test(self, name: str, seed: int | str, split: str) -> None:
        """Scores a row on a split, unless it is scored."""
        row, folder = self.rows[name], self.folder(name, seed) / split
        if self.result(name, seed, split):
            return
        corpus = self.corpus(name)
        words = [*self.base, "--data.corpus", json.dumps({**corpus, "test": corpus[split]})]
        words += [*str(row.fit or "").split(), *row.test.split(), *self.trainer(folder)]
        if row.ensemble:
            first, *others = (str(self.checkpoint(name, s)) for s in self.args.seeds)
            words += ["--ckpt_path", first, "--ensemble", *others]
        else:
            words += ["--ckpt_path", str(self.checkpoint(name, int(seed)))]
        self.run(folder, "test", *words)

    def trainer(self, folder: Path) -> list[str]:
        """Options of the trainer for a run in `folder`."""
        settings = {
            "accelerator": ACCELERATORS[self.args.device],
            "devices": "1",
            "default_root_dir": str(folder),
            "logger": "false",
            "enable_progress_bar": "false",
        }
        return [word for name, value in settings.items() for word in (f"--trainer.{name}", value)]

    def jobs(self) -> Iterator[tuple[str, int | str]]:
        """All rows and seeds; what a job needs comes before it."""
        for seed in self.args.seeds:
            yield from ((name, seed) for name, row in self.rows.items() if not row.ensemble)
        yield from ((name, "all") for name, row in self.rows.items() if row.ensemble)

    def needs(self, name: str, seed: int | str) -> list[tuple[str, int]]:
        """The trainings that must have ended before a job begins."""
        seeds = self.args.seeds if seed == "all" else [int(seed)]
        others = [other for other in (self.rows[name].start, self.rows[name].tokenizer) if other]
        return [(other, s) for other in others for s in seeds]

    def work(self) -> None:
        """Runs all jobs, `--jobs` at a time. A failed job is reported, and those that need it are left out."""
        waiting, failed = list(self.jobs()), set[tuple[str, int | str]]()
        condition = threading.Condition()

        def next_job() -> tuple[str, int | str] | None:
            """The first job that can begin; None if none is left. Waits while all need others."""
            with condition:
                while True:
                    for job in list(waiting):
                        if any(need in failed for need in self.needs(*job)):
                            waiting.remove(job)
                            failed.add(job)
                    ready = [job for job in waiting if all(self.trained(*need) for need in self.needs(*job))]
                    late = self.args.minutes and time.monotonic() - self.begin > 60 * self.args.minutes
                    if late or not waiting:
                        return None
                    if ready:
                        waiting.remove(ready[0])
                        return ready[0]
                    condition.wait(5)

        def worker() -> None:
            while job := next_job():
                name, seed = job
                start = time.monotonic()
                try:
                    if seed != "all":
                        self.train(name, int(seed))
                    with condition:
                        condition.notify_all()
                    self.test(name, seed, self.args.split)
                    r1 = (self.result(name, seed, self.args.split) or {}).get("rouge1", float("nan"))
                    print(f"{name}, seed {seed}: R1 {r1:.2f}, {time.monotonic() - start:.0f} s", flush=True)
                except SystemExit as fault:
                    print(f"{name}, seed {seed}: {fault}", flush=True)
                    with condition:
                        failed.add(job)
                        condition.notify_all()

        with ThreadPoolExecutor(self.args.jobs) as pool:
            for future in [pool.submit(worker) for _ in range(self.args.jobs)]:
                future.result()

    def table(self, names: Sequence[str]) -> str:
        """The rows that have results; a row's seeds stand beside its name."""
        split = self.args.split
        found: dict[str, dict[int | str, dict[str, Any]]] = {
            name: {s: r for s in [*self.args.seeds, "all"] if (r := self.result(name, s, split))} for name in names
        }
        plain = found.get("plain", {})
        heads = ["technique", "seeds", "R1", "range", "gain", "R2", "RL", "repeated bigrams", "numbers", "minutes"]
        lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
        for name, runs in found.items():
            if not runs:
                continue
            values = [[run[kind] for run in runs.values()] for kind in FIGURES]
            r1, r2, rl = map(statistics.mean, values)
            gains = [run["rouge1"] - plain[seed]["rouge1"] for seed, run in runs.items() if seed in plain]
            if "all" in runs and plain:
                gains = [r1 - statistics.mean(run["rouge1"] for run in plain.values())]
            gain = f"{statistics.mean(gains):+.2f} ({min(gains):+.2f} to {max(gains):+.2f})" if gains else "-"
            figures = [f"{r1:.2f}", f"{min(values[0]):.2f}-{max(values[0]):.2f}", gain, f"{r2:.2f}", f"{rl:.2f}"]
            for key, form in (
                ("repeated_bigrams", "{:.2f} %"),
                ("number_precision", "{:.1f} %"),
                ("minutes", "{:.1f}"),
            ):
                present = [run[key] for run in runs.values() if run.get(key) is not None]
                figures.append(form.format(statistics.mean(present)) if present else "-")
            lines.append(f"| {name} | {' '.join(map(str, runs))} | {' | '.join(figures)} |")
        return "\n".join(lines)


def with_needs(names: Sequence[str], rows: dict[str, Technique]) -> dict[str, Technique]:
    """The rows of some names, and of those that they begin with, in the order of the table."""
    wanted = set(names)
    while more := {x for n in wanted for x in (rows[n].start, rows[n].tokenizer) if x and x not in wanted}:
        wanted |= more
    return {name: row for name, row in rows.items() if name in wanted}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="+", required=True, metavar="CONFIG", help="configs with data and search")
    parser.add_argument("--config", nargs="+", default=[], metavar="CONFIG", help="laid over the sizes, for all rows")
    parser.add_argument("--techniques", nargs="+", metavar="NAME", help="rows of the table (default: all)")
    parser.add_argument("--more", type=Path, metavar="FILE", help="further rows: YAML, name -> fields of a row")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes side by side, one thread each")
    parser.add_argument("--minutes", type=float, help="no job begins after so many minutes")
    parser.add_argument("--output", type=Path, default=Path("runs/techniques"))
    parser.add_argument("--report", action="store_true", help="only print the table of existing results")
    args = parser.parse_args()
    rows = dict(TECHNIQUES)
    if args.more:
        rows = {**{name: Technique(**fields) for name, fields in yaml.safe_load(args.more.read_text()).items()}, **rows}
    names = args.techniques or list(rows)
    if unknown := [name for name in names if name not in rows]:
        parser.error(f"--techniques: no row {unknown[0]!r}; the rows are {', '.join(rows)}")
    laboratory = Laboratory(args, with_needs(names, rows))
    if not args.report:
        laboratory.work()
    print(f"\n{' + '.join(args.corpus)}, {args.split} split; {machine()}; {args.device}\n")
    print(laboratory.table(list(laboratory.rows)))


if __name__ == "__main__":
    main()
