"""The module outside the command line: docs/python.md, plain data loaders, load_from_checkpoint, copies."""

from __future__ import annotations

import copy
import pickle
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import TrainedRun, pairs, read_jsonl, write_jsonl
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from seq2seq.batch import make_batch
from seq2seq.checkpoint import read_checkpoint, write_checkpoint
from seq2seq.data.corpora import CorpusOptions
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import Summarizer
from seq2seq.training.callbacks import PredictionFiles
from seq2seq.training.datamodule import HeadlineData
from seq2seq.training.module import SummarizerModule
from seq2seq.training.optimizer import OptimizerOptions
from seq2seq.training.text_batches import usable_batch

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")


def trainer(folder: Path, **settings: Any) -> Trainer:
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return Trainer(accelerator="cpu", default_root_dir=folder, **{**quiet, "max_epochs": 1, **settings})


@pytest.fixture
def module(trained: TrainedRun) -> SummarizerModule:
    return SummarizerModule.load_from_checkpoint(trained.best)


@pytest.fixture(scope="module")
def expected(trained: TrainedRun) -> list[str]:
    """The headlines of the training documents, by the beam search of the checkpoint."""
    return Summarizer.from_checkpoint(trained.best).summarize([pair["document"] for pair in pairs(24)])


def loader(count: int = 24, **settings: Any) -> DataLoader:
    return DataLoader(pairs(count), batch_size=5, **settings)


def test_the_code_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs as it stands, one block after the other."""
    monkeypatch.chdir(tmp_path)
    for split in ("train", "validation", "test"):
        write_jsonl(tmp_path / f"{split}.jsonl", pairs(4))
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(blocks) == 6
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert len(Summarizer.from_checkpoint("headlines.ckpt").summarize(["a fire", "snow"])) == 2
    assert names["longer"].global_step == 6
    assert len(names["headlines"]) == 4
    assert names["explanation"].attention.shape[1] == 11  # words of the document
    assert [len(batch) for batch in names["predictions"]] == [2, 2]


def test_a_module_of_a_checkpoint_is_the_module_that_was_saved(trained: TrainedRun) -> None:
    module = SummarizerModule.load_from_checkpoint(str(trained.best), map_location=torch.device("cpu"))
    contents = read_checkpoint(trained.best)
    assert all(torch.equal(weight, contents["state_dict"][name]) for name, weight in module.state_dict().items())
    assert (module.seed, module.max_document_tokens, module.search.beam_size) == (1, 30, 3)
    assert module.optimizer == OptimizerOptions(learning_rate=1e-2, warmup_steps=5)
    assert module.training
    other = SummarizerModule.load_from_checkpoint(trained.best, search=SearchOptions(beam_size=2), seed=7)
    assert (other.search.beam_size, other.seed) == (2, 7)


def test_a_checkpoint_without_optimizer_and_seed_loads(trained: TrainedRun, tmp_path: Path) -> None:
    """Older checkpoints have neither; the seed of the data is that of the module."""
    checkpoint = torch.load(trained.best, weights_only=True)
    del checkpoint["seq2seq"]["optimizer"], checkpoint["seq2seq"]["objective"], checkpoint["seq2seq"]["seed"]
    checkpoint["resume"]["plan"]["seed"] = 5
    write_checkpoint(checkpoint, tmp_path / "old.ckpt")
    module = SummarizerModule.load_from_checkpoint(tmp_path / "old.ckpt")
    assert (module.seed, module.optimizer) == (5, OptimizerOptions())


def test_an_unusable_checkpoint_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such checkpoint"):
        SummarizerModule.load_from_checkpoint(tmp_path / "missing.ckpt")


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_a_copy_predicts_the_same(module: SummarizerModule, expected: list[str], tmp_path: Path, copied: Any) -> None:
    documents = DataLoader([pair["document"] for pair in pairs(24)], batch_size=24)
    (found,) = trainer(tmp_path).predict(copied(module), documents)
    assert [prediction.text for prediction in found] == expected


@pytest.mark.parametrize(
    "documents",
    [
        DataLoader([pair["document"] for pair in pairs(24)], batch_size=5),
        DataLoader([{"document": pair["document"]} for pair in pairs(24)], batch_size=5),
        loader(),
        loader(collate_fn=list),
    ],
    ids=["texts", "dictionaries", "pairs", "lists of pairs"],
)
def test_predict_with_a_plain_loader(
    module: SummarizerModule, expected: list[str], tmp_path: Path, documents: DataLoader
) -> None:
    found = trainer(tmp_path).predict(module, documents)
    assert [prediction.text for batch in found for prediction in batch] == expected


def test_scores_with_a_plain_loader_are_those_of_the_command(
    trained: TrainedRun, module: SummarizerModule, tmp_path: Path
) -> None:
    """The same pairs, as dictionaries, as lists of dictionaries, and as batches."""
    source = read_jsonl(Path(trained.corpus["test"]))
    data = HeadlineData(CorpusOptions(**trained.corpus), tokenizer_from=str(trained.best), max_document_tokens=30)
    (wanted,) = trainer(tmp_path).test(module, data, verbose=False)
    for given in (DataLoader(source, batch_size=3), DataLoader(source, batch_size=3, collate_fn=list)):
        (scores,) = trainer(tmp_path).test(module, given, verbose=False)
        assert scores == pytest.approx(wanted, rel=1e-5)
    (scores,) = trainer(tmp_path).test(module, data.test_dataloader(), verbose=False)
    assert scores == pytest.approx(wanted, rel=1e-5)


def test_training_with_plain_loaders(module: SummarizerModule, tmp_path: Path) -> None:
    """Its checkpoints, with and without the state of the training, are readable; a training goes on from them."""
    before = copy.deepcopy(module.state_dict())
    whole = ModelCheckpoint(dirpath=tmp_path / "whole", save_last=True, monitor="validation/loss")
    weights = ModelCheckpoint(dirpath=tmp_path / "weights", save_last=True, save_weights_only=True)
    trainer(tmp_path, callbacks=[whole, weights]).fit(module, loader(10), loader(10))
    after = module.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    for folder in ("whole", "weights"):
        loaded = SummarizerModule.load_from_checkpoint(tmp_path / folder / "last.ckpt")
        assert all(torch.equal(after[name], weight) for name, weight in loaded.state_dict().items())
        assert len(Summarizer.from_checkpoint(tmp_path / folder / "last.ckpt").summarize(["a fire"])) == 1
    longer = trainer(tmp_path, max_epochs=3)
    longer.fit(loaded, loader(10), ckpt_path=tmp_path / "whole" / "last.ckpt")
    assert longer.global_step == 6


def test_texts_become_the_encoded_batch(module: SummarizerModule) -> None:
    """Four pairs as texts, and the batch that HeadlineData's parts would make of them."""
    given = {"document": [p["document"] for p in pairs(4)], "summary": [p["summary"] for p in pairs(4)]}
    batch = usable_batch(given, module, trains=True)
    tokenizer = module.tokenizer
    documents = tokenizer.encode_documents(given["document"], 30)
    oov = [document.oov for document in documents]
    summaries = [ids for ids, _ in tokenizer.encode_summaries(given["summary"], oov, 10)]
    wanted = make_batch([document.ids for document in documents], summaries, oov, module.vocabulary)
    assert torch.equal(batch.document, wanted.document)
    assert torch.equal(batch.summary, wanted.summary)
    assert (batch.documents, batch.references) == (given["document"], given["summary"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([("a b", "c"), ("d", "e")], r"the data loader gave a list of tuple; a batch must be a dictionary"),
        ([1, 2], r"gave a value of type Tensor; a batch must be"),
        (["a", "b"], r"a training batch has no summaries"),
        ([{"document": "a", "summary": 1}], r"gave a value of type int as summary"),
        ([{"document": "a"}, {"text": "b"}], r"gave null as document"),
        ([{"text": "a"}], r"gave a list of dict|gave a value of type dict"),
    ],
)
def test_a_batch_that_cannot_be_used(module: SummarizerModule, tmp_path: Path, given: list[Any], message: str) -> None:
    collate = list if isinstance(given[0], dict) else None
    with pytest.raises(UserError, match=message):
        trainer(tmp_path).fit(module, DataLoader(given, batch_size=2, collate_fn=collate))


