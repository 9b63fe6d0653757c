"""Where a buyer with a link calls: the page, what it joins with, and hanging up."""

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.errors import BadInput
from graph.calling import CallDesk, RoomsUnreachable
from ui.api_input import Unacceptable, body_of
from ui.call_page import call_page, no_calls_page
from ui.deal_pages import nothing_page
from ui.livekit_client import fetched

_log = logging.getLogger(__name__)
_MOST_BYTES = 256


class CallPages:
    """Who holds the link is the buyer it was made for. Nothing here says who that is."""

    def __init__(self, calls: CallDesk | None) -> None:
        self._calls = calls

    async def page(self, request: Request) -> Response:
        """GET /call/{link}: the page. It joins only when the buyer asks for it."""
        if self._calls is None or not fetched():
            return no_calls_page()
        found = await self._calls.called(request.path_params["link"])
        return call_page() if found else nothing_page()

    async def join(self, request: Request) -> Response:
        """POST /call/{link}/join: address and token for one room, good for some minutes."""
        calls = await self._opened(request)
        try:
            joined = await calls.join_by_link(request.path_params["link"])
        except RoomsUnreachable as fault:
            _log.warning("a call could not be opened", extra={"action": "call_refused", "fault": str(fault)})
            raise _later() from None
        return JSONResponse({"url": joined.url, "token": joined.token})

    async def leave(self, request: Request) -> Response:
        """POST /call/{link}/leave: the buyer has hung up."""
        calls = await self._opened(request)
        try:
            await calls.hang_up_by_link(request.path_params["link"])
        except RoomsUnreachable:
            raise _later() from None
        return Response(status_code=204)

    async def _opened(self, request: Request) -> CallDesk:
        """Asked by our own page only: another site's cannot send this type unasked."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Unacceptable(415, "content-type", "it is not application/json", "Call from the page.")
        await body_of(request, _MOST_BYTES)
        if self._calls is None:
            raise _later()
        return self._calls


def _later() -> BadInput:
    return Unacceptable(503, "call", "calls cannot be taken right now", "Try again in some minutes, or write to us.")
