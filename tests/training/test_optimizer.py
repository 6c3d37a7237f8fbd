"""Weight decay, warm-up and schedules."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from seq2seq.batch import Vocabulary
from seq2seq.errors import UserError
from seq2seq.model.network import NetworkOptions, build_network
from seq2seq.training.optimizer import OptimizerOptions, build_optimizer, split_parameters

VOCABULARY = Vocabulary(size=20, pad=0, bos=1, eos=2, unk=3)
SMALL = {"embedding_size": 8, "encoder_size": 8, "decoder_size": 12, "attention_size": 4}
NETWORKS: dict[str, dict[str, Any]] = {
    "default": {},
    "untied": {"tie_embeddings": False, "unknown_embeddings": 3},
    "additive": {"cell": "lstm", "attention": "additive"},
    "plain": {"cell": "elman", "attention": "none", "pointer": False},
}


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return build_network(NetworkOptions(**SMALL, **NETWORKS[request.param]), VOCABULARY)


def test_each_parameter_is_in_one_group(network: nn.Module) -> None:
    decayed, not_decayed = split_parameters(network)
    assert sorted(map(id, [*decayed, *not_decayed])) == sorted(map(id, network.parameters()))
    assert all(p.dim() > 1 for p in decayed)


def test_only_matrices_decay(network: nn.Module) -> None:
    """With zero gradients a step of AdamW multiplies decaying weights by 1 - rate * decay, and changes nothing else."""
    options = OptimizerOptions(learning_rate=0.1, weight_decay=0.5, warmup_steps=0, schedule="constant")
    optimizer, _ = build_optimizer(network, options, steps=0)
    for parameter in network.parameters():
        nn.init.ones_(parameter)
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, parameter in network.named_parameters():
        decays = parameter.dim() > 1 and name != "embedding.weight"
        torch.testing.assert_close(parameter.detach(), torch.full_like(parameter, 0.95 if decays else 1.0), msg=name)


def test_betas() -> None:
    """After one step the moments are the shares 1 - beta of the gradient 2 and of its square."""
    layer = nn.Linear(2, 2)
    optimizer, _ = build_optimizer(layer, OptimizerOptions(betas=(0.75, 0.5), schedule="constant"), steps=0)
    layer.weight.grad = torch.full_like(layer.weight, 2.0)
    optimizer.step()
    state = optimizer.state[layer.weight]
    torch.testing.assert_close(state["exp_avg"], torch.full((2, 2), 0.25 * 2))
    torch.testing.assert_close(state["exp_avg_sq"], torch.full((2, 2), 0.5 * 4))


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_schedule(schedule: Any) -> None:
    """Linear warm-up to the learning rate in 4 steps, then the schedule over the other 8 steps."""
    layer, rates = nn.Linear(2, 2), []
    options = OptimizerOptions(learning_rate=2.0, warmup_steps=4, schedule=schedule)
    optimizer, scheduler = build_optimizer(layer, options, steps=12)
    for _ in range(12):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    shape = {"linear": lambda x: 1 - x, "cosine": lambda x: (1 + math.cos(math.pi * x)) / 2, "constant": lambda x: 1.0}
    expected = [2.0 * (k / 4 if k < 4 else shape[schedule]((k - 4) / 8)) for k in range(12)]
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("inf")}, "learning_rate"),
        ({"weight_decay": -0.1}, "weight_decay"),
        ({"warmup_steps": -1}, "warmup_steps"),
        ({"schedule": "lineer"}, "schedule"),
        ({"betas": (0.9, 1.0)}, "betas"),
    ],
)
def test_wrong_options(wrong: dict[str, Any], key: str) -> None:
    with pytest.raises(UserError, match=rf"optimizer\.{key}"):
        OptimizerOptions(**wrong)
