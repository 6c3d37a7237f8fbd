"""`seq2seq.train`: pairs in, a trained `Summarizer` out. The training is that of `seq2seq fit`."""

from __future__ import annotations

import os
import signal
from dataclasses import fields
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback
from lightning.pytorch.callbacks import TQDMProgressBar

from seq2seq.checkpoint import SUMMARIZATION
from seq2seq.commands.fit import TaskCLI, run_command
from seq2seq.commands.training_config import DEFAULT_FOLDER
from seq2seq.data.corpora import CorpusOptions, load_split
from seq2seq.data.pairs import Pairs, is_source, read_pairs, write_pairs
from seq2seq.environment import import_plugins, prepare_process
from seq2seq.errors import UserError
from seq2seq.files import user_path
from seq2seq.inference import Summarizer, choose_device
from seq2seq.training.callbacks import LearningCurve, in_notebook
from seq2seq.training.interruptions import Stopped
from seq2seq.training.lightning_internals import is_first_process
from seq2seq.training.module import SummarizerModule
from seq2seq.training.module_state import module_state

from .settings import Config, Settings
from .sizes import choices, measure

FIGURE = "validation/rougeL"


def train(
    pairs: Pairs | None = None,
    validation: Pairs | None = None,
    *,
    epochs: int | None = None,
    start: Summarizer | str | os.PathLike[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    config: Config | None = None,
) -> Summarizer:
    """Trains a summarizer, as `seq2seq fit` does, and returns it with its best weights.

    Sizes that the config leaves open are chosen by the size of the data, and printed with their keys. The folder of the
    run has the config, the checkpoints, the curves and the page of the run; every command can go on with it. In a
    notebook, a progress bar and the learning curve are shown.

    Args:
        pairs: a list of (document, headline) pairs or of dictionaries, a `pandas.DataFrame`, a `datasets.Dataset`, or a
            file or files of a corpus. Dictionaries, tables and files have the columns `document` and `summary`, or
            those that `data.corpus.document_column` and `summary_column` name. None: the corpus of the config.
        validation: the same, to find the best weights. None: that of the config; without it the last weights count.
        epochs: passes through the data.
        start: a summarizer or a checkpoint, whose network, tokenizer and weights begin the training.
        folder: of the run (default: runs/default). A new run replaces an earlier one there.
        resume: continue the folder's run from its newest checkpoint, with the result of an uninterrupted run. Without a
            checkpoint in the folder, a new run begins.
        config: further options of `seq2seq fit`, by dotted or nested keys, or a YAML file.

    Raises UserError for wrong pairs and options, and KeyboardInterrupt if the training was interrupted. An interrupted
    training has saved its state: `resume=True` goes on.
    """
    prepare_process()
    import_plugins()
    settings = Settings(config)
    if settings.get("task") not in (None, SUMMARIZATION):
        raise UserError(f"task: {settings.get('task')}: train makes summarizers; use `seq2seq fit` for other tasks")
    if folder is not None:
        settings.set("trainer.default_root_dir", os.fspath(folder), "folder")
    if epochs is not None:
        settings.set("trainer.max_epochs", epochs, "epochs")
    if resume:
        settings.set("resume", "auto", "resume")
    home = user_path(settings.get("trainer.default_root_dir") or DEFAULT_FOLDER)
    for split, given in (("train", pairs), ("validation", validation)):
        if given is not None:
            name = "pairs" if split == "train" else split
            settings.set(
                f"data.corpus.{split}", _source(given, name, home / "corpus" / f"{split}.jsonl", settings), name
            )
    if start is not None:
        settings.set("init_from", _start(start, home / "start" / "model.ckpt"), "start")
    _choose(settings)
    try:
        done = run_command("fit", {"subcommand": "fit", "fit": settings.values}, watchers=_watchers(settings))
    except Stopped as stopped:
        if stopped.signal == signal.SIGINT:
            raise KeyboardInterrupt(f"{stopped}, in Python with resume=True") from stopped
        raise SystemExit(128 + stopped.signal) from stopped
    return _trained(done)


def _source(pairs: Any, name: str, file: Path, settings: Settings) -> Any:
    """The value of `data.corpus.train` or `validation`. Pairs in memory are written to `file`."""
    if is_source(pairs):
        return pairs
    corpus = settings.get("data.corpus") or {}
    names = corpus.get("document_column") or "document", corpus.get("summary_column") or "summary"
    documents, summaries = read_pairs(pairs, name, *names)
    if is_first_process():
        write_pairs(documents, summaries, names, file)
    return str(file)


def _start(start: Summarizer | str | os.PathLike[str], file: Path) -> str:
    """The value of `init_from`. A summarizer is saved as `file`."""
    if not isinstance(start, Summarizer):
        return os.fspath(start)
    if is_first_process():
        start.save(file)
    return str(file)


def _choose(settings: Settings) -> None:
    """Adds values for the keys that the user has left open, and prints those that depend on the corpus."""
    corpus = settings.get("data.corpus") or {}
    known = {option.name for option in fields(CorpusOptions)}  # the parser refuses other keys
    split = load_split(CorpusOptions(**{name: value for name, value in corpus.items() if name in known}), "train")
    facts = measure(split["document"], split["summary"])
    for choice in list(choices(facts, settings, new_network=settings.get("init_from") is None)):
        for name, value in choice.values.items():
            settings.set(f"{choice.section}.{name}", value, "")
        if is_first_process():
            print(f"train: {choice.line()}", flush=True)
    if not settings.has("trainer.logger"):
        settings.set("trainer.logger", False, "")
    if in_notebook() and not settings.has("trainer.enable_progress_bar"):
        settings.set("trainer.enable_progress_bar", True, "")  # by default it needs a terminal


def _watchers(settings: Settings) -> list[Callback]:
    """The callbacks of a notebook. Lightning's default bar, by rich, and a redirected output would call each other."""
    if not in_notebook():
        return []
    shows_bar = settings.get("trainer.enable_progress_bar") and not settings.get("trainer.callbacks")
    bar = [TQDMProgressBar()] if shows_bar else []
    return [LearningCurve(settings.get("checkpoint.monitor") or FIGURE), *bar]


def _trained(done: TaskCLI) -> Summarizer:
    """The summarizer of a finished run: of its best.ckpt, or of its last weights if the config keeps no checkpoint."""
    best = done.completed.folder / "best.ckpt"
    if best.is_file():
        return Summarizer.from_checkpoint(best)
    module = done.model
    assert isinstance(module, SummarizerModule)
    limit, state = module.max_document_tokens, module_state(module)
    return Summarizer(module.network, module.tokenizer, module.search, limit, choose_device(None), settings=state)
