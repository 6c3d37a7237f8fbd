"""Training in one call, for notebooks and programs. It builds the config of `seq2seq fit` and runs that command.

from seq2seq import train

summarizer = train(pairs, validation=others, epochs=8)
"""

from .fitting import train

__all__ = ["train"]
