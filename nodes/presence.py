"""Presence: who is there, on which channel, and what happens when somebody leaves or comes back."""

from datetime import timedelta

from domain.acts import say
from domain.events import EventKind
from domain.firing import fire
from domain.guards.opening import disclosed_on
from domain.reading import Special, Wish
from domain.scoring import note, rescore
from domain.stages import COMMIT_STEPS, Channel, Overlay, Stage, Step
from domain.state import part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.proposals import open_proposal

BUYER_EVENTS = (EventKind.WORDS, EventKind.ARRIVED)
BEFORE_PARTY = (Step.NEW, Step.DIALING, Step.GREET, Step.IDENTIFY)


def note_presence(turn: Turn) -> None:
    """Follow the line and the channel of the event."""
    event = turn.event
    if event.kind in BUYER_EVENTS and event.channel:
        turn.place["channel"] = event.channel.value
    if event.channel is Channel.VOICE and event.kind in BUYER_EVENTS:
        call_id, known = event.data.get("call_id"), turn.place.get("call_id")
        if turn.place.get("line") != "up" or (call_id and known and call_id != known):
            _call_begins(turn, call_id)
    if event.kind is EventKind.LINE:
        _line(turn, str(event.data.get("state")))


def _call_begins(turn: Turn, call_id: str | None) -> None:
    turn.place.update(line="up", call_id=call_id, call_at=turn.now.isoformat())
    turn.talk["disclosed"].pop(Channel.VOICE.value, None)
    turn.talk["watch"].pop("disclosure:voice", None)
    turn.talk["stayed"] = False
    turn.want("cancel_timer", timer="idle_park", ref="line")


def _line(turn: Turn, state: str) -> None:
    if state == "up":
        _call_begins(turn, turn.event.data.get("call_id"))
        return
    ended, known = turn.event.data.get("call_id"), turn.place.get("call_id")
    if ended and known and ended != known:
        return  # a call that was over already, told late: the buyer is on another one
    turn.place["line"] = "down"
    park_when_idle(turn)


def park_when_idle(turn: Turn) -> None:
    """With the line down the session waits for the buyer for a while, where something is still open."""
    settled = turn.overlay is not None or turn.step.terminal or turn.step in (Step.BOOKED, Step.COMMITTED)
    if not settled and turn.place.get("line") == "down":
        seconds = idle_seconds(turn)
        turn.want("timer", timer="idle_park", ref="line", due_at=(turn.now + timedelta(seconds=seconds)).isoformat())


def idle_seconds(turn: Turn) -> int:
    """How long a lost line waits for the buyer before the session is parked."""
    name = {Stage.TRANSFER: "transfer", Stage.CLOSE: "close"}.get(turn.stage or Stage.BOOK, "book")
    return int(getattr(turn.policy.stages, name).idle_park_s)


def disclose_first(turn: Turn) -> None:
    """On every channel the AI disclosure comes before anything else of substance."""
    if turn.step.terminal and turn.step is not Step.WON:
        return
    key = turn.channel.value
    spoken = turn.talk["disclosed"].get(key)
    if spoken and (disclosed_on(turn) or turn.channel.text or not _lost(turn, spoken["speech_id"])):
        return
    company = turn.catalogue.company
    act = "disclose_ai_again" if turn.place.get("opened") else "disclose_ai"
    say(turn, act, agent=company.agent_name, company=company.name, purpose=company.purpose, optout=company.optout)
    turn.count("disclose_ai")
    turn.work["discloses"] = True


def _lost(turn: Turn, speech_id: str) -> bool:
    """A disclosure that was cut short or never played has to be said again."""
    row = part(turn.situation, "speech").get(speech_id)
    return row is not None and row["status"] in ("partly", "unheard")


def come_back(turn: Turn) -> None:
    """T44: the buyer returns, or control is handed back."""
    if turn.overlay is None or turn.step.terminal:
        return
    returns = turn.event.kind in BUYER_EVENTS or (
        turn.event.kind is EventKind.LINE and turn.event.data.get("state") == "up"
    )
    handed = turn.event.kind is EventKind.OPERATOR and turn.event.data.get("act") == "hand_back"
    if turn.overlay is Overlay.HUMAN:
        rather_us = Wish.CONTINUE_WITH_AI in turn.reading.wishes and turn.place.get("owner", "agent") == "agent"
        returns = returns and rather_us
    if not (returns or handed) or turn.event.data.get("speaker", "buyer") != "buyer":
        return
    if returns and turn.overlay is Overlay.PARKED:
        note(turn, "returned_unprompted")
    rescore(turn)
    disclose_first(turn)
    overlay, history = turn.overlay, remembered_step(turn)
    row = fire(
        turn,
        Trigger.BUYER_RETURNS_OR_CONTROL_RETURNED,
        history=history,
        records={"session_resumed": {"from": overlay.value, "to": history.value, "channel": turn.channel.value}},
    )
    if isinstance(row, Transition):
        turn.work["returned"] = True
        turn.place["owner"] = "agent"
        turn.want("cancel_timer", timer="dormant", ref="session")


