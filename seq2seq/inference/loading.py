"""From files to networks: checkpoints of `fit`, ensembles of them, and the device that they run on."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..batch import Vocabulary
from ..checkpoint import SUMMARIZATION, check_task, has_same_tokenizer, network_weights, read_checkpoint
from ..errors import UserError
from ..files import user_path
from ..model.ensemble import Ensemble
from ..model.network import NetworkOptions, Seq2Seq, build_network


def load_networks(paths: Sequence[str | Path]) -> tuple[Seq2Seq | Ensemble, dict[str, Any]]:
    """The network of a checkpoint, or the ensemble of several, and the contents of the first checkpoint.

    Raises UserError if a checkpoint cannot be used, or has another tokenizer than the first one.
    """
    if not paths:
        raise UserError("there is no checkpoint in the list; give at least one file")
    first, networks = read_checkpoint(paths[0]), []
    for position, path in enumerate(paths):
        contents = read_checkpoint(path) if position else first
        check_task(contents, path, SUMMARIZATION)
        if not has_same_tokenizer(first, contents):
            raise UserError(
                f"{path}: another tokenizer than that of {paths[0]}; the networks of an ensemble need the same one: "
                "train them on the same corpus with the same data.tokenizer"
            )
        network = build_network(NetworkOptions(**contents["network"]), Vocabulary(**contents["vocabulary"]))
        load_weights(network, contents, path)
        networks.append(network)
    names = [Path(path).name for path in paths]
    return (networks[0] if len(networks) == 1 else Ensemble(networks, names)), first


def load_weights(network: nn.Module, contents: dict[str, Any], path: str | Path) -> None:
    """Loads the weights in the contents of a checkpoint. Raises UserError, naming `path`, if they do not fit."""
    try:
        network.load_state_dict(network_weights(contents))
    except RuntimeError as error:
        raise UserError(f"{path}: the weights don't fit the network it describes; the file is damaged") from error


def checkpoint_file(path: str | os.PathLike[str]) -> Path:
    """The checkpoint that `path` means: for the folder of a run, its best.ckpt, with a note in the log."""
    file = user_path(path)
    best = file / "best.ckpt"
    if not best.is_file():
        return file
    logging.getLogger(__name__).warning("%s is a folder: taking %s", path, best)
    return best


def choose_device(device: str | torch.device | int | None) -> str:
    """auto, cpu, cuda or cuda:N -> cpu or cuda[:N]. Raises UserError if this computer has no such device.

    None means auto, and a number is that of a GPU.
    """
    name = "auto" if device is None else f"cuda:{device}" if isinstance(device, int) else str(device)
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise UserError(f"--device {name}: no such device; use auto, cpu, cuda or cuda:N")
    number = int(name.partition(":")[2] or 0)
    if name != "cpu" and number >= torch.cuda.device_count():
        raise UserError(f"--device {name}: no CUDA device with this number here; use cpu or auto")
    return name
