"""A GPU computes what a CPU does: losses, gradients, headlines and scores. A resumed run ends with the same bits."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from helpers import TrainedRun, config, made_once, pairs, read_jsonl, run, train, write_config, write_corpus

from seq2seq.batch import Vocabulary, make_batch
from seq2seq.inference import Summarizer
from seq2seq.model.network import NetworkOptions, build_network

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="this computer has no GPU")

GPU = ("--trainer.accelerator", "gpu", "--trainer.devices", "1")
OPTIONS = [
    NetworkOptions(embedding_size=32, encoder_size=32, decoder_size=48, attention_size=16, dropout=0.0, **more)
    for more in ({}, {"cell": "lstm", "encoder_layers": 2}, {"attention": "additive"}, {"input_feeding": True},
                 {"attention_history": "coverage"}, {"attention": "none", "pointer": False},
                 {"training_vocabulary": 50})
]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """A run on the CPU that has learnt `pairs()` by heart."""
    return TrainedRun.at(made_once(tmp_path_factory, "gpu", train))


@pytest.fixture
def no_tensor_float_32() -> Iterator[None]:
    """torch lets cuDNN's recurrent layers round factors to TensorFloat-32."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


@pytest.mark.usefixtures("no_tensor_float_32")
@pytest.mark.parametrize("options", OPTIONS, ids=["gru", "lstm", "additive", "feeding", "coverage", "plain", "some"])
def test_loss_and_gradients_are_those_of_the_cpu(options: NetworkOptions) -> None:
    vocabulary = Vocabulary(size=300, pad=0, bos=2, eos=3, unk=1)
    torch.manual_seed(0)
    documents = [torch.randint(4, 310, (n,)).tolist() for n in torch.randint(3, 40, (32,)).tolist()]
    summaries = [torch.randint(4, 300, (n,)).tolist() for n in torch.randint(1, 12, (32,)).tolist()]
    batch = make_batch(documents, summaries, [["w"] * 10] * 32, vocabulary)
    found = []
    for device in ("cpu", "cuda"):
        torch.manual_seed(1)
        network = build_network(options, vocabulary).to(device)
        terms, _ = network.loss(batch.to(torch.device(device)))
        torch.stack(list(terms.values())).sum().backward()
        gradients = {name: p.grad.cpu() for name, p in network.named_parameters() if p.grad is not None}
        found.append(({name: term.item() for name, term in terms.items()}, gradients))
    (losses, gradients), (other_losses, other_gradients) = found
    assert other_losses == pytest.approx(losses, rel=1e-5)
    assert gradients.keys() == other_gradients.keys()
    for name, gradient in gradients.items():
        error = (other_gradients[name] - gradient).norm() / gradient.norm().clamp_min(1e-9)
        assert error < 1e-4, name


@pytest.mark.parametrize("beam_size", [1, 4])
def test_headlines_are_those_of_the_cpu(trained: TrainedRun, beam_size: int) -> None:
    documents = [pair["document"] for pair in pairs(40)]
    found = [
        Summarizer.from_checkpoint(str(trained.best), device).summarize(documents, beam_size=beam_size)
        for device in ("cpu", "cuda")
    ]
    assert found[0] == found[1]
    assert len(set(found[0])) > 20


def test_scores_are_those_of_the_cpu(trained: TrainedRun, tmp_path: Path) -> None:
    found = []
    for device, words in (("cpu", ()), ("cuda", GPU)):
        folder = tmp_path / device
        root = ("--trainer.default_root_dir", folder)
        assert run("test", "--config", trained.config, "--ckpt_path", trained.best, *root, *words) == 0
        metrics = json.loads((folder / "metrics.json").read_text())
        found.append(
            ({k: v for k, v in metrics.items() if k.startswith("rouge")}, read_jsonl(folder / "predictions.jsonl"))
        )
    assert found[0] == found[1]


@pytest.mark.parametrize("changes", [{}, {"trainer__precision": "bf16-mixed"}], ids=["float32", "bfloat16"])
def test_a_resumed_run_ends_with_the_same_bits(tmp_path: Path, changes: dict[str, str]) -> None:
    """With `trainer.deterministic`: without it some sums on a GPU have no fixed order."""
    common = {"trainer__accelerator": "gpu", "trainer__deterministic": True, "trainer__max_epochs": 4}
    common |= {"trainer__check_val_every_n_epoch": 1, "model__network__dropout": 0.3, **changes}
    corpus, root = write_corpus(tmp_path / "corpus"), tmp_path / "run"
    whole = write_config(tmp_path / "whole.yaml", config(corpus, root, **common))
    assert run("fit", "--config", whole) == 0
    expected = torch.load(root / "last.ckpt", weights_only=True, map_location="cpu")
    shutil.rmtree(root)
    terminate = {"class_path": "parts_of_runs.Terminate", "init_args": {"step": expected["global_step"] // 2}}
    first = write_config(tmp_path / "first.yaml", config(corpus, root, trainer__callbacks=[terminate], **common))
    assert run("fit", "--config", first) == 128 + signal.SIGTERM
    assert run("fit", "--config", whole, "--resume", "auto") == 0
    resumed = torch.load(root / "last.ckpt", weights_only=True, map_location="cpu")
    assert resumed["global_step"] == expected["global_step"]
    weights = expected["state_dict"].items()
    assert [name for name, w in weights if not torch.equal(w, resumed["state_dict"][name])] == []
