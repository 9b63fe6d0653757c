-- name: inspect_session
-- The head of one session.
select s.*, c.dnc_at, c.erased_at,
       (select f.sealed from facts f where f.contact_id = s.contact_id and f.key = 'contact.name' and f.retired_at is null
         order by f.recorded_at desc limit 1) as name_sealed,
       (select i.sealed from identities i where i.contact_id = s.contact_id order by i.added_at limit 1) as identity_sealed
  from sessions s join contacts c using (contact_id)
 where s.session_id = %(session_id)s;

-- name: inspect_turns
-- The newest turns of a session, in order.
select * from (
  select turn, turn_id, kind, channel, at, step_before, step_after, overlay_after, score, confidence, epoch, policy_version,
         decisions, sealed
    from turns where session_id = %(session_id)s order by turn desc limit %(limit)s) t
 order by turn;

-- name: inspect_speech
-- What the agent said in a session, in order, with what became of each line.
select * from (
  select speech_id, turn_id, ordinal, act, channel, asks, quote_hash, uninterruptible, status, queued_at, heard_at, sealed
    from speech where session_id = %(session_id)s order by queued_at desc, ordinal desc limit %(limit)s) s
 order by queued_at, ordinal;

-- name: inspect_transitions
-- The rows that fired, in order.
select turn_id, ordinal, transition, trigger, step_before, step_after, overlay_before, overlay_after, epoch, at, reason
  from transitions where session_id = %(session_id)s order by at, turn_id, ordinal;

-- name: inspect_guards
-- Every guard that was asked, with the value that passed or stopped it.
select turn_id, ordinal, transition, guard, held, value
  from guard_results where session_id = %(session_id)s order by turn_id, ordinal;

-- name: inspect_evidence
-- What moved the readiness score.
select turn_id, ordinal, type, confidence, at, change
  from evidence where session_id = %(session_id)s order by at, turn_id, ordinal;

-- name: inspect_facts
-- The ledger of the contact, both times: when it was so, and since when and until when we held it for so.
select f.fact_id, f.session_id, f.type, f.key, f.status, f.stake, f.confidence, f.valid_from, f.valid_to, f.recorded_at,
       f.retired_at, f.turn_id, f.channel, f.speaker, f.extractor, f.supersedes, f.policy_version, f.sealed
  from facts f join sessions s using (contact_id)
 where s.session_id = %(session_id)s
 order by f.recorded_at, f.key;

-- name: inspect_capabilities
-- Authority that was minted, and what became of it.
select capability_id, stage, epoch, scope, limits, quote_hash, policy_version, level, minted_at, expires_at, uses_left,
       turn_id, proposal_id, dead_at
  from capabilities where session_id = %(session_id)s order by minted_at, capability_id;

-- name: inspect_tool_calls
-- Every use of authority, refused ones too.
select call_key, turn_id, scope, stage, capability_id, capability_stage, policy_version, outcome, reason, object, at
  from tool_calls where session_id = %(session_id)s order by at, call_key;

-- name: inspect_proposals
-- What people were asked in this session.
select p.proposal_id, p.number, p.turn_id, p.rules, p.uses, p.body, p.status, p.opened_at, p.deadline, p.decided_at,
       (select jsonb_agg(to_jsonb(a) order by a.approval_id) from approvals a where a.proposal_id = p.proposal_id) as approvals
  from proposals p where p.session_id = %(session_id)s order by p.number;

-- name: inspect_audit
-- The chain, in order: every row with the hash of the one before.
select seq, at, turn_id, actor, action, policy_version, digest, previous, hash, sealed
  from audit where session_id = %(session_id)s order by seq;

-- name: inspect_messages
-- What left on a text channel without being a line of the conversation: links, confirmations.
select message_id, channel, status, sent_at, sealed
  from messages where session_id = %(session_id)s and speech_ids = '{}' order by sent_at;

-- name: inspect_waiting
-- Events that no runner has taken up yet: the buyer's words are shown at once.
select turn_id, kind, channel, at, received_at, status, sealed
  from inbox where session_id = %(session_id)s and status <> 'done' order by seq;

-- name: inspect_undelivered
-- What failed for good and nobody has settled since.
select effect_id, kind, channel, attempts, reason, queued_at, done_at
  from outbox where session_id = %(session_id)s and status = 'failed' order by seq;
