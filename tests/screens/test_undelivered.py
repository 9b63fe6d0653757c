"""What failed for good stands over the session's thread, and a person sends it again under their name."""

from typing import Any
from uuid import uuid4

import pytest

from domain.refusal import Refused
from graph.clock import FixedClock
from graph.delivery import Deliverer
from graph.desk import Again, Desk, Operator, Sent
from memory.sealing import Sealer
from tests.integration.effect_rows import local_tools
from tests.screens.conftest import NOW, Db
from tests.screens.seed import Seeded
from tests.screens.test_pages import opened, shown

MIA = Operator("idp|mia", "Mia Manager", frozenset({"sales_manager"}))
VISITOR = Operator("idp|vic", "Vic", frozenset())


@pytest.fixture
def failed(db: Db, sealer: Sealer, seeded: Seeded) -> str:
    """A text that the carrier refused, in Dana's session."""
    effect_id = f"{seeded.sessions['Dana']}:turn-{uuid4()}:message:00"
    text = {"to": "+15125550118", "channel": "sms", "body": "Your meeting stands.", "speech_ids": []}
    db.execute(
        "insert into outbox (effect_id, session_id, turn_id, kind, channel, status, attempts, queued_at, done_at,"
        " reason, sealed) values (%s, %s, 'turn-x', 'message', 'sms', 'failed', 8, %s, %s, 'The carrier is busy.', %s)",
        (effect_id, seeded.sessions["Dana"], NOW, NOW, sealer.seal(text)),
    )
    return effect_id


def again(seeded: Seeded, effect_id: str, reason: str = "The carrier is back", name: str = "Dana") -> Again:
    return Again.model_validate({"session_id": seeded.sessions[name], "effect_id": effect_id, "reason": reason})


def status(db: Db, effect_id: str) -> tuple[str, int]:
    row = db.execute("select status, attempts from outbox where effect_id = %s", (effect_id,)).fetchone()
    assert row
    return row["status"], row["attempts"]


async def test_it_is_delivered_and_the_signature_stands_on_the_chain(
    desk: Desk, db: Db, sealer: Sealer, clock: FixedClock, seeded: Seeded, failed: str
) -> None:
    sent = await desk.send_again(MIA, again(seeded, failed))
    assert isinstance(sent, Sent) and sent.kind == "message"
    assert status(db, failed) == ("queued", 0)
    job = db.execute("select args from procrastinate_jobs where args::text like %s", (f"%{failed}%",)).fetchone()
    assert job and job["args"]["effect_ids"] == [failed]
    chain, broken = await desk.audit(seeded.sessions["Dana"])
    last = chain[-1]
    assert broken is None and last["hash"] == sent.audit_hash
    assert (last["actor"], last["action"]) == ("operator:idp|mia", "sent_again")
    signed = last["opened"]["payload"]
    assert (signed["reason"], signed["failed_with"]) == ("The carrier is back", "The carrier is busy.")
    deliverer = Deliverer(desk.pool, sealer, clock, local_tools(sealer))
    assert (await deliverer.deliver(failed)).status == "delivered"


@pytest.mark.parametrize(
    ("who", "reason", "name", "guard"),
    [(VISITOR, "why not", "Dana", "role"), (MIA, "  ", "Dana", "reason"), (MIA, "mistaken", "Rolf", "still_failed")],
    ids=["without a role", "without a reason", "of another session"],
)
async def test_a_refusal_changes_nothing(
    desk: Desk, db: Db, seeded: Seeded, failed: str, who: Operator, reason: str, name: str, guard: str
) -> None:
    rows = db.execute("select count(*) as n from audit").fetchone()
    refused = await desk.send_again(who, again(seeded, failed, reason, name))
    assert isinstance(refused, Refused) and refused.guard == guard
    assert status(db, failed) == ("failed", 8)
    assert db.execute("select count(*) as n from audit").fetchone() == rows


async def test_of_two_clicks_one_counts(desk: Desk, db: Db, seeded: Seeded, failed: str) -> None:
    assert isinstance(await desk.send_again(MIA, again(seeded, failed)), Sent)
    late = await desk.send_again(MIA, again(seeded, failed))
    assert isinstance(late, Refused) and late.guard == "still_failed"
    count = db.execute("select count(*) as n from procrastinate_jobs where args::text like %s", (f"%{failed}%",))
    row = count.fetchone()
    assert row and row["n"] == 1


# ---- in the console
@pytest.mark.usefixtures("joined", "here")
def test_the_strip_says_what_failed_and_sends_it_again(db: Db, seeded: Seeded, failed: str) -> None:
    app = opened("sessions", s=seeded.sessions["Dana"])
    alert: dict[str, Any] = shown(app, "undelivered_why_0")
    assert "A text message was not delivered, tried 8 times until 16:00 UTC: The carrier is busy." in str(alert)
    app.button(key=f"again_{failed}").click().run()
    assert "Say why" in str(shown(app, "notice_again")) and status(db, failed) == ("failed", 8)
    app.text_input(key=f"again_reason_{failed}").set_value("The carrier is back").run()
    app.button(key=f"again_{failed}").click().run()
    assert "A text message is sent again, signed" in str(shown(app, "notice_again"))
    assert status(db, failed) == ("queued", 0)
    assert not [button for button in app.button if button.key == f"again_{failed}"]


@pytest.mark.usefixtures("joined", "here")
def test_the_list_shows_that_something_was_not_delivered(db: Db, seeded: Seeded, failed: str) -> None:
    rows: Any = shown(opened("sessions"), "roster")
    said = {row["buyer"]: row["attention"] for row in rows["rows"]}
    others = {seeded.sessions[name] for name in seeded.sessions if name != "Dana"}
    dana = next(row for row in rows["rows"] if row["id"] == seeded.sessions["Dana"])
    assert dana["attention"] in ("not delivered", "buyer waits for a decision"), said
    assert all(row["attention"] != "not delivered" for row in rows["rows"] if row["id"] in others)
