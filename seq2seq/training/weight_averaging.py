"""A moving average of the weights, which is validated and saved in place of the weights of the last step."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from seq2seq.errors import UserError

TRAINED = "trained_weights"
"""Key of a checkpoint: the weights of the last step, from which the training goes on. `state_dict` is the average."""


def decay_at(step: int, highest: float) -> float:
    """The decay after `step` optimizer steps: (1 + step) / (10 + step), at most `highest`.

    The average covers about the last ninth of the run at first, so that it forgets the first weights, and about
    1 / (1 - highest) steps later.
    """
    return min(highest, (1 + step) / (10 + step))


class WeightAveraging(Callback):
    """Averages the weights of a training exponentially, if `optimizer.ema_decay` is set (Polyak and Juditsky 1992).

    Validations see the average. Checkpoints hold the average as `state_dict`, and the weights of the last step beside
    it. At the end of the training the module has the average. Lightning's own `EMAWeightAveraging` is not used: it
    writes the average over the weights before last.ckpt is saved, keeps the average on the CPU of a GPU's run, and has
    no rising decay.
    """

    def __init__(self) -> None:
        self._average: dict[nn.Parameter, Tensor] = {}  # by parameter: tied weights have several names
        self._trained: list[Tensor] = []  # weights of the last step, while the module has the average
        self._step = 0

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Puts the weights of the last step into the module. Raises UserError if the run has no average any more."""
        if trainer.state.fn != "fit" or TRAINED not in checkpoint:
            return
        if not _decay(pl_module):
            raise UserError(
                "model.optimizer.ema_decay: the checkpoint holds an average of the weights, and this run makes none; "
                "give the value of the checkpoint's run, or start a new run with --init_from"
            )
        averaged = checkpoint["state_dict"]
        self._average = {p: averaged[name].to(p.device, copy=True) for name, p in pl_module.named_parameters()}
        pl_module.load_state_dict(checkpoint[TRAINED])

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not _decay(pl_module):
            return
        for p in pl_module.parameters():
            wide = torch.promote_types(p.dtype, torch.float32)  # in bfloat16 small changes would be lost
            self._average[p] = self._average.get(p, p.detach()).to(p.device, wide, copy=True)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._step = trainer.global_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not self._average or trainer.global_step == self._step:  # a batch whose gradients are only added up
            return
        self._step = trainer.global_step
        averages = list(self._average.values())
        weights = [p.detach().to(average.dtype) for p, average in self._average.items()]
        get_ema_multi_avg_fn(decay_at(self._step, _decay(pl_module)))(averages, weights, None)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == "fit" and self._average:
            self._trained = [p.detach().clone() for p in self._average]
            self._use_average()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        with torch.no_grad():
            for p, trained in zip(self._average, self._trained, strict=False):  # empty outside of `fit`
                p.copy_(trained)
        self._trained = []

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        if not self._average:
            return
        trained = dict(zip(self._average, self._trained or self._average, strict=True))
        names = list(pl_module.named_parameters(remove_duplicate=False))
        weights = checkpoint["state_dict"]
        checkpoint[TRAINED] = weights | {name: trained[p].detach() for name, p in names}
        checkpoint["state_dict"] = weights | {name: self._average[p] for name, p in names}

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leaves the average in the module, after the last checkpoint."""
        self._use_average()
        self._average = {}

    def _use_average(self) -> None:
        with torch.no_grad():
            for p, average in self._average.items():
                p.copy_(average)


def _decay(pl_module: Any) -> float:
    return pl_module.optimizer.ema_decay
