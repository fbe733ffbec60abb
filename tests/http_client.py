"""An HTTP client for tests that reads every answer to its end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content_type: str
    body: bytes
    json: Any

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.url = url
        self._session = session

    async def get(self, path: str, **how: Any) -> Answer:
        return await self.request("GET", path, **how)

    async def post(self, path: str, **how: Any) -> Answer:
        return await self.request("POST", path, **how)

    async def request(self, method: str, path: str, **how: Any) -> Answer:
        async with self._session.request(method, self.url + path, allow_redirects=False, **how) as answer:
            body = await answer.read()
            found = await answer.json(content_type=None) if "json" in answer.content_type else None
            return Answer(answer.status, answer.headers, answer.content_type, body, found)


@asynccontextmanager
async def client(url: str, **how: Any) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(**how) as session:
        yield Client(session, url)
