"""Headlines with onnxruntime and without torch: one document a line in, one headline a line out.

seq2seq export onnx --checkpoint titles --output titles-onnx
python examples/onnx_decode.py titles-onnx [BEAM_SIZE] < documents.txt

It needs onnxruntime, numpy, tokenizers, filelock, tqdm, and this package (`pip install --no-deps seq2seq`).
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

folder, *beam_size = sys.argv[1:]
facts, tokenizer = (json.loads(Path(folder, name).read_text("utf-8")) for name in ("seq2seq.json", "tokenizer.json"))
encoder, step = (onnxruntime.InferenceSession(Path(folder, name)) for name in ("encoder.onnx", "step.onnx"))
tokenizer = Tokenizer.from_dict({**facts["tokenizer"], "tokenizer": json.dumps(tokenizer)})
options = replace(SearchOptions(**facts["search"]), **({"beam_size": int(beam_size[0])} if beam_size else {}))
ids, count, names = facts["vocabulary"], len(facts["memory"]), [value.name for value in step.get_inputs()]
special = SpecialIds(ids["bos"], ids["eos"], banned=[ids["pad"], ids["bos"], ids["unk"]])


def next_tokens(tokens, forbidden, memory, state):
    log_probs, best, *state = step.run(None, dict(zip(names, (tokens, forbidden, *memory, *state), strict=True)))
    return log_probs, best, tuple(state)


for line in sys.stdin:
    (encoded,) = tokenizer.encode_documents([line], facts["max_document_tokens"])
    document = np.array([encoded.ids], np.int64)
    found = encoder.run(None, {"document": document}) if encoded.ids else []
    memory, state = (document, *found[:count]), tuple(found[count:])
    best = search(next_tokens, memory, state, options, special) if found else []
    print(tokenizer.decode(best[0][0].ids, encoded.oov) if best else "")
