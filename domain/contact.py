"""Who a buyer is on the outside: the address an event came from."""

from dataclasses import dataclass
from typing import Literal

from domain.errors import BadInput

IdentityKind = Literal["phone", "email", "chat"]


@dataclass(frozen=True, slots=True)
class Identity:
    """`value` is normalised: E.164 for a phone, lower case for an e-mail, an opaque id for a chat."""

    kind: IdentityKind
    value: str
    verified: bool = True


def identity_of(raw: str) -> Identity:
    """Read a phone number, an e-mail address or a chat id as a person types it; raises BadInput."""
    text = raw.strip()
    if "@" in text:
        return Identity("email", text.lower())
    digits = "".join(c for c in text if c.isdigit())
    if text.startswith("+") and 8 <= len(digits) <= 15:
        return Identity("phone", "+" + digits)
    if len(digits) == 10 and len(text) <= 16:
        return Identity("phone", "+1" + digits)
    if len(digits) == 11 and digits[0] == "1" and len(text) <= 18:
        return Identity("phone", "+" + digits)
    if text.startswith("chat:") and len(text) <= 80:
        return Identity("chat", text)
    raise BadInput(
        "identity", f"{raw[:40]!r} is no phone number and no e-mail address", "Write it like +1 512 555 0100."
    )
