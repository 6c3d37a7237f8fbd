"""A checkpoint as ONNX graphs, and a search over them without torch.

`graphs.py` turns the network into two graphs, and `folder.py` writes them with the tokenizer and a JSON file. These two
need torch. `runtime.py` and `search.py` read such a folder with onnxruntime and numpy alone.
"""
