"""The restricted language of approval rules: parsed by Python's grammar, checked, and run by this evaluator only."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from domain.errors import BadInput

type_words = {"number": "a number", "flag": "a yes or no", "word": "a word"}
VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "discount_pct": "number",
        "contract_value": "number",
        "confidence": "number",
        "intent": "number",
        "margin_pct": "number",
        "nonstandard_terms": "flag",
        "regulated_region": "flag",
        "vip": "flag",
        "refund": "flag",
        "cooling_off": "flag",
        "stage": "word",
        "region": "word",
    }
)
Value = Decimal | bool | str
Given = Decimal | int | float | bool | str
# A situation in which no rule has a reason to ask: start from it and set what is known.
QUIET: Mapping[str, Given] = MappingProxyType(
    {
        "discount_pct": Decimal(0),
        "contract_value": Decimal(0),
        "confidence": Decimal(1),
        "intent": Decimal(1),
        "margin_pct": Decimal(100),
        "nonstandard_terms": False,
        "regulated_region": False,
        "vip": False,
        "refund": False,
        "cooling_off": False,
        "stage": "close",
        "region": "",
    }
)


class BadExpression(ValueError):
    """An approval rule uses something outside the language."""


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    value: Value


@dataclass(frozen=True, slots=True)
class Words:
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Name | Constant
    sign: str
    right: "Name | Constant | Words"


@dataclass(frozen=True, slots=True)
class Not:
    term: "Term"


@dataclass(frozen=True, slots=True)
class Both:
    """All of the terms, or any of them."""

    all: bool
    terms: "tuple[Term, ...]"


Term = Name | Comparison | Not | Both
_SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
}  # fmt: skip
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
_DENIED = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}


@lru_cache(maxsize=512)
def parse(text: str) -> Term:
    """The checked tree of an expression; raises BadExpression."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as fault:
        raise BadExpression("it cannot be parsed") from fault
    return _term(tree)


def _term(node: ast.expr) -> Term:
    match node:
        case ast.BoolOp(op=op, values=values):
            return Both(isinstance(op, ast.And), tuple(_term(value) for value in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_term(operand))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            return _chain(left, ops, rights)
        case ast.Name(id=name):
            if _kind(name) != "flag":
                raise BadExpression(f"{name} is {type_words[_kind(name)]} and must be compared with something")
            return Name(name)
        case _:
            raise BadExpression(f"it may not use {type(node).__name__}")


def _chain(left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]) -> Term:
    parts: list[Term] = []
    for op, right in zip(ops, rights, strict=True):
        sign = _SIGNS.get(type(op))
        if sign is None:
            raise BadExpression(f"it may not use {type(op).__name__}")
        parts.append(_comparison(_operand(left), sign, _words(right) if sign == "in" else _operand(right)))
        left = right
    return parts[0] if len(parts) == 1 else Both(True, tuple(parts))


def _comparison(left: Name | Constant, sign: str, right: Name | Constant | Words) -> Comparison:
    kinds = {_kind_of(left), _kind_of(right)}
    if len(kinds) != 1:
        raise BadExpression(f"it compares {' with '.join(sorted(type_words[kind] for kind in kinds))}")
    if "number" not in kinds and sign not in ("==", "!=", "in"):
        raise BadExpression(f"only numbers can be compared with {sign}")
    if isinstance(left, Constant) and not isinstance(right, Name):
        raise BadExpression("a comparison needs a variable")
    return Comparison(left, sign, right)


def _operand(node: ast.expr) -> Name | Constant:
    match node:
        case ast.Name(id=name):
            _kind(name)
            return Name(name)
        case ast.Constant(value=bool() | str() as value):
            return Constant(value)
        case ast.Constant(value=int() | float() as value):
            return Constant(_number(value))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return Constant(-_number(value))
        case _:
            raise BadExpression(f"it may not use {type(node).__name__}")


def _number(value: int | float) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise BadExpression("a number in it is too large")
    return number


def _words(node: ast.expr) -> Words:
    values = [part.value for part in node.elts if isinstance(part, ast.Constant)] if isinstance(node, ast.List) else []
    words = [value for value in values if isinstance(value, str)]
    if not isinstance(node, ast.List) or not words or len(words) != len(node.elts):
        raise BadExpression("`in` needs a list of words such as ['US-TX', 'US-FL']")
    return Words(frozenset(words))


def _kind(name: str) -> str:
    if name not in VARIABLES:
        raise BadExpression(f"unknown variable {name}")
    return VARIABLES[name]


def _kind_of(operand: Name | Constant | Words) -> str:
    match operand:
        case Name(name):
            return _kind(name)
        case Words():
            return "word"
        case Constant(bool()):
            return "flag"
        case Constant(str()):
            return "word"
        case Constant():
            return "number"


def holds(term: Term, given: Mapping[str, Given]) -> bool:
    """Whether the expression is true for the given values."""
    match term:
        case Name(name):
            return bool(_value(name, given))
        case Not(inner):
            return not holds(inner, given)
        case Both(True, terms):
            return all(holds(part, given) for part in terms)
        case Both(_, terms):
            return any(holds(part, given) for part in terms)
        case Comparison(left, sign, Words(values)):
            return _read(left, given) in values
        case Comparison(left, sign, right):
            return _compare(_read(left, given), sign, _read(right, given))


def _read(operand: "Name | Constant | Words", given: Mapping[str, Given]) -> Value:
    assert not isinstance(operand, Words)
    return operand.value if isinstance(operand, Constant) else _value(operand.name, given)


def _value(name: str, given: Mapping[str, Given]) -> Value:
    if name not in given:
        # A value that nobody looked up must not silently mean "no approval needed".
        raise BadInput(name, "an approval rule asks for it and it was not given", "Start from expressions.QUIET")
    raw = given[name]
    if isinstance(raw, bool | str | Decimal):
        return raw
    return Decimal(repr(raw))


def _compare(left: Value, sign: str, right: Value) -> bool:
    match sign:
        case "==":
            return left == right
        case "!=":
            return left != right
        case _:
            low, high = Decimal(left), Decimal(right)
            return {">": low > high, ">=": low >= high, "<": low < high, "<=": low <= high}[sign]


def bounds(term: Term, variable: str, denied: bool = False) -> Iterator[tuple[str, Decimal]]:
    """Every `variable sign number` in the expression, written with the variable first and without `not`."""
    match term:
        case Not(inner):
            yield from bounds(inner, variable, not denied)
        case Both(_, terms):
            for part in terms:
                yield from bounds(part, variable, denied)
        case Comparison(Name(name), sign, Constant(Decimal() as number)) if name == variable:
            yield (_DENIED[sign] if denied else sign), number
        case Comparison(Constant(Decimal() as number), sign, Name(name)) if name == variable:
            turned = _TURNED[sign]
            yield (_DENIED[turned] if denied else turned), number
        case _:
            return
