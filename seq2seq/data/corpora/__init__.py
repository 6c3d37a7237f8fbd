"""Text pairs from files or the Hugging Face Hub: the first step of the flow, (files) -> `datasets.Dataset` of strings.

A format of corpus files is a reader function, registered in `READERS` under its suffix:

    from seq2seq.data.corpora import READERS, Columns, Row

    def read_xml(path: Path, columns: Columns) -> Iterator[Row]: ...

    READERS[".xml"] = read_xml
"""

from ..splits import SPLITS, Split
from .labelled import as_text
from .load import existing_file, load_split
from .options import CorpusOptions
from .readers import READERS, find_reader, formats
from .rows import STANDARD_INPUT, Columns, Reader, Row, check_columns, check_text, text_lines

__all__ = [
    "READERS",
    "SPLITS",
    "STANDARD_INPUT",
    "Columns",
    "CorpusOptions",
    "Reader",
    "Row",
    "Split",
    "as_text",
    "check_columns",
    "check_text",
    "existing_file",
    "find_reader",
    "formats",
    "load_split",
    "text_lines",
]
