-- name: playback_sessions
-- Every session of the database.
select * from sessions order by opened_at, session_id;

-- name: playback_contacts
-- Every buyer.
select * from contacts;

-- name: playback_turns
-- Every committed turn, in order.
select * from turns order by session_id, turn;

-- name: playback_speech
-- Every line of the agent, in the order in which it was committed.
select s.*, t.turn from speech s left join turns t using (session_id, turn_id) order by s.session_id, t.turn, s.ordinal;

-- name: playback_answers
-- Which line was answered, and how.
select * from answers;

-- name: playback_facts
-- The whole ledger, in the order in which it was written.
select f.*, t.turn from facts f left join turns t using (session_id, turn_id) order by f.recorded_at, t.turn, f.key;

-- name: playback_evidence
-- What moved the score.
select e.*, t.turn from evidence e left join turns t using (session_id, turn_id) order by session_id, t.turn, e.ordinal;

-- name: playback_transitions
-- The rows that fired, in order.
select x.*, t.turn from transitions x join turns t using (session_id, turn_id) order by x.session_id, t.turn, x.ordinal;

-- name: playback_guard_results
-- Every guard that was asked.
select g.*, t.turn from guard_results g join turns t using (session_id, turn_id) order by g.session_id, t.turn, g.ordinal;

-- name: playback_capabilities
-- Authority that was minted.
select c.*, t.turn from capabilities c left join turns t using (session_id, turn_id) order by c.minted_at, c.capability_id;

-- name: playback_tool_calls
-- Every use of authority.
select c.*, t.turn from tool_calls c left join turns t using (session_id, turn_id) order by c.at, c.call_key;

-- name: playback_bookings
-- Slots that were held and booked.
select * from bookings order by starts, booking_id;

-- name: playback_quotes
-- Quotes by version.
select * from quotes order by session_id, version;

-- name: playback_proposals
-- What people were asked.
select * from proposals order by session_id, number;

-- name: playback_approvals
-- What they answered.
select * from approvals order by proposal_id, approval_id;

-- name: playback_contracts
-- Documents for signature.
select * from contracts order by sent_at, contract_id;

-- name: playback_payments
-- Payment attempts.
select * from payments order by quote_hash, attempt;

-- name: playback_outbox
-- Effects, in the order in which they were committed.
select * from outbox order by seq;

-- name: playback_crm_records
-- CRM records in order.
select * from crm_records order by session_id, seq;

-- name: playback_crm_deliveries
-- What has arrived in the local CRM.
select * from crm_deliveries order by received_at, seq;

-- name: playback_calendar_events
-- The calendar's mirror.
select e.*, b.session_id from calendar_events e left join bookings b using (booking_id);

-- name: playback_messages
-- What left on text channels.
select * from messages order by sent_at, message_id;

-- name: playback_consents
-- Consents by contact.
select * from consents;

-- name: playback_timers
-- What is waited for.
select * from timers order by due_at, timer_id;

-- name: playback_audit
-- The chains.
select * from audit order by session_id, seq;

-- name: playback_inbox
-- Every event.
select * from inbox order by seq;

-- name: playback_policies
-- The policy versions, with what a capability of each scope allows.
select version, content from policies;

-- name: playback_threads
-- Threads of the graph that have a checkpoint.
select distinct thread_id as session_id from checkpoints;

-- name: playback_unheard
-- Lines that wait to be heard, in order.
select s.speech_id, s.session_id::text as session_id, s.act, s.channel, s.queued_at, x.line
from speech s join sessions x using (session_id) left join turns t using (session_id, turn_id)
where s.status = 'queued' order by t.turn, s.ordinal;

-- name: playback_places
-- Where each session stands, and what it last asked.
select x.session_id::text as session_id, x.turns, x.epoch, x.line, x.overlay, x.ended_at, x.lease_owner,
  (select s.asks from speech s join turns t using (session_id, turn_id)
   where s.session_id = x.session_id and s.asks is not null order by t.turn desc, s.ordinal desc limit 1) as asks,
  (select t.turn from speech s join turns t using (session_id, turn_id)
   where s.session_id = x.session_id and s.asks is not null order by t.turn desc, s.ordinal desc limit 1) as asked_in,
  (select max(t.turn) from turns t where t.session_id = x.session_id and t.kind = 'words') as words_in
from sessions x;

-- name: playback_open_approvals
-- Rows that wait for a role, or that were decided last, the newest proposal first.
select a.approval_id, a.version, a.status, a.role, p.session_id::text as session_id, p.number
from approvals a join proposals p using (proposal_id)
where p.session_id = %(session_id)s and a.role = %(role)s
order by p.number desc, a.approval_id desc limit 1;

