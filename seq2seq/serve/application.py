"""The routes of the server, and their errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.exceptions import HTTPException

from .. import __version__
from ..decoding import SearchOptions
from ..errors import UserError
from ..inference import Summarizer, check_search, checked_documents
from ..options import check_effects
from .batching import Batcher, QueueFull
from .guard import Guard, Refusal
from .limits import Limits
from .metrics import Metrics
from .page import page
from .schema import Error, Headlines, HeadlinesRequest, Health, Model, sentence
from .search import results

GONE = 499
"""The status of a request whose client has closed the connection; it stands in the metrics alone."""
WORDS_OF_A_REQUEST = {
    "search.": "",
    "--rerank": "the second model of this server",
    "--beam-size": "beam_size",
    "--minimum-risk": "minimum_risk",
}
DESCRIPTION = (
    "Headlines for documents, by a recurrent network with attention. Every error is a JSON object with one sentence: "
    '{"error": "..."}. If the server has a token, send it as Authorization: Bearer TOKEN.'
)
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Error, "description": text}
    for status, text in {
        400: "The body is no JSON.",
        401: "The token is missing or wrong.",
        408: "The body arrived too slowly.",
        413: "The body is too large.",
        415: "The body is not marked as application/json.",
        422: "A key or a value is wrong, or outside of the limits.",
        503: "The queue is full, the answer took too long, or the server ends: the header Retry-After has the seconds.",
    }.items()
}


class Service:
    """A model with its queue, its thread and its routes. `asgi` is the web application.

    Args:
        name: of the model, in answers.
        token: the bearer token that requests need; None = no token.
    """

    def __init__(self, summarizer: Summarizer, name: str, limits: Limits, token: str | None = None) -> None:
        self.summarizer, self.name, self.limits = summarizer, name, limits
        self.metrics = Metrics(lambda: self.batcher.waiting)
        self._warms_up = False
        self.batcher = Batcher(self._search, limits.waiting, limits.batch_documents, self.metrics.batch)
        app = self._application()
        self.asgi = Guard(app, limits, token, self.metrics, {"/", "/docs", "/openapi.json", *app.openapi()["paths"]})

    def warm_up(self) -> None:
        """Searches one document, then a full batch: no request waits for compiled code, and the memory of the server
        grows little afterwards."""
        self._warms_up = True
        count = min(self.limits.batch_documents, self.limits.waiting)
        self.batcher.submit(["a"] * count, self.summarizer.options).future.result()

    def _search(self, documents: Sequence[str], options: SearchOptions) -> list[Any]:
        """The results of a batch. The model is warmed up here, in the thread of all searches, because OpenMP starts
        further threads for each thread that computes."""
        if self._warms_up:
            self._warms_up = False
            self.summarizer.warm_up()
        return results(self.summarizer, documents, options)

    def refuse_new_requests(self) -> None:
        """From now on new requests get the status 503; the older ones are answered."""
        self.asgi.ending = True

    def search_options(self, request: Any) -> SearchOptions:
        """The options of a request. Raises UserError for wrong ones, and for those without effect, as `decode` does."""
        given = request.model_dump(exclude={"documents"}, exclude_none=True)
        stored = self.summarizer.options
        try:
            chosen = replace(stored, **stored.with_sizes_that_suit(given))
            check_effects(chosen, "search", set(given) - {"length_penalty"})  # it changes the scores of every search
            check_search(self.summarizer.network, self.summarizer.tokenizer, chosen)
            if self.summarizer.reranker:
                self.summarizer.reranker.check(chosen)
        except UserError as error:
            raise UserError(in_words_of_a_request(str(error))) from None
        self.limits.check_options({**given, "beam_size": chosen.beam_size})
        return chosen

    async def headlines(self, documents: Sequence[str], options: SearchOptions, request: Request) -> Response:
        """The answer, or the status 503. A client that closes the connection takes its documents out of the queue."""
        try:
            job = self.batcher.submit(documents, options)
        except QueueFull:
            raise self._busy("The queue is full; try again later.") from None
        found: asyncio.Future[Any] = asyncio.wrap_future(job.future)
        gone: asyncio.Future[Any] = asyncio.ensure_future(request.receive())
        try:
            await asyncio.wait([found, gone], timeout=self.limits.seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            self.batcher.withdraw(job)
        if found.done():
            return JSONResponse({"model": self.name, "results": found.result()})
        found.cancel()
        if gone.done():
            return Response(status_code=GONE)
        raise self._busy(f"There was no answer within {self.limits.seconds:g} seconds; try again later.")

    def _busy(self, text: str) -> Refusal:
        return Refusal(503, text, {"retry-after": str(self.batcher.retry_after())})

    def _application(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            yield
            await asyncio.to_thread(self.batcher.close)

        app = FastAPI(
            title="seq2seq",
            version=__version__,
            description=DESCRIPTION,
            lifespan=lifespan,
            docs_url=None,
            redoc_url=None,
        )
        _add_errors(app)

        @app.post("/v1/headlines", response_model=Headlines, responses=ERRORS)
        async def headlines(body: HeadlinesRequest, request: Request) -> Response:
            """Writes headlines for one document or for several."""
            documents = list(checked_documents([body.documents] if isinstance(body.documents, str) else body.documents))
            self.limits.check_documents(documents)
            return await self.headlines(documents, self.search_options(body), request)

        @app.get("/v1/model", response_model=Model)
        async def model() -> dict[str, Any]:
            """The name of the model, the default options of the search, and the limits."""
            return {
                "model": self.name,
                "version": __version__,
                "max_document_tokens": self.summarizer.max_document_tokens,
                "search": asdict(self.summarizer.options),
                "limits": asdict(self.limits),
            }

        @app.get(
            "/health", response_model=Health, responses={503: {"model": Health, "description": "ending or broken"}}
        )
        async def health() -> JSONResponse:
            """Whether the server takes requests."""
            state = "broken" if not self.batcher.alive else "ending" if self.asgi.ending else "ok"
            return JSONResponse({"status": state}, 200 if state == "ok" else 503)

        @app.get("/metrics", response_class=Response)
        async def metrics() -> Response:
            """Counters and times in the text format of Prometheus."""
            return Response(self.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

        @app.get("/docs", include_in_schema=False)
        async def documentation() -> HTMLResponse:
            return HTMLResponse(page(app.openapi()))

        @app.get("/", include_in_schema=False)
        async def root() -> RedirectResponse:
            return RedirectResponse("/docs")

        return app


def in_words_of_a_request(error: str) -> str:
    """An error about search options, with the keys of a request in place of sections and flags."""
    for name, key in WORDS_OF_A_REQUEST.items():
        error = error.replace(name, key)
    return error


def _add_errors(app: FastAPI) -> None:
    """Turns every error of the application into a JSON object with one sentence."""

    def error(status: int, text: str, headers: Any = None) -> Response:
        return JSONResponse({"error": text.encode("utf-8", "backslashreplace").decode()}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def wrong_body(request: Request, fault: RequestValidationError) -> Response:
        errors = fault.errors()
        return error(400 if errors[0]["type"] == "json_invalid" else 422, sentence(errors))

    @app.exception_handler(UserError)
    async def wrong_value(request: Request, fault: UserError) -> Response:
        return error(422, f"{fault}.")

    @app.exception_handler(Refusal)
    async def refused(request: Request, fault: Refusal) -> Response:
        return error(fault.status, fault.sentence, fault.headers)

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, fault: HTTPException) -> Response:
        sentences = {
            400: "The body is no JSON.",
            404: "There is no such path; /docs lists the paths.",
            405: "The path has no such method; /docs lists the methods.",
        }
        return error(fault.status_code, sentences.get(fault.status_code, str(fault.detail)), fault.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, fault: Exception) -> Response:
        return error(500, "The server has a fault; its log has the details.")
