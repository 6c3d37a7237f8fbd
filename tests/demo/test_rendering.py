"""HTML and SVG of the page, without gradio: texts stay texts, and the marks follow the weights."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from seq2seq.demo.headlines import headline_list, percent
from seq2seq.demo.heatmap import heat_map
from seq2seq.demo.limits import Limits
from seq2seq.demo.marked import copied_positions, copy_report, marked_text
from seq2seq.demo.tree import beam_tree, layout, winning_path
from seq2seq.errors import UserError
from seq2seq.explanation import BeamNode, Explanation
from seq2seq.markup import Element, element, to_html

HOSTILE = ["<script>alert(1)</script>", ' <img src=x onerror="alert(1)">', " **bold**", " &lt;", " '\"", " </style>"]


def explained(document: list[str], headline: list[str], copy: list[list[float]], shares: list[float]) -> Explanation:
    """A headline whose attention is its copying; the sources are the equal words."""
    weights = np.array(copy, dtype=np.float32).reshape(len(headline), len(document))
    sources = np.array([[word.strip() == other.strip() for other in document] for word in headline])
    probabilities = np.full(len(headline), 0.5, dtype=np.float32)
    return Explanation(
        "".join(headline), -0.7, -1.4, document, headline, weights, weights, probabilities, np.array(shares), sources
    )


class Elements(HTMLParser):
    """The texts and the elements (name and attributes) of a piece of HTML."""

    def __init__(self, root: Element) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._style = "", False
        self.feed(to_html(root))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._style else data

    def names(self) -> set[str]:
        return {name for name, _ in self.elements}


def test_hostile_texts_stay_texts() -> None:
    explanation = explained(HOSTILE, HOSTILE, np.eye(6).tolist(), [1, 0, 1, 0, 1, 1])
    nodes = [BeamNode(1, None, 7, HOSTILE[0], -1.0, -1.0, False), BeamNode(2, 0, 2, HOSTILE[1], -2.0, -1.0, True, 0)]
    views = [
        (headline_list([explanation]), {"table", "thead", "tbody", "tr", "th", "td", "span", "mark"}),
        (marked_text(explanation), {"div", "style", "p", "span", "mark"}),
        (
            heat_map(explanation.attention, HOSTILE, HOSTILE, "attention", HOSTILE[0]),
            {"div", "p", "label", "input", "table", "thead", "tbody", "tr", "th", "td", "span"},
        ),
        (beam_tree(nodes), {"svg", "text", "g", "path", "title", "rect", "circle"}),
    ]
    for root, allowed in views:
        parsed = Elements(root)
        assert parsed.names() <= allowed
        assert not any(key.startswith("on") for _, attributes in parsed.elements for key in attributes)
        assert HOSTILE[0][:11] in parsed.text
    assert to_html(element("p", "a<b")) == "<p>a&lt;b</p>"
    assert Elements(element("p", "x", title='"><script>')).elements == [("p", {"title": '"><script>'})]


def test_copied_words_are_marked_in_headline_and_document() -> None:
    """`fire` is copied from its second place: the first one gives 5 % of the copy. `Fire` of the headline is not a word
    of the document."""
    document = ["a", " fire", " and", " a", " fire", " in", " town"]
    copy = [[0, 0, 0, 0, 0, 0, 0.4], [0, 0.04, 0, 0, 0.76, 0.1, 0]]
    explanation = explained(document, ["Fire", " fire"], copy, [0.1, 0.9])
    assert copied_positions(explanation).tolist() == [False, False, False, False, True, False, False]
    markup = marked_text(explanation)
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", to_html(markup)) == ["fire", "fire"]
    assert Elements(markup).text.startswith("Fire firea fire and a fire in town")
    styles = [attributes.get("style") for name, attributes in Elements(markup).elements if name in ("span", "mark")]
    assert styles[2:] == [None, "--a1:0.04", None, None, "--a1:0.76", "--a1:0.10", "--a0:0.40"]
    assert copy_report(explanation).startswith("Copied words: 1 of 2.")


def test_a_model_without_a_pointer_copies_nothing() -> None:
    explanation = explained(["a"], ["a", " a"], [[0], [0]], [0, 0])
    assert copied_positions(explanation).tolist() == [False]
    assert "no pointer" in copy_report(explanation)


def test_a_heat_map_has_one_cell_for_each_pair_of_words() -> None:
    weights = np.array([[0.9, 0.02, 0.0], [0.3, 0.04, 0.66]])
    parsed = Elements(heat_map(weights, ["one", " two"], ["a", " b", " c"], "copy", "meaning"))
    cells = [attributes for name, attributes in parsed.elements if name == "td"][1:]
    assert [cell.get("style") for cell in cells] == [
        "--w:0.900",
        "--w:0.020",
        None,
        "--w:0.300",
        "--w:0.040",
        "--w:0.660",
    ]
    assert [cell.get("class") for cell in cells] == [None, "s2s-faint", None] * 2  # no weight of "b" reaches 5 %
    assert "all 3 words of the document (2 " in parsed.text


def random_tree(seed: int, steps: int = 8, beams: int = 5) -> list[BeamNode]:
    """A search with random parents and scores; the last step finishes all."""
    chooser = np.random.default_rng(seed)
    nodes: list[BeamNode] = []
    live: list[int | None] = [None]
    for step in range(1, steps + 1):
        parents = chooser.choice(len(live), beams)
        first = len(nodes)
        for score, parent in zip(-chooser.random(beams), parents, strict=True):
            nodes.append(BeamNode(step, live[parent], 5, "word", score * step, score, step == steps))
        live = list(range(first, len(nodes)))
    return nodes


@pytest.mark.parametrize("seed", range(5))
def test_no_lines_of_a_tree_cross_and_no_boxes_overlap(seed: int) -> None:
    nodes = random_tree(seed)
    places = layout(nodes)
    assert len(set(places)) == len(nodes)
    lines = [(node.step, places[node.parent].y, places[i].y) for i, node in enumerate(nodes) if node.parent is not None]
    for step, start, end in lines:
        for other_step, other_start, other_end in lines:
            assert step != other_step or (start - other_start) * (end - other_end) >= 0
    for one in places:
        assert sum(one.x == other.x and abs(one.y - other.y) < 40 for other in places) == 1


def test_the_winner_is_marked_from_the_first_word_to_the_end() -> None:
    """a -> b -> end is the winner (rank 0); a -> c is finished too (rank 1), d is not extended."""
    nodes = [
        BeamNode(1, None, 5, "a", -0.5, -0.5, False),
        BeamNode(1, None, 8, "d", -2.0, -2.0, False),
        BeamNode(2, 0, 6, "b", -1.0, -0.5, False),
        BeamNode(2, 0, 7, "c", -3.0, -1.5, True, 1),
        BeamNode(3, 2, 2, "", -1.2, -0.4, True, 0),
    ]
    assert winning_path(nodes) == {0, 2, 4}
    svg = ElementTree.fromstring(to_html(beam_tree(nodes)))  # also well-formed
    space = {"svg": "http://www.w3.org/2000/svg"}
    boxes = [box for box in svg.findall("svg:g", space) if box.find("svg:rect", space) is not None]
    labels = [box.findall("svg:text", space)[0].text for box in boxes]
    assert labels == ["a", "d", "b", "c", "end"]
    assert [set(box.attrib["class"].split()) - {"s2s-node"} for box in boxes] == [
        {"s2s-won"},
        {"s2s-dead"},
        {"s2s-won"},
        {"s2s-finished"},
        {"s2s-won", "s2s-finished"},
    ]
    assert [box.findall("svg:text", space)[-1].text for box in boxes[3:]] == ["2", "1"]
    assert boxes[4].find("svg:title", space).text.startswith("a b\nfinished, score -0.400, probability 0.3")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((" \n", 5, 10), "document first"),
        (("x" * 31, 5, 10), "31 characters. The limit is 30"),
        (("a " * 11, 5, 10), "11 words. The limit is 10"),
        (("a", 9, 10), "beam size is 9. Choose a number from 1 to 8"),
        (("a", 5, 0), "maximum of tokens is 0"),
    ],
)
def test_limits_are_enforced(values: tuple[str, int, int], message: str) -> None:
    limits = Limits(characters=30, words=10, beam_size=8, max_length=20)
    limits.check("a b c", 8, 20)
    with pytest.raises(UserError, match=message):
        limits.check(*values)


def test_percentages() -> None:
    assert [percent(share) for share in (1, 0.374, 0.0123, 0.00016)] == ["100 %", "37 %", "1 %", "0.016 %"]
