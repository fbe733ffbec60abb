import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
import pytest
import yaml
from prometheus_client import CollectorRegistry, Gauge
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.clock import ManualClock
from runtime.security import Access, AccessError, Role, create_token
from runtime.settings import WebSettings
from runtime.web import AddressInUse, Unprotected, build_app, identity, serve
from tests.certificates import make_certificate
from tests.http_client import Client, client

PASSWORD = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": aiohttp.encode_basic_auth(name, password)}


async def echo(request: Request) -> Response:
    return JSONResponse({"name": identity(request).name, "size": len(await request.body())})


async def broken(_: Request) -> Response:
    raise RuntimeError("canary detail")


@asynccontextmanager
async def endpoint(
    access: Access | None = None, web: WebSettings | None = None, ready: Callable[[], str | None] = lambda: None
) -> AsyncIterator[Client]:
    registry = CollectorRegistry()
    Gauge("example_value", "An example.", registry=registry).set(3)
    app = build_app(
        name="example",
        routes=[
            Route("/api/v1/echo", echo, methods=["GET", "POST"]),
            Route("/api/v1/in", echo, methods=["POST"]),
            Route("/api/v1/broken", broken),
        ],
        registry=registry,
        ready=ready,
        access=access or Access(),
        web=web or WebSettings(),
        ingest_paths=["/api/v1/in"],
        body_limit_bytes=1000,
        ingest_limit_bytes=2000,
        clock=ManualClock(0),
    )
    server = await serve(app, "127.0.0.1:0", access or Access())
    try:
        async with client(f"http://127.0.0.1:{server.port}") as one:
            yield one
    finally:
        await server.close()


def web_config(folder: Path) -> Path:
    file = folder / "web.yml"
    file.write_text(yaml.safe_dump({"basic_auth_users": {"yui": PASSWORD, "ken": PASSWORD}}), encoding="utf-8")
    return file


async def test_headers_without_an_end_are_refused() -> None:
    async with endpoint() as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(one.url.rsplit(":", 1)[1]))
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-Long: " + b"a" * 300_000)
        async with asyncio.timeout(20):
            assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_health_readiness_and_metrics_answer() -> None:
    reasons: list[str | None] = [None]
    async with endpoint(ready=lambda: reasons[0]) as one:
        assert (await one.get("/-/healthy")).status == 200
        assert (await one.get("/-/ready")).status == 200
        reasons[0] = "canary reason"
        answer = await one.get("/-/ready")
        assert answer.status == 503
        assert "canary" not in answer.text
        plain = await one.get("/metrics")
        assert "example_value 3.0" in plain.text
        negotiated = await one.get("/metrics", headers={"accept": "application/openmetrics-text"})
        assert negotiated.text.endswith("# EOF\n")


async def test_metrics_are_compressed_where_asked_for() -> None:
    async with endpoint() as one, client(one.url, auto_decompress=False) as raw:
        answer = await raw.get("/metrics", headers={"accept-encoding": "gzip"})
        assert b"example_value" in gzip.decompress(answer.body)


async def test_a_foreign_host_or_origin_is_refused_and_a_listed_one_not() -> None:
    web = WebSettings(allowed_hosts=("watch.example.jp",), cors_origins=("https://page.example.jp",))
    async with endpoint(web=web) as one:
        assert (await one.get("/api/v1/echo", headers={"host": "evil.example"})).status == 421
        assert (await one.get("/api/v1/echo", headers={"host": "watch.example.jp"})).status == 200
        assert (await one.get("/api/v1/echo", headers={"origin": "https://evil.example"})).status == 403
        assert (await one.get("/api/v1/echo", headers={"host": "[::1"})).status == 421
        assert (await one.get("/api/v1/echo", headers={"origin": "http://[::1"})).status == 403
        allowed = await one.get("/api/v1/echo", headers={"origin": "https://page.example.jp"})
        assert allowed.headers["access-control-allow-origin"] == "https://page.example.jp"


