"""Checkpoints as models of transformers: for its Auto classes, its `generate()` and the Hugging Face Hub.

import seq2seq.hub                                                # registers the classes
model = AutoModelForSeq2SeqLM.from_pretrained("FOLDER")           # a folder of `seq2seq export hf`

The import loads transformers, so no other command imports this room.
"""

import transformers
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoProcessor

from ..errors import UserError
from .configuration import HeadlineConfig
from .modeling import HeadlineModel
from .processing import HeadlineProcessor

__all__ = ["HeadlineConfig", "HeadlineModel", "HeadlineProcessor"]

if int(transformers.__version__.split(".")[0]) < 5:
    raise UserError(f"transformers {transformers.__version__} is too old; install transformers 5 or newer")

AutoConfig.register(HeadlineConfig.model_type, HeadlineConfig, exist_ok=True)
AutoModelForSeq2SeqLM.register(HeadlineConfig, HeadlineModel, exist_ok=True)
AutoProcessor.register(HeadlineConfig, HeadlineProcessor, exist_ok=True)
