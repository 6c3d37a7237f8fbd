"""The page of a run: figures, curves, errors and samples in one HTML file. Pure functions of the run's files.

run = load_run("runs/quickstart")
write_page(run, "runs/quickstart/index.html")
"""

from .page import page, write_page
from .run import CURVES, PAGE, SAMPLES, VALIDATION, Run, load_run, read_curves

__all__ = ["CURVES", "PAGE", "SAMPLES", "VALIDATION", "Run", "load_run", "page", "read_curves", "write_page"]
