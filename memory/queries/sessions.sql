-- name: contact_of_identity
-- Who is behind a number or address.
select contact_id::text as contact_id from identities where identity_hash = %(identity_hash)s;

-- name: insert_contact
-- A person who was not known.
insert into contacts (contact_id, opened_at) values (%(contact_id)s, %(now)s) on conflict do nothing;

-- name: insert_identity
-- A way to reach a person; the first writer wins.
insert into identities (identity_hash, contact_id, kind, verified, sealed, added_at)
values (%(identity_hash)s, %(contact_id)s, %(kind)s, %(verified)s, %(sealed)s, %(now)s) on conflict do nothing;

-- name: place_of_identity
-- Who is behind a number or address, and the session that goes on with them: the open one, or a sale that was just won and may
-- still be taken back.
select i.contact_id::text as contact_id, (
  select s.session_id::text from sessions s
   where s.contact_id = i.contact_id and (s.ended_at is null or (s.outcome = 'WON' and s.ended_at > %(won_since)s))
   order by s.ended_at is null desc, s.opened_at desc limit 1) as session_id
from identities i where i.identity_hash = %(identity_hash)s;

-- name: insert_session
-- A new matter with a contact.
insert into sessions (session_id, contact_id, label, channel, opened_at, changed_at)
values (%(session_id)s, %(contact_id)s, %(label)s, %(channel)s, %(now)s, %(now)s) on conflict do nothing;

-- name: lock_identity
-- Two first messages of one person open one session.
select pg_advisory_xact_lock(hashtextextended(%(identity_hash)s, 7));

-- name: insert_event
-- The event is stored before anything else; a duplicate inserts nothing.
insert into inbox (turn_id, session_id, kind, channel, at, sealed)
values (%(turn_id)s, %(session_id)s, %(kind)s, %(channel)s, %(at)s, %(sealed)s) on conflict (turn_id) do nothing returning seq;

-- name: arrive
-- An event is stored with its session, or the open one of who is there, and the lease taken where it is free, in one round trip;
-- nothing where nobody is known or it was stored before. The oldest event that waited is returned; without one it is this one.
with open as materialized (
  select coalesce(%(session_id)s::uuid, (
    select s.session_id from identities i join sessions s using (contact_id)
    where i.identity_hash = %(identity_hash)s
      and (s.ended_at is null or (s.outcome = 'WON' and s.ended_at > %(won_since)s))
    order by s.ended_at is null desc, s.opened_at desc limit 1)) as session_id),
stored as (
  insert into inbox (turn_id, session_id, kind, channel, at, sealed)
  select %(turn_id)s, session_id, %(kind)s, %(channel)s, %(at)s, %(sealed)s from open where session_id is not null
  on conflict (turn_id) do nothing returning session_id),
lease as (
  update sessions s set lease_owner = %(owner)s, lease_until = clock_timestamp() + %(ttl)s * interval '1 second'
  from stored where s.session_id = stored.session_id and (s.lease_owner is null or s.lease_until < clock_timestamp())
  returning s.session_id, s.head)
select stored.session_id::text as session_id, lease.session_id is not null as leased, lease.head, e.turn_id, e.kind, e.channel,
  e.at, e.sealed, to_jsonb(si) as situation
from stored left join lease on true left join situations si on si.session_id = lease.session_id
left join lateral (
  select * from inbox where inbox.session_id = lease.session_id and status = 'new' order by seq limit 1) e on true;

-- name: event_status
-- What became of an event.
select session_id::text as session_id, status from inbox where turn_id = %(turn_id)s;

-- name: note_heard
-- A heard or delivered line is a small commit of its own; the graph runs on it only where a transition waits for it.
with s as (select awaits from sessions where session_id = %(session_id)s),
h as (
  update speech set status = %(status)s, heard_at = %(at)s, sealed = coalesce(%(sealed)s, sealed)
  where speech_id = any(%(speech_ids)s) and session_id = %(session_id)s and status = 'queued' returning speech_id)
insert into inbox (turn_id, session_id, kind, channel, at, sealed, status, done_at)
select %(turn_id)s, %(session_id)s, %(kind)s, %(channel)s, %(at)s, %(event)s,
  case when %(status)s <> 'unheard' and s.awaits && %(speech_ids)s::text[] then 'new' else 'done' end, now()
from s
on conflict (turn_id) do nothing returning status;

-- name: take_lease
-- One runner per session, with the oldest event that was not served and what there is to know; the lease saves wasted turns, the head's compare-and-set
-- keeps them correct.
with lease as (
  update sessions set lease_owner = %(owner)s, lease_until = clock_timestamp() + %(ttl)s * interval '1 second'
  where session_id = %(session_id)s and (lease_owner is null or lease_until < clock_timestamp())
  returning session_id, head)
