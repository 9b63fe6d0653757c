"""When a price, a checklist, a commitment and its money count, and when not."""

from typing import Any

from domain.stages import Step
from tests.builders import NOW, OPEN, SHUT, a_fact, a_policy, a_quote, ago, ahead, an_answer, heard
from tests.situations.case import Case

QUOTE = a_quote()
HASH = QUOTE["quote_hash"]
_ON_TABLE = {"deal": {"quote": QUOTE}}
_SCOPED = {"deal": {"quote": QUOTE, "scope": {"hash": QUOTE["scope_hash"]}}}
_PRICE_SAID = {
    "deal": {"quote": QUOTE, "price_said": {"speech_id": "s1", "quote_hash": HASH}},
    "situation": heard("s1"),
}
_TERMS_SAID = {
    "deal": {"quote": QUOTE, "terms_said": {"speech_id": "s2", "quote_hash": HASH}},
    "situation": heard("s2"),
}
_DECIDES = {"facts": a_fact("authority", True)}
_ORDER = {"quote_hash": HASH, "attempt": 1, "open": True, "signed": True, "signed_quote_hash": HASH,
          "paid_amount": "2388.00"}  # fmt: skip
_ORDERED = {"deal": {"quote": QUOTE, "order": _ORDER}}


def approved(rule: str, **changes: Any) -> dict[str, Any]:
    """An approval that was given for the quote on the table."""
    entry = {"proposal_id": "p1", "rules": [rule], "uses": [], "quote_hash": HASH, "until": ahead(minutes=15)}
    return {"authority": {"approved": {"list": [{**entry, **changes}]}}}


