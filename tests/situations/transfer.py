"""When a buyer may be handed over, to whom, and when not."""

from tests.builders import NOW, OPEN, SHUT, a_fact, a_policy, a_quote, ago, ahead, an_answer
from tests.situations.case import Case

_LEVELS = {"calendar.write": "L3", "messaging.sms": "L2", "call.transfer": "L2", "quote.create": "L2",
           "discount.apply": "L2", "contract.send": "L1", "payment.link": "L1"}  # fmt: skip
MAY_CLOSE = a_policy(autonomy__levels=_LEVELS)
_CAPPED = a_policy(
    autonomy__levels=_LEVELS, autonomy__cells=[{"scope": "payment.link", "region": "US-TX", "level": "L0"}]
)
_TOO_LARGE = a_policy(autonomy__levels={**_LEVELS, "payment.link": "L0"},
                      autonomy__cells=[{"scope": "payment.link", "value_below": 2388, "level": "L2"}])  # fmt: skip
_COOLED = {"deal": {"cooldown": {"at": ago(seconds=600), "buyer_turns": 2}}, "talk": {"buyer_turns": 5}}
_CALLBACK = {"deal": {"callback": {"number_confirmed": True, "time_confirmed": True, "rank": 3, "at": ahead(hours=1)}}}
_TEXAS = {"place": {"region": "US-TX"}}


def closed_to_ai(*areas: str) -> dict[str, object]:
    return {"policy": a_policy(autonomy__levels=_LEVELS, compliance__blocked_outbound_ai=list(areas))}


CASES = (
    Case(
        "gate_transfer_open",
        holds=[{"intent": {"gates": {"transfer": OPEN}}}],
        fails=[{"intent": {"gates": {"transfer": SHUT, "close": OPEN}}}],
    ),
    Case(
        "confidence_ge_0.60",
        holds=[{"intent": {"confidence": 0.6}}],
        fails=[{"intent": {"confidence": 0.599}}],
    ),
    Case(
        "admission_not_nextday",
        holds=[{"work": {"admission": way}} for way in ("live", "line", "callback")],
        fails=[{"work": {"admission": way}} for way in ("next_day", "not looked up", "")],
    ),
    Case(
        "offer_cooldown_passed",
        holds=[
            _COOLED,
            {},
            {
                "deal": {"cooldown": {"at": ago(seconds=1), "buyer_turns": 5}},
                "work": {"asks_transfer": True},
                "talk": {"buyer_turns": 5},
            },
        ],
        fails=[{"deal": {"cooldown": {"at": ago(seconds=599)}}}, {"talk": {"buyer_turns": 4}}],
    ),
    Case(
        "explicit_yes",
        holds=[{"work": an_answer("transfer_offer")}, {"work": {"asks_transfer": True}}],
        fails=[{"work": an_answer("transfer_offer", "neither")}, {"work": an_answer("meeting_offer")}],
    ),
    Case(
        "gate_close_open",
        holds=[{"intent": {"gates": {"close": OPEN}, "confidence": 0.7}}],
        fails=[{"intent": {"gates": {"close": SHUT}}}, {"intent": {"confidence": 0.699}}],
    ),
    Case(
        "autonomy_close_ge_L1",
        holds=[{"policy": MAY_CLOSE, **_TEXAS}],
        fails=[
            {"policy": a_policy()},
            {"policy": _CAPPED},
            {"policy": _TOO_LARGE, "facts": a_fact("quantity", 12)},
        ],
    ),
    Case(
        "region_allows_ai_close",
        holds=[{"policy": MAY_CLOSE, **_TEXAS}, {**_TEXAS, **closed_to_ai("US-TX-without-consent", "US-CA-ai-close")}],
        fails=[{"place": {"region": None}}, closed_to_ai("US-TX-ai-close"), closed_to_ai("US-ai-close")],
    ),
    Case(
        "value_le_limit",
        holds=[
            {"facts": a_fact("quantity", 12)},
            {},
            {"deal": {"quote": a_quote(contract_value="24999.99")}, "facts": a_fact("quantity", 4000)},
        ],
        fails=[
            {"facts": a_fact("quantity", 140)},
            {"deal": {"quote": a_quote(contract_value="25000.00")}},
            {"deal": {"scope": {"product": "team", "quantity": 12, "term": "annual"}}},
        ],
    ),
    Case(
        "predicted_wait_le_45s",
        holds=[{"work": {"expected_wait_s": 45}}],
        fails=[{"work": {"expected_wait_s": 45.1}}, {"work": {"expected_wait_s": None}}],
    ),
    Case(
        "reservation_lease_valid",
        holds=[{"deal": {"transfer": {"lease": {"seat": "human-1", "until": ahead(seconds=1)}}}}],
        fails=[{"deal": {"transfer": {"lease": {"until": NOW.isoformat()}}}}, {"deal": {"transfer": {"lease": None}}}],
    ),
    Case(
        "context_packet_built",
        holds=[{"deal": {"transfer": {"packet_hash": "p1"}}}],
        fails=[{"deal": {"transfer": {"packet_hash": None}}}],
    ),
    Case(
        "amd_human",
        holds=[{"data": {"outcome": "accepted"}}],
        fails=[{"data": {"outcome": word}} for word in ("voicemail", "declined", None)],
    ),
    Case(
        "context_packet_acked",
        holds=[{"deal": {"transfer": {"packet_hash": "p1"}}, "data": {"packet_hash": "p1"}}],
        fails=[
            {"data": {"packet_hash": "p0"}},
            {"data": {"packet_hash": None}, "deal": {"transfer": {"packet_hash": None}}},
        ],
    ),
    Case("buyer_still_on_line", holds=[{"place": {"line": "up"}}], fails=[{"place": {"line": "down"}}]),
    Case(
        "transfer_attempts_lt_2",
        holds=[{"deal": {"transfer": {"tried": ["human-1"]}}}, {}],
        fails=[{"deal": {"transfer": {"tried": ["human-1", "human-2"]}}}],
    ),
    Case(
        "total_hold_le_45s",
        holds=[{"deal": {"transfer": {"accepted_at": ago(seconds=25)}}}],
        fails=[{"deal": {"transfer": {"accepted_at": ago(seconds=26)}}}],
    ),
    Case("number_confirmed", holds=[_CALLBACK], fails=[{"deal": {"callback": {"number_confirmed": False}}}]),
    Case("time_confirmed", holds=[_CALLBACK], fails=[{"deal": {"callback": {"time_confirmed": None}}}]),
    Case(
        "capacity_reserved",
        holds=[_CALLBACK, {"deal": {"callback": {"rank": 0}}}],
        fails=[{"deal": {"callback": {"rank": None}}}],
    ),
    Case(
        "human_wrapup_complete",
        holds=[{"data": {"outcome": "agreed", "wrapup": "12 seats, start in January"}}],
        fails=[{"data": {"wrapup": ""}}, {"data": {"outcome": None}}],
    ),
    Case("wrapup_complete", holds=[{"data": {"reason": "price"}}], fails=[{"data": {"reason": ""}}]),
    Case(
        "contract_reference",
        holds=[{"data": {"contract_reference": "C-17"}}],
        fails=[{"data": {"contract_reference": None}}],
    ),
)
