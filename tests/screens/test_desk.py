"""The door for people on a real database: what waits, who may decide, what that leaves behind, what is shown."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
import pytest

from domain.contact import Identity
from domain.errors import BadInput
from domain.pricing import Quote
from domain.refusal import Refused
from domain.stages import Channel
from graph.clock import FixedClock
from graph.desk import Decided, Desk, Operator, Verdict
from memory.sealing import Sealer
from tests.screens.conftest import NOW, Db
from tests.screens.seed import Seeded, price
from tests.screens.story import Story

MANAGER = Operator("idp|mia", "Mia Manager", frozenset({"sales_manager"}))
OTHER = Operator("idp|max", "Max Manager", frozenset({"sales_manager"}))
DIRECTOR = Operator("idp|dora", "Dora Director", frozenset({"sales_director"}))
EVERYBODY = Operator("local:root", "Local operator", frozenset({"sales_manager", "sales_director", "legal"}))
LAWYER = Operator("idp|lea", "Lea Legal", frozenset({"legal"}))


def verdict(seeded: Seeded, name: str, role: str, approve: bool = True, version: int = 1, **more: Any) -> Verdict:
    return Verdict(approval_id=f"{seeded.proposals[name]}:{role}", version=version, approve=approve, **more)


def row(db: Db, query: LiteralString, *values: Any) -> dict[str, Any]:
    found = db.execute(query, values).fetchone()
    assert found is not None
    return found


# ---- the queue
async def test_a_buyer_on_the_line_comes_before_one_with_less_time(desk: Desk, seeded: Seeded) -> None:
    queue = await desk.queue(EVERYBODY)
    assert [item["number"] for item in queue.items] == [seeded.numbers[n] for n in ("Priya", "Dana", "Rolf")]
    assert [item["waiting"].value for item in queue.items] == ["on_line", "in_chat", "away"]


async def test_a_request_that_ran_out_sinks_and_is_no_longer_counted(
    desk: Desk, clock: FixedClock, seeded: Seeded
) -> None:
    clock.advance(timedelta(minutes=31))
    queue = await desk.queue(EVERYBODY)
    assert queue.items[-1]["number"] == seeded.numbers["Dana"] and queue.items[-1]["late"]
    assert seeded.numbers["Dana"] not in await desk.open_numbers()


# ---- the preview of an edit
async def test_an_edit_changes_price_value_margin_and_the_spoken_line_together(desk: Desk, seeded: Seeded) -> None:
    review = await desk.review(seeded.numbers["Dana"], Decimal(12))
    assert review is not None and review.seen.quote is not None
    quote = review.seen.quote
    assert (quote.amount, quote.contract_value) == (Decimal("2101.44"), Decimal("2101.44"))
    assert quote.margin_pct == Decimal("60.03")
    assert "12 percent" in review.seen.spoken and "2,101.44" in review.seen.spoken
    assert review.seen.open and review.before is not None and review.before.amount == Decimal("2388.00")


@pytest.mark.parametrize(
    ("name", "percent", "guard", "says"),
    [
        ("Dana", "22", "rule_A2", "sales director"),  # another rung of the ladder, nobody of it was asked
        ("Dana", "40", "director_max_pct", "35 %"),  # above the ladder
        ("Rolf", "35", "margin_floor", "below the floor of 30 %"),
        ("Priya", "5", "edit", "no price that could be changed"),  # the buyer has acknowledged that price
    ],
)
async def test_the_button_stays_shut_with_a_reason(
    desk: Desk, seeded: Seeded, name: str, percent: str, guard: str, says: str
) -> None:
    review = await desk.review(seeded.numbers[name], Decimal(percent))
    assert review is not None and review.seen.refused is not None
    assert (review.seen.refused.guard, says in review.seen.refused.why) == (guard, True)


async def test_a_director_may_grant_what_a_manager_may(desk: Desk, seeded: Seeded) -> None:
    review = await desk.review(seeded.numbers["Rolf"], Decimal(15))
    assert review is not None and review.seen.open and review.seen.rules == ("A1",)


# ---- deciding
async def test_an_approval_is_signed_chained_and_wakes_the_session(
    desk: Desk, seeded: Seeded, db: Db, sealer: Sealer
) -> None:
    decided = await desk.decide(MANAGER, verdict(seeded, "Dana", "sales_manager", reason="good customer"))
    assert isinstance(decided, Decided) and decided.proposal_status == "approved" and decided.waits_for == ()
    proposal = row(db, "select * from proposals where proposal_id = %s", seeded.proposals["Dana"])
    assert (proposal["status"], proposal["decided_at"]) == ("approved", NOW)
    assert proposal["executable_until"] == NOW + timedelta(seconds=900)
    approval_id = f"{seeded.proposals['Dana']}:sales_manager"
    approval = row(db, "select * from approvals where approval_id = %s", approval_id)
    assert (approval["decided_by"], approval["decided_name"], approval["reason"], approval["version"]) == (
        "idp|mia",
        "Mia Manager",
        "good customer",
        2,
    )
    event = row(db, "select * from inbox where turn_id = %s", f"decision:{approval_id}")
    assert (event["kind"], event["status"], str(event["session_id"])) == ("decision", "new", seeded.sessions["Dana"])
    assert sealer.open(event["sealed"]) == {"proposal_id": seeded.proposals["Dana"], "approval_id": approval_id}
    chain, broken = await desk.audit(seeded.sessions["Dana"])
    last = chain[-1]
    assert broken is None and last["hash"] == decided.audit_hash and last["actor"] == "operator:idp|mia"
    assert last["opened"]["payload"]["reason"] == "good customer"


async def test_an_edit_replaces_draft_and_hashes_before_it_is_signed(desk: Desk, seeded: Seeded, db: Db) -> None:
    before = row(db, "select * from proposals where proposal_id = %s", seeded.proposals["Dana"])
    decided = await desk.decide(MANAGER, verdict(seeded, "Dana", "sales_manager", discount_pct=Decimal(12)))
    assert isinstance(decided, Decided) and decided.changed["discount_pct"] == ("15", "12")
    after = row(db, "select * from proposals where proposal_id = %s", seeded.proposals["Dana"])
    draft = Quote.from_json(after["body"]["draft"])  # refuses a draft whose hash does not fit
    assert (draft.amount, draft.discount_pct, draft.version) == (Decimal("2101.44"), Decimal(12), 2)
    assert after["quote_hash"] == draft.quote_hash != before["quote_hash"]
    assert after["proposal_hash"] != before["proposal_hash"] and after["body"]["args"]["discount_pct"] == "12"
    edit = row(db, "select edit from approvals where proposal_id = %s", seeded.proposals["Dana"])["edit"]
    assert edit["discount_pct"] == {"before": "15", "after": "12"}


@pytest.mark.parametrize("percent", ["22", "40"])
async def test_a_forbidden_edit_is_refused_at_the_desk_too(desk: Desk, seeded: Seeded, db: Db, percent: str) -> None:
    """The browser's shut button is a hint; this is the lock."""
    result = await desk.decide(MANAGER, verdict(seeded, "Dana", "sales_manager", discount_pct=Decimal(percent)))
    assert isinstance(result, Refused)
    found = row(
        db,
        "select p.status, p.quote_hash, a.version from proposals p join approvals a using (proposal_id)"
        " where p.proposal_id = %s",
        seeded.proposals["Dana"],
    )
    assert (found["status"], found["version"]) == ("open", 1)
    assert found["quote_hash"] == price("team", 12, "15", 2, NOW).quote_hash


