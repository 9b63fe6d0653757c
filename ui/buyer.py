"""Whom a person plays in Talk to it: an invented phone number, of those that nobody can have."""

import secrets

from domain.contact import Identity, identity_of
from domain.errors import BadInput

FIRST = "+15125550100"
AREAS = ("512", "737", "214", "713", "210", "469")  # 555-01xx of any area is reserved for invented people


def of_typed(text: str) -> Identity:
    """The number that was typed; raises BadInput."""
    found = identity_of(text)
    if found.kind != "phone":
        raise BadInput("number", "this is no phone number", "Write it like +1 512 555 0100.")
    return found


def of_address(text: str) -> Identity:
    """The number in the page's address; what is none falls back to the first one."""
    try:
        return of_typed(text)
    except BadInput:
        return Identity("phone", FIRST)


def shown(value: str) -> str:
    """+1 512 555 0100."""
    digits = value.removeprefix("+1")
    return f"+1 {digits[:3]} {digits[3:6]} {digits[6:]}" if value.startswith("+1") and len(digits) == 10 else value


def invented() -> str:
    return f"+1{secrets.choice(AREAS)}55501{secrets.randbelow(100):02d}"
