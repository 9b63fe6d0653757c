"""A buyer who wants twelve team seats and hears what is read back: says yes to what is right, and corrects the rest."""

import re
from dataclasses import dataclass, field
from typing import Any

from bench.hearing import words_of

NAME, SEATS, PRICE = "Dana Whitfield", 12, "2,388"
FIRST = f"Hi, this is {NAME}."
RIGHT_NAME = "No, my name is Dana. D, A, N, A."
NEED = "I need something for 12 people, we miss calls, and we start next month."
# What this buyer says to a question, and from the second time on.
REPLIES = {
    "name": (FIRST, "My name is Dana Whitfield."),
    "recording": ("Yes, that's fine.", "Yes, you may."),
    "need": (NEED, "We miss calls after hours."),
    "quantity": ("For twelve people.", "Twelve. One, two."),
    "timeline": ("We start next month.", "Next month."),
    "authority_budget": ("Yes, it's my call, and the budget is there.", "I decide that, and the budget is there."),
    "authority": ("It's my call.", "I decide that myself."),
    "authority_readback": ("Yes, that's right.", "Yes."),
    "budget": ("Yes, the budget is there.", "Yes, there is a budget."),
    "region": ("We are in Texas.", "Texas."),
    "transfer_offer": ("Yes, let's do it now.", "Yes, please."),
    "scope": ("Twelve team seats, monthly.", "The team plan, twelve seats, monthly."),
    "meeting_offer": ("No, I would like to buy it now.", "No, let's do it now."),
}  # fmt: skip
AGREED_BEFORE = "Yes, that's right."
_WRONG = "No, that is wrong, I want twelve team seats."
# What has to be in a line before this buyer agrees to it; how they agree, and how they correct it.
READ_BACK = {
    "name_confirm": (("dana",), "Yes, that's me.", "No, my name is Dana Whitfield."),
    "scope_readback": (
        ("12", "team", "month"), "Yes, 12 team seats, monthly, that's right.", "No, twelve team seats, monthly.",
    ),
    "price_readback": ((PRICE, "12", "team"), f"{PRICE} a month, fine.", _WRONG),
    "commit": ((PRICE, "12", "team"), "Yes, go ahead.", _WRONG),
}  # fmt: skip
CONSENTS = frozenset(
    {"recording", "transfer_offer", "authority", "budget", "authority_budget", "authority_readback", *READ_BACK}
)
TRUE_FACTS: dict[str, Any] = {
    "contact.name": ("dana whitfield", "dana"),
    "contact.phone": None,  # known from the line
    "quantity": ("12",),
    "budget": ("approved",),
    "authority": None,
    "zone": None,
    "region": ("us-tx", "tx", "texas"),
    "objection": None,
}
# What the agent worked out from several answers, and what has to be in it.
WORKED_OUT: dict[str, dict[str, Any]] = {
    "scope": {"product": "team", "quantity": SEATS, "term": "monthly"},
    "price_ack": {"amount": "2388.00"},
    "commitment": {"amount": "2388.00"},
}


@dataclass(slots=True)
class Buyer:
    """Remembers what was said and meant. `caught`: read-backs that were not what this buyer had said."""

    said: list[str] = field(default_factory=list[str])
    agreed: set[str] = field(default_factory=set[str])  # lines that got a yes that was meant
    caught: int = 0
    repeated: int = 0
    misnamed: str = ""
    _times: dict[str, int] = field(default_factory=dict[str, int])

    def reply(self, line: dict[str, Any] | None, called: str | None = None) -> str:
        """What to say now. `line` is the last question that was heard; None before there was one. `called`: how the
        agent has addressed this buyer."""
        if called and "dana" not in called.lower() and not self.misnamed:
            self.misnamed = called
            words = RIGHT_NAME
        else:
            words = self._reply(line)
        self.said.append(words)
        return words

    def _reply(self, line: dict[str, Any] | None) -> str:
        asks = line["asks"] if line else "name"
        before = self._times.get(asks, 0)
        self._times[asks] = before + 1
        if line and asks in READ_BACK:
            return self._checked(line, asks, again=before > 0)
        if asks not in REPLIES:
            self.repeated += 1
            return self.said[-1] if self.said else FIRST
        if line and asks in CONSENTS and not REPLIES[asks][0].startswith("No"):
            self.agreed.add(line["speech_id"])
        self.repeated += before > 0
        return REPLIES[asks][min(before, 1)]

    def _checked(self, line: dict[str, Any], asks: str, *, again: bool) -> str:
        """Who is asked a second time says it in fewer words."""
        needed, agree, correct = READ_BACK[asks]
        if all(word in line["words"].lower() for word in needed):
            self.agreed.add(line["speech_id"])
            return AGREED_BEFORE if again else agree
        self.caught += 1
        return correct


def untrue(facts: dict[str, Any], said: list[str]) -> list[str]:
    """Facts that this buyer never gave. What is kept in the buyer's own words has to be in words that were said."""
    spoken = set(words_of(" ".join(said)))
    found: list[str] = []
    for key, value in facts.items():
        if key in WORKED_OUT:
            wrong = {name for name, want in WORKED_OUT[key].items() if value.get(name) != want}
            found += [f"{key} = {value!r} ({', '.join(sorted(wrong))})"] if wrong else []
        elif key not in TRUE_FACTS:
            wrong = [word for word in words_of(_text(value)) if word not in spoken | _FRAMES]
            found += [f"{key} = {value!r} ({', '.join(wrong)})"] if wrong else []
        elif TRUE_FACTS[key] and _text(value).lower() not in TRUE_FACTS[key]:
            found.append(f"{key} = {value!r}")
    return found


_FRAMES = frozenset({"true", "false", "none", "yes", "kind", "value", "status", "open"})


def _text(value: Any) -> str:
    return re.sub(r"[{}\[\]'_]", " ", str(value)).strip()