-- name: playback_capability
-- A capability of a scope that was minted before a turn, the newest first.
select capability_id, proposal_id from capabilities c join turns t using (session_id, turn_id)
where c.session_id = %(session_id)s and c.scope = %(scope)s and t.turn <= %(turn)s and (%(of_proposal)s = false or proposal_id is not null)
order by t.turn desc, c.capability_id desc limit 1;

-- name: playback_quote_hash
-- The hash of a quote version.
select quote_hash from quotes where session_id = %(session_id)s and version = %(version)s;

-- name: playback_deal
-- The newest document and the newest payment of a session, as their pages know them.
select
  (select c.token_hash from contracts c where c.session_id = %(session_id)s order by c.sent_at desc, c.contract_id desc limit 1)
    as contract_token_hash,
  (select to_jsonb(p) - 'sealed' from payments p where p.session_id = %(session_id)s order by p.attempt desc, p.changed_at desc limit 1)
    as payment;

-- name: playback_seat
-- A closer's seat of a scenario.
insert into seats (seat_id, kind, name, status, changed_at) values (%(seat_id)s, %(kind)s, %(name)s, %(status)s, %(now)s);

-- name: playback_no_seats
-- Seats are set anew.
delete from seats where kind = %(kind)s and seat_id not in (select seat_id from seat_leases);

-- name: playback_consent
-- A consent on file.
insert into consents (contact_id, kind, channel, status, at)
select contact_id, %(kind)s, %(channel)s, %(status)s, %(now)s from sessions where session_id = %(session_id)s
on conflict (contact_id, kind, channel) do update set status = excluded.status, at = excluded.at;

-- name: playback_identity
-- A further address of a buyer.
insert into identities (identity_hash, contact_id, kind, verified, sealed, added_at)
select %(identity_hash)s, contact_id, %(kind)s, %(verified)s, %(sealed)s, %(now)s from sessions where session_id = %(session_id)s
on conflict do nothing;

-- name: playback_known_fact
-- A fact that is on file before anything was said.
insert into facts (fact_id, contact_id, session_id, type, key, status, stake, confidence, valid_from, recorded_at, turn_id, channel,
  speaker, extractor, policy_version, sealed)
select %(fact_id)s, contact_id, session_id, %(type)s, %(key)s, %(status)s, %(stake)s, 1.0, %(at)s, %(at)s, %(turn_id)s, null,
  %(speaker)s, 'system', %(policy_version)s, %(sealed)s
from sessions where session_id = %(session_id)s;

-- name: playback_session_of_contact
-- A further session of a buyer who has one.
insert into sessions (session_id, contact_id, channel, opened_at, changed_at)
select %(new_id)s, contact_id, %(channel)s, %(now)s, %(now)s from sessions where session_id = %(session_id)s;

-- name: playback_take_hours
-- Hours that belong to somebody else.
insert into bookings (booking_id, session_id, resource, starts, ends, zone, state, turn_id, changed_at)
values (%(booking_id)s, %(session_id)s, 1, %(starts)s, %(ends)s, 'UTC', 'booked', %(turn_id)s, %(now)s);

-- name: playback_release_hours
-- And are given back.
update bookings set state = 'cancelled', changed_at = %(now)s
where turn_id = %(turn_id)s and starts = %(starts)s and ends = %(ends)s and state = 'booked';

-- name: playback_end_lease
-- The lease of a runner that is known to be dead.
update sessions set lease_owner = null where lease_owner is not null;

-- name: create_copied_database
-- A database like another one; the names are quoted by the caller.
create database {name} template {template};

-- name: create_bare_database
-- An empty database.
create database {name};

-- name: hasten_database
-- A scenario must survive kills of our processes, not of the machine: its commits need not wait for the disk.
alter database {name} set synchronous_commit to off;

-- name: empty_database
-- Every row goes, the newest tables first: a table refers to older ones only. What says which schema this is stays.
do $$
declare
  name text;
begin
  for name in
    select c.oid::regclass::text from pg_class c
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname not like '%migrations' order by c.oid desc
  loop
    execute 'delete from ' || name;
  end loop;
end $$;

-- name: drop_copied_database
-- With whoever is still connected.
drop database if exists {name} with (force);

-- name: databases_of_gone_runs
-- Scenario databases by name, for the sweep of what killed runs left.
select datname from pg_database where datname like %(pattern)s;
