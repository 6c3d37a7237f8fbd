"""A run that logs everything on W&B (offline) and on TensorBoard, for the tests of both."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from helpers import config, made_once, process, write_config, write_corpus

QUICKSTART = Path(__file__).parents[2] / "configs" / "quickstart.yaml"
OURS = ("WANDB_MODE", "WANDB_SILENT", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR")
"""W&B's variables of the tests; a user has none of them."""


def logged_run(factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of 8 epochs of 3 steps, with validations after the steps 12 and 24. Read only.

    It has the logger of the quickstart and one of TensorBoard, pictures of two documents, and records of the gradient
    flow at the steps 1 and 20. It is a separate process without W&B variables, and its home is an empty folder.
    """

    def make(folder: Path) -> None:
        wandb = yaml.safe_load(QUICKSTART.read_text(encoding="utf-8"))["trainer"]["logger"]
        settings = config(
            write_corpus(folder / "corpus"),
            folder / "run",
            trainer__max_epochs=8,
            trainer__check_val_every_n_epoch=4,
            trainer__logger=[wandb, {"class_path": "lightning.pytorch.loggers.TensorBoardLogger"}],
            gradient_flow={"every": 20},
            pictures={"documents": 2},
        )
        (folder / "home").mkdir()
        config_file = write_config(folder / "config.yaml", settings)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(folder / "home"))
            patch.delenv("XDG_CACHE_HOME", raising=False)
            patch.delenv("XDG_DATA_HOME", raising=False)
            done = process("fit", "--config", config_file, unset=OURS)
        assert done.returncode == 0, done.stderr.decode()

    return made_once(factory, "logged", make)
