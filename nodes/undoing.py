"""An effect failed for good: its transition is taken back and the buyer is told, or people get it as a task."""

from collections.abc import Mapping
from typing import Any

from domain.acts import say
from domain.facts import FactStatus
from domain.ledger import write
from domain.stages import Overlay, Step
from domain.state import part
from domain.turn import Turn
from domain.undoing import undo
from nodes.people import give_to_people
from nodes.sending import LINKS
from nodes.slots import drop_meeting

COMMIT_ATTEMPTS = 2


def effect_failed(turn: Turn) -> None:
    """Serve the alarm of the outbox. What no row depends on is in the list of failed deliveries only."""
    kind, object_id = str(turn.event.data.get("effect") or ""), turn.event.data.get("object")
    turn.audit("effect_failed", {"effect": turn.event.data.get("ref"), "kind": kind}, actor="system")
    if turn.step.terminal:
        return
    order = part(turn.deal, "order")
    if kind == "calendar_event" and part(turn.deal, "appointment").get("booking_id") == object_id:
        _meeting(turn)
    elif kind in ("contract_link", "payment_link") and order.get("open") and object_id in links_of(turn, order):
        _order(turn, order)
    elif kind == "callback" and turn.overlay is Overlay.CALLBACK and object_id == "callback":
        _callback(turn)


def links_of(turn: Turn, order: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the contract and the payment that the order's commitment has sent."""
    return tuple(f"{turn.session_id}:{order.get('turn_id')}:{kind}" for kind in LINKS.values())


def tell_owed(turn: Turn) -> None:
    """What could not be said while nobody was there."""
    for news in turn.deal.pop("owed", []):
        say(turn, news["act"], **news["slots"])


def _tell(turn: Turn, act: str, **slots: Any) -> None:
    """Notify the buyer: at once, or first thing when they are back; then a person hears of it too."""
    if turn.channel.text or turn.place.get("line") != "down":
        say(turn, act, **slots)
        return
    turn.deal["owed"] = [*turn.deal.get("owed", []), {"act": act, "slots": slots}]
    give_to_people(turn, "effect_failed")


def _meeting(turn: Turn) -> None:
    """T12: the meeting could not be entered in the calendar."""
    meeting: dict[str, Any] = turn.deal["appointment"]
    when = {"at": meeting["starts"], "zone": meeting["zone"], "now": turn.now.isoformat()}
    undo(
        turn,
        "T12",
        {
            "cancel_event": lambda: drop_meeting(turn, None),
            "notify_buyer": lambda: _tell(turn, "booking_undone", when=when),
        },
        Step.SLOTS_OFFERED,
        {"meeting_cancelled": {"starts": meeting["starts"]}},
    )
    told = {"starts": meeting["starts"], "zone": meeting["zone"]}
    write(turn, "appointment", told, status=FactStatus.SUPERSEDED, speaker="system")
    turn.work["undone"] = "T12"


def _order(turn: Turn, order: dict[str, Any]) -> None:
    """T31: a link could not be sent. A contract that was signed already stays; a second failure goes to people."""
    if order["attempt"] >= COMMIT_ATTEMPTS:
        say(turn, "links_with_people")
        give_to_people(turn, "links_failed")
        return
    quote_hash, signed = order["quote_hash"], bool(order.get("signed"))

    def void() -> None:
        if not signed:
            turn.want("void_order", quote_hash=quote_hash)
            order["contract_void"] = True

    undo(
        turn,
        "T31",
        {"void_envelope": void, "expire_link": lambda: turn.want("expire_payment", quote_hash=quote_hash)},
        Step.COMMIT_REQUESTED,
        {"stage_reopened": {"quote": f"Q{turn.deal['quote']['version']}"}},
    )
    order["open"] = False
    turn.deal["order"] = order
    turn.want("quote_status", quote_hash=quote_hash, status="open")
    promised = {"quote_hash": quote_hash, "amount": turn.deal["quote"]["amount"]}
    write(turn, "commitment", promised, status=FactStatus.SUPERSEDED, speaker="system")
    _tell(turn, "links_undone")
    turn.work["undone"] = "T31"


def _callback(turn: Turn) -> None:
    """T24: the promised call could not be set down; under HUMAN it is arranged anew."""
    callback: dict[str, Any] = part(turn.deal, "callback")
    undo(
        turn,
        "T24",
        {"cancel_task": callback.clear, "notify_buyer": lambda: _tell(turn, "callback_undone")},
        Overlay.HUMAN,
        {},
    )
    turn.deal["callback"] = callback
