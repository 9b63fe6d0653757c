"""When a row from anywhere may fire, and when not."""

from domain.events import EventKind
from domain.reading import Special
from domain.stages import Overlay, Step
from tests.builders import NOW, OPEN, SHUT, a_fact, a_quote, ago, ahead, heard
from tests.situations.case import Case

_QUOTE = a_quote()
_SETTLING = {
    "proposal_id": "p1", "status": "approved", "facts_used": ["authority"], "gate": "commit", "uses": ["contract.send"],
    "executable_until": ahead(minutes=15),
    "body": {"fact_ids": {"authority": "fact:authority"}, "quote_before": _QUOTE["quote_hash"]},
}  # fmt: skip
_APPROVED = {
    "work": {"settling": _SETTLING, "policy_forbids": "", "void": ""},
    "facts": a_fact("authority", True),
    "deal": {"quote": _QUOTE},
    "intent": {"gates": {"commit": OPEN}},
}
_PARKED = {"step": Step.PRICE, "overlay": Overlay.PARKED}
_VERIFIED = {"place": {"identity": {"kind": "phone", "verified": True}}}
_WEAK = {"place": {"identity": {"verified": False}}}

CASES = (
    Case(
        "not_a_revocation",
        holds=[{}, {"reading": {"specials": frozenset({Special.ANGRY})}}],
        fails=[{"reading": {"specials": frozenset({Special.ANGRY, Special.OPT_OUT})}}],
    ),
    Case(
        "proposal_hash_stored",
        holds=[{"work": {"proposal": {"proposal_hash": "h", "roles": ["sales_manager"], "rules": ["A1"]}}}],
        fails=[{"work": {"proposal": {"roles": []}}}, {"work": {"proposal": {"proposal_hash": None}}}],
    ),
    Case(
        "revalidate_policy_facts_gate_quote",
        holds=[
            _APPROVED,
            {**_APPROVED, "score": 0.1},  # the score alone voids nothing
            {"work": {"settling": {**_SETTLING, "status": "denied"}}},
            {"work": {"settling": {**_SETTLING, "status": "expired", "executable_until": ago(minutes=1)}}},
        ],
        fails=[
            {"facts": {"authority": {"fact_id": "written later"}}},
            {"facts": {"authority": {"status": "contradicted"}}},
            {"facts": {"authority": None}},
            {"deal": {"quote": {"quote_hash": "of Q2"}}},
            {"intent": {"gates": {"commit": SHUT}}},
            {"work": {"policy_forbids": "35 percent is the most"}},
            {"work": {"settling": {"executable_until": ago(seconds=1)}}},
            {"work": {"settling": {"executable_until": "2026-11-24T16:59:59+02:00"}}},
        ],
    ),
    Case(
        "identity_match",
        holds=[{**_PARKED, **_VERIFIED}, {**_PARKED, **_WEAK, "kind": EventKind.OPERATOR}],
        fails=[_WEAK, {"place": {"identity": None}}],
    ),
    Case(
        "rescore_decay",
        holds=[{**_PARKED, "work": {"scored_at": NOW.isoformat()}}],
        fails=[{"work": {"scored_at": ago(hours=4)}}],
    ),
    Case(
        "policy_current",
        holds=[_PARKED],
        fails=[{"situation": {"policy_version": "2026-11-24.2"}}],
    ),
    Case(
        "disclose_ai_on_new_channel",
        holds=[
            {**_PARKED, "talk": {"disclosed": {"voice": {"speech_id": "s1"}}}, "situation": heard("s1")},
            {**_PARKED, "plan": ({"act": "disclose_ai_again", "disclosure_keys": ["ai", "company"]},)},
        ],
        fails=[
            {"talk": {"disclosed": {"voice": None, "sms": {"speech_id": "s1"}}}},
            {"situation": heard("s1", status="partly"), "plan": ({"act": "terms", "disclosure_keys": ["refund"]},)},
        ],
    ),
    Case("identity_verified", holds=[_VERIFIED], fails=[_WEAK, {"place": {"identity": None}}]),
    Case("no_legal_hold", holds=[{}], fails=[{"situation": {"legal_hold": True}}]),
)
