"""An effect failed for good: its transition is taken back and the buyer is told, or people get it as a task."""

from typing import Any

from domain.acts import say
from domain.facts import FactStatus
from domain.guards.closing import COMMIT_ATTEMPTS
from domain.ledger import write
from domain.stages import Overlay, Step
from domain.state import Json, part
from domain.turn import Turn
from domain.undoing import undo
from nodes.people import give_to_people
from nodes.presence import park_when_idle
from nodes.slots import drop_meeting


def effect_failed(turn: Turn) -> None:
    """Serve the alarm of the outbox. What no row depends on is in the list of failed deliveries only."""
    kind, object_id = str(turn.event.data.get("effect") or ""), turn.event.data.get("object")
    turn.audit("effect_failed", {"effect": turn.event.data.get("ref"), "kind": kind}, actor="system")
    if turn.step.terminal or not object_id:  # without an object: it was sent again before anybody looked
        return
    if _taken_back(turn, kind, object_id):
        turn.want("settle_effect", effect_id=turn.event.data["ref"])


def _taken_back(turn: Turn, kind: str, object_id: str) -> bool:
    """Whether nobody has to send it again."""
    order = part(turn.deal, "order")
    if kind == "calendar_event" and part(turn.deal, "appointment").get("booking_id") == object_id:
        _meeting(turn)
        return True
    if object_id in (order.get("contract_id"), order.get("payment_id")):
        return _links(turn, order, kind)
    if kind == "callback" and part(turn.deal, "callback").get("object") == object_id:
        return _callback(turn)
    return False


def tell(turn: Turn, act: str, **slots: Any) -> bool:
    """Tell the buyer at once, or first thing when they are back; False where that is later."""
    here = turn.channel.text or turn.place.get("line") != "down"
    if here and _agent_speaks(turn):
        say(turn, act, **slots)
        return True
    turn.deal["owed"] = [*turn.deal.get("owed", []), {"act": act, "slots": slots}]
    return False


def tell_owed(turn: Turn) -> None:
    """What could not be said while nobody was there, once the buyer and the agent are."""
    if turn.deal.get("owed") and turn.overlay is None and _agent_speaks(turn) and not turn.step.terminal:
        for news in turn.deal.pop("owed"):
            say(turn, news["act"], **news["slots"])


def _agent_speaks(turn: Turn) -> bool:
    """A colleague who has the session is not talked over."""
    return turn.place.get("owner", "agent") == "agent" and turn.step is not Step.BRIDGED


def _times(turn: Turn, row_id: str) -> int:
    """How often the row was taken back in this session, this time included."""
    undone: Json = turn.deal.setdefault("undone", {})
    undone[row_id] = int(undone.get(row_id, 0)) + 1
    return undone[row_id]


def _meeting(turn: Turn) -> None:
    """T12: the meeting could not be entered in the calendar. A second time people settle it."""
    meeting: Json = turn.deal["appointment"]
    when = {"at": meeting["starts"], "zone": meeting["zone"], "now": turn.now.isoformat()}
    told: list[bool] = []
    undo(
        turn,
        "T12",
        {
            "cancel_event": lambda: drop_meeting(turn, None),
            "notify_buyer": lambda: told.append(tell(turn, "booking_undone", when=when)),
        },
        {"meeting_cancelled": {"starts": meeting["starts"]}},
    )
    fact = {"starts": meeting["starts"], "zone": meeting["zone"]}
    write(turn, "appointment", fact, status=FactStatus.SUPERSEDED, speaker="system")
    turn.deal["rejected"] = [*turn.deal.get("rejected", []), meeting["starts"]][-12:]
    if _times(turn, "T12") > 1:
        tell(turn, "meeting_with_people")
        give_to_people(turn, "meeting_failed")
    elif not all(told):
        give_to_people(turn, "meeting_failed")
    else:
        turn.work["undone"] = "T12"
    park_when_idle(turn)


def _links(turn: Turn, order: Json, kind: str) -> bool:
    """T31: a link could not be sent. Where money or a second attempt is in play, people take over."""
    void = kind == "contract_link" and not order.get("signed")
    if not order.get("open"):
        order["contract_void"] = order.get("contract_void") or void  # the next commitment sends a new one
        return order["contract_void"]
    if order.get("paid_amount") is not None or order["attempt"] >= COMMIT_ATTEMPTS:
        links_to_people(turn, "links_with_people", "links_failed")
        return False
    _take_order_back(turn, order)
    if not tell(turn, "links_undone"):
        give_to_people(turn, "links_failed")
    turn.work["undone"] = "T31"
    park_when_idle(turn)
    return True


def _take_order_back(turn: Turn, order: Json) -> None:
    """A contract that was signed already stays."""
    quote_hash = order["quote_hash"]

    def void() -> None:
        if not order.get("signed"):
            turn.want("void_order", quote_hash=quote_hash)
            order["contract_void"] = True

    undo(
        turn,
        "T31",
        {"void_envelope": void, "expire_link": lambda: turn.want("expire_payment", quote_hash=quote_hash)},
        {"stage_reopened": {"quote": f"Q{turn.deal['quote']['version']}"}},
    )
    order["open"] = False
    turn.want("quote_status", quote_hash=quote_hash, status="open")
    promised = {"quote_hash": quote_hash, "amount": turn.deal["quote"]["amount"]}
    write(turn, "commitment", promised, status=FactStatus.SUPERSEDED, speaker="system")


def links_to_people(turn: Turn, act: str, reason: str) -> None:
    """Said and given to people once an order, whatever else of it fails."""
    order: Json = turn.deal["order"]
    if not order.get("with_people"):
        order["with_people"] = True
        tell(turn, act)
        give_to_people(turn, reason)


def _callback(turn: Turn) -> bool:
    """T24: the promised call could not be set down; it is arranged anew, once."""
    callback: Json = turn.deal["callback"]
    if turn.overlay is not Overlay.CALLBACK:
        return False
    again = _times(turn, "T24") > 1

    def cancel() -> None:
        turn.deal["callback"] = {"priority": callback["priority"]} if "priority" in callback else {}

    def notify() -> None:
        tell(turn, "human_has_it" if again else "callback_undone")

    undo(turn, "T24", {"cancel_task": cancel, "notify_buyer": notify}, {})
    return True
