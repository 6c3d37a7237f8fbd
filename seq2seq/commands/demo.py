"""`seq2seq demo`: a page in the browser to try a model."""

from __future__ import annotations

import sys

from seq2seq.environment import demo_password
from seq2seq.errors import require_packages

from .arguments import (
    DEFAULT_MODEL,
    Parser,
    add_address,
    add_decoding_options,
    check_positive,
    load_summarizer,
    model_name,
)

PORT = 7860


def parser() -> Parser:
    p = Parser(
        prog="seq2seq demo",
        description="Serve a page on this computer: paste a document, read the best headlines with their scores, the "
        "attention, the copied words, and the beams of the search. Ctrl-C ends it. It needs gradio: "
        'pip install "seq2seq-headlines[demo]".',
    )
    add_address(p, PORT, "the page asks for a password: that of the variable SEQ2SEQ_DEMO_PASSWORD")
    add_decoding_options(p, default=DEFAULT_MODEL)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq demo` until a signal ends it. Returns the exit status; raises UserError on bad arguments."""
    args = parser().parse_args(argv)
    check_positive(args, "threads")
    require_packages("seq2seq demo", "demo", "gradio")
    from seq2seq.demo.limits import Limits
    from seq2seq.demo.page import Page, build
    from seq2seq.demo.server import SECONDS_TO_END, USER, application
    from seq2seq.web import is_loopback, listen, new_secret, serve, url_of

    listening = listen(args.host, args.port)
    summarizer = load_summarizer(args, scores_are_written=True)
    limits = Limits(
        beam_size=max(Limits.beam_size, summarizer.options.beam_size),
        max_length=max(Limits.max_length, summarizer.options.max_length),
    )
    page = Page(summarizer, model_name(args), limits, args.n_best)
    password = demo_password()
    if password is None and not is_loopback(args.host):
        password = new_secret()
        print(f"seq2seq demo: log in as {USER} with the password {password}", file=sys.stderr)
    app = application(build(page), password)
    print(f"seq2seq demo: open {url_of(listening)} in a browser; Ctrl-C ends the page", file=sys.stderr, flush=True)
    serve(app, listening, SECONDS_TO_END)
    print("seq2seq demo: ended", file=sys.stderr)
    return 0
