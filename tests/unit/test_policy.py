"""The default policy is sound, every dangerous edit of it is refused in plain words, and traps of YAML are closed."""

import copy
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.policy import Policy, PolicyRefused, load_policy
from domain.stages import Step

TEXT = Path("policy/default.yaml").read_text("utf-8")
RAW: dict[str, Any] = yaml.safe_load(TEXT)


def edited(path: str, value: Any) -> str:
    """The default policy with one place changed; `path` uses / because scope names hold dots."""
    raw = copy.deepcopy(RAW)
    *parents, last = path.split("/")
    node: Any = raw
    for key in parents:
        node = node[int(key) if key.isdigit() else key]
    if value is ...:
        del node[last]
    else:
        node[int(last) if last.isdigit() else last] = value
    return yaml.safe_dump(raw, sort_keys=False)


def refused(text: str) -> PolicyRefused:
    with pytest.raises(PolicyRefused) as caught:
        load_policy(text, "edited.yaml")
    for problem in caught.value.problems:
        assert problem.field and problem.problem and problem.remedy
        assert "pydantic" not in str(problem).lower() and "input should" not in str(problem).lower()
    return caught.value


# path, value, the field that must be named
BAD_EDITS: dict[str, tuple[str, Any, str]] = {
    "self approval": ("authors/approved_by", ["ops"], "authors.approved_by"),
    "no approver": ("authors/approved_by", [], "authors.approved_by"),
    "time without zone": ("effective_at", "2026-11-22T09:00:00", "effective_at"),
    "time that is none": ("effective_at", "soon", "effective_at"),
    "hysteresis gap": ("stages/close/exit", 0.70, "stages.close.exit"),
    "threshold order": ("stages/commit/enter", 0.70, "stages.commit.enter"),
    "transfer above close": ("stages/transfer/enter", 0.75, "stages.close.enter"),
    "commit without scope": (
        "stages/commit/requires",
        ["price_ack", "compliance", "authority"],
        "stages.commit.requires",
    ),
    "commit without price": ("stages/commit/requires", ["scope", "compliance", "authority"], "stages.commit.requires"),
    "commit without compliance": (
        "stages/commit/requires",
        ["scope", "price_ack", "authority"],
        "stages.commit.requires",
    ),
    "commit without authority": (
        "stages/commit/requires",
        ["scope", "price_ack", "compliance"],
        "stages.commit.requires",
    ),
    "stage missing": ("stages/transfer", ..., "stages.transfer"),
    "momentum": ("intent/cap/heat", 2.0, "intent.cap.heat"),
    "unknown evidence type": ("intent/weights/smiles", 0.5, "intent.weights.smiles"),
    "missing evidence type": ("intent/weights/angry", ..., "intent.weights.angry"),
    "unknown evidence class": ("intent/cap/charm", 0.5, "intent.cap.charm"),
    "missing evidence class": ("intent/half_life_s/heat", ..., "intent.half_life_s.heat"),
    "ceiling above the gate": ("intent/reversal/ceiling", 0.65, "intent.reversal.ceiling"),
    "payment in book": ("scopes/payment.link/stages", ["book"], "scopes.payment.link.stages"),
    "discount in transfer": ("scopes/discount.apply/stages", ["transfer", "close"], "scopes.discount.apply.stages"),
    "contract outside commit": ("scopes/contract.send/stages", ["close"], "scopes.contract.send.stages"),
    "link outside commit": ("scopes/payment.link/stages", ["close", "commit"], "scopes.payment.link.stages"),
    "capture to the agent": ("scopes/payment.capture/stages", ["commit"], "scopes.payment.capture.stages"),
    "long capability": ("scopes/contract.send/ttl_s", 600, "scopes.contract.send.ttl_s"),
    "capability used twice": ("scopes/discount.apply/uses", 2, "scopes.discount.apply.uses"),
    "money declared harmless": (
        "scopes/payment.link",
        {"stages": ["commit"], "ttl_s": 900, "uses": 1, "risk": "low"},
        "scopes.payment.link.ttl_s",
    ),
    "scope missing": ("scopes/call.dial", ..., "scopes.call.dial"),
    "unknown scope": ("scopes/refund", {"stages": ["close"], "ttl_s": 60, "uses": 1, "risk": "low"}, "scopes.refund"),
    "discount ladder": ("pricing/discount/agent_max_pct", 50, "pricing.discount"),
    "discount above 60": ("pricing/discount/director_max_pct", 61, "pricing.discount"),
    "no unit cost": ("pricing/catalogue/team", {"list": 199.0}, "pricing.catalogue.team.unit_cost"),
    "margin below the floor": ("pricing/catalogue/team/unit_cost", 150.0, "pricing.catalogue.team.unit_cost"),
    "limit raised, rule not": ("pricing/discount/agent_max_pct", 15, "approvals.0.when"),
    "limit lowered, rule not": ("pricing/discount/agent_max_pct", 5, "approvals"),
    "gap in the ladder": ("approvals/0/when", "discount_pct > 10 and discount_pct <= 15", "approvals"),
    "rule hidden behind another condition": (
        "approvals/0/when",
        "discount_pct > 10 and discount_pct <= 20 and vip",
        "approvals",
    ),
    "manager above his limit": ("approvals/1/role", "sales_manager", "approvals"),
    "code in an expression": ("approvals/0/when", "__import__('os').system('x')", "approvals.0.when"),
    "unknown variable": ("approvals/3/when", "moon_phase", "approvals.3.when"),
    "two rules of one id": ("approvals/1/id", "A1", "approvals.1.id"),
    "unknown role": ("approvals/0/role", "sales_manger", "approvals.0.role"),
    "rule without a deadline": ("approvals/0/sla_s", 0, "approvals.0.sla_s"),
    "self approval switched on": ("approval_rules/self_approval", True, "approval_rules.self_approval"),
    "approval of anything": ("approval_rules/bind_to", ["proposal_hash"], "approval_rules.bind_to"),
    "AI disclosure on request": ("compliance/disclose/ai", "on_request", "compliance.disclose.ai"),
    "operators listen after a no": (
        "compliance/recording/operators_listen_if_declined",
        True,
        "compliance.recording.operators_listen_if_declined",
    ),
    "full text after a no": (
        "compliance/recording/text_if_declined",
        "everything",
        "compliance.recording.text_if_declined",
    ),
    "slow revocation": ("compliance/revocation/honour_within_s", 864_001, "compliance.revocation.honour_within_s"),
    "revocation of one channel": ("compliance/revocation/scope", "one_channel", "compliance.revocation.scope"),
    "consent records thrown away": (
        "compliance/retention_days/consent_and_call_records",
        1824,
        "compliance.retention_days.consent_and_call_records",
    ),
    "short ring": ("telephony/ring_timeout_s/outbound", 14, "telephony.ring_timeout_s.outbound"),
    "slow first word": ("telephony/first_audio_s", 2.1, "telephony.first_audio_s"),
    "attempt cap": ("telephony/attempts/per_24h", 4, "telephony.attempts.per_24h"),
    "spacing of other length": ("telephony/attempts/spacing_h", [0.5, 4], "telephony.attempts.spacing_h"),
    "spoofed number": ("telephony/caller_id/owned_number_only", False, "telephony.caller_id.owned_number_only"),
    "price that may be talked over": (
        "telephony/barge_in/uninterruptible",
        ["disclosure"],
        "telephony.barge_in.uninterruptible",
    ),
    "silences not rising": ("telephony/silence_s", [7, 25, 15], "telephony.silence_s"),
    "money at L4": ("autonomy/levels/payment.link", "L4", "autonomy.levels.payment.link"),
    "money at L4 in a cell": (
        "autonomy/cells",
        [{"scope": "payment.link", "region": "US-TX", "level": "L4"}],
        "autonomy.cells.0",
    ),
    "capture at any level": ("autonomy/levels/payment.capture", "L1", "autonomy.levels.payment.capture"),
    "level of an unknown scope": ("autonomy/levels/payment.lnk", "L1", "autonomy.levels.payment.lnk"),
    "cell twice": (
        "autonomy/cells",
        [{"scope": "quote.create", "level": "L1"}, {"scope": "quote.create", "level": "L2"}],
        "autonomy.cells.1",
    ),
    "checkpoints not rising": ("autonomy/checkpoints", [2, 1], "autonomy.checkpoints"),
    "unknown key": ("typo", 1, "typo"),
    "unknown key deep inside": ("telephony/amd/timeout", 1, "telephony.amd.timeout"),
    "unknown time zone": ("locale/business_tz", "America/Chikago", "locale.business_tz"),
    "supersedes itself": ("supersedes", "2026-11-24.1", "supersedes"),
    "number in quotes": ("telephony/attempts/per_24h", "2", "telephony.attempts.per_24h"),
    "switch for a number": ("scopes/call.dial/uses", True, "scopes.call.dial.uses"),
    "fraction for a count": ("telephony/attempts/max_total", 6.5, "telephony.attempts.max_total"),
    "price in quotes": ("pricing/catalogue/team/list", "199.00", "pricing.catalogue.team.list"),
    "number for a switch": ("emergency", 0, "emergency"),
    "list for a block": ("telephony", [1], "telephony"),
    "word for a list": ("locale/languages", "en", "locale.languages"),
    "number for a word": ("version", 7, "version"),
}


