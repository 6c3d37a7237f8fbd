"""Text pairs from files or the Hugging Face Hub: the first step of the flow, (files) -> `datasets.Dataset` of strings.

A format of corpus files is a reader function, registered in `READERS` under its suffix:

    from seq2seq.data.corpora import READERS, Columns, Row

    def read_xml(path: Path, columns: Columns) -> Iterator[Row]: ...

    READERS[".xml"] = read_xml
"""

from ..splits import SPLITS, Split
from .load import load_split
from .options import CorpusOptions
from .readers import READERS
from .rows import Columns, Reader, Row, missing_column, text_lines

__all__ = [
    "READERS",
    "SPLITS",
    "Columns",
    "CorpusOptions",
    "Reader",
    "Row",
    "Split",
    "load_split",
    "missing_column",
    "text_lines",
]