select lease.head, e.turn_id, e.kind, e.channel, e.at, e.sealed, to_jsonb(s) as situation
from lease join situations s using (session_id) left join lateral (
  select * from inbox where inbox.session_id = lease.session_id and status = 'new' order by seq limit 1) e on true;

-- name: renew_lease
-- Only while it is held: a renewal that comes after the release takes nothing.
update sessions set lease_until = clock_timestamp() + %(ttl)s * interval '1 second'
where session_id = %(session_id)s and lease_owner = %(owner)s;

-- name: release_lease
-- Unless more events wait: then the lease stays, and the next one is returned.
with waiting as (
  select turn_id, kind, channel, at, sealed from inbox
  where session_id = %(session_id)s and status = 'new' order by seq limit 1),
free as (
  update sessions set lease_owner = null
  where session_id = %(session_id)s and lease_owner = %(owner)s and not exists (select from waiting))
select * from waiting;

-- name: tell_change
-- Who waits for news of these sessions is told.
select pg_notify('throughline_change', json_build_object('session', session)::text) from unnest(%(sessions)s::text[]) session;

-- name: drop_lease
-- After a fault: whoever comes next may take the session.
update sessions set lease_owner = null where session_id = %(session_id)s and lease_owner = %(owner)s;

-- name: count_attempt
-- An event that fails again and again must not stop the session for ever.
update inbox set attempts = attempts + 1, status = case when attempts + 1 >= %(most)s then 'dead' else status end
where turn_id = %(turn_id)s returning status;

-- name: waiting_sessions
-- Sessions with events that nobody serves.
select distinct i.session_id::text as session_id from inbox i join sessions s using (session_id)
where i.status = 'new' and (s.lease_owner is null or s.lease_until < clock_timestamp()) limit %(most)s;

-- name: due_timers
-- Moments that have come, oldest first; each becomes one event. The alarm of an effect says what that was to do.
with due as (
  select timer_id, ref from timers where status = 'set' and due_at <= %(now)s order by due_at, timer_id limit %(most)s
  for update skip locked)
update timers t set status = 'fired' from due left join outbox o on o.effect_id = due.ref and o.status = 'failed'
where t.timer_id = due.timer_id
returning t.timer_id, t.session_id::text as session_id, t.kind, t.ref, t.due_at, o.kind as effect, o.object;

-- name: next_timer
-- When the next moment comes.
select min(due_at) as due_at from timers where status = 'set';

-- name: turn_result
-- What a turn has said and where it left the session: the answer to a duplicate.
select t.turn_id, t.step_after as step, t.overlay_after as overlay, t.score, t.confidence, t.policy_version,
  (select coalesce(jsonb_agg(x.transition order by x.ordinal), '[]') from transitions x
   where x.session_id = t.session_id and x.turn_id = t.turn_id) as fired,
  (select coalesce(jsonb_agg(jsonb_build_object('speech_id', p.speech_id, 'act', p.act, 'asks', p.asks, 'channel', p.channel,
     'uninterruptible', p.uninterruptible, 'status', p.status, 'sealed', encode(p.sealed, 'base64')) order by p.ordinal), '[]')
   from speech p where p.turn_id = t.turn_id) as speech,
  (select coalesce(jsonb_agg(c.scope order by c.call_key), '[]') from tool_calls c
   where c.session_id = t.session_id and c.turn_id = t.turn_id and c.outcome = 'refused') as refused
from turns t where t.turn_id = %(turn_id)s;

-- name: refused_call
-- A use outside of a turn that was refused is on the trail like any other.
insert into tool_calls (call_key, session_id, turn_id, scope, stage, capability_id, policy_version, outcome, reason, object, at)
values (%(call_key)s, %(session_id)s, %(turn_id)s, %(scope)s, %(stage)s, %(capability_id)s, %(policy_version)s, 'refused', %(reason)s,
  %(object)s, %(now)s) on conflict do nothing;

-- name: lock_place
-- Where a session is, held until the transaction ends.
select stage, step, audit_seq, audit_hash from sessions where session_id = %(session_id)s for update;

-- name: move_audit
-- A link that was added outside of a turn.
update sessions set audit_seq = %(seq)s, audit_hash = %(hash)s where session_id = %(session_id)s;

-- name: session_place
-- Where a session is, for who asks from outside of a turn.
select session_id::text as session_id, step, stage, overlay, line, epoch, contact_id::text as contact_id, ended_at, head, score, confidence
from sessions where session_id = %(session_id)s;

-- name: active_version
-- The policy version in force.
select version from policy_activations order by activation desc limit 1;

-- name: unheard_speech
-- Lines that wait to be spoken or shown on a channel.
select speech_id, act, asks, channel, uninterruptible, status, encode(sealed, 'base64') as sealed from speech
where session_id = %(session_id)s and channel = %(channel)s and status = 'queued' and queued_at > %(since)s
order by queued_at, ordinal;
