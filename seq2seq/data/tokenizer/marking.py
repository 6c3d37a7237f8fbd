"""Marks in encoded texts: the ids of the marks of `joining.py`, added to the ids of words, chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .joining import QUOTES, SPACE, JoiningRule, SpaceReader

Ids = tuple[int, ...]
Shape = tuple[tuple[str, bool], ...]
"""The words of a chunk as `SpaceReader.marks` takes them; "" stands for a word that the rule does not name."""

QUOTED = -(1 << 40)
"""Ends the ids of a chunk whose marks depend on the rest of the text. A search for it in the ids of a text is fast."""
_QUOTES = sorted(QUOTES)


class Marker:
    """Adds marks to the ids of chunks of text, which stand between spaces.

    The marks of most chunks depend on the chunk alone: `mark_chunk` is called once for each distinct chunk. Those of a
    chunk with quotes depend on the quotes in the rest of the text: `mark_text` is called once for each text.

    Args:
        mark_ids: the id of each mark in the vocabulary.
    """

    def __init__(self, rule: JoiningRule, mark_ids: dict[str, int]) -> None:
        self.rule, self.mark_ids = rule, mark_ids
        self._named = rule.opening | rule.closing | QUOTES
        self._edge = mark_ids.get(SPACE)
        self.forget_chunks()

    def forget_chunks(self) -> None:
        """Empties the caches."""
        self._shapes: dict[Shape, tuple[list[str], int]] = {}
        """Marks and quotes (as bits) of each shape."""
        self._quoted: list[tuple[Shape, Ids, int]] = []
        """The words, the ids and the quotes (as bits) of each chunk with quotes."""
        self._marked: dict[tuple[int, int, int, bool], tuple[Ids, int]] = {}
        """Results of `_mark_quoted`, by its arguments."""

    def mark_chunk(self, text: str, offsets: Sequence[tuple[int, int]], ids: Ids) -> Ids:
        """Returns the ids of a chunk with its marks, as if it stood between two other chunks.

        A chunk with quotes has no marks yet: its ids, its number and `QUOTED` are returned.

        Args:
            text: the normalized chunk.
            offsets: start and end of each word in `text`.
        """
        if len(ids) == 1 and text.strip() not in self._named:
            return ids
        words, last = [], -1
        for start, end in offsets:
            word = text[start:end]
            words.append((word if word in self._named else "", start > last))
            last = end
        shape = tuple(words)
        known = self._shapes.get(shape)
        if known is None:
            marks = SpaceReader(self.rule, Counter(), at_start=False).marks(shape)
            known = self._shapes[shape] = marks, _bits(word for word, _ in shape)
        marks, quotes = known
        if quotes:
            self._quoted.append((shape, ids, quotes))
            return *ids, len(self._quoted) - 1, QUOTED
        return self._with_marks(marks, ids)

    def mark_text(self, ids: list[int]) -> list[int]:
        """Returns the marked ids of a text.

        Args:
            ids: the ids of its chunks, from `mark_chunk`.
        """
        count = ids.count(QUOTED)
        if count:
            ids = self._mark_quotes(ids, count)
        if ids and ids[-1] == self._edge:  # a chunk has marks for its neighbours, which the first and the last one lack
            del ids[-1]
        if ids and ids[0] == self._edge:
            del ids[0]
        return ids

    def _mark_quotes(self, ids: list[int], count: int) -> list[int]:
        """Returns the ids of a text with the marks of its `count` chunks with quotes."""
        ends = [-1]
        for _ in range(count):
            ends.append(ids.index(QUOTED, ends[-1] + 1))
        numbers = [ids[end - 1] for end in ends[1:]]
        later = [0]
        for number in numbers[:0:-1]:
            later.append(later[-1] | self._quoted[number][2])
        marked: list[int] = []
        open_quotes = 0
        for last_end, end, number in zip(ends, ends[1:], numbers, strict=False):
            marked += ids[last_end + 1 : end - 1 - len(self._quoted[number][1])]
            key = number, open_quotes, later.pop(), not marked
            if key not in self._marked:
                self._marked[key] = self._mark_quoted(*key)
            part, open_quotes = self._marked[key]
            marked += part
        return marked + ids[ends[-1] + 1 :]

    def _mark_quoted(self, number: int, open_quotes: int, later: int, at_start: bool) -> tuple[Ids, int]:
        """Marks a chunk with quotes.

        Args:
            open_quotes: the quotes that are open before the chunk, as bits.
            later: the quotes that stand in the text after the chunk, as bits.
            at_start: whether the chunk is the first one of the text with a word.

        Returns:
            The ids with marks, and the quotes that are open after the chunk, as bits.
        """
        shape, ids, _ = self._quoted[number]
        left = Counter([*_quotes(later), *(word for word, _ in shape if word in QUOTES)])
        reader = SpaceReader(self.rule, left, _quotes(open_quotes), at_start)
        return self._with_marks(reader.marks(shape), ids), _bits(reader.open_quotes)

    def _with_marks(self, marks: list[str], ids: Ids) -> Ids:
        """Returns the ids with the mark before each of them and the mark at the end, as far as the marks have ids."""
        if not any(marks):
            return ids
        found: list[int] = []
        for mark, token in zip(marks, [*ids, None], strict=True):
            found += [part for part in (self.mark_ids.get(mark), token) if part is not None]
        return tuple(found)


def _bits(words: Iterable[str]) -> int:
    """Returns the quotes among `words` as bits of a number, which is faster to join and to compare than a set."""
    found = set(words)
    return sum(1 << i for i, quote in enumerate(_QUOTES) if quote in found)


def _quotes(bits: int) -> list[str]:
    return [quote for i, quote in enumerate(_QUOTES) if bits >> i & 1]
