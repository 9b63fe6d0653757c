"""A contract is read as it is, accepted once, and not at all where it no longer stands."""

import asyncio
from datetime import timedelta

import pytest

from memory.sealing import Sealer
from tests.integration.api_rig import OWN, api
from tests.integration.effect_rows import DOCUMENT
from tools.contracts import document_hash

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_the_accept_page_shows_the_exact_text_and_takes_one_acceptance(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        session_id = await it.world.session()
        contract, _ = await it.world.order(session_id)
        shown = await it.http.get("/accept/c-tok")
        assert shown.status_code == 200
        assert "Buyer: &lt;b&gt;Dana&lt;/b&gt; &amp; Co" in shown.text
        assert "<b>Dana" not in shown.text
        assert document_hash(DOCUMENT) in shown.text
        first = await it.http.post("/accept/c-tok", data={"name": " Dana  Reyes ", "agreed": "yes"})
        assert (first.status_code, first.headers["location"]) == (303, "/accept/c-tok")
        it.world.clock.advance(timedelta(minutes=1))
        again = await it.http.post("/accept/c-tok", data={"name": "Somebody Else", "agreed": "yes"})
        assert again.status_code == 303
        page = (await it.http.get("/accept/c-tok")).text
        assert "Accepted by Dana Reyes on 24 November 2026, 15:00 UTC." in page
        assert "Somebody" not in page
        assert f"{OWN}/pay/p-tok" in page
        (event,) = await it.events()
        assert (event["kind"], str(event["session_id"])) == ("webhook", session_id)
        assert event["data"] == {
            "source": "contract",
            "status": "accepted",
            "contract_id": contract["contract_id"],
            "document_hash": document_hash(DOCUMENT),
            "quote_hash": contract["quote_hash"],
        }


async def test_twenty_clicks_at_once_are_one_acceptance(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        await it.world.order(await it.world.session())
        forms = [{"name": f"Dana {number}", "agreed": "yes"} for number in range(20)]
        answers = await asyncio.gather(*(it.http.post("/accept/c-tok", data=form) for form in forms))
        assert {answer.status_code for answer in answers} == {303}
        assert len(await it.events()) == 1


async def test_without_a_name_or_a_tick_nothing_is_accepted(fresh_dsn: str, sealer: Sealer) -> None:
    forms = [{"name": "Dana Reyes"}, {"name": "", "agreed": "yes"}, {"name": "\u200b \x00", "agreed": "yes"}, {}]
    async with api(fresh_dsn, sealer) as it:
        await it.world.order(await it.world.session())
        for form in forms:
            answer = await it.http.post("/accept/c-tok", data=form, headers=FORM)
            assert answer.status_code == 422, form
            assert 'role="alert"' in answer.text
        assert await it.events() == []


@pytest.mark.parametrize(
    "change",
    [
        "update contracts set status = 'void'",
        "update quotes set status = 'void'",
        "update quotes set status = 'superseded'",
        "update quotes set valid_until = '2026-11-24 14:59Z'",
    ],
)
async def test_an_offer_that_no_longer_stands_cannot_be_accepted(fresh_dsn: str, sealer: Sealer, change: str) -> None:
    async with api(fresh_dsn, sealer) as it:
        await it.world.order(await it.world.session())
        await it.world.run(change)
        assert (await it.http.get("/accept/c-tok")).status_code == 410
        await it.http.post("/accept/c-tok", data={"name": "Dana Reyes", "agreed": "yes"})
        assert await it.events() == []
        assert await it.world.rows("select 1 from contracts where status = 'accepted'") == []


async def test_a_wrong_token_finds_nothing_and_is_not_repeated(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        await it.world.order(await it.world.session())
        for path in ("/accept/c-tok2", "/pay/c-tok", "/accept/%3Cscript%3E", "/accept/" + "x" * 3000):
            answer = await it.http.get(path)
            assert answer.status_code == 404
            assert "<script>" not in answer.text
        form = {"name": "Dana Reyes", "agreed": "yes", "result": "succeeded"}
        for path in ("/accept/nobody", "/pay/nobody"):
            assert (await it.http.post(path, data=form)).status_code == 404