async def test_the_second_of_two_operators_is_told_who_was_first(desk: Desk, clock: FixedClock, seeded: Seeded) -> None:
    assert isinstance(await desk.decide(MANAGER, verdict(seeded, "Dana", "sales_manager")), Decided)
    clock.advance(timedelta(seconds=3))
    late = await desk.decide(OTHER, verdict(seeded, "Dana", "sales_manager", approve=False, reason="no"))
    assert late == Refused("already_decided", "Already approved by Mia Manager, 3 s ago.")


async def test_two_clicks_in_the_same_moment_make_one_decision(desk: Desk, seeded: Seeded, db: Db) -> None:
    results = await asyncio.gather(
        *(desk.decide(who, verdict(seeded, "Dana", "sales_manager")) for who in (MANAGER, OTHER) * 4)
    )
    assert [type(result) for result in results].count(Decided) == 1
    count = row(db, "select count(*) as n from audit where action = 'approval_decided'")
    assert count["n"] == 1 and (await desk.audit(seeded.sessions["Dana"]))[1] is None


async def test_a_version_that_was_not_on_the_screen_is_refused(desk: Desk, seeded: Seeded) -> None:
    result = await desk.decide(MANAGER, verdict(seeded, "Dana", "sales_manager", version=7))
    assert isinstance(result, Refused) and result.guard == "changed"


