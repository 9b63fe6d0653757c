"""The HTTP API: channels, links and webhooks, each answer guarded, each refusal with field, problem and remedy."""

from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from domain.errors import BadInput
from domain.ports import Clock
from graph.deals_desk import DealsDesk, Post
from ui.api_calls import CallPages
from ui.api_channels import Chain, Channels
from ui.api_deals import DealPages
from ui.api_guard import CALLS, Guard
from ui.api_input import Unacceptable
from ui.deal_pages import broken_page, nothing_page
from ui.livekit_client import LIVEKIT_CLIENT

_STATIC = Path(__file__).with_name("static")
_PAGES = ("/accept/", "/pay/", CALLS)


def build_api(
    chain: Chain,
    deals: DealsDesk,
    clock: Clock,
    *,
    post: Post,
    hosts: Collection[str],
    calls: CallPages | None = None,
    rooms: Collection[str] = (),
) -> Starlette:
    """`post` brings the local provider's webhooks back to this API; `hosts` are the names it may be asked by.

    Without `calls` there is nothing to call with; `rooms` is where the page of a call may connect to.
    """
    channels, pages, calls = Channels(chain, deals, clock), DealPages(deals, post), calls or CallPages(None)

    async def health(request: Request) -> Response:
        """GET /health: whether database, policy and a worker are there; 503 where one is missing."""
        found = await deals.health()
        content = {
            "status": "good" if found.good else "degraded",
            "database": found.database,
            "policy": found.policy,
            "worker": found.worker,
            "waiting_events": found.waiting_events,
            "dead_events": found.dead_events,
            "failed_effects": found.failed_effects,
        }
        return JSONResponse(content, 200 if found.good else 503)

    routes = [
        Route("/health", health),
        Route("/channels/sms", channels.text, methods=["POST"]),
        Route("/channels/chat", channels.chat, methods=["POST"]),
        Route("/channels/chat/{chat:str}/messages", channels.messages),
        Route("/channels/chat/{chat:str}/seen", channels.seen, methods=["POST"]),
        Route("/webhooks/payments", pages.webhook, methods=["POST"]),
        Route("/accept/{token:str}", pages.offer),
        Route("/accept/{token:str}", pages.accept, methods=["POST"]),
        Route("/pay/{token:str}", pages.bill),
        Route("/pay/{token:str}", pages.pay, methods=["POST"]),
        Route("/call/{link:str}", calls.page),
        Route("/call/{link:str}/join", calls.join, methods=["POST"]),
        Route("/call/{link:str}/leave", calls.leave, methods=["POST"]),
        Route("/static/pages.css", _file("pages.css", "text/css")),
        Route("/static/phone_line.js", _file("phone_line.js", "text/javascript")),
        Route("/static/call_page.js", _file("call_page.js", "text/javascript")),
        Route("/static/livekit-client.js", _file(LIVEKIT_CLIENT, "text/javascript")),
        Route("/static/icon.svg", _file("icon.svg", "image/svg+xml")),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, hosts=hosts, broken=_broken, rooms=rooms)],
        exception_handlers={BadInput: _refused, HTTPException: _no_route},
    )


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        found = _STATIC / name
        if not found.exists():
            raise HTTPException(404)
        return FileResponse(found, media_type=kind)

    return serve


async def _refused(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, BadInput)
    status = fault.status if isinstance(fault, Unacceptable) else 422
    return JSONResponse({"field": fault.field, "problem": fault.problem, "remedy": fault.remedy}, status)


async def _no_route(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    if request.url.path.startswith(_PAGES) and fault.status_code == 404:
        return nothing_page()
    problem = {404: "there is nothing here", 405: "this method is not served here"}.get(fault.status_code, fault.detail)
    content = {"field": "address", "problem": problem, "remedy": "Check path and method."}
    return JSONResponse(content, fault.status_code, headers=dict(fault.headers or {}))


def _broken(path: str) -> Response:
    if path.startswith(_PAGES):
        return broken_page()
    content = {"field": "request", "problem": "it failed on our side", "remedy": "Send it again: a repeat counts once."}
    return JSONResponse(content, 500)
