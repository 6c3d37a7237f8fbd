"""`seq2seq serve`: headlines over HTTP."""

from __future__ import annotations

import sys
from dataclasses import replace

from seq2seq.environment import serve_token
from seq2seq.errors import require_packages
from seq2seq.serve.limits import Limits

from .arguments import (
    DEFAULT_MODEL,
    Parser,
    add_address,
    add_decoding_options,
    add_fields,
    add_reranking_options,
    check_positive,
    given_fields,
    load_summarizer,
    model_name,
    replace_fields,
)

PORT = 8000
SECONDS_TO_END = 5
"""Added to the longest time of an answer: the server ends at the latest then."""


def parser() -> Parser:
    p = Parser(
        prog="seq2seq serve",
        description="Serve headlines over HTTP: POST /v1/headlines with JSON. /docs describes the routes. Waiting "
        "requests are searched in batches. Ctrl-C or SIGTERM ends the server after its last answer. It needs FastAPI: "
        'pip install "seq2seq-headlines[serve]".',
    )
    add_address(p, PORT, "requests need a token: that of the variable SEQ2SEQ_SERVE_TOKEN")
    add_decoding_options(p, default=DEFAULT_MODEL)
    add_reranking_options(p)
    add_fields(p.add_argument_group("limits", "The largest values that the server accepts."), Limits)
    return p


def main(argv: list[str]) -> int:
    """Runs `seq2seq serve` until a signal ends it. Returns the exit status; raises UserError on bad arguments."""
    args = parser().parse_args(argv)
    check_positive(args, "threads")
    limits = replace_fields("limits", Limits(), given_fields(args, Limits), ())
    require_packages("seq2seq serve", "serve", "fastapi", "uvicorn", "prometheus_client")
    from seq2seq.serve.application import Service
    from seq2seq.web import is_loopback, listen, new_secret, serve, url_of

    listening = listen(args.host, args.port)
    summarizer = load_summarizer(args, scores_are_written=True)
    limits = replace(
        limits,
        largest_beam=max(limits.largest_beam, summarizer.options.beam_size),
        longest_headline=max(limits.longest_headline, summarizer.options.max_length),
    )
    token = serve_token()
    if token is None and not is_loopback(args.host):
        token = new_secret()
        print(f"seq2seq serve: send the header Authorization: Bearer {token}", file=sys.stderr)
    service = Service(summarizer, model_name(args), limits, token)
    service.warm_up()
    print(
        f"seq2seq serve: {url_of(listening)}/docs describes the routes; Ctrl-C ends the server",
        file=sys.stderr,
        flush=True,
    )
    serve(
        service.asgi,
        listening,
        int(limits.seconds) + SECONDS_TO_END,
        on_signal=service.refuse_new_requests,
        log_level="error",
        connections=2 * limits.requests,
    )
    print("seq2seq serve: ended", file=sys.stderr)
    return 0