@pytest.mark.parametrize("name", BAD_EDITS)
def test_bad_edit_is_refused_naming_the_field(name: str) -> None:
    path, value, field = BAD_EDITS[name]
    fault = refused(edited(path, value))
    assert field in [problem.field for problem in fault.problems], str(fault)
    assert len(fault.problems) <= 2, str(fault)
    if value is not ...:
        assert all(problem.line for problem in fault.problems if problem.field.count(".") > 1), str(fault)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("stages/close/exit", 0.67),
        ("stages/transfer/exit", 0.55),
        ("telephony/ring_timeout_s/outbound", 15),
        ("telephony/ring_timeout_s/consult", 12),
        ("telephony/first_audio_s", 2),
        ("telephony/attempts/per_24h", 3),
        ("compliance/revocation/honour_within_s", 864_000),
        ("compliance/retention_days/consent_and_call_records", "forever"),
        ("autonomy/levels/payment.link", "L3"),
        ("autonomy/levels/calendar.write", "L4"),
        ("pricing/catalogue/team/unit_cost", 125.37),
        ("scopes/contract.send/stages", []),
    ],
)
def test_edit_at_the_edge_is_taken(path: str, value: Any) -> None:
    load_policy(edited(path, value), "edited.yaml")


def test_tightening_with_its_rule_is_taken() -> None:
    text = TEXT.replace("agent_max_pct: 10", "agent_max_pct: 5").replace("discount_pct > 10", "discount_pct > 5")
    assert load_policy(text, "tight").pricing.discount.agent_max_pct == 5