async def test_a_form_of_another_site_cannot_write_even_where_nothing_is_configured() -> None:
    async with endpoint() as one:
        assert (await one.post("/api/v1/echo", data={"a": "b"})).status == 415
        assert (await one.post("/api/v1/in", data="{}", headers={"content-type": "text/plain"})).status == 415
        assert (await one.post("/api/v1/echo", json={})).status == 200


async def test_bodies_have_a_limit_with_and_without_an_announced_length() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100

    async with endpoint() as one:
        headers = {"content-type": "application/json"}
        assert (await one.post("/api/v1/echo", data=b"x" * 1001, headers=headers)).status == 413
        assert (await one.post("/api/v1/echo", data=parts(), headers=headers)).status == 413
        assert (await one.post("/api/v1/in", data=b"x" * 1001, headers=headers)).status == 200


async def test_a_body_that_is_announced_too_large_is_not_waited_for() -> None:
    async with endpoint() as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(one.url.rpartition(":")[2]))
        writer.write(
            b"POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n{}"
        )
        answer = await asyncio.wait_for(reader.readline(), 20)
        writer.close()
        await writer.wait_closed()
        assert b" 413 " in answer


async def test_settings_are_read_again_by_a_bare_post_and_not_by_a_form() -> None:
    async with endpoint() as one:
        assert (await one.post("/-/reload", data={"a": "b"})).status == 415
        assert (await one.post("/-/reload")).status == 501


async def test_errors_are_problem_json_without_inner_details_and_never_a_redirect() -> None:
    async with endpoint() as one:
        assert (await one.post("/metrics", json={})).status == 405
        for path, status in (("/absent", 404), ("/api/v1/echo/", 404), ("/api/v1/broken", 500)):
            answer = await one.get(path)
            assert answer.status == status
            assert answer.content_type == "application/problem+json"
            body = answer.json
            assert body["status"] == status
            assert "canary" not in str(body)


async def test_headers_forbid_framing_sniffing_and_caching() -> None:
    async with endpoint() as one:
        headers = (await one.get("/api/v1/echo")).headers
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


