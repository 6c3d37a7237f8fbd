"""`seq2seq export hf`: generate() of transformers writes the headlines of `decode`, and the folder can be read back."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("transformers", minversion="5")

import torch
from helpers import TrainedRun, made_once, pairs, read_jsonl, run, secrets, write_jsonl
from transformers import AutoModelForSeq2SeqLM, AutoProcessor, AutoTokenizer
from transformers.dynamic_module_utils import get_class_from_dynamic_module

import seq2seq.hub  # registers the classes with the Auto classes
from seq2seq import Summarizer, inference
from seq2seq.batch import Vocabulary, make_batch
from seq2seq.checkpoint import read_checkpoint
from seq2seq.data.tokenizer import TokenizerOptions, load_pretrained, train_tokenizer
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.hub import HeadlineConfig, HeadlineModel, HeadlineProcessor
from seq2seq.hub.folder import CODE_FILE, generation_config, model_code
from seq2seq.hub.single_file import Module, single_file
from seq2seq.model.attention import ATTENTIONS, MultiplicativeAttention
from seq2seq.model.cells import CELLS
from seq2seq.model.network import NetworkOptions, build_network

DOCUMENTS = [
    *(pair["document"] for pair in pairs(12, first=30)),
    "",
    'the mayor of Zürich said " no " to <unk> , <s> and 1,234 schools/houses - for now',
    *(pair["document"] for pair in pairs(4)),
]
"""Known and unknown words, an empty document, and text that looks like special symbols."""


@pytest.fixture(scope="session")
def exported(trained: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained run. Read only."""

    def make(folder: Path) -> None:
        assert run("export", "hf", "--checkpoint", trained.best, "--output", folder / "headlines") == 0

    return made_once(tmp_path_factory, "exported", make) / "headlines"


@pytest.fixture(scope="session")
def model(exported: Path) -> Any:
    return AutoModelForSeq2SeqLM.from_pretrained(exported).eval()


@pytest.fixture(scope="session")
def processor(exported: Path) -> Any:
    return AutoProcessor.from_pretrained(exported)


@pytest.fixture(scope="session")
def summarizer(trained: TrainedRun) -> Summarizer:
    return Summarizer.from_checkpoint(trained.best, device="cpu")


# ---- generate() against our own search


