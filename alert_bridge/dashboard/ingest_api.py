"""How Alertmanager's webhook comes in."""

import logging
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from alert_bridge.intake import Refused
from alert_bridge.metrics import BridgeMetrics
from alert_bridge.pipeline import Pipeline
from alert_bridge.webhook import Unusable, parse_alertmanager, unreadable
from runtime.clock import Clock
from runtime.web import Problem, parse_json

logger = logging.getLogger(f"monitoring.{__name__}")

INGEST_PATH = "/api/v1/ingest/alertmanager"
INGEST_PATHS = (INGEST_PATH, f"{INGEST_PATH}/")


class IngestApi:
    """Routes over the pipeline."""

    def __init__(self, pipeline: Pipeline, *, metrics: BridgeMetrics, clock: Clock) -> None:
        self._pipeline = pipeline
        self._metrics = metrics
        self._clock = clock

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return [Route(path, self.ingest, methods=["POST"]) for path in INGEST_PATHS]

    async def ingest(self, request: Request) -> Response:
        """Take Alertmanager's webhook: 200 once it is on disk, 400 (kept) if unusable, 503 if it cannot be stored."""
        body = await request.body()
        try:
            parsed = parse_alertmanager(parse_json(body), self._clock.now())
        except (Problem, Unusable) as error:
            await self._pipeline.observe([], source="alertmanager", refused=[Refused(unreadable(body), str(error))])
            raise error if isinstance(error, Problem) else Problem(400, "Invalid webhook", str(error)) from None
        if parsed.watchdog:
            self._pipeline.hear_watchdog()
        if parsed.truncated:
            logger.warning("Alertmanager cut %d alerts off: set max_alerts to 0 for this receiver", parsed.truncated)
            self._pipeline.reconcile_wanted.set()
        if parsed.observations or parsed.refused:
            await self._pipeline.observe(
                parsed.observations,
                source="alertmanager",
                raw=body.decode("utf-8", "replace"),
                refused=parsed.refused,
            )
        return JSONResponse({"accepted": len(parsed.observations), "refused": len(parsed.refused)})
