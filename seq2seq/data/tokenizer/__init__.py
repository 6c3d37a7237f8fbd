"""Text to token ids and back: the second step of the flow, (strings) -> extended ids.

V is the size of the vocabulary. An id below V is a token of the vocabulary. Id V + k is the k-th distinct unknown word
of *this* document, in order of first occurrence; a pointer network can copy it (See, Liu and Manning 2017, section
2.2). Encoding adds neither a start nor an end symbol.

No text can produce the ids of padding, start or end. The unknown id stands for an unknown word of a summary that its
document lacks, and for the word "<unk>" in preprocessed corpora.

A kind of tokenizer is a training function, registered in `TRAINERS` under its name.
"""

from .cache import cached_tokenizer
from .facts import Facts
from .options import SPECIALS, TokenizerOptions
from .pretrained import load_pretrained
from .tokenizer import EncodedDocument, Tokenizer
from .training import TRAINERS, train_tokenizer

__all__ = [
    "SPECIALS",
    "TRAINERS",
    "EncodedDocument",
    "Facts",
    "Tokenizer",
    "TokenizerOptions",
    "cached_tokenizer",
    "load_pretrained",
    "train_tokenizer",
]