def test_scores_need_texts(module: SummarizerModule, tmp_path: Path) -> None:
    batch = make_batch([[5, 6]], [[7]], [[]], module.vocabulary)
    with pytest.raises(UserError, match="fill `documents` and `references` of the Batch"):
        trainer(tmp_path).test(module, DataLoader([batch], batch_size=None), verbose=False)
    filled = replace(batch, documents=["five six"], references=["seven"])
    (scores,) = trainer(tmp_path).test(module, DataLoader([filled], batch_size=None), verbose=False)
    assert scores["test/loss"] > 0
    ((found,),) = trainer(tmp_path).predict(module, DataLoader([batch], batch_size=None))
    assert (found.document, found.reference) == ("", None)
    with pytest.raises(UserError, match="validation and test compare texts"):
        trainer(tmp_path).validate(module, DataLoader(["a fire"], batch_size=1), verbose=False)


def test_prediction_files_need_the_corpus(module: SummarizerModule, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs a HeadlineData"):
        trainer(tmp_path, callbacks=[PredictionFiles()]).predict(module, loader())


def test_lightning_must_not_distribute_the_batches_again(trained: TrainedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """On two processes, HeadlineData and a trainer with the default of `use_distributed_sampler`."""
    data = HeadlineData(CorpusOptions(**trained.corpus), tokenizer_from=str(trained.best))
    data.trainer = trainer(Path("."))
    data.train_dataloader()
    monkeypatch.setattr(type(data.trainer), "world_size", 2)
    with pytest.raises(UserError, match="use_distributed_sampler"):
        data.train_dataloader()
    data.trainer = trainer(Path("."), use_distributed_sampler=False)
    data.train_dataloader()


def test_a_checkpoint_holds_the_options(trained: TrainedRun) -> None:
    contents = read_checkpoint(trained.best)
    assert contents["optimizer"]["learning_rate"] == 1e-2
    assert asdict(OptimizerOptions(**contents["optimizer"])) == contents["optimizer"]
