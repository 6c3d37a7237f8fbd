"""From raw text to batches of token ids: corpora, preparation, tokenizers, bucketing, the datamodule."""
