"""What Prometheus cannot carry is asked of the analyzer: patterns and anomalies with their texts."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp

from runtime.clock import format_utc

_TIMEOUT = aiohttp.ClientTimeout(total=2.0)

Items = Sequence[Mapping[str, Any]]


class AnalyzerUnavailable(Exception):
    """The analyzer did not answer.

    Attributes: problem.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"the analyzer does not answer: {self.problem}"


class WrongParameter(ValueError):
    """The analyzer does not take a parameter; the text names it."""


class Analyzer(Protocol):
    """The analyzer's read API: by HTTP in the stack, its store when embedded."""

    async def patterns(self, start: float, end: float, limit: int) -> Items:
        """Return the log patterns seen between start and end (epoch seconds). Raises AnalyzerUnavailable."""
        ...

    async def anomalies(self, start: float, end: float, limit: int) -> Items:
        """Return the anomalies found between start and end (epoch seconds). Raises AnalyzerUnavailable."""
        ...

    async def listing(self, what: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Return a list as the API answers: items, next_cursor, total.

        what: patterns or families. query: filters, order and page, as the API takes them.
        Raises ValueError for a parameter that is wrong, AnalyzerUnavailable.
        """
        ...


class AnalyzerClient:
    """Asks the analyzer over HTTP; two seconds at most."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str | None = None) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def patterns(self, start: float, end: float, limit: int) -> Items:
        """Return the log patterns seen between start and end."""
        return await self._items("patterns", start, end, limit)

    async def anomalies(self, start: float, end: float, limit: int) -> Items:
        """Return the anomalies found between start and end."""
        return await self._items("anomalies", start, end, limit)

    async def listing(self, what: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        """Return a list as the API answers."""
        url = f"{self._url}/api/v1/{what}"
        try:
            async with self._session.get(url, params=query, headers=self._headers, timeout=_TIMEOUT) as answer:
                body: dict[str, Any] = await answer.json(content_type=None) if answer.status in (200, 400) else {}
                if answer.status == 400 and "detail" in body:
                    raise WrongParameter(body["detail"])
                if answer.status != 200:
                    raise AnalyzerUnavailable(f"{url} answered {answer.status}")
                body["items"]  # what has none is no answer of an analyzer
        except TimeoutError:
            raise AnalyzerUnavailable(f"{url}: no answer within 2 s") from None
        except WrongParameter:
            raise
        except (aiohttp.ClientError, ValueError, KeyError, TypeError) as error:
            raise AnalyzerUnavailable(f"{url}: {error}") from None
        return body

    async def _items(self, what: str, start: float, end: float, limit: int) -> Items:
        query = {"from": format_utc(start), "to": format_utc(end), "limit": str(limit)}
        items: Items = (await self.listing(what, query))["items"]
        return items
