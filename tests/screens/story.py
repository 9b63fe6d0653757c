"""Writes sessions row by row as the commits of turns leave them, so that screens can be tried without running turns."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from domain.audit_chain import digest_of, hash_of
from domain.facts import kind_of
from domain.pricing import Quote
from domain.stages import Step
from domain.transitions import BY_ID
from memory.sealing import Sealer

VERSION = "2026-11-24.1"  # of policy/default.yaml


class Story:
    """One session. Every method adds what one commit would add."""

    def __init__(
        self,
        db: psycopg.Connection[Any],
        sealer: Sealer,
        *,
        phone: str,
        opened: datetime,
        channel: str = "chat",
        label: str = "",
    ) -> None:
        self.db, self.sealer, self.channel = db, sealer, channel
        self.session_id, self.contact_id = str(uuid4()), str(uuid4())
        self.turns, self.seq, self.link = 0, 0, ""
        self.step, self.epoch, self.at = "ENTRY.new", 0, opened
        self.turn_id = ""
        db.execute("insert into contacts (contact_id, opened_at) values (%s, %s)", (self.contact_id, opened))
        db.execute(
            "insert into identities values (%s, %s, 'phone', true, %s, %s)",
            (sealer.digest("phone", phone), self.contact_id, sealer.seal({"value": phone}), opened),
        )
        db.execute(
            "insert into sessions (session_id, contact_id, channel, label, opened_at, changed_at)"
            " values (%s, %s, %s, %s, %s, %s)",
            (self.session_id, self.contact_id, channel, label, opened, opened),
        )

    @classmethod
    def going_on(cls, db: psycopg.Connection[Any], sealer: Sealer, session_id: str) -> "Story":
        """A session that is there already; the next commit follows its last one."""
        row = db.execute(
            "select contact_id::text, channel, turns, audit_seq, audit_hash, step, epoch, opened_at from sessions"
            " where session_id = %s",
            (session_id,),
        ).fetchone()
        assert row is not None
        story = cls.__new__(cls)
        story.db, story.sealer, story.session_id, story.turn_id = db, sealer, session_id, ""
        story.contact_id, story.channel, story.turns, story.seq, story.link, story.step, story.epoch, story.at = row
        return story

    def head(self, **columns: Any) -> "Story":
        """Set columns of the session's row."""
        for name, value in columns.items():
            self.db.execute(
                sql.SQL("update sessions set {} = %s where session_id = %s").format(sql.Identifier(name)),
                (value, self.session_id),
            )
        return self

    def turn(
        self,
        words: str | None,
        step: str,
        score: float,
        *,
        after: float = 20,
        kind: str | None = None,
        rows: tuple[str, ...] = (),
        says: tuple[tuple[str, str], ...] = (),
        evidence: tuple[str, ...] = (),
        guards: tuple[tuple[str, str, bool, str], ...] = (),
        calls: tuple[tuple[str, str, str | None, str | None], ...] = (),
        facts: tuple[tuple[str, Any, str], ...] = (),
        scopes: tuple[str, ...] = ("crm.note",),
        overlay: str | None = None,
        status: str = "heard",
        confidence: float = 0.8,
        sums: dict[str, float] | None = None,
    ) -> "Story":
        self.at += timedelta(seconds=after)
        self.turns += 1
        before, self.step = self.step, step
        self.turn_id = f"{self.session_id}:t{self.turns}"
        kind = kind or ("words" if words is not None else "arrived")
        sealed = self.sealer.seal({"words": words, "speaker": "buyer", "scopes": list(scopes), "sums": sums or {}})
        self._insert(
            "turns",
            session_id=self.session_id,
            turn=self.turns,
            turn_id=self.turn_id,
            kind=kind,
            channel=self.channel,
            at=self.at,
            step_before=before,
            step_after=step,
            overlay_after=overlay,
            score=score,
            confidence=confidence,
            epoch=self.epoch,
            policy_version=VERSION,
            sealed=sealed,
        )
        here = before
        for number, name in enumerate(rows):
            self.epoch += 1
            target = BY_ID[name].target
            there = target.value if isinstance(target, Step) and number < len(rows) - 1 else step
            self._insert(
                "transitions",
                session_id=self.session_id,
                turn_id=self.turn_id,
                ordinal=number,
                transition=name,
                trigger=BY_ID[name].trigger.value,
                step_before=here,
                step_after=there,
                overlay_after=overlay,
                epoch=self.epoch,
                at=self.at,
            )
            self.audit("transition", {"row": name, "from": here, "to": there})
            here = there
        for number, (act, text) in enumerate(says):
            self.say(act, text, number, status)
        for number, item in enumerate(evidence):
            self._insert(
                "evidence",
                session_id=self.session_id,
                turn_id=self.turn_id,
                ordinal=number,
                type=item,
                confidence=1,
                at=self.at,
            )
        for number, (row, guard, held, value) in enumerate(guards):
            self._insert(
                "guard_results",
                session_id=self.session_id,
                turn_id=self.turn_id,
                ordinal=number,
                transition=row,
                guard=guard,
                held=held,
                value=value,
            )
        for number, (scope, outcome, reason, target) in enumerate(calls):
            self.call(scope, outcome, reason, target, number)
        for key, value, fact_status in facts:
            self.fact(key, value, fact_status)
        return self.head(
            stage=step.partition(".")[0],
            step=step,
            overlay=overlay,
            score=score,
            confidence=confidence,
            epoch=self.epoch,
            turns=self.turns,
            changed_at=self.at,
            audit_seq=self.seq,
            audit_hash=self.link,
        )

    def say(self, act: str, text: str, ordinal: int = 0, status: str = "heard") -> None:
        self._insert(
            "speech",
            speech_id=f"{self.turn_id}:{ordinal}",
            session_id=self.session_id,
            turn_id=self.turn_id,
            ordinal=ordinal,
            act=act,
            channel=self.channel,
            status=status,
            queued_at=self.at,
            sealed=self.sealer.seal({"words": text, "slots": {}}),
        )

    def call(self, scope: str, outcome: str, reason: str | None, target: str | None, ordinal: int) -> None:
        capability = f"{self.turn_id}:{scope}:{ordinal}" if outcome == "done" else None
        if capability:
            self._insert(
                "capabilities",
                capability_id=capability,
                session_id=self.session_id,
                stage=self.step.partition(".")[0],
                epoch=self.epoch,
                scope=scope,
                policy_version=VERSION,
                level="L2",
                minted_at=self.at,
                expires_at=self.at + timedelta(seconds=120),
                uses_left=0,
                turn_id=self.turn_id,
            )
        self._insert(
            "tool_calls",
            call_key=f"{self.turn_id}:{scope}:{ordinal}",
            session_id=self.session_id,
            turn_id=self.turn_id,
            scope=scope,
            stage=self.step.partition(".")[0],
            capability_id=capability,
            policy_version=VERSION,
            outcome=outcome,
            reason=reason,
            object=target,
            at=self.at,
        )

    def fact(self, key: str, value: Any, status: str) -> None:
        old = self.db.execute(
            "update facts set retired_at = %s, valid_to = %s, status = 'superseded'"
            " where contact_id = %s and key = %s and retired_at is null returning fact_id",
            (self.at, self.at, self.contact_id, key),
        ).fetchone()
        kind = kind_of(key)
        self._insert(
            "facts",
            fact_id=str(uuid4()),
            contact_id=self.contact_id,
            session_id=self.session_id,
            type=kind.name,
            key=key,
            status=status,
            stake=kind.stake.value,
            confidence=0.94,
            valid_from=self.at,
            recorded_at=self.at,
            turn_id=self.turn_id,
            channel=self.channel,
            speaker="buyer",
            extractor="local",
            supersedes=old[0] if old else None,
            policy_version=VERSION,
            sealed=self.sealer.seal({"value": value, "quote": str(value)}),
        )

    def propose(
        self,
        quote: Quote,
        rules: tuple[str, ...],
        roles: tuple[str, ...],
        uses: tuple[str, ...],
        deadline: datetime,
        *,
        before: Quote | None = None,
        title: str = "discount",
        fallback: str = "deny",
    ) -> str:
        """A request to people, as T41 leaves it; returns its proposal id."""
        proposal_id = f"{self.turn_id}:p0"
        body = {
            "title": title,
            "draft": quote.to_json(),
            "before": before.to_json() if before else None,
            "args": {
                "discount_pct": str(quote.discount_pct),
                "quantity": quote.scope.quantity,
                "term": quote.scope.term,
            },
        }
        self._insert(
            "proposals",
            proposal_id=proposal_id,
            session_id=self.session_id,
            turn_id=self.turn_id,
            rules=list(rules),
            uses=list(uses),
            proposal_hash="first",
            quote_hash=quote.quote_hash,
            body=Jsonb(body),
            policy_version=VERSION,
            fallback=fallback,
            opened_at=self.at,
            deadline=deadline,
        )
        for role in roles:
            self._insert("approvals", approval_id=f"{proposal_id}:{role}", proposal_id=proposal_id, role=role)
        return proposal_id

    def waits(self, words: str, turn_id: str | None = None) -> str:
        """Words that no runner has taken up yet."""
        turn_id = turn_id or f"{self.session_id}:w{uuid4().hex[:6]}"
        self._insert(
            "inbox",
            turn_id=turn_id,
            session_id=self.session_id,
            kind="words",
            channel=self.channel,
            at=self.at,
            sealed=self.sealer.seal({"text": words}),
        )
        return turn_id

    def audit(self, action: str, payload: dict[str, Any], actor: str = "agent") -> None:
        self.seq += 1
        digest = digest_of("salt", payload)
        link = hash_of(self.link, self.seq, self.at, actor, action, digest)
        self._insert(
            "audit",
            session_id=self.session_id,
            seq=self.seq,
            at=self.at,
            turn_id=self.turn_id,
            actor=actor,
            action=action,
            policy_version=VERSION,
            digest=digest,
            previous=self.link,
            hash=link,
            sealed=self.sealer.seal({"salt": "salt", "payload": payload}),
        )
        self.link = link

    def _insert(self, table: str, **columns: Any) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        values = sql.SQL(", ").join(sql.Placeholder() * len(columns))
        statement = sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(table), names, values)
        self.db.execute(statement, tuple(columns.values()))
