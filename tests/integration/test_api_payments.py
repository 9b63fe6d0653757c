"""A payment is settled by its webhook alone: signed, fresh, and counted once."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

from memory.sealing import Sealer
from tests.integration.api_rig import api
from tests.integration.effect_rows import NOW
from tools.webhooks import WebhookSigner

UNKNOWN = {"payment_id": "x", "quote_hash": "q", "amount": "1.00", "currency": "USD"}


async def test_an_accepted_order_is_paid_by_a_signed_webhook_over_http(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        session_id = await it.world.session()
        _, payment = await it.world.order(session_id)
        early = await it.http.get("/pay/p-tok")
        assert early.status_code == 409
        assert (await it.http.post("/pay/p-tok", data={"result": "succeeded"})).status_code == 409
        assert await it.events() == []
        await it.http.post("/accept/c-tok", data={"name": "Dana Reyes", "agreed": "yes"})
        assert "Pay 2,388.00 USD" in (await it.http.get("/pay/p-tok")).text
        assert (await it.http.post("/pay/p-tok", data={"result": "succeeded"})).status_code == 303
        assert "was received" in (await it.http.get("/pay/p-tok")).text
        again = await it.http.post("/pay/p-tok", data={"result": "failed"})
        assert "was received" in again.text
        accepted, paid = await it.events()
        assert accepted["data"]["source"] == "contract"
        assert re.fullmatch(r"webhook:pay_[0-9a-f]{40}", paid["turn_id"])
        assert paid["data"] == {
            "source": "payment",
            "status": "succeeded",
            "payment_id": payment["payment_id"],
            "quote_hash": payment["quote_hash"],
            "amount": "2388.00",
            "currency": "USD",
        }
        assert await it.world.rows("select status from payments") == [{"status": "paid"}]


async def test_a_payment_that_fails_takes_nothing_and_ends_its_link(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        await it.world.order(await it.world.session())
        await it.world.run("update contracts set status = 'accepted'")
        assert (await it.http.post("/pay/p-tok", data={"result": "failed"})).status_code == 303
        assert (await it.http.get("/pay/p-tok")).status_code == 410
        await it.http.post("/pay/p-tok", data={"result": "succeeded"})
        (event,) = await it.events()
        assert event["data"]["status"] == "failed"
        assert await it.world.rows("select status from payments") == [{"status": "failed"}]


async def test_a_link_runs_out_by_the_clock(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        await it.world.order(await it.world.session())
        await it.world.run("update contracts set status = 'accepted'")
        it.world.clock.advance(timedelta(days=3))
        assert (await it.http.get("/pay/p-tok")).status_code == 410
        assert (await it.http.post("/pay/p-tok", data={"result": "succeeded"})).status_code == 410
        assert await it.events() == []


async def test_an_outcome_that_cannot_be_reported_is_not_shown_as_paid(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        await it.world.order(await it.world.session())
        await it.world.run("update contracts set status = 'accepted'")
        it.unreachable = True
        answer = await it.http.post("/pay/p-tok", data={"result": "succeeded"})
        assert answer.status_code == 502
        assert 'role="alert"' in answer.text
        assert await it.world.rows("select status from payments") == [{"status": "open"}]
        it.unreachable = False
        assert (await it.http.post("/pay/p-tok", data={"result": "succeeded"})).status_code == 303
        assert await it.world.rows("select status from payments") == [{"status": "paid"}]


def succeeded(payment: dict[str, Any], **changed: str) -> dict[str, Any]:
    data = {key: payment[key] for key in ("payment_id", "quote_hash", "amount", "currency")}
    return {"type": "payment.succeeded", "data": {**data, **changed}}


async def test_a_webhook_counts_once_however_often_it_is_sent(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        _, payment = await it.world.order(await it.world.session())
        for _ in range(3):
            assert (await it.webhook(succeeded(payment))).status_code == 200
        at_once = await asyncio.gather(*(it.webhook(succeeded(payment)) for _ in range(10)))
        assert {answer.status_code for answer in at_once} == {200}
        (event,) = await it.events()
        assert event["turn_id"] == "webhook:msg_1"


async def test_tampering_and_age_are_refused_before_anything_is_read(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        _, payment = await it.world.order(await it.world.session())
        genuine = json.dumps(succeeded(payment)).encode()
        signed = it.signer.headers("msg_1", genuine, NOW)
        cheaper = genuine.replace(b"2388.00", b"0000.01")
        cases = [
            (cheaper, signed),
            (genuine, {**signed, "webhook-id": "msg_2"}),
            (genuine, {**signed, "webhook-signature": "v1,AAAA"}),
            (genuine, {}),
            (b"not even json", signed),
            (genuine, it.signer.headers("msg_1", genuine, NOW - timedelta(minutes=6))),
            (genuine, WebhookSigner(b"another").headers("msg_1", genuine, NOW)),
        ]
        for body, headers in cases:
            answer = await it.http.post("/webhooks/payments", content=body, headers=headers)
            assert answer.status_code == 401
            assert answer.json()["field"].startswith("webhook_")
        it.world.clock.advance(timedelta(minutes=6))
        assert (await it.http.post("/webhooks/payments", content=genuine, headers=signed)).status_code == 401
        assert await it.events() == []
        assert await it.world.rows("select status from payments") == [{"status": "open"}]


async def test_a_genuine_webhook_about_nothing_we_know_is_refused(fresh_dsn: str, sealer: Sealer) -> None:
    cases = [
        ({"type": "payment.refunded", "data": {}}, 422, "type"),
        ({"type": "payment.succeeded", "data": {"payment_id": "x"}}, 422, "data.quote_hash"),
        ({"type": "payment.succeeded", "data": {**UNKNOWN, "amount": "1e9"}}, 422, "data.amount"),
        ({"type": "payment.succeeded", "data": {**UNKNOWN, "currency": "dollars"}}, 422, "data.currency"),
        ({"type": "payment.succeeded", "data": UNKNOWN}, 404, "payment_id"),
    ]
    async with api(fresh_dsn, sealer) as it:
        for content, status, field in cases:
            answer = await it.webhook(content)
            assert (answer.status_code, answer.json()["field"]) == (status, field)
        assert await it.events() == []


async def test_another_amount_is_reported_to_the_guards_and_pays_nothing(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        _, payment = await it.world.order(await it.world.session())
        assert (await it.webhook(succeeded(payment, amount="1.00"))).status_code == 200
        (event,) = await it.events()
        assert event["data"]["amount"] == "1.00"
        assert await it.world.rows("select status from payments") == [{"status": "open"}]


async def test_an_expired_payment_is_an_event_too(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        _, payment = await it.world.order(await it.world.session())
        content = {**succeeded(payment), "type": "payment.expired"}
        assert (await it.webhook(content)).status_code == 200
        (event,) = await it.events()
        assert event["data"]["status"] == "expired"
        assert await it.world.rows("select status from payments") == [{"status": "expired"}]
