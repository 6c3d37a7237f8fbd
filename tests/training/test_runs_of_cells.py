"""Each cell from the command line: a run that resumes exactly, a checkpoint that decodes, documents that do not depend
on their company."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from helpers import config, pairs, read_jsonl, run, write_config, write_corpus, write_jsonl

from seq2seq.inference import Summarizer
from seq2seq.model.cells import CELLS

NEW = sorted({*CELLS} - {"gru"})  # the other tests train the GRU
AS_ELMAN = {"elman_relu"}  # the same class with another activation


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "last.ckpt", weights_only=True)["state_dict"]


@pytest.mark.parametrize("cell", [pytest.param(c, marks=[pytest.mark.slow] if c in AS_ELMAN else []) for c in NEW])
def test_train_resume_decode(cell: str, tmp_path: Path) -> None:
    """A run with dropout that goes on from a step in its middle ends with the same bits. Then its checkpoint decodes
    documents of unequal lengths, together and alone, greedily and with a beam."""
    changes = {"network__cell": cell, "network__dropout": 0.1, "network__encoder_layers": 2}
    settings = config(
        write_corpus(tmp_path / "corpus"),
        tmp_path / "run",
        **{f"model__{name}": value for name, value in changes.items()},
        trainer__max_epochs=6,
        trainer__check_val_every_n_epoch=6,
        checkpoint={"every_n_train_steps": 7, "keep_last": 2},
    )
    file = write_config(tmp_path / "config.yaml", settings)
    assert run("fit", "--config", file) == 0
    whole = weights(tmp_path / "run")
    steps = sorted(int(file.stem[5:]) for file in (tmp_path / "run").glob("step-*.ckpt"))
    assert steps == [7, 14]
    middle = shutil.copy(tmp_path / "run" / f"step-{steps[0]}.ckpt", tmp_path / "middle.ckpt")
    again = ["--trainer.default_root_dir", tmp_path / "again"]
    assert run("fit", "--config", file, *again, "--resume", middle) == 0
    resumed = weights(tmp_path / "again")
    assert resumed.keys() == whole.keys()
    assert [name for name in whole if not torch.equal(whole[name], resumed[name])] == []

    summarizer = Summarizer.from_checkpoint(tmp_path / "run" / "best.ckpt", device="cpu")
    documents = [" ".join(pair["document"].split()[i % 4 :]) for i, pair in enumerate(pairs(24))]
    for beam_size in (1, 3):
        together = list(summarizer.stream(documents, beam_size=beam_size))
        alone = list(summarizer.stream(documents, beam_size=beam_size, batch_size=1))
        assert [best[0].text for best in together] == [best[0].text for best in alone]
        assert [best[0].score for best in together] == pytest.approx([best[0].score for best in alone], abs=2e-4)
        assert len({round(best[0].score, 3) for best in together}) > 10, "the scores depend on the documents"

    source = write_jsonl(tmp_path / "in.jsonl", [{"document": document} for document in documents])
    command = ("--checkpoint", tmp_path / "run" / "best.ckpt", "--input", source, "--beam-size", "3")
    assert run("decode", *command, "--device", "cpu", "--output", tmp_path / "out.jsonl") == 0
    assert [line["prediction"] for line in read_jsonl(tmp_path / "out.jsonl")] == [best[0].text for best in together]