async def test_a_click_after_the_deadline_expires_the_request_and_wakes_the_session(
    desk: Desk, clock: FixedClock, seeded: Seeded, db: Db
) -> None:
    clock.advance(timedelta(minutes=30, seconds=1))
    result = await desk.decide(MANAGER, verdict(seeded, "Dana", "sales_manager"))
    assert isinstance(result, Refused) and result.guard == "expired"
    found = row(
        db,
        "select p.status, a.status as row, a.decided_by from proposals p join approvals a using (proposal_id)"
        " where p.proposal_id = %s",
        seeded.proposals["Dana"],
    )
    assert (found["status"], found["row"], found["decided_by"]) == ("expired", "expired", None)
    assert row(db, "select count(*) as n from inbox where kind = 'decision'")["n"] == 1
    chain, broken = await desk.audit(seeded.sessions["Dana"])
    assert chain[-1]["action"] == "approval_refused_late" and broken is None


async def test_a_role_one_does_not_hold_decides_nothing(desk: Desk, seeded: Seeded) -> None:
    result = await desk.decide(LAWYER, verdict(seeded, "Dana", "sales_manager"))
    assert isinstance(result, Refused) and result.guard == "role" and "sales manager" in result.why


async def test_a_rejection_needs_a_reason_and_denies_for_all_roles(desk: Desk, seeded: Seeded, db: Db) -> None:
    silent = await desk.decide(MANAGER, verdict(seeded, "Priya", "sales_manager", approve=False, reason="  "))
    assert isinstance(silent, Refused) and silent.guard == "reason"
    denied = await desk.decide(MANAGER, verdict(seeded, "Priya", "sales_manager", approve=False, reason="too big"))
    assert isinstance(denied, Decided) and denied.proposal_status == "denied"
    rows = db.execute(
        "select role, status from approvals where proposal_id = %s", (seeded.proposals["Priya"],)
    ).fetchall()
    assert {r["role"]: r["status"] for r in rows} == {"sales_manager": "denied", "sales_director": "withdrawn"}


async def test_all_roles_must_approve_before_anybody_is_woken(desk: Desk, seeded: Seeded, db: Db) -> None:
    first = await desk.decide(MANAGER, verdict(seeded, "Priya", "sales_manager"))
    assert isinstance(first, Decided) and (first.proposal_status, first.waits_for) == ("open", ("sales_director",))
    assert row(db, "select count(*) as n from inbox where kind = 'decision'")["n"] == 0
    second = await desk.decide(DIRECTOR, verdict(seeded, "Priya", "sales_director"))
    assert isinstance(second, Decided) and second.proposal_status == "approved"
    assert row(db, "select count(*) as n from inbox where kind = 'decision'")["n"] == 1


async def test_nobody_edits_what_somebody_else_has_signed(desk: Desk, seeded: Seeded, db: Db) -> None:
    db.execute(
        "insert into approvals (approval_id, proposal_id, role) values (%s, %s, 'legal')",
        (f"{seeded.proposals['Dana']}:legal", seeded.proposals["Dana"]),
    )
    assert isinstance(await desk.decide(LAWYER, verdict(seeded, "Dana", "legal")), Decided)
    result = await desk.decide(MANAGER, verdict(seeded, "Dana", "sales_manager", discount_pct=Decimal(12)))
    assert isinstance(result, Refused) and result.guard == "signed_before" and "Lea Legal" in result.why


async def test_who_leads_the_conversation_does_not_approve_in_it(desk: Desk, seeded: Seeded, db: Db) -> None:
    db.execute("update sessions set owner = 'human:idp|mia' where session_id = %s", (seeded.sessions["Dana"],))
    result = await desk.decide(MANAGER, verdict(seeded, "Dana", "sales_manager"))
    assert isinstance(result, Refused) and result.guard == "self_approval"
    assert isinstance(await desk.decide(OTHER, verdict(seeded, "Dana", "sales_manager")), Decided)


