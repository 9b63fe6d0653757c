"""Where buyers accept and pay, and where a payment provider reports: links of one use, webhooks that count once."""

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from domain.errors import BadInput
from domain.refusal import Refused
from graph.deals_desk import DealsDesk, PaymentResult, PaymentWord, Post
from ui.api_input import Unacceptable, body_of, form_of, shaped
from ui.deal_pages import bill_page, nothing_page, offer_page

_log = logging.getLogger(__name__)
_Text = Annotated[str, Field(min_length=1, max_length=400)]


class _Payment(BaseModel):
    payment_id: _Text
    quote_hash: _Text
    amount: Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,2})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class PaymentWebhook(BaseModel):
    """What a provider reports. Fields beyond these are not read."""

    type: Literal["payment.succeeded", "payment.failed", "payment.expired"]
    data: _Payment


class DealPages:
    """`post` carries the local provider's webhooks to this API, as a provider elsewhere would send them."""

    def __init__(self, deals: DealsDesk, post: Post) -> None:
        self._deals, self._post = deals, post

    # ---- the contract
    async def offer(self, request: Request) -> Response:
        offer = await self._deals.offer(request.path_params["token"])
        if offer is None:
            return nothing_page()
        link = await self._deals.payment_link(offer.session_id) if offer.state == "accepted" else None
        return offer_page(offer, link)

    async def accept(self, request: Request) -> Response:
        """A name and a tick; a second visit finds the order accepted and changes nothing."""
        token = request.path_params["token"]
        form = await form_of(request)
        offer = await self._deals.offer(token)
        if offer is None:
            return nothing_page()
        if form.get("agreed") != "yes":
            return offer_page(offer, None, "Tick the box if you accept this order.")
        try:
            await self._deals.accept(token, form.get("name", ""), request.client.host if request.client else "")
        except BadInput as fault:
            return offer_page(offer, None, fault.remedy)
        return RedirectResponse(request.url.path, 303)

    # ---- the payment
    async def bill(self, request: Request) -> Response:
        bill = await self._deals.bill(request.path_params["token"])
        return bill_page(bill) if bill else nothing_page()

    async def pay(self, request: Request) -> Response:
        """The local provider decides the outcome and reports it to our own webhook, over HTTP and signed."""
        token = request.path_params["token"]
        form = await form_of(request)
        try:
            result = PaymentResult(form.get("result", ""))
        except ValueError:
            raise Unacceptable(400, "result", "it is unknown", "Use the buttons of the page.") from None
        try:
            paid = await self._deals.pay(token, result, self._post)
        except BadInput as fault:
            bill = await self._deals.bill(token)
            return bill_page(bill, fault.remedy) if bill else nothing_page()
        return RedirectResponse(request.url.path, 303) if paid else nothing_page()

    async def webhook(self, request: Request) -> Response:
        """POST /webhooks/payments: nothing is read before the signature is known to fit."""
        body = await body_of(request)
        webhook_id = self._deals.genuine(request.headers, body)
        if isinstance(webhook_id, Refused):
            _log.warning("a webhook was refused", extra={"action": "webhook_refused", "guard": webhook_id.guard})
            raise Unacceptable(401, webhook_id.guard, webhook_id.why, "Sign it anew and send it again.")
        word = shaped(PaymentWebhook, body)
        said = PaymentWord(
            word.data.payment_id,
            PaymentResult(word.type.removeprefix("payment.")).value,
            word.data.quote_hash,
            Decimal(word.data.amount),
            word.data.currency,
        )
        if not await self._deals.settle(webhook_id, said):
            raise Unacceptable(404, "payment_id", "there is no such payment", "Check the account the webhook is for.")
        return JSONResponse({"status": "stored"})


def over_http(own: str) -> Post:
    """Posts to this API at its own address; 599 where nobody answers there."""

    async def post(body: bytes, headers: Mapping[str, str]) -> int:
        sent = {**headers, "content-type": "application/json"}
        try:
            async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
                return (await client.post(f"{own}/webhooks/payments", content=body, headers=sent)).status_code
        except httpx.HTTPError as fault:
            _log.warning("a webhook was not taken", extra={"action": "webhook_lost", "fault": type(fault).__name__})
            return 599

    return post
