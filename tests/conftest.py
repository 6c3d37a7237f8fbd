"""No test touches the network, nor the user's caches."""

import os
import tempfile
from pathlib import Path

_HOME = tempfile.mkdtemp(prefix="seq2seq-tests-")
os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    HF_HOME=_HOME,
    HF_DATASETS_CACHE=os.path.join(_HOME, "datasets"),
    WANDB_MODE="offline",
    WANDB_SILENT="true",
    WANDB_DATA_DIR=_HOME,
    WANDB_CACHE_DIR=_HOME,
    WANDB_CONFIG_DIR=_HOME,
    MPLCONFIGDIR=_HOME,
    HF_DATASETS_DISABLE_PROGRESS_BARS="1",
)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny networks: threads would only wait for each other

import pytest  # noqa: E402 (the settings above go first)
from helpers import TrainedRun, made_once, run, train  # noqa: E402


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """A run that has learnt its tiny corpus by heart and has been tested (see helpers.py). Read only."""

    def make(folder: Path) -> None:
        learnt = train(folder)
        assert run("test", "--config", learnt.config, "--ckpt_path", learnt.best) == 0

    return TrainedRun.at(made_once(tmp_path_factory, "trained", make))


def pytest_unconfigure() -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)
