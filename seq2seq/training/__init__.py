"""Training and evaluation with PyTorch Lightning: module, data, optimizer, callbacks and exact resume."""
