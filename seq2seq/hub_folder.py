"""Folders of `seq2seq export hf` as checkpoints: `hf:FOLDER`, or `hf:OWNER/NAME` for one of the Hugging Face Hub.

Weights and settings are read as plain values. The code in a folder is never run, and transformers is not loaded.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from .errors import UserError, first_line
from .files import user_path

PREFIX = "hf:"
CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE = FILES = ("config.json", "tokenizer.json", "model.safetensors")
REPOSITORY = r"[\w.-]+(/[\w.-]+)?"


def is_hub_name(path: object) -> bool:
    """Whether a checkpoint is given as `hf:` and a folder or a name."""
    return isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(PREFIX)


def read_hub_folder(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The values of a folder in the form of a checkpoint file: `seq2seq` and `state_dict`.

    Args:
        path: `hf:FOLDER` or `hf:OWNER/NAME`. A folder with that name comes first. A name is downloaded once, to the
            cache of huggingface_hub.

    Raises UserError if the folder was not written by `seq2seq export hf`, or if the download fails.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = _folder(os.fspath(path))
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise UserError(f"{path}: no {', '.join(missing)} in {folder}; give a folder of `seq2seq export hf`")
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        section = dict(config["seq2seq"])
        tokenizer = {**section["tokenizer"], "tokenizer": (folder / TOKENIZER_FILE).read_text(encoding="utf-8")}
        tied, origin = section["network"]["tie_embeddings"], dict(config["origin"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: {folder / CONFIG_FILE} is not of `seq2seq export hf` ({type(error).__name__}: {error}); "
            "export the checkpoint again"
        ) from None
    try:
        weights = load_file(folder / WEIGHTS_FILE)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path}: {folder / WEIGHTS_FILE} is damaged ({error}); export the checkpoint again") from None
    if tied and "network.embedding.weight" in weights:
        weights["network.output.weight"] = weights["network.embedding.weight"]
    return {**origin, "seq2seq": {**section, "tokenizer": tokenizer}, "state_dict": weights}


def _folder(path: str) -> Path:
    """The local folder of `hf:FOLDER` or `hf:OWNER/NAME`."""
    name = path.removeprefix(PREFIX)
    folder = user_path(name)
    if folder.is_dir():
        return folder
    if not re.fullmatch(REPOSITORY, name):
        raise UserError(f"{path}: no such folder; give hf: and a folder of `seq2seq export hf`, or hf:OWNER/NAME")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except Exception as error:  # the client raises types of several libraries
        raise UserError(
            f"{path}: no such folder, and no download from the Hugging Face Hub ({first_line(error)}); check the name "
            "and the network, or give hf: and a folder"
        ) from None
