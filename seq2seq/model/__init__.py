"""The recurrent network: cells, encoder, attention, decoder, pointer, and their composition."""
