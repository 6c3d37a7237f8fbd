"""Callbacks of the trainer, one file each."""

from .arrangement import arrange_callbacks
from .best_values import BestValues
from .checkpoints import AtomicCheckpointIO, BestCheckpoint
from .early_stopping import DirectedEarlyStopping
from .gradient_flow import GradientFlow
from .memory import MemoryUse
from .pictures import Pictures
from .plain_progress import PlainProgress, has_terminal
from .prediction_files import PredictionFiles
from .result_files import ResultFiles
from .samples import SampleHeadlines
from .terminate_workers import TerminateWorkers
from .wandb_run import RunAlert, RunArtifacts

__all__ = [
    "AtomicCheckpointIO",
    "BestCheckpoint",
    "BestValues",
    "DirectedEarlyStopping",
    "GradientFlow",
    "MemoryUse",
    "Pictures",
    "PlainProgress",
    "PredictionFiles",
    "ResultFiles",
    "RunAlert",
    "RunArtifacts",
    "SampleHeadlines",
    "TerminateWorkers",
    "arrange_callbacks",
    "has_terminal",
]
