"""What an HTTP endpoint says of itself: OpenAPI 3.1, made from its routes, their docstrings and the models of bodies.

An endpoint is described where it is written:

    @described(query={"limit": LIMIT}, body=AcknowledgeBody)
    async def acknowledge(self, request): ...

and a parameter that is not described is refused: a misspelt filter would otherwise show everything.
"""

import functools
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from runtime.settings import nearest
from runtime.web import Problem

VERSION = "3.1.0"
PATH = "/openapi.json"
_REFERENCE = "#/components/schemas/{model}"
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_WRITES = ("POST", "PUT", "PATCH")

Endpoint = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query string. schema: JSON Schema of its value. many: it may be given several times."""

    text: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    many: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What a document says of an endpoint besides its docstring.

    body: the model of the request's body. status, media_type: of the answer when all is well.
    """

    query: Mapping[str, Parameter]
    body: type[BaseModel] | None = None
    status: int = 200
    media_type: str = "application/json"


LIMIT = Parameter("at most so many", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50})
CURSOR = Parameter("next_cursor of the page before")


def described(
    *,
    query: Mapping[str, Parameter] | None = None,
    body: type[BaseModel] | None = None,
    status: int = 200,
    media_type: str = "application/json",
) -> Callable[[Endpoint], Endpoint]:
    """Describe an endpoint, and refuse (400) parameters of the query string that it does not have."""
    description = Description(query or {}, body, status, media_type)

    def decorate(endpoint: Endpoint) -> Endpoint:
        @functools.wraps(endpoint)
        async def checked(*arguments: Any) -> Response:
            check_query(arguments[-1], description.query)
            return await endpoint(*arguments)

        checked.description = description  # type: ignore[attr-defined]
        return checked

    return decorate


def check_query(request: Request, known: Mapping[str, Parameter]) -> None:
    """Refuse what cannot be meant. Raises Problem 400 that names the parameter and the nearest one there is."""
    for name, value in request.query_params.multi_items():
        if name not in known:
            hint = nearest(name, known) if known else "there is none here"
            raise Problem(400, "Unknown parameter", f"{name[:80]!r}: {hint}")
        if "\0" in value:
            raise Problem(400, "Invalid parameter", f"{name}: a NUL character is in it")
        if not known[name].many and len(request.query_params.getlist(name)) > 1:
            raise Problem(400, "Invalid parameter", f"{name}: given twice")


def with_document(app: Starlette, title: str, version: str) -> Starlette:
    """Let an endpoint answer `/openapi.json` with the document of all its routes; returns it."""

    @described()
    async def openapi(_: Request) -> Response:
        """Describe this HTTP API (OpenAPI 3.1)."""
        return JSONResponse(document(title, version, app.routes))

    app.router.routes.insert(0, Route(PATH, openapi))
    return app


def document(title: str, version: str, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, Route) and route.include_in_schema:
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                operation = _operation(route, method, schemas)
                paths.setdefault(_PLACE.sub(r"{\1}", route.path), {})[method.lower()] = operation
    return {
        "openapi": VERSION,
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
        "security": [{name: []} for name in _SCHEMES],
    }


def _operation(route: Route, method: str, schemas: dict[str, Any]) -> dict[str, Any]:
    description: Description | None = getattr(route.endpoint, "description", None)
    text = (route.endpoint.__doc__ or "").strip()
    operation: dict[str, Any] = {
        "operationId": method.lower() + re.sub(r"[^A-Za-z0-9]+", "_", route.path),
        "summary": text.partition("\n")[0],
        "parameters": [_in_path(name) for name in _PLACE.findall(route.path)],
        "responses": _responses(description),
    }
    if description is None:
        return operation
    operation["parameters"] += [_in_query(name, one) for name, one in description.query.items()]
    if method in _WRITES:
        schema = _schema(description.body, schemas) if description.body else {"type": "object"}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _responses(description: Description | None) -> dict[str, Any]:
    problem = {"schema": {"$ref": _REFERENCE.format(model="Problem")}}
    answer: dict[str, Any] = {"description": "Done"}
    if description is not None and description.status != 204:
        answer["content"] = {description.media_type: {}}
    return {
        str(description.status if description else 200): answer,
        "default": {"description": "What is wrong", "content": {"application/problem+json": problem}},
    }


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(name: str, parameter: Parameter) -> dict[str, Any]:
    schema = {"type": "array", "items": dict(parameter.schema)} if parameter.many else dict(parameter.schema)
    return {"name": name, "in": "query", "description": parameter.text, "schema": schema}


def _schema(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_REFERENCE)
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema
    return {"$ref": _REFERENCE.format(model=model.__name__)}


_PROBLEM = {
    "type": "object",
    "description": "RFC 9457: what is wrong, and what to do",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "monitoring token create --role ROLE"},
    "basic": {"type": "http", "scheme": "basic", "description": "a user of web.config.file"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "newswatch_session",
        "description": "made by POST /api/v1/session; writes also need its token in the header X-CSRF-Token",
    },
}
