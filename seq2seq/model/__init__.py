"""The network as the textbook writes it: embedding, cells, encoder, memory, attention, decoder, output, losses.

`network.py` composes them. Nothing here knows a device, a compiled loop or a corpus.
"""
