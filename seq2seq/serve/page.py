"""The page of the routes, made from the OpenAPI document. It has no script and loads nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..markup import Element, element, to_document

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-top: 1px solid #8886; padding-top: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { background: #8882; padding: 0.8rem 1rem; border-radius: 6px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid #8884; }
"""


def page(openapi: Mapping[str, Any]) -> str:
    """HTML with the paths, the keys of their bodies, and their answers."""
    title, description = openapi["info"]["title"], openapi["info"]["description"]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width"),
        element("title", title),
        element("style", STYLE),
    )
    link = element("p", "For programs: ", element("a", "openapi.json", href="/openapi.json"), ".")
    operations = (
        _operation(openapi, f"{method.upper()} {path}", operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    )
    body = element("body", element("h1", title), element("p", description), link, operations)
    return to_document(element("html", head, body, lang="en"))


def _operation(openapi: Mapping[str, Any], name: str, operation: Mapping[str, Any]) -> Iterable[Element]:
    yield element("h2", element("code", name))
    yield element("p", operation.get("description"))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        schema = _resolved(openapi, body["schema"])
        yield element("h3", "Body")
        yield element("p", schema.get("description"))
        yield element("pre", json.dumps(schema["example"], indent=2))
        yield _keys(schema)
    yield element("h3", "Answers")
    for status, response in operation["responses"].items():
        yield element("p", element("b", status), f" {response['description']}")
        content = response.get("content", {}).get("application/json", {})
        if status == "200" and content:
            yield from _schemas(openapi, content["schema"])


def _schemas(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterable[Element]:
    """A table of an object, and of the objects in it."""
    resolved = _resolved(openapi, schema)
    yield element("p", resolved.get("description"))
    yield _keys(resolved)
    for value in resolved["properties"].values():
        if "$ref" in value.get("items", {}):
            yield from _schemas(openapi, value["items"])


def _keys(schema: Mapping[str, Any]) -> Element:
    def row(kind: str, *cells: Any) -> Element:
        return element("tr", [element(kind, cell) for cell in cells])

    keys = schema["properties"].items()
    rows = [row("td", element("code", name), _type(value), value.get("description")) for name, value in keys]
    return element("table", row("th", "key", "type", "meaning"), rows)


def _type(value: Mapping[str, Any]) -> str:
    """The type of a value in words, for example "integer or null"."""
    if "anyOf" in value:
        return " or ".join(_type(choice) for choice in value["anyOf"])
    if "enum" in value:
        return " or ".join(json.dumps(choice) for choice in value["enum"])
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2]
    if value.get("type") == "array":
        return f"array of {_type(value['items'])}"
    return value.get("type", "any")


def _resolved(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema to which a reference points."""
    return openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
