"""How a person logs in on the page, and out."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from runtime.openapi import described
from runtime.security import SESSION_SECONDS, Access
from runtime.web import SESSION_COOKIE, Problem, cookie_of, read_json

SESSION_PATH = "/api/v1/session"


class Login(BaseModel):
    """A user of web.config.file."""

    model_config = ConfigDict(extra="forbid")
    username: str = Field(max_length=200)
    password: str = Field(max_length=1000)


class Sessions:
    """Routes of the log-in."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return [
            Route(SESSION_PATH, self.login, methods=["POST"]),
            Route(SESSION_PATH, self.logout, methods=["DELETE"]),
        ]

    @described(body=Login)
    async def login(self, request: Request) -> Response:
        """Begin a session of the page."""
        address = request.client.host if request.client else "-"
        if self._access.blocked(address):
            raise Problem(429, "Too many failed log-ins", "wait a minute", {"retry-after": "60"})
        body = await read_json(request, Login)
        found = await self._access.login(body.username, body.password)
        if found is None:
            self._access.note_failure(address)
            raise Problem(401, "Wrong name or password")
        cookie, session = self._access.open_session(found)
        answer = JSONResponse({"name": found.name, "role": found.role.value, "csrf": session.csrf})
        answer.set_cookie(
            SESSION_COOKIE,
            cookie,
            max_age=int(SESSION_SECONDS),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    @described(status=204)
    async def logout(self, request: Request) -> Response:
        """End the session."""
        self._access.close_session(cookie_of(request.headers))
        answer = Response(status_code=204)
        answer.delete_cookie(SESSION_COOKIE)
        return answer