def large_order(db: psycopg.Connection[Any], sealer: Sealer) -> str:
    """An annual order above the four-eyes value, waiting for the director alone."""
    story = Story(db, sealer, phone="+15125550188", opened=NOW - timedelta(minutes=2))
    story.turn("yes", "CLOSE.compliance", 0.9)
    quote = price("team", 90, "0", 1, NOW, term="annual")
    assert quote.contract_value > 100_000
    uses = ("contract.send", "payment.link")
    return story.propose(quote, ("A3",), ("sales_director",), uses, NOW + timedelta(minutes=15), title="value")


async def test_a_large_order_needs_two_people_and_not_one_twice(desk: Desk, sealer: Sealer, db: Db) -> None:
    proposal_id = large_order(db, sealer)
    first = await desk.decide(DIRECTOR, Verdict(approval_id=f"{proposal_id}:sales_director", version=1, approve=True))
    assert isinstance(first, Decided) and first.proposal_status == "open"
    second = Verdict(approval_id=f"{proposal_id}:sales_director:second", version=1, approve=True)
    again = await desk.decide(DIRECTOR, second)
    assert isinstance(again, Refused) and again.guard == "four_eyes"
    done = await desk.decide(EVERYBODY, second)
    assert isinstance(done, Decided) and done.proposal_status == "approved"


async def test_an_approver_decides_the_five_most_urgent_first(desk: Desk, sealer: Sealer, db: Db) -> None:
    made: list[str] = []
    for number in range(6):
        story = Story(db, sealer, phone=f"+1512555019{number}", opened=NOW - timedelta(hours=2))
        story.turn("15 off", "CLOSE.price", 0.8)
        deadline = NOW + timedelta(minutes=50 + number)
        made.append(story.propose(price("team", 12, "15", 1, NOW), ("A1",), ("legal",), ("discount.apply",), deadline))
    queue = await desk.queue(LAWYER)
    assert queue.beyond == frozenset({made[5]})
    late = await desk.decide(LAWYER, Verdict(approval_id=f"{made[5]}:legal", version=1, approve=True))
    assert isinstance(late, Refused) and late.guard == "max_open_per_approver"
    assert isinstance(
        await desk.decide(LAWYER, Verdict(approval_id=f"{made[0]}:legal", version=1, approve=True)), Decided
    )
    assert isinstance(
        await desk.decide(LAWYER, Verdict(approval_id=f"{made[5]}:legal", version=1, approve=True)), Decided
    )


# ---- the buyer's side
async def test_words_become_one_event_of_one_session(desk: Desk, sealer: Sealer, db: Db, seeded: Seeded) -> None:
    buyer = Identity("phone", "+15125550199")
    assert await desk.session_of(buyer) is None
    first = await desk.say(buyer, None, "turn-0")
    same = await desk.say(buyer, "hello", "turn-1", Channel.CHAT, seen="line-7")
    assert await desk.say(buyer, "hello", "turn-1") == first == same == await desk.session_of(buyer)
    events = db.execute(
        "select kind, channel, sealed from inbox where session_id = %s order by seq", (first,)
    ).fetchall()
    assert [(e["kind"], e["channel"]) for e in events] == [("arrived", "chat"), ("words", "chat")]
    assert sealer.open(events[1]["sealed"]) == {"text": "hello", "seen_through": "line-7"}
    assert row(db, "select label from sessions where session_id = %s", first)["label"] == "talk"
    with pytest.raises(BadInput):
        await desk.say(buyer, "   ", "turn-2")


