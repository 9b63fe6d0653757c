"""When a meeting may be offered, booked, moved and kept, and when not."""

from tests.builders import NOW, a_fact, ago, ahead, an_answer
from tests.situations.case import Case

_APPOINTMENT = {"deal": {"appointment": {"starts": ahead(days=1), "seat": "human-2"}}}

CASES = (
    Case(
        "need_captured",
        holds=[{"facts": a_fact("need", "missed calls", "claimed")}, {"facts": a_fact("need", "missed calls")}],
        fails=[
            {"facts": {"need": None}},
            {"facts": {"need": {"speaker": "third_party"}}},
            {"facts": {"need": {"status": "withdrawn"}}},
        ],
    ),
    Case(
        "slot_read_back_confirmed",
        holds=[{"work": an_answer("slot_readback")}],
        fails=[
            {"work": {"answer_to": {"answer": "neither"}}},
            {"work": an_answer("slot")},
            {"work": {"answer_to": None}},
        ],
    ),
    Case(
        "hold_still_valid",
        holds=[{"deal": {"hold": {"until": ahead(seconds=1)}}}],
        fails=[{"deal": {"hold": {"until": NOW.isoformat()}}}, {"deal": {"hold": None}}],
    ),
    Case(
        "contact_confirmed",
        holds=[
            {"facts": {**a_fact("contact.name", "Sam"), **a_fact("contact.phone", "+15125550101")}},
            {"facts": {**a_fact("contact.name", "Sam"), **a_fact("contact.email", "sam@example.com")}},
        ],
        fails=[
            {"facts": {"contact.name": {"status": "claimed"}}},
            {"facts": {"contact.name": None}},
            {"facts": {"contact.phone": {"status": "claimed"}}},
            {"facts": {"contact.phone": None}},
        ],
    ),
    Case(
        "tz_confirmed",
        holds=[{"facts": a_fact("zone", "America/New_York")}],
        fails=[{"facts": {"zone": {"status": "claimed"}}}, {"facts": {"zone": None}}],
    ),
    Case(
        "same_contact",
        holds=[_APPOINTMENT],
        fails=[{"data": {"speaker": "third_party"}}, {"deal": {"appointment": None}}],
    ),
    Case(
        "meant_the_meeting_confirmed",
        holds=[{"work": an_answer("cancel_meeting_confirm")}],
        fails=[{"work": an_answer("cancel_meeting_confirm", "no")}, {"work": an_answer("anything_else")}],
    ),
    Case(
        "seat_reserved_for_slot",
        holds=[_APPOINTMENT],
        fails=[{"deal": {"appointment": {"seat": None}}}, {"deal": {"appointment": None}}],
    ),
    Case(
        "rescored",
        holds=[{"work": {"scored_at": NOW.isoformat()}}],
        fails=[{"work": {"scored_at": ago(seconds=1)}}, {"work": {"scored_at": None}}],
    ),
)
