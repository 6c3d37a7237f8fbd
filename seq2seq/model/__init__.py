"""The network as the textbook writes it: embedding, cells, encoder, memory, attention, decoder, output, losses.

`network.py` composes them. Nothing here depends on a device, a compiled loop or a corpus.
"""
