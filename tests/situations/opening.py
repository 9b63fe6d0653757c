"""When a call may go on from the greeting, and when not."""

from datetime import timedelta

from tests.builders import NOW, a_fact, ago, heard
from tests.situations.case import Case

_SAID = {"talk": {"disclosed": {"voice": {"speech_id": "s1", "heard": False}}}, "situation": heard("s1")}
_IN_TIME = {**_SAID, "place": {"call_at": ago(seconds=30)}}

CASES = (
    Case(
        "ai_identity_purpose_optout_played_to_end",
        holds=[
            _SAID,
            {"talk": {"disclosed": {"voice": {"speech_id": "s1", "heard": True}}}},
            {**_SAID, "situation": {}, "work": {"delivered": ["s1"]}},
        ],
        fails=[
            {"situation": heard("s1", status="partly")},
            {"situation": {"speech": {"s1": None}}},
            {"talk": {"disclosed": {"voice": None, "sms": {"speech_id": "s1", "heard": True}}}},
        ],
    ),
    Case(
        "within_30s",
        holds=[
            _IN_TIME,
            {
                **_IN_TIME,
                "place": {"call_at": ago(seconds=90)},
                "talk": {**_SAID["talk"], "counts": {"disclose_ai": 2}},
            },
            {"channel": "sms", "talk": {"disclosed": {"sms": {"speech_id": "s1"}}}},
        ],
        fails=[
            {"place": {"call_at": ago(seconds=31)}},
            {"situation": heard("s1", at=NOW + timedelta(seconds=1))},
            {"situation": {"speech": {"s1": None}}},
        ],
    ),
    Case(
        "name_or_context_match",
        holds=[
            {"facts": {**a_fact("contact.name", "Sam"), **a_fact("need", "missed calls", "claimed")}},
            {"facts": a_fact("contact.name", "Sam"), "work": {"reason": True}},
            {"work": {"party_confirmed": True}},
        ],
        fails=[{"facts": {"need": None}}, {"facts": {"contact.name": None}}],
    ),
    Case("no_details_disclosed", holds=[{}], fails=[{"talk": {"details_told": True}}]),
    Case(
        "recording_on_iff_consented",
        holds=[
            {"place": {"recording": "on"}, "work": {"recording_answer": "yes"}},
            {"place": {"recording": "declined"}, "work": {"recording_answer": "no"}},
            {"place": {"recording": "off"}, "work": {"recording_answer": "not_applicable"}, "channel": "sms"},
        ],
        fails=[
            {"work": {"recording_answer": "no"}},
            {"place": {"recording": "declined"}},
            {"place": {"recording": "announced"}, "work": {"recording_answer": None}},
            {"channel": "chat"},
            {"channel": "chat", "work": {"recording_answer": "not_applicable"}},
        ],
    ),
)
