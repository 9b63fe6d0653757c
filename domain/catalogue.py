"""What the company is and sells, in the words the agent may use; prices stand in the policy."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Any, NamedTuple, Self

import phonenumbers
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from domain.checked_file import FileRefused, Problem, problems_of, suggestion
from domain.policy_types import Block, Positive, Word
from domain.pricing import Term
from domain.yaml_tree import BadYaml, read_yaml

Sentence = Annotated[str, Field(strict=True, min_length=3, max_length=300, pattern=r"^[^\n{}<>]+$")]
Key = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]{0,40}$")]


def _dialable(number: str) -> str:
    try:
        valid = phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        valid = False
    if not valid:
        raise PydanticCustomError("phone", "This is no number that can be dialled, such as +1 312 555 0100")
    return number


class CatalogueRefused(FileRefused):
    """A catalogue file is not taken over; all its problems at once."""

    kind = "catalogue"


class Company(Block):
    """Who is speaking. Every text is a whole sentence or a name, so that lines can use it as it stands."""

    name: Word
    agent_name: Word
    purpose: Sentence
    optout: Sentence
    phone: Annotated[str, Field(strict=True), AfterValidator(_dialable)]
    optout_phone: Annotated[str, Field(strict=True), AfterValidator(_dialable)]
    address: Sentence
    refund_terms: Sentence
    restrictions: Sentence


class Product(Block):
    key: Key
    name: Word  # as it is spoken
    summary: Sentence
    seats_from: Positive
    seats_to: Positive | None = None  # the last product has no end


class DefaultOrder(Block):
    """What is offered when the buyer names no number."""

    product: Key
    quantity: Positive
    term: Term


class Recommendation(NamedTuple):
    product: str
    quantity: int


class Catalogue(Block):
    company: Company
    products: Annotated[tuple[Product, ...], Field(min_length=1)]
    default_order: DefaultOrder

    @model_validator(mode="after")
    def _rules(self) -> Self:
        found = tuple(self._problems())
        if found:
            raise PydanticCustomError("catalogue_rules", "The catalogue breaks its rules", {"problems": found})
        return self

    def _problems(self) -> Iterator[Problem]:
        keys = [product.key for product in self.products]
        for number, product in enumerate(self.products):
            if product.key in keys[:number]:
                yield Problem(f"products.{number}.key", product.key, "this key is taken", "Give every product its own.")
            follows = self.products[number - 1].seats_to if number else 0
            if follows is None or product.seats_from != follows + 1:
                expected = "no product after one without an end" if follows is None else f"{follows + 1}"
                field = f"products.{number}.seats_from"
                yield Problem(field, str(product.seats_from), "the ranges must follow each other", f"Write {expected}.")
            if product.seats_to is not None and product.seats_to < product.seats_from:
                yield Problem(
                    f"products.{number}.seats_to", str(product.seats_to), "it is below seats_from", "Raise it."
                )
        if self.products[-1].seats_to is not None:
            yield Problem("products", "", "the last product must be open upwards", "Leave its seats_to out.")
        if self.default_order.product not in keys:
            given = self.default_order.product
            yield Problem("default_order.product", given, "there is no such product", suggestion(given, keys))

    @cached_property
    def _by_key(self) -> dict[str, Product]:
        return {product.key: product for product in self.products}

    def product(self, key: str) -> Product | None:
        return self._by_key.get(key)

    def recommend(self, quantity: int | None) -> Recommendation:
        """The product for so many seats; without a number the default order."""
        if quantity is None:
            return Recommendation(self.default_order.product, self.default_order.quantity)
        fitting = [product for product in self.products if product.seats_from <= max(quantity, 1)]
        return Recommendation(fitting[-1].key, max(quantity, 1))

    def against(self, priced: Iterable[str]) -> list[Problem]:
        """What does not fit the price list: a product needs words and a price."""
        prices = set(priced)
        found = [
            Problem(
                f"products.{product.key}", "", "the policy has no price for it", f"Add pricing.catalogue.{product.key}."
            )
            for product in self.products
            if product.key not in prices
        ]
        return found + [
            Problem(
                f"products.{key}", "", "the policy prices it and the catalogue does not describe it", "Add it here."
            )
            for key in sorted(prices - set(self._by_key))
        ]


def load_catalogue(text: str, source: str) -> Catalogue:
    """Read and check a catalogue file; raises CatalogueRefused with all problems."""
    try:
        tree = read_yaml(text)
    except BadYaml as fault:
        raise CatalogueRefused(source, [fault.problem]) from fault
    raw: Any = tree.value
    try:
        return Catalogue.model_validate(raw)
    except ValidationError as fault:
        raise CatalogueRefused(source, problems_of(fault, Catalogue, tree.lines)) from fault
