"""Callbacks of the trainer, one file each."""

from .arrangement import arrange_callbacks
from .checkpoints import AtomicCheckpointIO, BestCheckpoint
from .curves import Curves
from .early_stopping import DirectedEarlyStopping
from .plain_progress import PlainProgress, has_terminal
from .prediction_files import PredictionFiles
from .result_files import ResultFiles
from .run_page import RunPage
from .samples import SampleHeadlines
from .terminate_workers import TerminateWorkers

__all__ = [
    "AtomicCheckpointIO",
    "BestCheckpoint",
    "Curves",
    "DirectedEarlyStopping",
    "PlainProgress",
    "PredictionFiles",
    "ResultFiles",
    "RunPage",
    "SampleHeadlines",
    "TerminateWorkers",
    "arrange_callbacks",
    "has_terminal",
]