OPTIONS: list[dict[str, Any]] = [
    {"beam_size": 1},
    {"beam_size": 5, "length_penalty": 0.5},
    {"beam_size": 4, "n_best": 4, "length_penalty": 2.0},
    {"beam_size": 3, "n_best": 2, "min_length": 5, "max_length": 7},
    {"beam_size": 2, "no_repeat_ngram_size": 1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_headlines_and_scores_are_those_of_decode(
    model: Any, processor: Any, summarizer: Summarizer, options: dict[str, Any]
) -> None:
    search = SearchOptions(**{"max_length": 12, **options})
    documents = [text for text in DOCUMENTS if text]
    inputs = processor(documents)
    assert any(inputs.unknown_words)
    found = model.generate(
        **inputs,
        generation_config=generation_config(search, model.config),
        return_dict_in_generate=True,
        output_scores=True,
    )
    expected = list(summarizer.stream(documents, **vars(search)))
    texts = processor.batch_decode(found.sequences, inputs.unknown_words)
    assert texts == [headline.text for headlines in expected for headline in headlines]
    assert (found.sequences >= model.config.vocab_size).any()  # the pointer has copied unknown words
    if search.beam_size > 1:
        scores = torch.tensor([headline.score for headlines in expected for headline in headlines])
        torch.testing.assert_close(found.sequences_scores, scores, rtol=1e-4, atol=1e-4)


def test_the_defaults_are_those_of_the_checkpoint(model: Any, processor: Any, summarizer: Summarizer) -> None:
    inputs = processor(DOCUMENTS[:4])
    found = processor.batch_decode(model.generate(**inputs), inputs.unknown_words)
    assert found == summarizer.summarize(DOCUMENTS[:4])


@pytest.mark.parametrize("beams", [1, 5])
def test_summarize(model: Any, processor: Any, summarizer: Summarizer, beams: int) -> None:
    expected = summarizer.summarize(DOCUMENTS, beam_size=beams)
    assert model.summarize(DOCUMENTS, processor, num_beams=beams, batch_size=5) == expected
    assert expected[12] == ""
    assert model.summarize(DOCUMENTS[:3], num_beams=beams) == expected[:3]  # with the processor of its folder
    with pytest.raises(TypeError, match="one text"):
        model.summarize("a fire")


def test_the_state_gives_the_results_of_a_search_without_it(model: Any, processor: Any) -> None:
    inputs = processor(DOCUMENTS[:5])
    for beams in (1, 3):
        cached, whole = (model.generate(**inputs, num_beams=beams, use_cache=cached) for cached in (True, False))
        assert torch.equal(cached, whole)


def test_samples_follow_the_distribution_of_the_model(model: Any, processor: Any) -> None:
    inputs = processor(DOCUMENTS[:1])
    with torch.no_grad():
        logits = model(**inputs, decoder_input_ids=torch.tensor([[model.config.bos_token_id]])).logits[0, -1]
    torch.testing.assert_close(logits.exp().sum(), torch.tensor(1.0))
    allowed = logits.clone()
    allowed[model.generation_config.suppress_tokens] = -torch.inf
    expected = (allowed / 3).softmax(dim=-1)
    torch.manual_seed(1)
    first = model.generate(
        **inputs, do_sample=True, num_beams=1, temperature=3.0, top_k=0, num_return_sequences=4000, max_new_tokens=1
    )[:, 1]
    shares = torch.bincount(first, minlength=len(logits)) / len(first)
    assert (shares - expected).abs().max() < 0.03
    assert expected.max() < 0.9  # the test would be empty if one word had all probability


SETTINGS: list[dict[str, Any]] = [
    *({"cell": cell, "attention": name, "pointer": name != "none"} for cell, name in product(CELLS, ATTENTIONS)),
    {"pointer": False, "tie_embeddings": False},
    {"attention": "additive", "attention_history": "coverage", "input_feeding": True},
    {"attention_history": "temporal", "intra_attention": True, "readout": "maxout", "decoder_layers": 1},
    {"encoder": "convolutional", "encoder_gate": "convolutional", "encoder_layers": 2},
    {"encoder_gate": "selective", "unknown_embeddings": 3, "decoder_layers": 3},
]


def random_model(**settings: Any) -> HeadlineModel:
    """A model with random, sharpened weights, and a vocabulary of 30 words."""
    sizes = {"embedding_size": 12, "encoder_size": 12, "decoder_size": 16, "attention_size": 8}
    section = {"network": {**sizes, **settings}, "vocabulary": Vocabulary(30, 0, 2, 3, 1)._asdict()}
    torch.manual_seed(1)
    made = HeadlineModel(HeadlineConfig(section)).eval()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if "weight_hh" not in name:  # larger recurrent matrices would let the states of a ReLU grow without limit
                parameter.mul_(2.5)
        made.network.output.bias.normal_(std=0.5)
    return made


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_part_runs_under_generate(settings: dict[str, Any], tmp_path: Path) -> None:
    made = random_model(**settings)
    documents = [torch.randint(4, 34, (length,)).tolist() for length in (3, 12, 7, 1, 9)]
    documents = [[min(word, 30 + place // 3) for place, word in enumerate(ids)] for ids in documents]
    unknown = [["a", "b", "c", "d"]] * len(documents)
    batch = make_batch(documents, None, unknown, made.network.vocabulary)
    found: dict[int, list[list[int]]] = {}
    for beams in (1, 4):
        search = SearchOptions(beam_size=beams, n_best=beams, max_length=8)
        expected = inference.generate(made.network, batch, search)
        sequences = made.generate(
            input_ids=batch.document,
            attention_mask=batch.mask.long(),
            generation_config=generation_config(search, made.config),
        )
        found[beams] = [[word for word in row[1:] if word not in (0, 3)] for row in sequences.tolist()]
        lengths = expected.lengths.flatten().tolist()
        rows = zip(expected.tokens.flatten(0, 1).tolist(), lengths, strict=True)
        assert found[beams] == [row[:length] for row, length in rows]
    assert len({tuple(row) for row in found[1]}) > 1
    made.save_pretrained(tmp_path)
    again = HeadlineModel.from_pretrained(tmp_path)
    assert again.state_dict().keys() == made.state_dict().keys()
    for name, weight in again.state_dict().items():
        assert torch.equal(weight, made.state_dict()[name]), name
    tied = again.network.output.weight is again.network.embedding.weight
    assert tied == again.config.network_options().tie_embeddings


# ---- the code of the folder


def test_the_code_needs_no_package_and_writes_the_same_headlines(
    exported: Path, model: Any, processor: Any, summarizer: Summarizer
) -> None:
    remote = get_class_from_dynamic_module("headline_model.HeadlineModel", exported)
    other = get_class_from_dynamic_module("headline_model.HeadlineProcessor", exported).from_pretrained(exported)
    assert remote.__module__.startswith("transformers_modules")
    copy = remote.from_pretrained(exported).eval()
    for beams in (1, 5):
        assert copy.summarize(DOCUMENTS, other, num_beams=beams) == summarizer.summarize(DOCUMENTS, beam_size=beams)
    inputs = processor(DOCUMENTS, text_target=DOCUMENTS)
    with torch.no_grad():
        ours, theirs = (made(**inputs) for made in (model, copy))
    torch.testing.assert_close(theirs.logits, ours.logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(theirs.loss, ours.loss)


def test_the_code_consists_of_definitions_of_the_package(exported: Path) -> None:
    text = (exported / CODE_FILE).read_text(encoding="utf-8")
    assert text == model_code()
    sources: dict[str, set[str]] = {}
    module = ""
    for block in text.split("\n\n\n"):
        if block.startswith("# From "):
            module = block.removeprefix("# From ")
            sources[module] = {ast.dump(node) for node in Module(module).tree.body}
        elif module:
            assert {ast.dump(node) for node in ast.parse(block).body} <= sources[module], block
    assert {"seq2seq.model.network", "seq2seq.model.cells", "seq2seq.data.tokenizer.tokenizer"} <= set(sources)
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    roots = {alias.name for node in imported if isinstance(node, ast.Import) for alias in node.names}
    roots |= {str(node.module).split(".")[0] for node in imported if isinstance(node, ast.ImportFrom)}
    assert not roots & {"seq2seq", "numba", "lightning", "datasets"}
    assert not any(node.level for node in imported if isinstance(node, ast.ImportFrom))


def test_one_name_cannot_have_two_meanings_in_one_file() -> None:
    with pytest.raises(ValueError, match="FORMAT has two meanings"):
        single_file(["seq2seq.data.encoding.FORMAT", "seq2seq.data.tokenizer.tokenizer.FORMAT"], {}, "")
    with pytest.raises(ValueError, match=r"seq2seq\.ops is no definition"):
        single_file(["seq2seq.model.dropout.Dropout"], {}, "")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_500_headlines_of_the_shipped_model_are_those_of_decode(tmp_path: Path) -> None:
    """In a process that cannot import the package, by the Auto classes alone."""
    root = Path(__file__).parents[2] / "data"
    texts = [pair["document"] for pair in read_jsonl(root / "abstracts.jsonl")]
    texts = [*texts, *(pair["document"] for pair in read_jsonl(root / "newswire" / "test.jsonl"))][:500]
    documents = write_jsonl(tmp_path / "documents.jsonl", [{"document": text} for text in texts])
    folder, output = tmp_path / "titles", tmp_path / "generated.json"
    assert run("export", "hf", "--checkpoint", "titles", "--output", folder) == 0
    script = f"""
import json, sys
sys.modules["seq2seq"] = None
from transformers import AutoModelForSeq2SeqLM, AutoProcessor
folder = {str(folder)!r}
model = AutoModelForSeq2SeqLM.from_pretrained(folder, trust_remote_code=True)
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
texts = [json.loads(line)["document"] for line in open({str(documents)!r}, encoding="utf-8")]
json.dump([model.summarize(texts, processor, num_beams=n) for n in (1, 5)], open({str(output)!r}, "w"))
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
    for beams, generated in zip((1, 5), json.loads(output.read_text()), strict=True):
        decoded = tmp_path / f"{beams}.txt"
        options = ["--beam-size", str(beams), "--output", decoded]
        assert run("decode", "--checkpoint", "titles", "--input", documents, *options) == 0
        assert decoded.read_text(encoding="utf-8").splitlines() == generated


# ---- the processor


def test_the_processor_keeps_unknown_words(processor: Any, summarizer: Summarizer) -> None:
    limit = processor.max_document_tokens
    expected = summarizer.tokenizer.encode_documents(DOCUMENTS, limit)
    inputs = processor(DOCUMENTS)
    assert inputs.unknown_words == [document.oov for document in expected]
    for row, mask, document in zip(inputs["input_ids"], inputs["attention_mask"], expected, strict=True):
        assert row[mask.bool()].tolist() == (document.ids or [processor.tokenizer.eos_token_id])
    whole = [ids for ids, length in zip(inputs["input_ids"], inputs.lengths, strict=True) if 0 < length <= limit]
    assert len(whole) > 10
    one = processor(DOCUMENTS[0])
    assert processor.decode(one["input_ids"][0], one.unknown_words[0]) == DOCUMENTS[0].replace(" , ", ", ")
    with pytest.raises(ValueError, match="beyond the vocabulary"):
        processor.decode(one["input_ids"][0])
    with pytest.raises(ValueError, match="3 sequences do not belong to 2 documents"):
        processor.batch_decode([[3]] * 3, [[], []])
    with pytest.raises(TypeError, match="max_length=8"):
        processor(DOCUMENTS, max_length=8)


@pytest.mark.parametrize("kind", ["word", "bpe", "unigram", "pretrained"])
def test_every_kind_of_tokenizer_keeps_its_ids(kind: str, tmp_path: Path) -> None:
    texts = [[pair["document"], pair["summary"]] for pair in pairs(24)]
    normalizers = ["nfkc", "lowercase", "digits", "strip_accents"]
    trained_kind = "bpe" if kind == "pretrained" else kind
    tokenizer = train_tokenizer(TokenizerOptions(trained_kind, 320, normalizers=normalizers), texts)
    if kind == "pretrained":
        tokenizer.to_transformers().save_pretrained(tmp_path / "given")
        tokenizer = load_pretrained(str(tmp_path / "given"))
    settings = {name: value for name, value in tokenizer.to_dict().items() if name != "tokenizer"}
    HeadlineProcessor(tokenizer.to_transformers(), settings, 40).save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_dict()["tokenizer"], encoding="utf-8")
    inputs = HeadlineProcessor.from_pretrained(tmp_path)(DOCUMENTS)
    for row, mask, words, document in zip(
        inputs["input_ids"],
        inputs["attention_mask"],
        inputs.unknown_words,
        tokenizer.encode_documents(DOCUMENTS, 40),
        strict=True,
    ):
        assert row[mask.bool()].tolist() == (document.ids or [tokenizer.eos_id])
        assert words == document.oov


def test_the_tokenizer_of_the_folder_has_the_same_ids(exported: Path, summarizer: Summarizer) -> None:
    tokenizer = AutoTokenizer.from_pretrained(exported)
    known = [pair["document"] for pair in pairs(8)]
    expected = summarizer.tokenizer.encode_documents(known, 100)
    for text, document in zip(known, expected, strict=True):
        unknown = tokenizer.unk_token_id
        ids = [unknown if word >= len(tokenizer) else word for word in document.ids]
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == ids


# ---- training with transformers


def test_the_loss_is_that_of_the_package_and_falls(model: Any, processor: Any) -> None:
    made = random_model(dropout=0.0)
    documents, headlines = [[4, 30, 7], [5, 6, 31, 30, 9]], [[4, 30], [31, 9, 12]]
    batch = make_batch(documents, headlines, [["a"], ["a", "b"]], made.network.vocabulary)
    labels = batch.targets.masked_fill(~batch.summary_mask, -100)
    arguments = {"input_ids": batch.document, "attention_mask": batch.mask.long(), "labels": labels}
    loss = made(**arguments).loss
    torch.testing.assert_close(loss, made.network.loss(batch)[0]["cross_entropy"] / 7)
    torch.testing.assert_close(made(**arguments, num_items_in_batch=14).loss, loss / 2)
    log_probs = made(**arguments).logits
    chosen = log_probs.gather(2, labels.clamp_min(0).unsqueeze(2)).squeeze(2)[labels != -100]
    torch.testing.assert_close(-chosen.mean(), loss)
    optimizer = torch.optim.Adam(made.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        made(**arguments).loss.backward()
        optimizer.step()
    assert made(**arguments).loss < loss / 2
    encoded = processor(["a fire in Zürich"], text_target=["Zürich burns Bern"])
    assert encoded["labels"][0, 0] == processor("a fire in Zürich")["input_ids"][0, -1] >= model.config.vocab_size
    assert encoded["labels"][0, -1] == processor.tokenizer.eos_token_id


# ---- read back


def test_a_folder_is_a_checkpoint(
    exported: Path, trained: TrainedRun, summarizer: Summarizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"hf:{exported}"
    again = Summarizer.from_checkpoint(name, device="cpu")
    assert list(again.stream(DOCUMENTS)) == list(summarizer.stream(DOCUMENTS))
    ours, theirs = read_checkpoint(trained.best), read_checkpoint(name, check_bytes=True)
    assert theirs["tokenizer"] == ours["tokenizer"]
    assert theirs["search"] == ours["search"]
    for key, weight in ours["state_dict"].items():
        assert torch.equal(weight, theirs["state_dict"][key])
    documents = tmp_path / "documents.txt"
    documents.write_text("\n".join(DOCUMENTS[:3]) + "\n", encoding="utf-8")
    assert run("decode", "--checkpoint", name, "--checkpoint", trained.best, "--input", documents) == 0
    assert capsys.readouterr().out.splitlines() == summarizer.summarize(DOCUMENTS[:3])


def test_the_other_commands_read_the_folder(
    exported: Path, trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, again = f"hf:{exported}", tmp_path / "again"
    expected = json.loads((trained.folder / "metrics.json").read_text())
    options = ["--trainer.default_root_dir", tmp_path / "run", "--ckpt_path"]
    assert run("export", "model", "--checkpoint", name, "--output", tmp_path / "small.ckpt") == 0
    for given in (name, tmp_path / "small.ckpt"):
        assert run("test", "--config", trained.config, *options, given) == 0
        metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
        assert metrics["rouge1"] == expected["rouge1"]
        assert metrics["settings"]["checkpoint"] == Path(given).name
    assert run("export", "hf", "--checkpoint", name, "--output", again) == 0
    for file in exported.iterdir():
        if file.name != "README.md":
            assert (again / file.name).read_bytes() == file.read_bytes(), file.name


def test_reading_runs_no_code(exported: Path, summarizer: Summarizer, tmp_path: Path) -> None:
    folder = shutil.copytree(exported, tmp_path / "copy")
    (folder / CODE_FILE).write_text("raise SystemExit('the code of the folder was run')")
    again = Summarizer.from_checkpoint(f"hf:{folder}", device="cpu")
    assert again.summarize(DOCUMENTS[:3]) == summarizer.summarize(DOCUMENTS[:3])


def test_wrong_folders_are_refused(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def error(path: object) -> str:
        with pytest.raises(UserError) as raised:
            Summarizer.from_checkpoint(f"hf:{path}")
        assert "\n" not in str(raised.value)
        return str(raised.value)

    assert "no config.json, tokenizer.json, model.safetensors in" in error(tmp_path)
    assert "no such folder; give hf: and a folder" in error(tmp_path / "missing")
    copy = shutil.copytree(exported, tmp_path / "copy")
    (copy / "model.safetensors").write_bytes((exported / "model.safetensors").read_bytes()[:5000])
    assert "model.safetensors is damaged" in error(copy)
    (copy / "config.json").write_text('{"model_type": "bart"}')
    assert "config.json is not of `seq2seq export hf` (KeyError: 'seq2seq')" in error(copy)
    monkeypatch.chdir(tmp_path)
    # The tests run without a network.
    assert "no download from the Hugging Face Hub" in error("someone/headlines")


def test_a_name_is_downloaded_without_the_code(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def snapshot_download(name: str, allow_patterns: list[str]) -> str:
        asked.append((name, allow_patterns))
        return str(exported)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert Summarizer.from_checkpoint("hf:someone/headlines").summarize(DOCUMENTS[:1])
    assert asked[0] == ("someone/headlines", ["config.json", "tokenizer.json", "model.safetensors"])


# ---- the command


def test_the_folder_is_written_whole(exported: Path, trained: TrainedRun) -> None:
    expected = {"config.json", "generation_config.json", "model.safetensors", "processor_config.json", "README.md"}
    expected |= {"tokenizer.json", "tokenizer_config.json", CODE_FILE}
    assert {file.name for file in exported.iterdir()} == expected
    assert [file.name for file in exported.parent.iterdir()] == ["headlines"]  # no temporary folder is left
    for file in exported.iterdir():
        assert file.stat().st_mode & 0o044 == 0o044, file  # others can read it
        assert not any(secret in file.read_bytes() for secret in secrets(trained.folder)), file
    generation = json.loads((exported / "generation_config.json").read_text())
    assert (generation["num_beams"], generation["max_new_tokens"], generation["suppress_tokens"]) == (3, 12, [0, 2, 1])


def test_the_card_has_the_figures_of_the_run(exported: Path, trained: TrainedRun) -> None:
    card = (exported / "README.md").read_text()
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    assert f"| rouge1 | {metrics['rouge1']:.2f} |" in card
    assert f"Settings: {metrics['settings']['examples']} documents; {metrics['settings']['signature']}." in card
    front, body = card.removeprefix("---\n").split("\n---\n")
    assert "pipeline_tag: summarization" in front
    assert body.strip().startswith("# headlines")


def test_the_example_on_the_card_runs(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exported.parent)
    example = (exported / "README.md").read_text().split("```python\n")[1].split("```")[0]
    printed: list[Any] = []
    exec(example, {"print": printed.append})
    assert len(printed[0]) == 1
    assert len(printed[1]) == 3


def test_the_examples_of_the_page_run(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exported.parent)
    page = (Path(__file__).parents[2] / "docs" / "huggingface.md").read_text(encoding="utf-8")
    printed: list[Any] = []
    names: dict[str, Any] = {"print": printed.append}
    for example in re.findall(r"^```python\n(.*?)^```", page, re.M | re.S):
        exec(example, names)
    assert [len(texts) for texts in printed] == [2, 6, 2, 2]
    assert printed[0] == printed[3]
    assert names["model"].network.embedding.weight.grad is not None


def test_metrics_of_another_checkpoint_are_no_figures(trained: TrainedRun, tmp_path: Path) -> None:
    shutil.copy(trained.best, tmp_path / "other.ckpt")
    shutil.copy(trained.folder / "metrics.json", tmp_path)
    assert run("export", "hf", "--checkpoint", tmp_path / "other.ckpt", "--output", tmp_path / "made") == 0
    assert "None: metrics.json beside the checkpoint is of best.ckpt." in (tmp_path / "made" / "README.md").read_text()
    (tmp_path / "metrics.json").write_text("[]")
    assert run("export", "hf", "--checkpoint", tmp_path / "other.ckpt", "--output", tmp_path / "made") != 0


def test_options_of_the_search_without_a_counterpart_are_named(
    trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = torch.load(trained.best, weights_only=True)
    checkpoint["seq2seq"]["search"] |= {"supported": "numbers", "minimum_risk": True}
    torch.save(checkpoint, tmp_path / "other.ckpt")
    assert run("export", "hf", "--checkpoint", tmp_path / "other.ckpt", "--output", tmp_path / "made") == 0
    notes = ["generate() works without search.supported numbers", "generate() works without search.minimum_risk True"]
    assert "; ".join(notes) in capsys.readouterr().out
    card = (tmp_path / "made" / "README.md").read_text()
    assert all(f"- {note}" in card for note in notes)
    assert read_checkpoint(f"hf:{tmp_path / 'made'}")["search"]["supported"] == "numbers"


@pytest.fixture
def plugin_cell() -> Iterator[None]:
    class DotAttention(MultiplicativeAttention):
        pass

    DotAttention.__module__ = "dot_attention"
    ATTENTIONS["dot"] = DotAttention
    yield
    del ATTENTIONS["dot"]


def test_parts_of_plugins_are_refused(
    trained: TrainedRun, tmp_path: Path, plugin_cell: None, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = torch.load(trained.best, weights_only=True)
    checkpoint["seq2seq"]["network"]["attention"] = "dot"
    torch.save(checkpoint, tmp_path / "other.ckpt")
    assert run("export", "hf", "--checkpoint", tmp_path / "other.ckpt", "--output", tmp_path / "made") != 0
    assert "the network uses DotAttention of the plugin dot_attention" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_push(
    trained: TrainedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[tuple[str, Any, dict[str, Any]]] = []
    api = SimpleNamespace(
        create_repo=lambda name, **options: calls.append(("create", name, options)),
        upload_folder=lambda **options: calls.append(("upload", options["repo_id"], options)),
    )
    monkeypatch.setattr("huggingface_hub.HfApi", lambda: api)
    output = tmp_path / "made"
    output.mkdir()
    (output / "notes.txt").write_text("mine")  # stays, and is not uploaded
    argv = ["export", "hf", "--checkpoint", trained.best, "--output", output, "--push"]
    assert run(*argv, "someone/headlines") == 0
    (_, created, options), (_, uploaded, upload) = calls
    assert created == uploaded == "someone/headlines"
    assert options["private"]
    assert set(upload["allow_patterns"]) == {file.name for file in output.iterdir()} - {"notes.txt"}
    assert 'name = "someone/headlines"' in (output / "README.md").read_text()
    assert "uploaded to someone/headlines" in capsys.readouterr().out

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("401: not logged in\nmore")

    api.create_repo = refuse
    assert run(*argv, "someone/headlines") != 0
    said = capsys.readouterr().err
    assert "--push someone/headlines: 401: not logged in; the folder" in said
    calls.clear()
    assert run(*argv, "some one/head/lines") != 0
    assert "--push some one/head/lines: " in capsys.readouterr().err
    assert not calls


def test_the_output_is_a_folder(trained: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()
    assert run("export", "hf", "--checkpoint", trained.best, "--output", file) != 0
    assert f"--output {file}: a file; give the name of a folder" in capsys.readouterr().err
    assert run("export", "hf", "--checkpoint", trained.best, "--output", file / "below") != 0
    assert f"--output {file / 'below'}: cannot be written (" in capsys.readouterr().err


def test_classes_can_be_made_without_a_checkpoint() -> None:
    """transformers makes an empty configuration to find the values that differ from it."""
    assert HeadlineConfig().seq2seq == {}
    assert seq2seq.hub.__all__ == ["HeadlineConfig", "HeadlineModel", "HeadlineProcessor"]
    assert HeadlineProcessor.get_attributes() == ["tokenizer"]
    assert build_network(NetworkOptions(), Vocabulary(9, 0, 2, 3, 1)) is not None
