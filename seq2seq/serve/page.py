"""The page of the routes, made from the OpenAPI document. It has no script and loads nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

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
    title = escape(openapi["info"]["title"])
    parts = [f"<h1>{title}</h1>", f"<p>{escape(openapi['info']['description'])}</p>"]
    parts.append('<p>For programs: <a href="/openapi.json">openapi.json</a>.</p>')
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            parts += _operation(openapi, f"{method.upper()} {path}", operation)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{''.join(parts)}</body></html>"
    )


def _operation(openapi: Mapping[str, Any], name: str, operation: Mapping[str, Any]) -> Iterable[str]:
    yield f"<h2><code>{escape(name)}</code></h2><p>{escape(operation.get('description', ''))}</p>"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        schema = _resolved(openapi, body["schema"])
        yield f"<h3>Body</h3><p>{escape(schema.get('description', ''))}</p>"
        yield f"<pre>{escape(json.dumps(schema['example'], indent=2))}</pre>" + _keys(schema)
    yield "<h3>Answers</h3>"
    for status, response in operation["responses"].items():
        yield f"<p><b>{escape(status)}</b> {escape(response['description'])}</p>"
        content = response.get("content", {}).get("application/json", {})
        if status == "200" and content:
            yield from _schemas(openapi, content["schema"])


def _schemas(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterable[str]:
    """A table of an object, and of the objects in it."""
    resolved = _resolved(openapi, schema)
    yield f"<p>{escape(resolved.get('description', ''))}</p>" + _keys(resolved)
    for value in resolved["properties"].values():
        if "$ref" in value.get("items", {}):
            yield from _schemas(openapi, value["items"])


def _keys(schema: Mapping[str, Any]) -> str:
    rows = (
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_type(value))}</td>"
        f"<td>{escape(value.get('description', ''))}</td></tr>"
        for name, value in schema["properties"].items()
    )
    return f"<table><tr><th>key</th><th>type</th><th>meaning</th></tr>{''.join(rows)}</table>"


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
