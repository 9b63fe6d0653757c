"""The contract: an exact text for one quote, its fingerprint, and the one-time link under which it is accepted."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any, Protocol, Self

from domain.catalogue import Catalogue
from domain.errors import BadInput
from domain.pricing import Quote, plain
from tools.declare import Delivery, Receipt, ToolRefused
from tools.links import LinkSender

_LONGEST_NAME = 200
# fmt: off
_FIELDS = {
    "quote_name", "seller", "buyer", "quantity", "product", "unit", "start", "term", "price_lines",
    "amount", "currency", "recurrence", "committed", "contract_value", "valid_until", "refund_terms", "cancellation",
    "restrictions", "drawn_up", "quote_hash",
}
# fmt: on
_TERMS = {"monthly": "month to month", "annual": "one year"}
_CANCELLATION = {
    "monthly": "The order runs from month to month until it is cancelled.",
    "annual": "The order is committed for twelve months, then runs from month to month until it is cancelled.",
}


@dataclass(frozen=True, slots=True)
class ContractForm:
    """The wording of contracts, and the addresses that a commitment hands out."""

    wording: Template
    catalogue: Catalogue
    base_url: str
    secret: Callable[[str, str], str]  # keyed digest of a kind and a value

    @classmethod
    def load(cls, path: Path, catalogue: Catalogue, base_url: str, secret: Callable[[str, str], str]) -> Self:
        """Read the wording; a field too many or too few is refused before the first contract, not with it."""
        wording = Template(path.read_text("utf-8"))
        named = set(wording.get_identifiers())
        if named != _FIELDS or not wording.is_valid():
            odd = sorted(named ^ _FIELDS) or ["$"]
            raise BadInput(path.name, f"its fields are wrong: {', '.join(odd)}", "Name each field once, such as $buyer")
        return cls(wording, catalogue, base_url.rstrip("/"), secret)

    def contract(self, token: str) -> str:
        return f"{self.base_url}/accept/{token}"

    def payment(self, token: str) -> str:
        return f"{self.base_url}/pay/{token}"

    def token(self, turn_id: str, kind: str) -> str:
        """Unguessable, yet the same for the same turn: a turn that is decided again hands out the same link."""
        return self.secret(f"link:{kind}", turn_id)

    def document(self, quote: Mapping[str, Any], buyer: Mapping[str, Any], now: datetime) -> str:
        """The text that the buyer accepts. Raises BadInput where the quote was altered."""
        offer = Quote.from_json(quote)
        company, product = self.catalogue.company, self.catalogue.product(offer.scope.product)
        months = offer.committed_months
        return self.wording.substitute(
            quote_name=offer.name,
            seller=company.address if company.name in company.address else f"{company.name}, {company.address}",
            buyer=_party(buyer),
            quantity=f"{offer.scope.quantity:,}",
            product=product.name if product else offer.scope.product,
            unit=_unit(offer.lines[0].unit),
            start=_day(offer.scope.start) if offer.scope.start else "the day on which you accept",
            term=_TERMS[offer.term],
            price_lines=_price_lines(offer),
            amount=f"{offer.amount:,}",
            currency=offer.currency,
            recurrence=offer.recurrence,
            committed="one month" if months == 1 else f"{months} months",
            contract_value=f"{offer.contract_value:,}",
            valid_until=f"{_day(offer.valid_until)}, {offer.valid_until.astimezone(UTC):%H:%M} UTC",
            refund_terms=company.refund_terms,
            cancellation=_CANCELLATION[offer.term],
            restrictions=company.restrictions,
            drawn_up=_day(now),
            quote_hash=offer.quote_hash,
        )


def document_hash(document: str) -> str:
    """The fingerprint that a signature is bound to."""
    return hashlib.sha256(document.encode()).hexdigest()


def token_hash(token: str) -> str:
    """What the database knows of a link: enough to recognise it, not enough to follow it."""
    return hashlib.sha256(token.encode()).hexdigest()


def one_line(text: str, longest: int = _LONGEST_NAME) -> str:
    """A buyer's text for a single line of a document: no line break may begin a clause of its own."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:longest]


def _party(buyer: Mapping[str, Any]) -> str:
    parts = [one_line(str(buyer.get(key) or "")) for key in ("name", "company", "email", "phone", "address")]
    return ", ".join(dict.fromkeys(part for part in parts if part)) or "the person who accepts below"


def _price_lines(offer: Quote) -> str:
    lines = [f"{line.quantity:,} x {line.unit_price:,} = {line.amount:,} {offer.currency}" for line in offer.lines]
    if offer.discount_pct:
        off = offer.list_total - offer.amount
        lines.append(f"Discount {plain(offer.discount_pct)} %: -{off:,} {offer.currency}")
    return "\n".join(lines)


def _unit(name: str) -> str:
    return name.replace("_", " and ")


def _day(moment: Any) -> str:
    return f"{moment.day} {moment:%B %Y}"


class ContractBook(Protocol):
    async def contract_token(self, contract_id: str) -> str | None:
        """The token of a contract that the commit has written."""
        ...


class LocalContracts:
    """The accept page is ours, so that sending a contract is handing out its link."""

    def __init__(self, book: ContractBook, links: LinkSender) -> None:
        self._book = book
        self._links = links

    async def send_contract(self, delivery: Delivery) -> Receipt:
        token = await self._book.contract_token(str(delivery.payload["contract_id"]))
        if token is None:
            raise ToolRefused("There is no such contract.")
        await self._links.send(delivery, token)
        return Receipt("sent")
