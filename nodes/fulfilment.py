"""After the commitment: signature and payment arrive as webhooks, links run out, and a sale may be taken back."""

from typing import Any

from domain.acts import planned, say
from domain.events import EventKind
from domain.firing import fire
from domain.ports import Ports
from domain.reading import Wish
from domain.state import part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.commitment import put_commitment
from nodes.sending import say_links
from nodes.undoing import links_to_people


def committed(turn: Turn, ports: Ports, words: bool) -> None:
    """CLOSE.committed: signature and payment arrive as webhooks; the buyer may ask for the links again."""
    if "T31" in turn.fired:
        return
    order: dict[str, Any] = turn.deal["order"]
    if turn.event.kind is EventKind.WEBHOOK:
        _webhook(turn, order)
    elif (
        turn.event.kind is EventKind.TIMER
        and turn.event.data.get("timer") == "link_expiry"
        and order.get("paid_amount") is None
        and turn.event.data.get("ref") in (None, order.get("payment_id", turn.event.data.get("ref")))
    ):
        _retry(turn, "link_expired")
    elif turn.work.get("returned") and order.get("signed") and order.get("paid_amount") is not None:
        _win(turn, order)  # both came while the session waited for the buyer
    elif (words or turn.work.get("returned")) and not turn.plan_answers():
        missing = (
            "both"
            if not order.get("signed") and order.get("paid_amount") is None
            else "payment"
            if order.get("signed")
            else "signature"
        )
        if Wish.GOODBYE in turn.reading.wishes or turn.counted("commit_reminder") % 2:
            say(turn, "commit_missing", missing=missing)
        else:
            say_links(turn, "commit_reminder", order)
        turn.count("commit_reminder")


def note_webhook(turn: Turn) -> None:
    """A signature or a payment is known from now on, wherever the session stands when it comes."""
    data, order = turn.event.data, part(turn.deal, "order")
    if turn.event.kind is not EventKind.WEBHOOK or not order or turn.step.terminal:
        return
    if data.get("source") == "contract" and data.get("status") == "accepted":
        order.update(signed=True, signed_quote_hash=data.get("quote_hash"))
    elif data.get("source") == "payment" and data.get("status") == "succeeded":
        order["paid_amount"] = str(data.get("amount"))


def _webhook(turn: Turn, order: dict[str, Any]) -> None:
    data = turn.event.data
    if data.get("source") == "payment" and data.get("status") != "succeeded":
        if data.get("payment_id") not in (None, order.get("payment_id", data.get("payment_id"))):
            return  # a link that was replaced
        _retry(turn, f"payment_{data.get('status')}")
        return
    if not order.get("signed") or order.get("paid_amount") is None:
        say(turn, "signed_waits_payment" if order.get("signed") else "paid_waits_signature")
        return
    _win(turn, order)


def _win(turn: Turn, order: dict[str, Any]) -> None:
    """T32: signed and paid."""
    quote = turn.deal["quote"]
    row = fire(
        turn,
        Trigger.SIGNED_AND_PAID_WEBHOOK,
        records={"closed_won": {"amount": quote["amount"], "quote": f"Q{quote['version']}"}},
    )
    if isinstance(row, Transition):
        order["open"] = False
        turn.place["won_at"] = turn.now.isoformat()
        say(turn, "won", product=quote["scope"]["product"], quantity=quote["scope"]["quantity"])


def _retry(turn: Turn, reason: str) -> None:
    """T35: one more payment attempt, after a new direct question."""
    order = turn.deal["order"]
    row = fire(
        turn,
        Trigger.LINK_EXPIRED_OR_PAYMENT_FAILED,
        reason=reason,
        records={"payment_retry": {"attempt": order["attempt"]}},
        act=lambda: turn.want("expire_payment", quote_hash=order["quote_hash"]),
    )
    if isinstance(row, Transition):
        order["open"] = False
        turn.work["payment_retry"] = True
        say(turn, "payment_failed")
        put_commitment(turn)
    else:
        links_to_people(turn, "payment_with_people", "payment_failed")


def won(turn: Turn, words: bool) -> None:
    """WON: a cancellation inside the cooling-off period reverses the sale; everything else goes to people."""
    if not words:
        return
    if not turn.reading.wishes & {Wish.CANCEL_ORDER, Wish.FINAL_NO}:
        if not turn.plan_answers():
            say(turn, "ended_won")
        return
    days = turn.policy.compliance.cooling_off_days.get(turn.place.get("region") or "")
    turn.work["cooling_off_days"] = days
    row = fire(
        turn,
        Trigger.COOLING_OFF_CANCELLATION,
        reason="cooling_off",
        records={"won_reversed": {}, "refund_task": {"role": "finance", "rule": "A8"}},
        act=lambda: turn.want("archive_order", quote_hash=turn.deal["order"]["quote_hash"]),
    )
    if isinstance(row, Transition):
        say(turn, "order_cancelled")
    elif not planned(turn, "ended_won"):
        turn.audit("refund_asked", {"quote": turn.deal["quote"]["quote_hash"], "role": "finance"}, actor="buyer")
        say(turn, "human_has_it")
