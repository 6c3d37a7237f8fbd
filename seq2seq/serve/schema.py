"""The JSON of requests and answers. The options of a request are the fields of `SearchOptions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from ..decoding import SearchOptions
from ..errors import did_you_mean
from ..options import argument_texts

EXAMPLE: Any = {"documents": ["A fire broke out in the old harbour on Monday ..."], "beam_size": 5, "n_best": 3}


class Headline(BaseModel):
    """One headline of a document."""

    text: str = Field(description="the headline")
    score: float = Field(description="log_probability / length ** length_penalty; the length includes the end symbol")
    log_probability: float = Field(description="natural logarithm of the probability of the headline")


class Result(BaseModel):
    """The headlines of one document."""

    headlines: list[Headline] = Field(description="the n_best headlines, best first")
    tokens: int = Field(description="tokens that the model has read; 0 for a document without a word")
    cut: bool = Field(description="whether the document was longer than the limit of the model, and was cut")


class Headlines(BaseModel):
    """The answer to a request."""

    model: str = Field(description="name of the model")
    results: list[Result] = Field(description="one for each document, in order")


class Model(BaseModel):
    """The model and its limits."""

    model: str = Field(description="name of the model")
    version: str = Field(description="version of seq2seq")
    max_document_tokens: int = Field(description="the model reads this number of tokens of a document")
    search: dict[str, Any] = Field(description="options of the search that a request does not give")
    limits: dict[str, Any] = Field(description="largest values of requests")


class Health(BaseModel):
    """The state of the server."""

    status: str = Field(description="ok; ending: the server answers its last requests; broken: start it again")


class Error(BaseModel):
    """The answer to a request that failed."""

    error: str = Field(description="one sentence: the fault, its place and the cure")


def _request() -> type[BaseModel]:
    types, texts = get_type_hints(SearchOptions), argument_texts(SearchOptions)
    options: dict[str, Any] = {
        option.name: (types[option.name] | None, Field(None, description=texts[option.name]))
        for option in fields(SearchOptions)
    }
    documents = Field(description="a text, or a list of texts")
    return create_model(
        "HeadlinesRequest",
        __doc__="Documents, and options of the search. An option that is missing or null has the value of /v1/model.",
        __config__=ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": EXAMPLE}),
        documents=(str | list[str], documents),
        **options,
    )


HeadlinesRequest: Any = _request()


def sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    """One sentence about the first fault that pydantic has found in a body."""
    first = errors[0]
    name = first["loc"][1] if len(first["loc"]) > 1 else ""
    if first["type"] == "json_invalid":
        return f"The body is no JSON: {first['ctx']['error']} at character {first['loc'][-1]}."
    if first["type"] == "string_unicode" and not name:
        return "A key of the body holds half a surrogate pair; send valid Unicode."
    if not name:
        return "The body is no JSON object; send an object with the key documents."
    if first["type"] == "extra_forbidden":
        known = list(HeadlinesRequest.model_fields)
        return f"{name}: there is no such key; {did_you_mean(name, known) or 'known are ' + ', '.join(known) + '.'}"
    if name == "documents":
        positions = [part for error in errors for part in error["loc"] if isinstance(part, int)]
        return f"documents{positions[:1] or ''}: give a text, or a list of texts."
    return f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}."