def test_default_policy() -> None:
    policy = load_policy(TEXT, "default")
    assert policy.gate("transfer") == (0.60, 0.50)
    assert policy.gate("close") == (0.72, 0.60)
    assert policy.gate("commit") == (0.82, 0.70)
    assert str(policy.pricing.catalogue["starter"].list) == "49.00"
    assert isinstance(policy.pricing.discount.agent_max_pct, Decimal)
    assert policy.autonomy.level("contract.send", "US-TX", Decimal(100)) == "L0"
    assert policy.autonomy.level("pricing.read", "US-TX", Decimal(100)) is None
    assert policy.telephony.silence_s == (7, 15, 25)


def test_a_loaded_policy_cannot_be_changed() -> None:
    policy: Any = load_policy(TEXT, "default")
    with pytest.raises(ValueError, match="frozen"):
        policy.pricing.discount.agent_max_pct = Decimal(60)
    with pytest.raises(TypeError):
        policy.scopes["payment.capture"] = policy.scopes["call.dial"]
    with pytest.raises(TypeError):
        policy.intent.weights["reversal"] = 0.0


def test_all_problems_come_at_once_with_lines() -> None:
    text = TEXT.replace("outbound: 25", "outbound: 10").replace("payment.link: L0", "payment.link: L4")
    fault = refused(text)
    found = {problem.field: problem.line for problem in fault.problems}
    assert set(found) == {"telephony.ring_timeout_s.outbound", "autonomy.levels.payment.link"}
    lines = text.splitlines()
    assert "outbound: 10" in lines[(found["telephony.ring_timeout_s.outbound"] or 0) - 1]
    assert "payment.link: L4" in lines[(found["autonomy.levels.payment.link"] or 0) - 1]
    assert "edited.yaml" in str(fault) and "line" in str(fault)


