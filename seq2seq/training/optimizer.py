"""AdamW with a learning rate schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from seq2seq.errors import UserError
from seq2seq.options import check_limits, limited


@dataclass(frozen=True)
class OptimizerOptions:
    """AdamW (Loshchilov and Hutter 2019) and its learning rate.

    Args:
        learning_rate: the highest learning rate, reached after warm-up.
        weight_decay: of weight matrices; embeddings and biases do not decay.
        warmup_steps: steps in which the learning rate rises from zero.
        schedule: shape of the learning rate between warm-up and the last step.
        betas: decay rates of Adam's two moments.
        ema_decay: decay d of an exponential moving average of the weights, average = d average + (1 - d) weights after
            each step (Polyak and Juditsky 1992); usual is 0.99 to 0.9999. In the first steps the decay is lower:
            (1 + step) / (10 + step). Validation, checkpoints and test use the average; 0 makes none.
    """

    learning_rate: float = limited(1e-3, above=0)
    weight_decay: float = limited(0.0, minimum=0)
    warmup_steps: int = limited(100, minimum=0)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    betas: tuple[float, float] = (0.9, 0.999)
    ema_decay: float = limited(0.0, minimum=0, below=1)

    def __post_init__(self) -> None:
        check_limits(self, "optimizer")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise UserError(f"optimizer.betas: {list(self.betas)} are not both in [0, 1)")


def split_parameters(network: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters with weight decay (matrices) and without (embeddings and biases); each parameter once."""
    decayed: list[nn.Parameter] = []
    not_decayed: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        is_matrix = parameter.dim() > 1 and "embedding" not in name
        (decayed if is_matrix else not_decayed).append(parameter)
    return decayed, not_decayed


def build_optimizer(
    network: nn.Module, options: OptimizerOptions, steps: float, fused: bool = True
) -> tuple[torch.optim.AdamW, LRScheduler]:
    """AdamW and its schedule, to be advanced after every step.

    Args:
        steps: optimizer steps of the whole training, warm-up included; unused if the schedule is constant. If they are
            infinite (only a time ends the training), the learning rate stays constant after warm-up.
        fused: use torch's fused kernel, which cannot be combined with gradient scaling and clipping.
    """
    from transformers import get_scheduler

    decayed, not_decayed = split_parameters(network)
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": options.weight_decay},
        {"params": not_decayed, "weight_decay": 0.0},
    ]
    betas = (options.betas[0], options.betas[1])  # a config file gives a list
    adamw = torch.optim.AdamW(groups, lr=options.learning_rate, betas=betas, fused=fused)
    if options.schedule == "constant" or not math.isfinite(steps):
        return adamw, get_scheduler("constant_with_warmup", adamw, options.warmup_steps)
    return adamw, get_scheduler(options.schedule, adamw, options.warmup_steps, int(steps))


def set_learning_rate(scheduler: LRScheduler, learning_rate: float) -> None:
    """Sets the highest learning rate of a schedule at any position."""
    state = scheduler.state_dict()
    for rates in (state["_last_lr"], state["base_lrs"]):  # in this order: the first needs the old value of the second
        rates[:] = [rate / highest * learning_rate for rate, highest in zip(rates, state["base_lrs"], strict=True)]
    scheduler.load_state_dict(state)


def apply_schedule(scheduler: LRScheduler) -> None:
    """Gives the optimizer the learning rate of the schedule's present position."""
    for group, rate in zip(scheduler.optimizer.param_groups, scheduler.get_last_lr(), strict=True):
        group["lr"] = rate
