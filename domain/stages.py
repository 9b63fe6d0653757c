"""The words for where a session is; each value is the word people say and read."""

from enum import StrEnum


class Stage(StrEnum):
    ENTRY = "ENTRY"
    BOOK = "BOOK"
    TRANSFER = "TRANSFER"
    CLOSE = "CLOSE"


class Step(StrEnum):
    """A position inside a stage, or a terminal."""

    NEW = "ENTRY.new"
    DIALING = "BOOK.dialing"
    GREET = "BOOK.greet"
    IDENTIFY = "BOOK.identify"
    CONSENT = "BOOK.consent"
    DISCOVERY = "BOOK.discovery"
    SLOTS_OFFERED = "BOOK.slots_offered"
    BOOKED = "BOOK.booked"
    OFFERED = "TRANSFER.offered"
    PENDING = "TRANSFER.pending"
    QUEUEING = "TRANSFER.queueing"
    BRIDGING = "TRANSFER.bridging"
    BRIDGED = "TRANSFER.bridged"
    FAILED = "TRANSFER.failed"
    SCOPE = "CLOSE.scope"
    PRICE = "CLOSE.price"
    COMPLIANCE = "CLOSE.compliance"
    COMMIT_REQUESTED = "CLOSE.commit_requested"
    COMMITTED = "CLOSE.committed"
    WON = "WON"
    LOST = "LOST"
    DNC = "DNC"
    INVALID = "INVALID"
    ERASED = "ERASED"

    @property
    def terminal(self) -> bool:
        return self in TERMINAL

    @property
    def stage(self) -> Stage | None:
        """The stage whose authority holds here; None in a terminal."""
        return None if self.terminal else Stage(self.value.partition(".")[0])


TERMINAL = frozenset({Step.WON, Step.LOST, Step.DNC, Step.INVALID, Step.ERASED})
COMMIT_STEPS = frozenset({Step.COMMIT_REQUESTED, Step.COMMITTED})
CLOSE_STEPS = frozenset({Step.SCOPE, Step.PRICE, Step.COMPLIANCE, Step.COMMIT_REQUESTED, Step.COMMITTED})


class Overlay(StrEnum):
    PARKED = "PARKED"
    CALLBACK = "CALLBACK"
    VOICEMAIL = "VOICEMAIL"
    HUMAN = "HUMAN"


class Recording(StrEnum):
    OFF = "off"
    ANNOUNCED = "announced"
    ON = "on"
    DECLINED = "declined"


class Channel(StrEnum):
    VOICE = "voice"
    SMS = "sms"
    CHAT = "chat"
    EMAIL = "email"

    @property
    def text(self) -> bool:
        return self is not Channel.VOICE


class Speaker(StrEnum):
    BUYER = "buyer"
    THIRD_PARTY = "third_party"
    HUMAN_AGENT = "human_agent"
    SYSTEM = "system"