def test_remedies_name_the_nearest_word() -> None:
    wrong_key = refused(TEXT.replace("quote_valid_h", "quote_valid_hours")).problems
    assert any("quote_valid_h?" in problem.remedy for problem in wrong_key)
    wrong_role = refused(edited("approvals/0/role", "sales_manger")).problems
    assert "Did you mean sales_manager?" in wrong_role[0].remedy
    wrong_type = refused(edited("intent/weights/affirmativ", 0.3)).problems
    assert "Did you mean affirmative?" in wrong_type[0].remedy


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a, *a]\n" for n in range(8))
TRAPS = {
    "alias": (BOMB, "anchors"),
    "anchor alone": ("a: &x 1\n", "anchors"),
    "merge": ("a: &x {b: 1}\nc: {<<: *x}\n", "anchors"),
    "python object": ("a: !!python/object/apply:os.system ['x']\n", "tags"),
    "tag": ("a: !!str 1\n", "tags"),
    "duplicate key": ("version: a\nversion: b\n", "twice"),
    "duplicate key inside": ("pricing:\n  currency: USD\n  currency: EUR\n", "twice"),
    "key that is a list": ("? [a, b]\n: 1\n", "key"),
    "two documents": ("a: 1\n---\nb: 2\n", "second document"),
    "depth": ("[" * 500 + "]" * 500, "nested"),
    "endless depth": ("[" * 100_000, "nest"),
    "too long": ("a: " + "x" * 300_000, "too long"),
    "empty": ("", "empty"),
    "comment only": ("# nothing\n", "empty"),
    "not YAML": ("a: [1, 2\nb: }", "YAML"),
    "tab": ("a:\n\t- 1", "YAML"),
    "control character": ("a: \x00", "characters"),
    "only a word": ("hello", "block of keys"),
    "only a list": ("[1, 2]", "block of keys"),
    "null": ("~", "block of keys"),
}


@pytest.mark.parametrize("name", TRAPS)
def test_trap_is_closed_quickly(name: str) -> None:
    text, word = TRAPS[name]
    begun = time.perf_counter()
    fault = refused(text)
    assert word in str(fault)
    assert time.perf_counter() - begun < 2


def test_words_that_yaml_would_twist_stay_words() -> None:
    text = TEXT.replace("languages: [en, es]", "languages: [no, on]")
    assert load_policy(text, "x").locale.languages == ("no", "on")


@pytest.mark.parametrize("number", ["010", "0x10", "1e3", "1_0", ".inf", ".nan", "12:30", "1" * 40])
def test_numbers_are_plain_digits(number: str) -> None:
    assert "telephony.attempts.campaign_days" in str(
        refused(TEXT.replace("campaign_days: 14", f"campaign_days: {number}"))
    )


def test_content_hash_sees_content_only() -> None:
    policy = load_policy(TEXT, "default")
    assert len(policy.content_hash) == 64
    assert load_policy(TEXT + "\n# a comment\n", "other name").content_hash == policy.content_hash
    assert load_policy(TEXT.replace("list: 49.00", "list: 49.01"), "x").content_hash != policy.content_hash


@pytest.mark.parametrize(
    ("scope", "step", "allowed"),
    [
        ("calendar.hold", Step.SLOTS_OFFERED, True),
        ("calendar.hold", Step.OFFERED, False),
        ("call.dial", Step.NEW, True),
        ("call.transfer", Step.PENDING, True),
        ("call.transfer", Step.NEW, False),
        ("pricing.read", Step.DISCOVERY, False),
        ("discount.apply", Step.PRICE, True),
        ("discount.apply", Step.COMMIT_REQUESTED, True),  # close covers the commit steps
        ("payment.link", Step.COMPLIANCE, False),
        ("payment.link", Step.COMMIT_REQUESTED, True),
        ("contract.send", Step.COMMITTED, True),
        ("payment.capture", Step.COMMITTED, False),
        ("crm.stage", Step.WON, False),
        ("policy.change", Step.PRICE, False),
    ],
)
def test_scope_allowed(scope: str, step: Step, allowed: bool) -> None:
    assert load_policy(TEXT, "default").scope_allowed(scope, step) is allowed


class TestAutonomyCells:
    def policy(self, *cells: dict[str, Any]) -> Policy:
        return load_policy(edited("autonomy/cells", list(cells)), "cells")

    def test_narrower_region_and_value_win(self) -> None:
        levels = self.policy(
            {"scope": "payment.link", "region": "US", "level": "L1"},
            {"scope": "payment.link", "region": "US-TX", "level": "L3"},
            {"scope": "payment.link", "region": "US-TX", "value_below": 5000, "level": "L2"},
        ).autonomy
        assert levels.level("payment.link", "US-TX", Decimal(4999)) == "L2"
        assert levels.level("payment.link", "US-TX", Decimal(5000)) == "L3"
        assert levels.level("payment.link", "US-OH", Decimal(1)) == "L1"
        assert levels.level("payment.link", "CA", Decimal(1)) == "L0"
        assert levels.level("payment.link", None, Decimal(1)) == "L0"
        assert levels.level("contract.send", "US-TX", Decimal(1)) == "L0"

    def test_where_neither_is_narrower_the_lower_level_holds(self) -> None:
        levels = self.policy(
            {"scope": "contract.send", "region": "US-TX", "level": "L3"},
            {"scope": "contract.send", "value_below": 5000, "level": "L1"},
        ).autonomy
        assert levels.level("contract.send", "US-TX", Decimal(10)) == "L1"
        assert levels.level("contract.send", "US-TX", Decimal(9000)) == "L3"

    def test_a_region_is_no_prefix_of_letters(self) -> None:
        levels = self.policy({"scope": "quote.create", "region": "US-T", "level": "L0"}).autonomy
        assert levels.level("quote.create", "US-TX", Decimal(1)) == "L2"


