"""Memory of a training, beside its speed."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from ..dashboards import log_figures

MEGABYTE = 2**20


class MemoryUse(Callback):
    """Logs `memory/process_mb` and `memory/gpu_mb` with the other figures of a step: the highest memory so far of the
    process of rank 0, and of torch on its GPU."""

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]
        accumulated = (batch_idx + 1) % trainer.accumulate_grad_batches and not trainer.is_last_batch
        if trainer.is_global_zero and every > 0 and trainer.global_step % every == 0 and not accumulated:
            log_figures(trainer, memory_use(pl_module.device))


def memory_use(device: torch.device) -> dict[str, float]:
    """Peak memory in megabytes, by name. Windows has no figure of the process."""
    found = {}
    with suppress(ImportError):
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        found["memory/process_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE
    if device.type == "cuda":
        found["memory/gpu_mb"] = torch.cuda.max_memory_allocated(device) / MEGABYTE
    return found