CASES = (
    Case(
        "scope_read_back_confirmed",
        holds=[{"work": an_answer("scope_readback")}, {"work": {"scope_confirmed_before": True}}],
        fails=[{"work": an_answer("scope_readback", "no")}, {"work": an_answer("price_readback")}],
    ),
    Case(
        "quote_generated_from_scope_hash",
        holds=[_SCOPED, {"deal": {"scope": {"hash": "h"}}, "work": {"draft": {"scope_hash": "h"}}}],
        fails=[{"deal": {"scope": {"hash": "of 13 seats"}}}, {"deal": {"quote": None}}],
    ),
    Case(
        "amount_currency_term_recurrence_said",
        holds=[_PRICE_SAID],
        fails=[
            {"situation": heard("s1", status="partly")},
            {"deal": {"price_said": {"quote_hash": "of Q0"}}},
            {"deal": {"price_said": None}},
        ],
    ),
    Case(
        "ack_refers_to_current_quote_version",
        holds=[{**_ON_TABLE, "work": an_answer("price_readback", quote_hash=HASH)}],
        fails=[
            {"work": an_answer("price_readback", quote_hash="of Q0")},
            {"work": an_answer("price_readback", "neither", HASH)},
            {"deal": {"quote": None}, "work": an_answer("price_readback")},
        ],
    ),
    Case(
        "discount_within_limit_or_approved",
        holds=[
            _ON_TABLE,
            {"deal": {"quote": a_quote("10")}},
            {"deal": {"quote": a_quote("12", proposal_id="p1")}},
            {"deal": {"quote": a_quote("12", issued_in_writing=True)}},
        ],
        fails=[
            {"deal": {"quote": {"discount_pct": "10.01"}}},
            {"deal": {"quote": a_quote("12", issued_in_writing=True)}, "policy": a_policy(emergency=True)},
        ],
    ),
    Case(
        "region_checklist_true",
        holds=[{"work": {"checklist_missing": []}}],
        fails=[{"work": {"checklist_missing": missing}} for missing in (["written_contract"], None)],
    ),
    Case(
        "authority_confirmed",
        holds=[_DECIDES, {"facts": a_fact("authority", True, at=ago(days=90))}],
        fails=[
            {"facts": {"authority": {"status": "claimed"}}},
            {"facts": {"authority": {"status": "contradicted"}}},
            {"facts": {"authority": {"value": False}}},
            {"facts": {"authority": {"speaker": "third_party"}}},
            {"facts": {"authority": {"at": ago(days=90, seconds=1)}}},
            {"facts": {"authority": None}},
        ],
    ),
    Case(
        "refund_and_restrictions_disclosed",
        holds=[_TERMS_SAID],
        fails=[
            {"deal": {"terms_said": {"quote_hash": "of Q0"}}},
            {"situation": heard("s2", status="unheard")},
            {"deal": {"terms_said": None}},
        ],
    ),
    Case(
        "gate_commit_open",
        holds=[{"intent": {"gates": {"commit": OPEN}}}],
        fails=[{"intent": {"gates": {"commit": SHUT, "close": OPEN}}}],
    ),
    Case("structural_ge_1.2", holds=[{"intent": {"structural": 1.2}}], fails=[{"intent": {"structural": 1.19}}]),
    Case(
        "confidence_ge_0.80",
        holds=[
            {**_ON_TABLE, "intent": {"confidence": 0.8}},
            {**_ON_TABLE, "intent": {"confidence": 0.5}, **approved("A6")},
        ],
        fails=[
            {"intent": {"confidence": 0.799}},
            {"intent": {"confidence": 0.5}, **approved("A3")},
            {"intent": {"confidence": 0.5}, **approved("A6", quote_hash="of Q0")},
            {"intent": {"confidence": 0.5}, **approved("A6", until=NOW.isoformat())},
        ],
    ),
    Case(
        "no_open_blocking_objection",
        holds=[
            {},
            {"facts": a_fact("objection.timing", "timing", "open")},
            {"facts": a_fact("objection.price", "price", "met")},
        ],
        fails=[
            {"facts": a_fact(f"objection.{kind}", kind, "open")} for kind in ("price", "scope", "authority", "terms")
        ],
    ),
    Case(
        "value_le_limit_or_a3",
        holds=[
            {"deal": {"quote": {**QUOTE, "contract_value": "24999.99"}}},
            {"deal": {"quote": {**QUOTE, "contract_value": "30000.00"}}, **approved("A3")},
        ],
        fails=[
            {"deal": {"quote": {"contract_value": "25000.00"}}},
            {"deal": {"quote": {"contract_value": "30000.00"}}, **approved("A6")},
            {"deal": {"quote": {"contract_value": "30000.00"}}, **approved("A3", quote_hash="of Q0")},
            {"deal": {"quote": None}},
        ],
    ),
    Case(
        "direct_yes_to_direct_question",
        holds=[{**_ON_TABLE, "work": an_answer("commit", quote_hash=HASH)}],
        fails=[
            {"reading": {"also_asks": True}},
            {"reading": {"conditional": True}},
            {"work": an_answer("commit", quote_hash="of Q0")},
            {"work": an_answer("commit", "neither", HASH)},
            {"work": an_answer("anything_else", quote_hash=HASH)},
        ],
    ),
    Case(
        "same_speaker_as_authority",
        holds=[_DECIDES],
        fails=[
            {"data": {"speaker": "third_party"}},
            {"facts": {"authority": {"status": "contradicted"}}},
            {"facts": {"authority": None}},
        ],
    ),
    Case(
        "idempotency_key_unused",
        holds=[
            _ON_TABLE,
            {"deal": {"quote": QUOTE, "order": {**_ORDER, "open": False}}},
            {"deal": {"quote": QUOTE, "order": {**_ORDER, "quote_hash": "of Q0", "attempt": 2}}},
        ],
        fails=[{"deal": {"order": _ORDER}}, {"deal": {"order": {**_ORDER, "open": False, "attempt": 2}}}],
    ),
    Case(
        "envelope_hash_matches_quote",
        holds=[_ORDERED],
        fails=[{"deal": {"order": {"signed_quote_hash": "of Q0"}}}, {"deal": {"order": {"signed": False}}}],
    ),
    Case(
        "payment_status_ok",
        holds=[_ORDERED, {"deal": {"quote": QUOTE, "order": {**_ORDER, "paid_amount": "2388"}}}],
        fails=[{"deal": {"order": {"paid_amount": "2387.99"}}}, {"deal": {"order": {"paid_amount": None}}}],
    ),
    Case(
        "retries_lt_2",
        holds=[_ORDERED, {}],
        fails=[{"deal": {"order": {"attempt": 2}}}],
    ),
    Case(
        "quote_still_valid",
        holds=[{"deal": {"quote": {**QUOTE, "valid_until": ahead(seconds=1)}}}],
        fails=[{"deal": {"quote": {"valid_until": NOW.isoformat()}}}, {"deal": {"quote": None}}],
    ),
    Case(
        "within_cooling_off_or_approved",
        holds=[
            {"step": Step.WON, "place": {"won_at": ago(days=3)}, "work": {"cooling_off_days": 3}},
            {"step": Step.WON, **_ON_TABLE, **approved("A8")},
        ],
        fails=[
            {"place": {"won_at": ago(days=3, seconds=1)}},
            {"work": {"cooling_off_days": None}},
            {"place": {"won_at": None}},
        ],
    ),
)
