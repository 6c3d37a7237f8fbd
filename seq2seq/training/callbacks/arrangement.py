"""Which callbacks a command has beside the user's own ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lightning.pytorch import Callback
from lightning.pytorch.callbacks import Checkpoint, EarlyStopping, ProgressBar
from lightning.pytorch.utilities import rank_zero_info

from .best_values import BestValues
from .curves import Curves
from .figure_table import FigureTable
from .gradient_flow import GradientFlow
from .last_validation import LastValidation
from .memory import MemoryUse
from .pictures import Pictures
from .plain_progress import PlainProgress, has_terminal
from .prediction_files import PredictionFiles
from .pretrained_embeddings import PretrainedEmbeddings
from .result_files import ResultFiles
from .run_page import RunPage
from .samples import SampleHeadlines
from .terminate_workers import TerminateWorkers
from .wandb_run import RunAlert, RunArtifacts


def arrange_callbacks(arguments: dict[str, Any], sections: Sequence[Callback | None]) -> list[Callback]:
    """The callbacks of a command beside the user's own ones. None of them contradicts what the user has chosen.

    Args:
        arguments: those of the trainer, `callbacks` included. Arguments that the user left open are set to fit.
        sections: the callbacks of the config's sections `checkpoint` and `early_stopping`; None for a section that is
            null.
    """
    given = arguments["callbacks"]
    users: list[Callback] = given if isinstance(given, list) else [given] if given else []
    ours = [callback for callback in sections if callback is not None and not _is_off(callback)]
    if _any(EarlyStopping, users) and _any(EarlyStopping, ours):
        rank_zero_info("early_stopping: the EarlyStopping of trainer.callbacks takes its place")
        ours = _without(EarlyStopping, ours)
    if arguments["barebones"]:
        ours = []
    if arguments["enable_checkpointing"] is False:
        ours = _without(Checkpoint, ours)
    elif not _any(Checkpoint, [*users, *ours]):
        arguments["enable_checkpointing"] = False  # Lightning would add a ModelCheckpoint
    if arguments["enable_progress_bar"] is None and not has_terminal() and not _any(ProgressBar, users):
        arguments["enable_progress_bar"] = False
    if arguments["enable_progress_bar"] is False:
        ours.append(PlainProgress())
    page = [] if arguments["barebones"] else [Curves(), RunPage()]
    shown = [LastValidation(), SampleHeadlines(), BestValues(), MemoryUse(), RunAlert()]
    return [*ours, *shown, FigureTable(), ResultFiles(), PredictionFiles(), RunArtifacts(), *page, TerminateWorkers()]


def _is_off(callback: Callback) -> bool:
    """Whether the section of a callback has its default value, with which it does nothing."""
    if isinstance(callback, GradientFlow):
        return callback.every is None
    if isinstance(callback, PretrainedEmbeddings):
        return callback.file is None
    return isinstance(callback, Pictures) and callback.documents == 0


def _any(kind: type[Callback], callbacks: Sequence[Callback]) -> bool:
    return any(isinstance(callback, kind) for callback in callbacks)


def _without(kind: type[Callback], callbacks: Sequence[Callback]) -> list[Callback]:
    return [callback for callback in callbacks if not isinstance(callback, kind)]
