"""The figures of docs/lecture/: `python -m lecture` computes their numbers and draws them.

A figure is one file with three functions: `compute()` gives the numbers, `draw(numbers)` the picture, and
`facts(numbers)` the rows of the table below the picture. `registry.py` lists the figures.
"""
