"""No test touches the network, nor the user's caches."""

import os
import tempfile

_HOME = tempfile.mkdtemp(prefix="seq2seq-tests-")
os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    HF_HOME=_HOME,
    HF_DATASETS_CACHE=os.path.join(_HOME, "datasets"),
    WANDB_MODE="offline",
    WANDB_SILENT="true",
    HF_DATASETS_DISABLE_PROGRESS_BARS="1",
)


def pytest_unconfigure() -> None:
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)
