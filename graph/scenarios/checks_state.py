"""Expectations about how things stand: the head, facts, quotes, bookings, approvals, papers, score and authority."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from graph.scenarios.compare import difference, lists_differ, matches, unlike
from graph.scenarios.expectations import (
    ApprovalWant,
    BookingWant,
    ContractWant,
    FactsAt,
    FactWant,
    PaymentWant,
    QuoteWant,
)
from graph.scenarios.sight import Sight, block, text_of
from graph.scenarios.values import FigureRange
from memory.playback import Row


def head(column: str) -> Any:
    """A check of one column of the session's head."""

    def check(sight: Sight, want: Any) -> Iterator[str]:
        wanted = None if want == "none" else str(want)
        got = sight.head.get(column)
        if got != wanted:
            yield f"{column}: {got or 'none'} instead of {wanted or 'none'}"

    return check


def facts(sight: Sight, want: Mapping[str, FactWant]) -> Iterator[str]:
    for key, fact in want.items():
        yield from _fact(f"facts.{key}", fact, sight.facts_in_force.get(key))


def _fact(name: str, want: FactWant, row: Row | None) -> Iterator[str]:
    if want.status == "absent":
        if row is not None:
            yield f"{name}: is there ({row['status']}, {text_of(row['inside'].get('value'))}) and must not be"
        return
    if row is None:
        yield f"{name}: is not there"
        return
    for wrong in _unlike_fact(want, row):
        yield f"{name}: {wrong}"


def _unlike_fact(want: FactWant, row: Row) -> list[str]:
    inside = row["inside"]
    known = {"status": row["status"], "speaker": row["speaker"], "unit": inside.get("unit")}
    wanted = {"status": _word(want.status), "speaker": _word(want.speaker), "unit": want.unit}
    wrong = unlike(wanted, known)
    if want.value is not None and (differs := difference(want.value, inside.get("value"))):
        wrong.append(f"value: {differs}")
    return wrong


def _word(value: object) -> str | None:
    return None if value is None else str(value)


def fact_rows(sight: Sight, want: Mapping[str, Sequence[FactWant]]) -> Iterator[str]:
    for key, wanted in want.items():
        rows = [row for row in sight.rows("facts", start=True) if row["key"] == key]
        left = iter(rows)
        for number, fact in enumerate(wanted, 1):
            if not any(not _unlike_fact(fact, row) for row in left):
                there = ", ".join(f"{row['status']} {text_of(row['inside'].get('value'))}" for row in rows) or "none"
                yield f"fact_rows.{key}[{number}]: no such row in this order (there: {there})"
                break


def facts_at(sight: Sight, want: Sequence[FactsAt]) -> Iterator[str]:
    for entry in want:
        moment = entry.at or sight.moments.done.get(str(entry.step))
        if moment is None:
            yield f"facts_at: the step {entry.step} was not played"
            continue
        for key, fact in entry.facts.items():
            yield from _fact(f"facts_at {text_of(moment)}.{key}", fact, sight.fact_asof(key, moment))


def quotes(sight: Sight, want: Sequence[QuoteWant]) -> Iterator[str]:
    rows = [_quote(row) for row in sight.rows("quotes", start=True)]
    yield from lists_differ([quote.model_dump() for quote in want], rows, "quotes")


_PRICE = ("amount", "list_total", "discount_pct", "contract_value", "currency", "recurrence")


def _quote(row: Row) -> dict[str, Any]:
    body, scope = row["body"], row["body"]["scope"]
    return {
        "name": f"Q{row['version']}",
        "status": row["status"],
        **{
            key: body[key]
            for key in ("amount", "list_total", "discount_pct", "contract_value", "currency", "recurrence")
        },
        **{key: scope[key] for key in ("product", "quantity", "term")},
        "in_writing": row["issued_in_writing_at"] is not None,
        "valid_until": row["valid_until"],
    }


def bookings(sight: Sight, want: Sequence[BookingWant]) -> Iterator[str]:
    states = {"booked", *(booking.state for booking in want)}
    rows = [row for row in sight.rows("bookings", start=True) if row["state"] in states]
    left = list(rows)
    for booking in want:
        wanted = booking.model_dump(exclude_none=True)
        found = next((row for row in left if matches(wanted, row)), None)
        if found is None:
            there = ", ".join(f"{text_of(row['starts'])} {row['state']}" for row in rows) or "none"
            yield f"bookings: no {booking.state} at {text_of(booking.starts)} (there: {there})"
        else:
            left.remove(found)
    if len(rows) > len(want):
        extra = ", ".join(f"{text_of(row['starts'])} {row['state']}" for row in left)
        yield f"bookings: {len(rows)} instead of {len(want)}, also {extra}"


def approvals(sight: Sight, want: Sequence[ApprovalWant]) -> Iterator[str]:
    rows = [_approval(sight, row) for row in sight.rows("proposals")]
    wants = [_sorted_lists(entry.model_dump()) for entry in want]
    yield from lists_differ(wants, [_sorted_lists(row) for row in rows], "approvals")


def _approval(sight: Sight, row: Row) -> dict[str, Any]:
    draft = block(row["body"].get("draft"))
    answers = [each for each in sight.rows("approvals") if each["proposal_id"] == row["proposal_id"]]
    return {
        "rules": row["rules"],
        "status": row["status"],
        "uses": row["uses"],
        "roles": [each["role"] for each in answers],
        "quote": sight.quote_names.get(row["quote_hash"]),
        "discount_pct": draft.get("discount_pct"),
        "amount": draft.get("amount"),
        "edited": any(each["edit"] for each in answers),
        "fallback": row["fallback"],
        "decided_by": [each["decided_by"] for each in answers if each["decided_by"]],
    }


def _sorted_lists(row: dict[str, Any]) -> dict[str, Any]:
    return {key: sorted(value) if isinstance(value, (list, tuple)) else value for key, value in row.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def contracts(sight: Sight, want: Sequence[ContractWant]) -> Iterator[str]:
    rows = [
        {"status": r["status"], "quote": sight.quote_names.get(r["quote_hash"])}
        for r in sight.rows("contracts", start=True)
    ]
    yield from lists_differ([entry.model_dump() for entry in want], rows, "contracts")


def payments(sight: Sight, want: Sequence[PaymentWant]) -> Iterator[str]:
    rows = [{**row, "quote": sight.quote_names.get(row["quote_hash"])} for row in sight.rows("payments", start=True)]
    shown = [{key: row[key] for key in ("status", "quote", "amount", "attempt")} for row in rows]
    yield from lists_differ([entry.model_dump() for entry in want], shown, "payments")


def figure(column: str) -> Any:
    """A check of a figure of the session's head."""

    def check(sight: Sight, want: FigureRange) -> Iterator[str]:
        problem = want.problem(float(Decimal(str(sight.head.get(column, 0)))))
        if problem:
            yield f"{'S' if column == 'score' else column}: {problem}"

    return check


def open_scopes(sight: Sight, want: Sequence[str]) -> Iterator[str]:
    for scope in want:
        if scope not in sight.open_scopes:
            yield f"open_scopes: {scope} is not open (open: {', '.join(sight.open_scopes) or 'none'})"


def closed_scopes(sight: Sight, want: Sequence[str]) -> Iterator[str]:
    for scope in want:
        if scope in sight.open_scopes:
            yield f"closed_scopes: {scope} is open"
