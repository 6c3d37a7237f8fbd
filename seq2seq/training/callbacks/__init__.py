"""Callbacks of the trainer, one file each."""

from .arrangement import arrange_callbacks
from .checkpoints import AtomicCheckpointIO, BestCheckpoint
from .early_stopping import DirectedEarlyStopping
from .gradient_flow import GradientFlow
from .plain_progress import PlainProgress, has_terminal
from .prediction_files import PredictionFiles
from .result_files import ResultFiles
from .samples import SampleHeadlines
from .terminate_workers import TerminateWorkers

__all__ = [
    "AtomicCheckpointIO",
    "BestCheckpoint",
    "DirectedEarlyStopping",
    "GradientFlow",
    "PlainProgress",
    "PredictionFiles",
    "ResultFiles",
    "SampleHeadlines",
    "TerminateWorkers",
    "arrange_callbacks",
    "has_terminal",
]