async def test_requests_of_one_address_have_a_rate_and_ingest_has_none() -> None:
    async with endpoint(web=WebSettings(rate_limit_per_minute=3)) as one:
        statuses = [(await one.get("/api/v1/echo")).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert [(await one.post("/api/v1/in", json={})).status for _ in range(5)] == [200] * 5
        assert (await one.get("/-/healthy")).status == 200


async def test_every_way_to_be_nobody_is_refused_and_health_stays_open(tmp_path: Path) -> None:
    access = Access.load(web_config(tmp_path))
    async with endpoint(access) as one:
        wrong: list[dict[str, Any]] = [
            {},
            {"headers": {"authorization": "Bearer nw_made_up"}},
            {"headers": {"authorization": "Basic !!!"}},
            {"headers": {"cookie": "newswatch_session=made-up"}},
            {"headers": basic("yui", "wrong")},
            {"headers": basic("nobody", "right")},
        ]
        for how in wrong:
            for path in ("/metrics", "/api/v1/echo", "/absent"):
                access._failures.clear()
                answer = await one.get(path, **how)
                assert answer.status == 401, (how, path)
                assert "www-authenticate" in answer.headers
        assert (await one.get("/-/healthy")).status == 200
        script = await one.get("/api/v1/echo", headers={"sec-fetch-dest": "empty"})
        assert (script.status, "www-authenticate" in script.headers) == (401, False)


async def test_ten_failed_log_ins_a_minute_block_the_address(tmp_path: Path) -> None:
    access = Access.load(web_config(tmp_path), clock=ManualClock(0))
    async with endpoint(access) as one:
        wrong = {"authorization": "Bearer nw_made_up"}
        statuses = [(await one.get("/metrics", headers=wrong)).status for _ in range(11)]
        assert statuses == [401] * 10 + [429]


async def test_whoever_has_a_token_or_was_let_in_is_not_blocked_by_others_at_the_same_address(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.yml"
    token = create_token(tokens, Role.VIEWER, "scraper")
    access = Access.load(web_config(tmp_path), tokens, clock=ManualClock(0))
    async with endpoint(access) as one:
        assert (await one.get("/metrics", headers=basic("yui", "right"))).status == 200
        for _ in range(11):
            await one.get("/metrics", headers={"authorization": "Bearer nw_revoked"})
        assert (await one.get("/metrics", headers={"authorization": f"Bearer {token}"})).status == 200
        assert (await one.get("/metrics", headers=basic("yui", "right"))).status == 200
        assert (await one.get("/metrics", headers=basic("ken", "right"))).status == 429


async def test_a_first_token_holds_at_once_beside_users_and_locks_nobody_out_where_all_was_open(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.yml"
    async with (
        endpoint(Access.load(web_config(tmp_path), tokens)) as users,
        endpoint(Access.load(None, tokens)) as free,
    ):
        assert (await users.get("/metrics")).status == 401
        token = create_token(tokens, Role.VIEWER, "scraper")
        assert (await users.get("/metrics", headers={"authorization": f"Bearer {token}"})).status == 200
        assert (await free.get("/metrics")).status == 200


async def test_roles_decide_what_a_caller_may_do(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.yml"
    created = {role: create_token(tokens, role, str(role)) for role in Role}
    access = Access.load(web_config(tmp_path), tokens, viewers=["ken"])
    async with endpoint(access) as one:

        async def status(method: str, path: str, **how: Any) -> int:
            body: dict[str, Any] = {"json": {}} if method == "POST" else {}
            return (await one.request(method, path, **body, **how)).status

        bearer = {role: {"headers": {"authorization": f"Bearer {token}"}} for role, token in created.items()}
        assert await status("GET", "/api/v1/echo", **bearer[Role.VIEWER]) == 200
        assert await status("POST", "/api/v1/echo", **bearer[Role.VIEWER]) == 403
        assert await status("POST", "/api/v1/in", **bearer[Role.VIEWER]) == 403
        assert await status("POST", "/api/v1/in", **bearer[Role.INGEST]) == 200
        assert await status("GET", "/api/v1/echo", **bearer[Role.INGEST]) == 403
        assert await status("POST", "/api/v1/echo", **bearer[Role.OPERATOR]) == 200
        assert await status("POST", "/api/v1/echo", headers=basic("yui", "right")) == 200
        assert await status("POST", "/api/v1/echo", headers=basic("ken", "right")) == 403


async def test_a_session_writes_only_with_its_csrf_token(tmp_path: Path) -> None:
    access = Access.load(web_config(tmp_path))
    found = await access.login("yui", "right")
    assert found is not None
    cookie, opened = access.open_session(found)
    async with endpoint(access) as one:
        headers = {"cookie": f"newswatch_session={cookie}"}
        assert (await one.get("/api/v1/echo", headers=headers)).status == 200
        assert (await one.post("/api/v1/echo", json={}, headers=headers)).status == 403
        headers["x-csrf-token"] = opened.csrf
        assert (await one.post("/api/v1/echo", json={}, headers=headers)).status == 200


async def test_an_address_beyond_this_machine_needs_authentication() -> None:
    with pytest.raises(Unprotected, match="basic_auth_users"):
        await serve(lambda *_: asyncio.sleep(0), "0.0.0.0:0", Access())


async def test_a_port_in_use_is_named() -> None:
    async with endpoint() as one:
        port = one.url.rpartition(":")[2]
        with pytest.raises(AddressInUse, match=port):
            await serve(lambda *_: asyncio.sleep(0), f"127.0.0.1:{port}", Access())


async def test_tls_of_the_web_config_file_is_served(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    file = tmp_path / "web.yml"
    config = {"tls_server_config": {"cert_file": certificate.name, "key_file": key.name}}
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    access = Access.load(file)
    async with endpoint(access) as one:
        trust = ssl.create_default_context(cafile=str(certificate))
        async with client(one.url.replace("http:", "https:")) as secure:
            assert (await secure.get("/-/healthy", ssl=trust)).status == 200


def test_a_web_config_file_with_a_mistake_is_named(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text("basic_auth_user: {a: b}", encoding="utf-8")
    with pytest.raises(AccessError, match="basic_auth_user"):
        Access.load(file)


def test_tokens_are_stored_as_digests_in_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "tokens.yml"
    token = create_token(file, Role.VIEWER, "grafana")
    assert token not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
