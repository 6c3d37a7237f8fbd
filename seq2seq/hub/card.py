"""The model card of an exported folder, README.md: from the card of a shipped model, or from the metrics of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..decoding import SearchOptions
from ..errors import UserError
from ..files import user_path
from ..model.options import NetworkOptions
from ..shipped import FOLDER, Card, checkpoint_path

METRICS_FILE = "metrics.json"

FRONT_MATTER = """---
library_name: transformers
pipeline_tag: summarization
tags:
- summarization
- headline-generation
- pointer-generator
- seq2seq
---"""

USE = """## Use

```python
from transformers import AutoModelForSeq2SeqLM, AutoProcessor

name = "{name}"
model = AutoModelForSeq2SeqLM.from_pretrained(name, trust_remote_code=True)
processor = AutoProcessor.from_pretrained(name, trust_remote_code=True)

print(model.summarize(["A text ..."], processor))                     # the best headline of each text

inputs = processor(["A text ..."])
sequences = model.generate(**inputs, num_beams=5, num_return_sequences=3)
print(processor.batch_decode(sequences, inputs.unknown_words))        # three headlines
```

The processor numbers the words of a text that the vocabulary lacks, so that the model can copy them. A plain tokenizer
cannot do this. With the package seq2seq installed, `import seq2seq.hub` replaces `trust_remote_code=True`, and
`Summarizer.from_checkpoint("hf:{name}")` reads the same files."""


def model_card(checkpoint: str, contents: dict[str, Any], parameters: int, name: str, notes: list[str]) -> str:
    """The text of README.md.

    Args:
        checkpoint: the file, with metrics.json of `seq2seq test` beside it, or the name of a shipped model.
        contents: of the checkpoint.
        parameters: number of weights.
        name: of the model, for the examples.
        notes: on the options of the search that the folder lacks.

    Raises UserError if metrics.json is no JSON.
    """
    file = checkpoint_path(checkpoint)
    options, search = NetworkOptions(**contents["network"]), SearchOptions(**contents["search"])
    if file.parent == FOLDER:
        card = Card.read(file.stem)
        about, figures = from_card(card, name), figures_of_card(card)
    else:
        about = [f"# {Path(name).name}", "A model that writes headlines, trained with seq2seq."]
        figures = figures_of_run(file)
    network = (
        f"A recurrent encoder-decoder: cell {options.cell}, encoder {options.encoder} of {options.encoder_size} units, "
        f"decoder of {options.decoder_size}, attention {options.attention}, "
        f"{'with' if options.pointer else 'without'} pointer; {contents['vocabulary']['size']:,} tokens of kind "
        f"{contents['tokenizer']['kind']}; {parameters:,} weights. Documents are cut to "
        f"{contents['max_document_tokens']} tokens."
    )
    defaults = (
        f"Defaults of `generate()` are those of the checkpoint: beam {search.beam_size}, length penalty "
        f"{search.length_penalty:g}, at most {search.max_length} tokens."
    )
    parts = [FRONT_MATTER, *about, USE.format(name=name), "## Network", network, "## Search", defaults]
    parts += [f"- {note}" for note in notes]
    return "\n\n".join([*parts, "## Figures", *figures]) + "\n"


def from_card(card: Card, name: str) -> list[str]:
    """The title, the data and the limits of a shipped model."""
    facts = {"language": card.language, "corpus": card.corpus, "licence": card.licence}
    return [
        f"# {Path(name).name}: {card.title}",
        card.description,
        "\n".join(f"- {label}: {text}" for label, text in facts.items()),
        "## Limits",
        "\n".join(f"- {limit}" for limit in card.limits),
    ]


def figures_of_card(card: Card) -> list[str]:
    """The figures of a shipped model, with 95 % intervals."""
    rows = [f"| {score} | {f['value']:.2f} | {f['low']:.2f} to {f['high']:.2f} |" for score, f in card.figures.items()]
    return ["\n".join(["| score | value | 95 % interval |", "|---|---|---|", *rows]), f"Settings: {card.evaluation}."]


def figures_of_run(file: Path) -> list[str]:
    """The figures in metrics.json beside a checkpoint, if they are of that checkpoint."""
    metrics = user_path(file).parent / METRICS_FILE
    try:
        values = json.loads(metrics.read_text(encoding="utf-8"))
        settings = values.pop("settings")
        tested = settings["checkpoint"], *settings.get("ensemble", ())
    except FileNotFoundError:
        return [f"None: no {METRICS_FILE} of `seq2seq test` lay beside the checkpoint."]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(f"{metrics}: not of `seq2seq test` ({error}); remove it, or run the test again") from None
    if tested != (file.name,):
        return [f"None: {METRICS_FILE} beside the checkpoint is of {', '.join(tested)}."]
    rows = [f"| {name} | {value:.2f} |" for name, value in values.items() if isinstance(value, (int, float))]
    settled = f"Settings: {settings['examples']:,} documents; {settings['signature']}."
    return ["\n".join(["| score | value |", "|---|---|", *rows]), settled]