OVERLAYS = """
overlays:
  - id: texas
    when: {region: [US-TX]}
    set:
      stages.close.enter: 0.75
      autonomy.levels.contract.send: L3
      autonomy.levels.payment.link: L3
  - id: nation
    when: {region: [US]}
    set: {compliance.disclose.within_s: 20}
  - id: big
    when: {product: [enterprise]}
    set:
      approvals.A3.sla_s: 1800
      stages.close.exit: 0.70
      stages.close.enter: 0.76
"""


class TestOverlays:
    def test_each_session_gets_its_own(self) -> None:
        policy = load_policy(TEXT + OVERLAYS, "overlaid")
        texas, ohio, abroad = (policy.for_session(region, "team") for region in ("US-TX", "US-OH", "GB"))
        assert texas.applied == ("texas", "nation")
        assert texas.gate("close") == (0.75, 0.60)
        assert texas.autonomy.level("contract.send", "US-TX", Decimal(1)) == "L3"
        assert texas.compliance.disclose.within_s == 20
        assert ohio.applied == ("nation",) and ohio.gate("close") == (0.72, 0.60)
        assert abroad is policy and policy.for_session(None, None) is policy
        assert policy.for_session("US-TX", "team") is texas
        assert (texas.version, texas.content_hash) == (policy.version, policy.content_hash)

    def test_later_overlays_win_and_lists_go_by_id(self) -> None:
        both = load_policy(TEXT + OVERLAYS, "overlaid").for_session("US-TX", "enterprise")
        assert both.applied == ("texas", "nation", "big")
        assert both.gate("close") == (0.76, 0.70)
        assert next(rule.sla_s for rule in both.approvals if rule.id == "A3") == 1800
        assert both.for_session("GB", None) is both

    @pytest.mark.parametrize(
        ("target", "value", "word"),
        [
            ("stages.close.exit", "0.71", "flap"),
            ("stages.clsoe.exit", "0.5", "not known"),
            ("autonomy.levels.payment.link", "L4", "L3"),
            ("scopes.payment.link.stages", "[book]", "commit"),
            ("version", '"other"', "may not change"),
            ("approvals.A9.sla_s", "5", "no such place"),
            ("emergency.now", "true", "may not change"),
            ("telephony.ring_timeout_s.outbound.x", "1", "no such place"),
        ],
    )
    def test_bad_overlay_is_refused(self, target: str, value: str, word: str) -> None:
        text = TEXT + f"\noverlays:\n  - {{id: bad, when: {{region: [US-TX]}}, set: {{{target}: {value}}}}}\n"
        fault = refused(text)
        assert word in str(fault)
        line = fault.problems[0].line
        assert line is not None and "id: bad" in text.splitlines()[line - 1]

    def test_two_sound_overlays_that_break_each_other_are_refused(self) -> None:
        text = TEXT + "\noverlays:\n  - {id: a, when: {region: [US-TX]}, set: {stages.close.enter: 0.70}}\n"
        text += "  - {id: b, when: {product: [team]}, set: {stages.close.exit: 0.67}}\n"
        assert "a and b" in str(refused(text))

    @pytest.mark.parametrize(
        ("overlay", "field"),
        [
            ("{id: x, when: {}, set: {stages.close.enter: 0.74}}", "overlays.0.when"),
            ("{id: x, when: {product: [tem]}, set: {stages.close.enter: 0.74}}", "overlays.0.when.product"),
            ("{id: x, when: {region: [Texas]}, set: {stages.close.enter: 0.74}}", "overlays.0.when.region.0"),
            ("{id: x, when: {region: [US]}, set: {}}", "overlays.0.set"),
            ("{id: x, when: {planet: [earth]}, set: {stages.close.enter: 0.74}}", "overlays.0.when.planet"),
        ],
    )
    def test_bad_condition_is_refused(self, overlay: str, field: str) -> None:
        fault = refused(TEXT + f"\noverlays:\n  - {overlay}\n")
        assert field in [problem.field for problem in fault.problems]
