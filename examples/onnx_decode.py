"""Headlines with onnxruntime and without torch: one document a line in, one headline a line out.

seq2seq export onnx --checkpoint titles --output titles-onnx
python examples/onnx_decode.py titles-onnx [BEAM_SIZE] < documents.txt

It needs onnxruntime, numpy, tokenizers, filelock, tqdm and this package (`pip install --no-deps seq2seq`).
`seq2seq.export_onnx.runtime.OnnxSummarizer` is the same as a class. docs/onnx.md lists the inputs and outputs.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime

from seq2seq.data.tokenizer import Tokenizer
from seq2seq.decoding import SearchOptions
from seq2seq.export_onnx.search import SpecialIds, search

folder = Path(sys.argv[1])
facts = json.loads((folder / "seq2seq.json").read_text(encoding="utf-8"))
encoder, step = (onnxruntime.InferenceSession(folder / f"{name}.onnx") for name in ("encoder", "step"))
tokenizer = Tokenizer.from_dict({**facts["tokenizer"], "tokenizer": (folder / "tokenizer.json").read_text("utf-8")})
options, ids = SearchOptions(**facts["search"]), facts["vocabulary"]
options = replace(options, beam_size=int(sys.argv[2])) if len(sys.argv) > 2 else options
special = SpecialIds(ids["bos"], ids["eos"], [ids["pad"], ids["bos"], ids["unk"]])
names = [value.name for value in step.get_inputs()]  # tokens, forbidden, then memory and state


def next_tokens(tokens, forbidden, memory, state):
    values = dict(zip(["tokens", "forbidden", "document", *facts["memory"], *facts["state"]], (tokens, forbidden, *memory, *state)))
    log_probs, best, *state = step.run(None, {name: values[name] for name in names})
    return log_probs, best, tuple(state)


for line in sys.stdin:
    (document,) = tokenizer.encode_documents([line], facts["max_document_tokens"])
    found = encoder.run(None, {"document": np.array([document.ids])}) if document.ids else []
    memory = (np.array([document.ids]), *found[: len(facts["memory"])])
    best = search(next_tokens, memory, tuple(found[len(facts["memory"]) :]), options, special) if found else []
    print(tokenizer.decode(best[0][0].ids, document.oov) if best else "")
