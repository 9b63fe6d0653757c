"""The blocks of a policy file that say how calls, messages and seats are run: compliance, telephony, capacity."""

from typing import Annotated, Literal

from pydantic import Field

from domain.policy_autonomy import within
from domain.policy_types import Block, Count, Positive, PositiveReal, Share, Switch, Table, Word

Days = Positive | Literal["forever"]
Consent = Literal["prior_express_written", "prior_express", "oral", "none"]
DataFile = Annotated[str, Field(strict=True, pattern=r"^data/[a-z_]+\.json$")]
Exclusion = Annotated[str, Field(strict=True, pattern=r"^[A-Z]{2}(-[A-Z]{2})?(-without-consent|-ai-close)?$")]
When = Literal["always", "on_request", "never"]


class Disclose(Block):
    ai: When
    company: When
    purpose: When
    optout: When
    within_s: Positive


class RecordingRules(Block):
    default: Literal["announce_and_wait", "announce", "off"]
    text_channels: Literal["not_applicable"]
    if_declined: Literal["continue_unrecorded", "end_call"]
    text_if_declined: Literal["facts_only", "nothing"]  # keeping more needs counsel's signature, and then this list
    operators_listen_if_declined: Switch


class ConsentRequired(Block):
    voice_ai_marketing: Consent
    sms_marketing: Consent
    transactional: Consent


class Revocation(Block):
    honour_within_s: Positive
    scope: Literal["all_channels"]
    confirm_sms: Literal["once_within_5min", "never"]
    keywords: DataFile


class Pci(Block):
    spoken_pan: Literal["cut_and_redact"]
    channel: Literal["payment_link"]


class Retention(Block):
    """Days; the suppression hash is kept for ever."""

    recording: Days
    commitment_audio: Days
    transcript: Days
    consent_and_call_records: Days
    suppression_hash: Literal["forever"]


class RegionTables(Block):
    US: DataFile
    OTHER: DataFile
    unknown: Literal["no_outbound"]


class Compliance(Block):
    disclose: Disclose
    recording: RecordingRules
    consent_required: ConsentRequired
    dnc_lists: Annotated[tuple[Literal["internal", "national", "state"], ...], Field(min_length=1)]
    revocation: Revocation
    end_call_on_request_s: Positive
    pci: Pci
    written_contract_before_charge: Literal["b2c", "always", "never"]
    erasure_days: Positive
    retention_days: Retention
    regions: RegionTables
    blocked_outbound_ai: tuple[Exclusion, ...]
    cooling_off_days: Table[Word, Positive] = Field(default_factory=dict)  # by region; empty until counsel fills it

    def excludes(self, region: str | None, purpose: Literal["outbound", "ai-close"]) -> bool:
        """Whether the region, or the country it lies in, is excluded whatever the buyer consented to."""
        areas = [name for name in self.blocked_outbound_ai if not name.endswith("-without-consent")]
        closing = [name.removesuffix("-ai-close") for name in areas if name.endswith("-ai-close")]
        return any(within(region, area) for area in (closing if purpose == "ai-close" else areas))


class RingTimeout(Block):
    outbound: Positive
    consult: Positive


class MaxCall(Block):
    """TRANSFER uses the value of BOOK until it is bridged."""

    book: Positive
    close: Positive


class MachineDetection(Block):
    timeout_s: PositiveReal
    no_speech_s: PositiveReal
    on_uncertain: Literal["treat_as_human"]


class BargeIn(Block):
    min_duration_s: PositiveReal
    min_words: Count
    false_interruption_s: PositiveReal
    uninterruptible: tuple[Literal["disclosure", "price_readback"], ...]


class Endpointing(Block):
    min: PositiveReal
    max: PositiveReal


class Attempts(Block):
    max_total: Positive
    per_24h: Positive
    spacing_h: tuple[PositiveReal, ...]
    campaign_days: Positive


class VoicemailRules(Block):
    max_per_campaign: Count
    on_attempts: tuple[Positive, ...]
    max_s: Positive


class CallerId(Block):
    owned_number_only: Switch
    callback_answered: Switch


class Telephony(Block):
    ring_timeout_s: RingTimeout
    max_call_s: MaxCall
    first_audio_s: PositiveReal
    amd: MachineDetection
    silence_s: tuple[PositiveReal, PositiveReal, PositiveReal]
    barge_in: BargeIn
    endpointing_s: Endpointing
    attempts: Attempts
    voicemail: VoicemailRules
    caller_id: CallerId


class SeatCounts(Block):
    human_closer: Count
    ai_closer: Count


class ServiceTime(Block):
    human_closer: PositiveReal


class CallbackReach(Block):
    reach0: Share
    reach_floor: Share
    reach_half_life_s: PositiveReal


class Throttle(Block):
    outbound_pause_if_p_wait: Share
    raise_transfer_threshold_max: Share


class Capacity(Block):
    """Not to be confused with domain.ports.Capacity, which says what is free now."""

    seats: SeatCounts
    mean_service_s: ServiceTime
    patience_mean_s: PositiveReal
    hold_cap_s: Positive
    callback: CallbackReach
    tie_epsilon: Share
    throttle: Throttle


class Locale(Block):
    default_region: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{2}$")]
    business_tz: Word
    languages: Annotated[tuple[Annotated[str, Field(strict=True, pattern=r"^[a-z]{2}$")], ...], Field(min_length=1)]


class Authors(Block):
    proposed_by: Word
    approved_by: Annotated[tuple[Word, ...], Field(min_length=1)]
