"""The description of HTTP for programs, held against answers one by one: they say what it says, and nothing else."""

import functools
import re

import jsonschema_rs

from gateway.doors.openapi import description

PLACE = re.compile(r"\\\{[a-z]+\\\}")


def operations():
    """Every "METHOD /api/v1/…" of the description."""
    return {f"{method.upper()} {path}" for path, methods in _document()["paths"].items() for method in methods}


def operation_of(method, path):
    """Which of them somebody asks; None if it has no such."""
    path = path.partition("?")[0]
    found = [template for template in _document()["paths"] if _pattern(template, "[^/]+").fullmatch(path)]
    if not found:  # names of services have anything in them
        found = [template for template in _document()["paths"] if _pattern(template, ".+").fullmatch(path)]
    named = min(found, key=lambda one: one.count("{"), default=None)  # /views/watch is not the view "watch"
    return f"{method} {named}" if named and method.lower() in _document()["paths"][named] else None


def holds(method, path, answer):
    """What of it is otherwise than described: nothing, one hopes."""
    operation = operation_of(method, path)
    if operation is None:
        return [] if answer.status_code >= 400 else [f"{method} {path} is not described"]
    status = "200" if answer.status_code < 400 else f"{answer.status_code // 100}XX"
    kinds = _said(operation)["responses"][status]["content"]
    if answer.mimetype not in kinds:
        return [f"{answer.mimetype} instead of {', '.join(kinds)}"]
    if "json" not in answer.mimetype:
        return []
    errors = _validator(operation, status, answer.mimetype).iter_errors(answer.json)
    return [f"{'/'.join(map(str, one.instance_path))}: {one.message[:300]}" for one in errors]


@functools.cache
def _document():
    return description.document("https://nabat.example")


@functools.cache
def _pattern(template, place):
    return re.compile(PLACE.sub(place, re.escape(template)))


def _said(operation):
    method, path = operation.split()
    return _document()["paths"][path][method.lower()]


@functools.cache
def _validator(operation, status, kind):
    schema = _said(operation)["responses"][status]["content"][kind]["schema"]
    whole = _closed({**schema, "components": _document()["components"]})
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def _closed(schema):
    """The same with nothing allowed that is not named: a field that nobody described is a mistake too."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(one) for name, one in schema.items()}
    if "properties" in schema and isinstance(schema.get("type"), str | list):
        closed.setdefault("additionalProperties", False)
    return closed