async def test_words_are_announced_to_runner_and_pages(desk: Desk, seeded_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(seeded_dsn, autocommit=True) as listener:
        await listener.execute("listen throughline_inbox")
        await listener.execute("listen throughline_change")
        session_id = await desk.say(Identity("phone", "+15125550199"), "hello", "turn-1")
        heard = {notice.channel: notice.payload async for notice in listener.notifies(timeout=5, stop_after=2)}
    assert heard == {"throughline_inbox": session_id, "throughline_change": f'{{"session": "{session_id}"}}'}


async def test_lines_on_the_screen_count_as_heard_once(desk: Desk, seeded: Seeded, db: Db) -> None:
    session = await desk.session(seeded.sessions["Dana"])
    assert session is not None and len(session.unshown) == 1
    await desk.delivered(seeded.sessions["Dana"], session.unshown)
    await desk.delivered(seeded.sessions["Dana"], session.unshown)
    line = row(db, "select status, heard_at from speech where speech_id = %s", session.unshown[0])
    assert (line["status"], line["heard_at"]) == ("heard", NOW)
    assert row(db, "select count(*) as n from inbox where kind = 'delivered'")["n"] == 1


async def test_changes_reach_whoever_listens(desk: Desk, seeded: Seeded) -> None:
    async def first() -> str:
        async for session_id in desk.changes():
            return session_id
        raise AssertionError

    waiting = asyncio.create_task(first())
    for _ in range(50):  # the announcement is only heard by who listens already
        await asyncio.sleep(0.05)
        await desk.delivered(seeded.sessions["Dana"], ["none"])
        if waiting.done():
            break
    assert await waiting == seeded.sessions["Dana"]


# ---- looking
async def test_text_of_a_call_that_declined_recording_stays_shut(desk: Desk, seeded: Seeded) -> None:
    session = await desk.session(seeded.sessions["Marta"])
    assert session is not None
    spoken = [entry for entry in session.thread() if entry["kind"] in ("buyer", "agent")]
    assert spoken and all(entry["hidden"] and entry["text"] is None for entry in spoken)
    facts = {fact["key"]: fact for fact in session.facts()}
    assert facts["contact.name"]["value"] == "Marta Vidal" and facts["need"]["quote"] is None
    listed = next(row for row in await desk.sessions() if str(row["session_id"]) == seeded.sessions["Marta"])
    assert listed["last_words"] is None


async def test_a_session_is_seen_as_it_was(desk: Desk, seeded: Seeded) -> None:
    session = await desk.session(seeded.sessions["Tom"])
    assert session is not None

    def quantity(upto: int | None) -> list[tuple[int, bool]]:
        return [(fact["value"], fact["in_force"]) for fact in session.facts(upto) if fact["key"] == "quantity"]

    assert quantity(None) == [(10, True), (12, False)] and quantity(5) == [(12, True)] and quantity(2) == []
    assert "quote.create" in session.scopes(5) and "quote.create" not in session.scopes(None)
    assert [entry["turn"] for entry in session.thread(3)][-1] == 3
    assert [point["turn"] for point in session.points(4)] == [1, 2, 3, 4]
    assert [part["stage"] for part in session.ribbon(None)] == ["BOOK", "CLOSE", "BOOK"]


async def test_silence_fades_the_score_and_never_lifts_it(desk: Desk, seeded: Seeded) -> None:
    session = await desk.session(seeded.sessions["Tom"])
    assert session is not None
    parked = session.points()[5]
    faded = [score for _, score in session.fading(parked, 4 * 3600)]
    assert faded == sorted(faded, reverse=True) and faded[0] <= parked["score"] and faded[-1] < faded[0] - 0.05


async def test_a_changed_payload_breaks_the_chain_where_it_was_changed(
    desk: Desk, seeded: Seeded, db: Db, sealer: Sealer
) -> None:
    session_id = seeded.sessions["Hugo"]
    assert (await desk.audit(session_id))[1] is None
    db.execute(
        "update audit set sealed = %s where session_id = %s and seq = 3",
        (sealer.seal({"salt": "salt", "payload": {"row": "T99"}}), session_id),
    )
    broken = (await desk.audit(session_id))[1]
    assert broken is not None and broken.seq == 3 and "payload" in broken.why
    db.execute("update audit set sealed = null where session_id = %s and seq = 3", (session_id,))
    assert (await desk.audit(session_id))[1] is None  # erased leaves the chain whole
    db.execute("delete from audit where session_id = %s and seq = 4", (session_id,))
    gone = (await desk.audit(session_id))[1]
    assert gone is not None and gone.seq == 5 and "missing" in gone.why


async def test_health_tells_a_running_runner_from_one_that_fell_silent(desk: Desk, seeded: Seeded, db: Db) -> None:
    assert not (await desk.health()).runner_up
    db.execute("insert into heartbeats (process, kind) values ('api:here:1', 'api')")
    health = await desk.health()
    assert health.runner_up and health.open_proposals == 3 and health.policy_label == "local"
    db.execute("update heartbeats set beat_at = now() - interval '1 minute'")
    assert not (await desk.health()).runner_up


async def test_an_address_that_is_no_session_is_nothing(desk: Desk, seeded: Seeded) -> None:
    assert await desk.session("../../etc/passwd") is None
    assert await desk.session("5f0c2d9e-3a53-4f5d-9f55-0f0f0f0f0f0f") is None
    assert await desk.review(999_999) is None