def remembered_step(turn: Turn) -> Step:
    """The step to go back to: one stage lower while the rescored S is below the exit value."""
    step = turn.remembered or turn.step
    if step in BEFORE_PARTY:
        return Step.GREET
    leave = {name: float(turn.policy.gate(name)[1]) for name in ("transfer", "close", "commit")}
    if step in COMMIT_STEPS and turn.score < leave["commit"]:
        step = Step.COMPLIANCE
    if step.stage is Stage.CLOSE and turn.score < leave["close"]:
        step = Step.OFFERED
    if step.stage is Stage.TRANSFER and turn.score < leave["transfer"]:
        step = Step.DISCOVERY
    return step


def leave(turn: Turn) -> None:
    """T43: a lost line that stayed lost, a long silence, a call that is too long. T45: dormant for too long."""
    event = turn.event
    if event.kind is EventKind.SILENCE:
        _silence(turn, int(event.data.get("level", 1)))
    elif event.kind is EventKind.TIMER and event.data.get("timer") == "idle_park":
        if turn.place.get("line") == "down" and turn.overlay is None and not turn.step.terminal:
            park(turn, "line_lost")
    elif event.kind is EventKind.TIMER and event.data.get("timer") == "call_cap":
        _too_long(turn, ended=event.data.get("ref") == "over")
    elif event.kind is EventKind.TIMER and event.data.get("timer") == "dormant":
        fire(turn, Trigger.ATTEMPTS_EXHAUSTED_OR_DORMANT_30D, reason="dormant")


def _silence(turn: Turn, level: int) -> None:
    if turn.overlay is not None or turn.step is Step.BRIDGED or turn.step.terminal:
        return
    if waited_for := open_proposal(turn):  # who was asked to wait may be silent, and is told that it goes on
        if level > 1:
            say(turn, "approval_pending", role=str((waited_for.get("roles") or waited_for["rules"])[0]))
        return
    if level < 3:
        say(turn, "silence_prompt" if level == 1 else "silence_still_there")
        return
    note(turn, "silence_timeout")
    say(turn, "silence_bye")
    if turn.step not in (Step.BOOKED, Step.COMMITTED):  # those wait for the appointment or the webhook as they are
        park(turn, "silence")


def _too_long(turn: Turn, *, ended: bool) -> None:
    """Before the longest call is over the buyer is offered a time; then the call ends, and nothing is lost."""
    if turn.overlay is not None or turn.step is Step.BRIDGED or turn.step.terminal or turn.place.get("line") != "up":
        return
    if not ended:
        say(turn, "time_is_up")
        return
    say(turn, "later_ok")
    park(turn, "call_too_long")


def park(turn: Turn, reason: str) -> None:
    """Park the session with what comes next, so that nobody has to remember it."""
    next_action = next_step(turn)
    row = fire(
        turn,
        Trigger.SILENCE_DISCONNECT_OR_LATER,
        reason=reason,
        records={"parked": {"next_action": next_action, "step": turn.step.value}},
    )
    if isinstance(row, Transition):
        turn.place["next_action"] = next_action
        turn.want("timer", timer="dormant", ref="session", due_at=(turn.now + timedelta(days=30)).isoformat())


def next_step(turn: Turn) -> str:
    """What the session waits for, in a word for people."""
    known: dict[Stage | None, str] = {
        Stage.CLOSE: "take up the order where it stands",
        Stage.TRANSFER: "take up the transfer",
        Stage.BOOK: "take up the talk",
    }
    return known.get(turn.stage, "wait for the buyer")


def is_other_person(turn: Turn) -> bool:
    """Whether somebody else than the buyer speaks."""
    return bool({Special.GATEKEEPER, Special.WRONG_PERSON} & set(turn.reading.specials))
