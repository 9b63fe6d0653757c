-- name: desk_session_of
-- What a decision needs to know before it locks anything: the session, and which policy holds for it now.
select p.session_id, p.number, s.region, p.body #>> '{draft,scope,product}' as product,
       coalesce((select version from policy_activations order by activation desc limit 1), p.policy_version) as policy_version
  from approvals a join proposals p using (proposal_id) join sessions s using (session_id)
 where a.approval_id = %(approval_id)s;

-- name: desk_lock_session
-- A decision and a commit of the same session come one after the other; the audit chain's end stands still meanwhile.
select session_id, stage, step, owner, region, channel, audit_seq, audit_hash
  from sessions where session_id = %(session_id)s for update;

-- name: desk_lock_proposal
-- Deciders of one proposal come one after the other.
select p.* from approvals a join proposals p using (proposal_id)
 where a.approval_id = %(approval_id)s for update of p;

-- name: desk_approvals
-- The roles that must decide about a proposal.
select * from approvals where proposal_id = %(proposal_id)s order by approval_id;

-- name: desk_decide
-- First decision wins, and a late one turns the row to expired: both in this statement.
update approvals a
   set status = case when p.deadline > %(now)s then %(status)s else 'expired' end,
       version = a.version + 1, decided_role = a.role, decided_at = %(now)s,
       decided_by = case when p.deadline > %(now)s then %(by)s end,
       decided_name = case when p.deadline > %(now)s then %(name)s end,
       reason = case when p.deadline > %(now)s then %(reason)s end,
       edit = case when p.deadline > %(now)s then %(edit)s::jsonb end
  from proposals p
 where a.approval_id = %(approval_id)s and p.proposal_id = a.proposal_id
   and a.status = 'open' and a.version = %(version)s and p.status = 'open'
returning a.status;

-- name: desk_edit
-- An approver's change: the complete proposal is another one, so the other roles look again.
with looked_again as (
  update approvals set version = version + 1
   where proposal_id = %(proposal_id)s and approval_id <> %(approval_id)s and status = 'open')
update proposals set body = %(body)s, quote_hash = %(quote_hash)s, proposal_hash = %(proposal_hash)s
 where proposal_id = %(proposal_id)s;

-- name: desk_second_signature
-- Four eyes: one more row for another person of the same role.
insert into approvals (approval_id, proposal_id, role) values (%(approval_id)s, %(proposal_id)s, %(role)s)
on conflict (approval_id) do nothing;

-- name: desk_close_rows
-- The rows that nobody need decide any more.
update approvals set status = %(status)s, version = version + 1
 where proposal_id = %(proposal_id)s and status = 'open';

-- name: desk_settle
-- What the roles together decided.
update proposals
   set status = %(status)s, decided_at = %(now)s,
       executable_until = case when %(status)s = 'approved' then %(now)s + make_interval(secs => %(validity_s)s) end
 where proposal_id = %(proposal_id)s and status = 'open';

-- name: desk_audit
-- One row of the session's chain.
insert into audit (session_id, seq, at, turn_id, actor, action, policy_version, digest, previous, hash, sealed)
values (%(session_id)s, %(seq)s, %(at)s, %(turn_id)s, %(actor)s, %(action)s, %(policy_version)s, %(digest)s, %(previous)s,
        %(hash)s, %(sealed)s);

-- name: desk_audit_head
-- The chain's end moves with its row.
update sessions set audit_seq = %(seq)s, audit_hash = %(hash)s where session_id = %(session_id)s;

-- name: desk_event
-- An event for a runner; its id comes from its source, so a repeat changes nothing.
insert into inbox (turn_id, session_id, kind, channel, at, sealed)
values (%(turn_id)s, %(session_id)s, %(kind)s, %(channel)s, %(at)s, %(sealed)s)
on conflict (turn_id) do nothing
returning turn_id;

-- name: desk_notify
-- In a statement of its own, after the commit: NOTIFY inside a transaction takes a lock that all sessions share.
select pg_notify(%(channel)s, %(payload)s);

-- name: desk_listen
-- What was committed anywhere.
listen throughline_change;

-- name: desk_beat
-- A running process says that it is there.
insert into heartbeats (process, kind) values (%(process)s, %(kind)s)
on conflict (process) do update set beat_at = now(), kind = excluded.kind;

-- name: desk_silent
-- A process that ends in good order leaves no trace of life behind.
delete from heartbeats where process = %(process)s;
