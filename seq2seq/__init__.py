"""A recurrent headline summarizer: (document -> headline), in PyTorch Lightning."""

__version__ = "0.1.0"
