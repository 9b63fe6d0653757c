"""When a buyer may be called, and when not."""

from domain.stages import Overlay, Step
from tests.builders import NOW, a_policy, ago
from tests.situations.case import Case

SPREAD = [ago(days=12), ago(days=10), ago(days=8), ago(days=6), ago(days=4), ago(days=2)]
_NO_CALIFORNIA = a_policy(compliance__blocked_outbound_ai=["US-CA"])
_ONLY_CLOSING = a_policy(compliance__blocked_outbound_ai=["US-CA-ai-close", "US-CA-without-consent"])
_ELSEWHERE = {
    "reassigned_checked_at": "2026-11-24T15:00:00+00:00",
    "last_contact_at": "2026-11-24T16:30:00+02:00",
}
_GIVEN = {"consents": {"voice_ai_marketing:voice": "given"}}

CASES = (
    Case(
        "buyer_not_reached_yet",
        holds=[{"step": Step.NEW}, {"step": Step.IDENTIFY, "overlay": Overlay.PARKED}],
        fails=[{"step": Step.DISCOVERY, "overlay": Overlay.PARKED}, {"step": Step.CONSENT, "overlay": Overlay.PARKED}],
    ),
    Case(
        "calling_window_ok",
        holds=[{"situation": {"dial": {"window_open": True, "window": "9 to 21"}}}],
        fails=[{"situation": {"dial": {"window_open": shut}}} for shut in (False, None)],
    ),
    Case(
        "calling_window_ok_at_time",
        holds=[{"deal": {"callback": {"window_open": True, "at": ago(hours=-2)}}}],
        fails=[{"deal": {"callback": {"window_open": False}}}, {"deal": {"callback": None}}],
    ),
    Case(
        "consent_ai_voice_ok",
        holds=[
            {"situation": _GIVEN, "place": {"region": "US-CA"}},
            {"situation": _GIVEN, "place": {"region": "US-CA"}, "policy": _ONLY_CLOSING},
        ],
        fails=[
            {"situation": {"consents": {"voice_ai_marketing:voice": "revoked"}}},
            {"situation": {"consents": {"voice_ai_marketing:voice": None, "sms_marketing:sms": "given"}}},
            {"situation": {"consents": None}},
            {"policy": _NO_CALIFORNIA},
        ],
    ),
    Case("not_dnc", holds=[{"situation": {"dnc_at": None}}], fails=[{"situation": {"dnc_at": ago(days=400)}}]),
    Case(
        "attempt_caps_ok",
        holds=[
            {"situation": {"dial": {"attempts": []}}},
            {"situation": {"dial": {"attempts": [ago(minutes=30)]}}},
            {"situation": {"dial": {"attempts": [ago(days=6), ago(days=5), ago(hours=20)]}}},
            {"situation": {"dial": {"attempts": [ago(days=15), *SPREAD[1:]]}}},
        ],
        fails=[
            {"situation": {"dial": {"attempts": [ago(minutes=29)]}}},
            {"situation": {"dial": {"attempts": [ago(days=6), ago(days=5), ago(hours=19.9)]}}},
            {"situation": {"dial": {"attempts": [ago(hours=23), ago(hours=5)]}}},
            {"situation": {"dial": {"attempts": [ago(hours=5)], "state_cap_24h": 1}}},
            {"situation": {"dial": {"attempts": SPREAD}}},
        ],
    ),
    Case(
        "number_not_reassigned",
        holds=[
            {"situation": {"dial": {"reassigned_checked_at": ago(days=1), "last_contact_at": ago(days=2)}}},
            {"situation": {"dial": {"reassigned_checked_at": ago(days=1)}}},
            {"situation": {"dial": _ELSEWHERE}},
        ],
        fails=[
            {"situation": {"dial": {"last_contact_at": ago(hours=23)}}},
            {"situation": {"dial": {"reassigned_checked_at": None}}},
        ],
    ),
    Case(
        "intake_not_throttled",
        holds=[{"situation": {"dial": {"p_wait": 0.35}}}, {"situation": {"dial": {"p_wait": 0}}}],
        fails=[{"situation": {"dial": {"p_wait": 0.36}}}, {"situation": {"dial": {"p_wait": None}}}],
    ),
    Case(
        "voicemail_allowed_24h",
        holds=[
            {"situation": {"dial": {"attempts": [NOW.isoformat()], "voicemails": []}}},
            {"situation": {"dial": {"attempts": [*SPREAD[:3], NOW.isoformat()], "voicemails": [ago(days=12)]}}},
        ],
        fails=[
            {"situation": {"dial": {"attempts": [ago(hours=5), NOW.isoformat()]}}},
            {"situation": {"dial": {"voicemails": [ago(hours=23)]}}},
            {"situation": {"dial": {"voicemails": [ago(days=9), ago(days=5)]}}},
        ],
    ),
    Case("answered_once_only", holds=[{"place": {}}], fails=[{"place": {"screening_answered": True}}]),
    Case(
        "name_company_ai_purpose_only",
        holds=[{"plan": ({"act": "answer_screening"},)}],
        fails=[{"plan": ({"act": "answer_screening"}, {"act": "answer_quote"})}, {"plan": ()}],
    ),
    Case("not_spam", holds=[{"work": {"spam": 0.89}}, {}], fails=[{"work": {"spam": 0.9}}]),
    Case("spam_score_ge_0.9", holds=[{"work": {"spam": 0.9}}], fails=[{"work": {"spam": 0.89}}, {"work": {"spam": 0}}]),
)
