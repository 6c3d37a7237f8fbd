"""From text to planned batches: corpora, tokenizer, encoding, bucketing; and raw distributions of corpora."""
