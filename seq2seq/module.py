"""The LightningModule: loss, optimizer, scores. The only file that knows Lightning's training hooks.

What it computes is in `model/`, `inference.py` and `rouge.py`; here stands when.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, distributed

from .batch import Batch, Vocabulary
from .decoding import SearchOptions
from .errors import UserError
from .inference import FORMAT, Headline, generate, headlines
from .model.seq2seq import NetworkOptions, build_network
from .rouge import describe, mean_scores, score_pair


@dataclass(frozen=True)
class OptimizerOptions:
    """AdamW (Loshchilov and Hutter 2019) and its learning rate.

    Args:
        learning_rate: the highest learning rate, reached after warm-up.
        weight_decay: on matrices; embeddings and biases are left alone.
        warmup_steps: steps over which the learning rate rises from zero.
        schedule: what the learning rate does after warm-up, until the last step.
        betas: Adam's decay rates of the moments.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    warmup_steps: int = 100
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    betas: tuple[float, float] = (0.9, 0.999)

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < float("inf"):
            raise UserError(f"optimizer.learning_rate: {self.learning_rate} is no positive number")
        for name in ("weight_decay", "warmup_steps"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UserError(f"optimizer.{name}: {getattr(self, name)} is too small; give at least 0")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise UserError(f"optimizer.betas: {list(self.betas)} are not both in [0, 1)")


class Prediction(NamedTuple):
    """One example's outcome; `row` is its position in the split."""

    row: int
    hypotheses: list[Headline]
    rouge: tuple[float, float, float] | None = None


class Outcome(NamedTuple):
    """A split's predictions in corpus order, and its scores."""

    predictions: list[Prediction]
    scores: dict[str, float]


class SummarizerModule(LightningModule):
    """Trains and evaluates a headline summarizer.

    Args:
        vocabulary: size and special ids of the tokenizer; linked from the data by the command.
        network: the shape of the network.
        optimizer: how it learns.
        search: how `test` and `predict` search, and what a checkpoint's users get by default; validation is greedy.
    """

    def __init__(
        self,
        vocabulary: dict[str, int],
        network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen)
        optimizer: OptimizerOptions = OptimizerOptions(),
        search: SearchOptions = SearchOptions(beam_size=5),  # noqa: B008
    ) -> None:
        super().__init__()
        self.vocabulary, self.options, self.optimizer, self.search = (
            Vocabulary(**vocabulary),
            network,
            optimizer,
            search,
        )
        self.network = build_network(network, self.vocabulary)
        self.outcome: Outcome | None = None
        self._collected: list[Prediction] = []
        self._sums = torch.zeros(2, dtype=torch.float64)
        self._clock, self._tokens = 0.0, 0

    # ---- training

    def configure_optimizers(self) -> Any:
        from transformers import get_scheduler

        decayed = [p for name, p in self.network.named_parameters() if p.dim() > 1 and "embedding" not in name]
        ids = {id(p) for p in decayed}
        others = [p for p in self.network.parameters() if id(p) not in ids]
        o = self.optimizer
        groups = [{"params": decayed, "weight_decay": o.weight_decay}, {"params": others, "weight_decay": 0.0}]
        # Gradient scaling (float16) and clipping do not go together with the fused kernel.
        fused = self.trainer.precision != "16-mixed"
        adamw = torch.optim.AdamW(groups, lr=o.learning_rate, betas=(o.betas[0], o.betas[1]), fused=fused)
        schedule = "constant_with_warmup" if o.schedule == "constant" else o.schedule
        steps = int(self.trainer.estimated_stepping_batches) if o.schedule != "constant" else None
        scheduler = get_scheduler(schedule, adamw, num_warmup_steps=o.warmup_steps, num_training_steps=steps)
        return {"optimizer": adamw, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_fit_start(self) -> None:
        """Show the settings beside the curves."""
        settings = {
            "network": asdict(self.options),
            "optimizer": asdict(self.optimizer) | {"betas": list(self.optimizer.betas)},
            "search": asdict(self.search),
            "seed": self.trainer.datamodule.seed,  # type: ignore[attr-defined]
            "vocabulary": self.vocabulary.size,
            "parameters": sum(p.numel() for p in self.network.parameters()),
        }
        for logger in self.loggers:
            logger.log_hyperparams(settings)

    def on_train_epoch_start(self) -> None:
        self._clock, self._tokens = time.perf_counter(), 0

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss, log_likelihood = self.network.loss(batch)
        words = batch.summary_mask.sum()
        nll = -log_likelihood / words
        self.log("train/loss", nll, prog_bar=True, batch_size=len(batch))
        self.log("train/perplexity", nll.exp(), batch_size=len(batch))
        self._tokens += batch.tokens()
        if self._logs_now():
            now = time.perf_counter()
            self.log("train/tokens_per_second", self._tokens / (now - self._clock), batch_size=len(batch))
            self._clock, self._tokens = now, 0
        return loss * batch.loss_scale if batch.loss_scale is not None else loss / words

    def _logs_now(self) -> bool:
        return (self.global_step + 1) % self.trainer.log_every_n_steps == 0  # type: ignore[attr-defined]

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clip by the norm of all gradients (Pascanu et al. 2013), and log that norm as it was before."""
        if gradient_clip_algorithm not in (None, "norm"):
            raise UserError("trainer.gradient_clip_algorithm: only 'norm' is supported")
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), gradient_clip_val or float("inf"))
        clipped = (norm > gradient_clip_val).float() if gradient_clip_val else torch.zeros_like(norm)
        self.log_dict(
            {"train/gradient_norm": norm, "train/learning_rate": optimizer.param_groups[0]["lr"]}, batch_size=1
        )
        self.log("train/clipped_share", clipped, on_step=False, on_epoch=True, batch_size=1)

    # ---- evaluation

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch, "validation", replace(self.search, beam_size=1, n_best=1))

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch, "test", self.search)

    def predict_step(self, batch: Batch, batch_idx: int) -> list[Prediction]:
        return self._decode(batch, self.search) if len(batch) else []

    def on_validation_epoch_start(self) -> None:
        self._collected, self._sums = [], torch.zeros(2, dtype=torch.float64)

    on_test_epoch_start = on_validation_epoch_start

    def on_validation_epoch_end(self) -> None:
        self._finish("validation")

    def on_test_epoch_end(self) -> None:
        self._finish("test")

    def _evaluate(self, batch: Batch, split: str, options: SearchOptions) -> None:
        if not len(batch):  # this rank has run out of examples, another has not
            return
        _, log_likelihood = self.network.loss(batch)
        self._sums += torch.stack([-log_likelihood.double().cpu(), batch.summary_mask.sum().double().cpu()])
        pairs = self.trainer.datamodule.split(split)[batch.rows]  # type: ignore[attr-defined]
        for prediction, reference in zip(self._decode(batch, options), pairs["summary"], strict=True):
            rouge = score_pair(reference, prediction.hypotheses[0].text)
            self._collected.append(prediction._replace(rouge=rouge))

    def _decode(self, batch: Batch, options: SearchOptions) -> list[Prediction]:
        tokenizer = self.trainer.datamodule.tokenizer  # type: ignore[attr-defined]
        hypotheses = generate(self.network, batch, options)
        # A document without a token (to the network it is the end symbol) has an empty headline, as in `decode`.
        empty = (batch.document[:, 0] == self.vocabulary.eos).tolist()
        nothing = [Headline("", 0.0, 0.0)]
        return [
            Prediction(row, nothing if empty[i] else headlines(tokenizer, hypotheses, i, batch.oov[i]))
            for i, row in enumerate(batch.rows)
        ]

    def _finish(self, split: str) -> None:
        """Gather every rank's predictions, put them in corpus order, and score the whole split, on all ranks alike."""
        predictions, sums = self._collected, self._sums
        if self.trainer.world_size > 1:
            parts: list[Any] = [None] * self.trainer.world_size
            distributed.all_gather_object(parts, (predictions, sums.tolist()))
            predictions = [p for part, _ in parts for p in part]
            sums = torch.tensor([s for _, s in parts], dtype=torch.float64).sum(0)
        predictions.sort(key=lambda p: p.row)
        loss = float(sums[0] / sums[1].clamp_min(1))
        texts = [p.hypotheses[0].text for p in predictions]
        documents = self.trainer.datamodule.split(split)[[p.row for p in predictions]]["document"]  # type: ignore[attr-defined]
        scores = mean_scores([p.rouge for p in predictions if p.rouge]) | describe(documents, texts)
        scores |= {"loss": loss, "perplexity": float(torch.tensor(loss).exp())}
        self.outcome = Outcome(predictions, scores)
        shown = {"loss", "rougeL"}
        for name, value in scores.items():
            self.log(f"{split}/{name}", float(value), prog_bar=name in shown, batch_size=1)

    # ---- checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add all that `inference.py` needs, as plain values."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        checkpoint["seq2seq"] = {
            "format": FORMAT,
            "tokenizer": data.tokenizer.to_dict(),
            "vocabulary": self.vocabulary._asdict(),
            "network": asdict(self.options),
            "search": asdict(self.search),
            "max_document_tokens": data.max_document_tokens,
        }
