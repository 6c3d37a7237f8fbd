"""The LightningModule: loss, optimizer, scores. The only file that knows Lightning's training hooks.

What it computes is in `model/`, `inference.py` and `rouge.py`; here stands when.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from math import fsum
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, distributed

from seq2seq.batch import Batch, Vocabulary
from seq2seq.checkpoint import FORMAT
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import Headline, generate, headlines
from seq2seq.model.network import NetworkOptions, build_network
from seq2seq.scoring import describe, mean_scores, score_pair
from seq2seq.training.exact_resume import batch_seed, check_same, run_id, settle


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
    """One example's outcome; `row` is its position in the split, `log_likelihood` that of its reference, which has so
    many `words` (the end included)."""

    row: int
    hypotheses: list[Headline]
    rouge: tuple[float, float, float] | None = None
    log_likelihood: float = 0.0
    words: int = 0


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
        self.network.check_shortlist(search.shortlist)  # now, and not at the first validation
        self.outcome: Outcome | None = None
        self._collected: list[Prediction] = []
        self._clock, self._tokens = 0.0, 0
        self._clipped = torch.zeros(2)  # steps of this epoch that were clipped, and all of them
        self._unchecked: list[tuple[list[int], Tensor]] = []  # batches, and their losses, not yet known to be finite
        self._resumed: dict[str, Any] = {}  # where the checkpoint says that the run stood

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

    def on_train_start(self) -> None:
        """Take up a resumed run where it stood."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        self._clock, self._tokens = time.perf_counter(), 0
        if self._resumed:
            check_same(self._resumed["plan"], data.plan)
            if not self._resumed["exact"]:
                raise UserError("this checkpoint was written in the middle of an optimizer step; resume another")
            data.sampler.resume(self._resumed["epoch"], self._resumed["batches"])
            self._clipped = torch.tensor(self._resumed["clipped"])

    def on_train_epoch_start(self) -> None:
        self._clipped.zero_()

    def on_train_epoch_end(self) -> None:
        clipped, steps = self._clipped.tolist()
        self.log("train/clipped_share", clipped / max(steps, 1.0), batch_size=1)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Make the random numbers a function of the batch's place alone: a resumed run then draws the same."""
        trainer = self.trainer
        seed = trainer.datamodule.seed  # type: ignore[attr-defined]
        torch.manual_seed(batch_seed(seed, trainer.current_epoch, batch_idx, trainer.global_rank))
        if self._resumed:  # Lightning is out by one where the checkpoint was written beside a validation
            trainer.fit_loop.epoch_loop._batches_that_stepped = self._resumed["logged_steps"]
            self._resumed = {}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        terms, log_likelihood = self.network.loss(batch)
        loss = torch.stack(list(terms.values())).sum()
        words = len(batch.target_positions)
        nll = -log_likelihood.sum() / words
        self.log("train/loss", nll, prog_bar=True, batch_size=len(batch))
        self.log("train/perplexity", nll.exp(), batch_size=len(batch))
        self._unchecked.append((batch.rows, loss.detach()))
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
        self._unchecked.append(([], norm))
        if self.device.type == "cpu" or self._logs_now():  # elsewhere a look at a number waits for the device
            self.check_finite()
        clipped = (norm > gradient_clip_val) if gradient_clip_val else torch.zeros_like(norm)
        self._clipped = self._clipped.to(norm.device) + torch.stack([clipped.float(), torch.ones_like(norm)])
        if self._logs_now():
            self.log_dict(
                {"train/gradient_norm": norm, "train/learning_rate": optimizer.param_groups[0]["lr"]}, batch_size=1
            )

    def check_finite(self) -> None:
        """Raise UserError if a loss or a gradient since the last look is not finite, naming the batch.

        The norm of the gradients is the same on all ranks, so that all of them stop here together.
        """
        seen, self._unchecked = self._unchecked, []
        scaled = self.trainer.precision == "16-mixed"  # gradients overflow now and then; the step is then left out
        watched = [value for rows, value in seen if bool(rows) == scaled]
        if not watched or bool(torch.stack(watched).isfinite().all()):
            return
        rows = next((rows for rows, value in seen if rows and not value.isfinite()), None)
        if self.trainer.world_size > 1 and not scaled:
            known: list[Any] = [None] * self.trainer.world_size
            distributed.all_gather_object(known, rows)
            rows = next((rows for rows in known if rows), None)
        what = "the loss" if rows else "a gradient"
        rows = rows or [row for batch, _ in seen for row in batch]
        where = f"{what} of the batch with the training pairs {rows} (counted from 0)"
        raise UserError(
            f"{where} is not a finite number, near step {self.global_step + 1}; look at these pairs, or lower "
            "model.optimizer.learning_rate; no checkpoint holds it: `--resume auto` goes back to the last good one"
        )

    # ---- evaluation

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch, "validation", replace(self.search, beam_size=1, n_best=1))

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch, "test", self.search)

    def predict_step(self, batch: Batch, batch_idx: int) -> list[Prediction]:
        return self._decode(batch, self.search) if len(batch) else []

    def on_validation_epoch_start(self) -> None:
        self._collected = []

    on_test_epoch_start = on_validation_epoch_start

    def on_validation_epoch_end(self) -> None:
        self._finish("validation")

    def on_test_epoch_end(self) -> None:
        self._finish("test")

    def _evaluate(self, batch: Batch, split: str, options: SearchOptions) -> None:
        if not len(batch):  # this rank has run out of examples, another has not
            return
        chosen = self.network.log_likelihoods(batch)
        examples = batch.target_positions.cpu() // batch.summary_mask.shape[1]
        likelihoods = torch.zeros(len(batch), dtype=torch.float64).index_add_(0, examples, chosen.cpu().double())
        words = batch.summary_mask.sum(1).tolist()
        pairs = self.trainer.datamodule.split(split)[batch.rows]  # type: ignore[attr-defined]
        predictions = self._decode(batch, options)
        for i, (prediction, reference) in enumerate(zip(predictions, pairs["summary"], strict=True)):
            rouge = score_pair(reference, prediction.hypotheses[0].text)
            scored = prediction._replace(rouge=rouge, log_likelihood=float(likelihoods[i]), words=words[i])
            self._collected.append(scored)

    def _decode(self, batch: Batch, options: SearchOptions) -> list[Prediction]:
        tokenizer = self.trainer.datamodule.tokenizer  # type: ignore[attr-defined]
        found = headlines(tokenizer, generate(self.network, batch, options), batch.oov)
        # A document without a token (to the network it is the end symbol) has an empty headline, as in `decode`.
        empty = (batch.document[:, 0] == self.vocabulary.eos).tolist()
        nothing = [Headline("", 0.0, 0.0)]
        every = zip(batch.rows, found, empty, strict=True)
        return [Prediction(row, nothing if is_empty else of_one) for row, of_one, is_empty in every]

    def _finish(self, split: str) -> None:
        """Gather every rank's predictions, put them in corpus order, and score the whole split, on all ranks alike."""
        predictions = self._collected
        if self.trainer.world_size > 1:
            parts: list[Any] = [None] * self.trainer.world_size
            distributed.all_gather_object(parts, predictions)
            predictions = [p for part in parts for p in part]
        predictions.sort(key=lambda p: p.row)
        loss = -fsum(p.log_likelihood for p in predictions) / max(sum(p.words for p in predictions), 1)
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
        """Add all that `inference.py` needs, and where the run stands, as plain values."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        self.check_finite()
        loop = self.trainer.fit_loop.epoch_loop
        loops = checkpoint["loops"]["fit_loop"]
        settle(loops)
        epochs = loops["epoch_progress"]["current"]
        between = epochs["ready"] == epochs["processed"]  # no epoch is under way
        batches = 0 if between else loops["epoch_loop.batch_progress"]["current"]["ready"]
        whole_epoch = batches >= self.trainer.num_training_batches
        exact = whole_epoch or batches % self.trainer.accumulate_grad_batches == 0
        checkpoint["resume"] = {
            "run": run_id(Path(self.trainer.default_root_dir)),
            "epoch": epochs["processed"],
            "batches": batches,
            "logged_steps": loop._batches_that_stepped + (self.trainer.validating and exact),
            "exact": exact,
            "clipped": self._clipped.tolist(),
            "plan": data.plan,
        }
        checkpoint["seq2seq"] = {
            "format": FORMAT,
            "tokenizer": data.tokenizer.to_dict(),
            "vocabulary": self.vocabulary._asdict(),
            "network": asdict(self.options),
            "search": asdict(self.search),
            "max_document_tokens": data.max_document_tokens,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if self.trainer.state.fn == "fit":
            self._resumed = checkpoint.get("resume", {})
