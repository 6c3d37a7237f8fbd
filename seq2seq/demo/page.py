"""The page in gradio: inputs, a button, and the views of the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr

from ..errors import UserError
from ..explanation import Explanation, Trace
from ..inference import Summarizer
from ..markup import Element, element, to_html
from .examples import EXAMPLES
from .headlines import headline_list
from .heatmap import heat_map
from .limits import Limits
from .marked import marked_text
from .tree import beam_tree

ATTENTION = "Each row is a step of the decoder: the weights that its attention gives to the words of the document."
COPYING = (
    "Each row is a step of the decoder: the probability that the pointer copies the word at this position. Its sum is "
    "the probability to copy at all."
)
BEAM = (
    "Each column is a step of the search, each box a hypothesis with its last word and its score. Green is the path to "
    "the best headline. Round boxes are finished, and a number is the rank among the headlines. Pale boxes were not "
    "extended. Point at a box to read the whole hypothesis."
)
NOTHING_YET = "Write or paste a document and press “Write headlines”, or choose an example."


class Views(NamedTuple):
    """The HTML of the result: list of headlines, marked words, two heat maps, and tree."""

    headlines: str
    words: str
    attention: str
    copying: str
    beam: str


@dataclass(frozen=True)
class Page:
    """The functions behind the page.

    Args:
        name: of the model, as the user has given it.
        n_best: headlines to list; None = as many as the beam has.
    """

    summarizer: Summarizer
    name: str
    limits: Limits
    n_best: int | None = None

    def search(self, document: str, beam_size: int, max_length: int) -> Trace:
        """Searches for headlines. Raises UserError for input outside of the limits."""
        self.limits.check(document, beam_size, max_length)
        n_best = min(beam_size, self.n_best or beam_size)
        return self.summarizer.trace(document, beam_size=beam_size, n_best=n_best, max_length=max_length)

    def views(self, trace: Trace, chosen: int) -> Views:
        """All views for one of the headlines."""
        headline = trace.headlines[chosen]
        return Views(
            framed(headline_list(trace.headlines, chosen), self.cut_note(trace)),
            framed(marked_text(headline)),
            framed(self._map(headline, "attention", ATTENTION)),
            framed(self._map(headline, "copy", COPYING)),
            framed(element("p", BEAM, class_="s2s-note"), element("div", beam_tree(trace.nodes), class_="s2s-scroll")),
        )

    def _map(self, headline: Explanation, kind: str, meaning: str) -> Element:
        weights = getattr(headline, kind)
        if not weights.any():
            missing = "attention" if kind == "attention" else "pointer"
            return element("p", f"The model has no {missing}.", class_="s2s-empty")
        return heat_map(weights, headline.headline_words, headline.document_words, kind, meaning)

    def cut_note(self, trace: Trace) -> Element | None:
        """A line that tells how much of the document the model has read, if it was cut."""
        read = len(trace.headlines[0].document_words)
        if read == trace.document_tokens:
            return None
        note = f"The model has read the first {read:,} of {trace.document_tokens:,} tokens."
        return element("p", note, class_="s2s-note s2s-cut")


def framed(*content: Element | None) -> str:
    """The HTML of a view, in the frame that the style sheet needs."""
    return to_html(element("div", *content, class_="s2s"))


def empty(sentence: str, class_: str = "s2s-empty") -> list[str]:
    """All views with one sentence in place of a result."""
    return [framed(element("p", sentence, class_=class_)), *[framed()] * (len(Views._fields) - 1)]


def build(page: Page, examples: Sequence[str] = EXAMPLES) -> gr.Blocks:
    """The page of one model. Requests are served one after the other."""
    options, limits = page.summarizer.options, page.limits

    def answer(document: str, beam_size: float, max_length: float) -> list[Any]:
        """Headlines for the document -> trace, choice of a headline, results, and all views."""
        try:
            trace = page.search(document, int(beam_size), int(max_length))
        except UserError as error:
            hidden = gr.Radio(choices=[], value=None, visible=False)
            return [None, hidden, gr.Tabs(visible=False), *empty(str(error), "s2s-problem")]
        ranks = [str(rank + 1) for rank in range(len(trace.headlines))]
        choice = gr.Radio(choices=ranks, value=ranks[0], visible=len(ranks) > 1)
        return [trace, choice, gr.Tabs(visible=True), *page.views(trace, 0)]

    def choose(trace: Trace | None, rank: str | None) -> list[str]:
        """The views for another headline."""
        if trace is None or rank is None:
            return empty(NOTHING_YET)
        return list(page.views(trace, int(rank) - 1))

    with gr.Blocks(title=f"seq2seq: {page.name}", analytics_enabled=False, fill_width=True) as blocks:
        trace = gr.State()
        gr.HTML(framed(element("h1", "Headlines by seq2seq"), model_note(page.name)))
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                document = gr.Textbox(
                    label="Document",
                    info=limits.text(page.summarizer.max_document_tokens),
                    lines=9,
                    max_lines=16,
                    max_length=limits.characters,
                    elem_id="document",
                )
                with gr.Row():
                    beam = gr.Slider(
                        1,
                        limits.beam_size,
                        value=options.beam_size,
                        step=1,
                        label="Beam size",
                        elem_id="beam-size",
                    )
                    length = gr.Slider(
                        max(1, options.min_length),
                        limits.max_length,
                        value=options.max_length,
                        step=1,
                        label="Maximum tokens",
                        elem_id="max-length",
                    )
                button = gr.Button("Write headlines", variant="primary", elem_id="write")
                samples = gr.Examples([[example] for example in examples], [document], api_visibility="private")
            with gr.Column(scale=6, min_width=320):
                first, *_ = empty(NOTHING_YET)
                listed = gr.HTML(first, elem_id="headlines")
                choice = gr.Radio(
                    choices=[], label="Explain headline", visible=False, elem_id="choice", interactive=True
                )
        with gr.Tabs(visible=False) as tabs:
            views = [listed]
            for title, name in (("Copied words", "words"), ("Attention", "attention"), ("Copying", "copying")):
                with gr.Tab(title):
                    views.append(gr.HTML(elem_id=name))
            with gr.Tab("Beam"):
                views.append(gr.HTML(elem_id="beam"))
        for event in (button.click, samples.load_input_event.then):
            event(
                answer,
                [document, beam, length],
                [trace, choice, tabs, *views],
                concurrency_id="model",
                concurrency_limit=1,
                api_visibility="private",
            )
        choice.input(choose, [trace, choice], views, show_progress="hidden", api_visibility="private")
    blocks.queue(max_size=limits.waiting, api_open=False)
    return blocks


def model_note(name: str) -> Element:
    """The name of the model, and where its limits stand."""
    return element(
        "p",
        "Model ",
        element("code", name),
        ". Words with this background are ",
        element("mark", "copied"),
        " from the document. Check each headline before you use it.",
        class_="s2s-note",
    )
