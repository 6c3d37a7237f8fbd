"""From a checkpoint to headlines: for `seq2seq decode`, notebooks and services. Needs neither Lightning nor datasets.

summarizer = Summarizer.from_checkpoint("runs/quickstart/best.ckpt")      # a list of files is an ensemble
headlines = summarizer.summarize(["A fire broke out ..."], beam_size=5)
explanation = summarizer.explain("A fire broke out ...")                  # attention, copied words
print(summarizer.score([("A fire broke out ...", "Fire in Athens")]))     # ROUGE with intervals
summarizer.save("headlines.ckpt")
"""

from .documents import checked_documents, in_chunks, length_batches
from .generation import Headline, check_search, generate, headlines, search_facts
from .loading import checkpoint_file, choose_device, load_networks, load_weights
from .reranking import Reranker
from .summarizer import Summarizer

__all__ = [
    "Headline",
    "Reranker",
    "Summarizer",
    "check_search",
    "checked_documents",
    "checkpoint_file",
    "choose_device",
    "generate",
    "headlines",
    "in_chunks",
    "length_batches",
    "load_networks",
    "load_weights",
    "search_facts",
]
