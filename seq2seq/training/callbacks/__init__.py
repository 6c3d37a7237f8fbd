"""Callbacks of the trainer, one file each."""

from .arrangement import arrange_callbacks
from .best_values import BestValues
from .checkpoints import AtomicCheckpointIO, BestCheckpoint
from .curves import Curves
from .early_stopping import DirectedEarlyStopping
from .figure_table import FigureTable
from .gradient_flow import GradientFlow
from .learning_curve import LearningCurve, in_notebook
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

__all__ = [
    "AtomicCheckpointIO",
    "BestCheckpoint",
    "BestValues",
    "Curves",
    "DirectedEarlyStopping",
    "FigureTable",
    "GradientFlow",
    "LearningCurve",
    "MemoryUse",
    "Pictures",
    "PlainProgress",
    "PredictionFiles",
    "PretrainedEmbeddings",
    "ResultFiles",
    "RunAlert",
    "RunArtifacts",
    "RunPage",
    "SampleHeadlines",
    "TerminateWorkers",
    "arrange_callbacks",
    "has_terminal",
    "in_notebook",
]
