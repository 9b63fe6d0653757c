-- name: write_turn
-- What every turn leaves, and its checkpoint, in one statement: only who saw the last head, epoch and audit link may move the
-- head, and without the head nothing is written. An event is served once: who waited for this commit with an old look at the
-- inbox comes too late. Where no other event waits, the lease is given back with it. Kept under 4096 bytes, because the driver
-- converts a longer statement anew at every call.
with h as (
  update sessions set
    head = %(head)s, turns = turns + 1, stage = %(stage)s, step = %(step)s, overlay = %(overlay)s, remembered = %(remembered)s,
    recording = %(recording)s, epoch = %(epoch)s, owner = %(owner)s, channel = %(channel)s, line = %(line)s, region = %(region)s,
    score = %(score)s, confidence = %(confidence)s, awaits = %(awaits)s, watched = %(watched)s, audit_seq = %(audit_seq)s, audit_hash = %(audit_hash)s,
    changed_at = %(now)s, ended_at = %(ended_at)s, outcome = %(outcome)s, lease_owner = case when exists (
      select from inbox where session_id = %(session_id)s and status = 'new' and turn_id <> %(turn_id)s) then lease_owner end
  where session_id = %(session_id)s and head is not distinct from %(parent)s and epoch = %(epoch_before)s
    and audit_seq = %(audit_before)s and not exists (select from turns where turn_id = %(turn_id)s)
  returning session_id, turns, lease_owner is not null as more),
served as (
  update inbox set status = 'done', done_at = clock_timestamp(), attempts = attempts + 1 from h where turn_id = %(turn_id)s),
turn as (
  insert into turns (session_id, turn, turn_id, kind, channel, at, step_before, step_after, overlay_after, score, confidence, epoch,
    policy_version, decisions, sealed)
  select session_id, turns, %(turn_id)s, %(kind)s, %(event_channel)s, %(now)s, %(step_before)s, %(step)s, %(overlay)s, %(score)s,
    %(confidence)s, %(epoch)s, %(policy_version)s, %(decisions)s, %(sealed)s from h),
said as (
  insert into speech (speech_id, session_id, turn_id, ordinal, act, channel, asks, fact_key, readback, disclosure_keys, quote_hash,
    uninterruptible, queued_at, sealed)
  select r.speech_id, h.session_id, %(turn_id)s, r.ordinal, r.act, r.channel, r.asks, r.fact_key, r.readback,
    array(select jsonb_array_elements_text(r.disclosure_keys)), r.quote_hash, r.uninterruptible, %(now)s, decode(r.sealed, 'base64')
  from h, jsonb_to_recordset(%(speech)s) as r(speech_id text, ordinal int, act text, channel text, asks text,
    fact_key text, readback boolean, disclosure_keys jsonb, quote_hash text, uninterruptible boolean, sealed text)),
heard as (
  update speech set status = r.status, heard_at = %(now)s from h, jsonb_to_recordset(%(heard)s) as r(speech_id text, status text)
  where speech.speech_id = r.speech_id and speech.status = 'queued'),
answered as (
  insert into answers (turn_id, session_id, speech_id, answer, began_at)
  select %(turn_id)s, h.session_id, r.speech_id, r.answer, r.began_at
  from h, jsonb_populate_recordset(null::answers, %(answers)s) r on conflict do nothing),
moved as (
  insert into evidence (session_id, turn_id, ordinal, type, confidence, at, change)
  select h.session_id, %(turn_id)s, r.ordinal, r.type, r.confidence, %(now)s, r.change
  from h, jsonb_populate_recordset(null::evidence, %(evidence)s) r),
judged as (
  insert into guard_results (session_id, turn_id, ordinal, transition, guard, held, value)
  select h.session_id, %(turn_id)s, r.ordinal, r.transition, r.guard, r.held, r.value
  from h, jsonb_populate_recordset(null::guard_results, %(guards)s) r),
linked as (
  insert into audit (session_id, seq, at, turn_id, actor, action, policy_version, digest, previous, hash, sealed)
  select h.session_id, r.seq, r.at, %(turn_id)s, r.actor, r.action, %(policy_version)s, r.digest, r.previous, r.hash,
    decode(r.sealed, 'base64')
  from h, jsonb_to_recordset(%(audit)s) as r(seq int, at timestamptz, actor text, action text, digest text, previous text,
    hash text, sealed text)),
kept as (
  insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
  select h.session_id::text, '', r.channel, r.version, r.type, decode(r.blob, 'base64')
  from h, jsonb_to_recordset(%(blobs)s) as r(channel text, version text, type text, blob text) on conflict do nothing),
stored as (
  insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
  select h.session_id::text, '', %(head)s, %(parent)s, %(checkpoint)s, %(metadata)s from h)
select more from h;

-- name: write_moves
-- The rows that fired, the authority that was minted, and every use of it, refused ones too.
with fired as (
  insert into transitions (session_id, turn_id, ordinal, transition, trigger, step_before, step_after, overlay_before, overlay_after,
    epoch, at, reason)
  select %(session_id)s, %(turn_id)s, r.ordinal, r.transition, r.trigger, r.step_before, r.step_after, r.overlay_before,
    r.overlay_after, r.epoch, %(now)s, r.reason
  from jsonb_to_recordset(%(transitions)s::jsonb) as r(ordinal int, transition text, trigger text, step_before text, step_after text,
    overlay_before text, overlay_after text, epoch int, reason text)),
minted as (
  insert into capabilities (capability_id, session_id, stage, epoch, scope, limits, quote_hash, policy_version, level, minted_at,
    expires_at, uses_left, turn_id, proposal_id)
  select r.capability_id, %(session_id)s, r.stage, r.epoch, r.scope, r.limits, r.quote_hash, %(policy_version)s, r.level, %(now)s,
    r.expires_at, r.uses_left, %(turn_id)s, r.proposal_id
  from jsonb_to_recordset(%(capabilities)s::jsonb) as r(capability_id text, stage text, epoch int, scope text, limits jsonb,
    quote_hash text, level text, expires_at timestamptz, uses_left int, proposal_id text))
insert into tool_calls (call_key, session_id, turn_id, scope, stage, capability_id, capability_stage, policy_version, outcome, reason,
  object, at)
select r.call_key, %(session_id)s, %(turn_id)s, r.scope, r.stage, r.capability_id, r.capability_stage, %(policy_version)s, r.outcome,
  r.reason, r.object, %(now)s
from jsonb_to_recordset(%(calls)s::jsonb) as r(call_key text, scope text, stage text, capability_id text, capability_stage text,
  outcome text, reason text, object text);

-- name: consume_capabilities
-- Uses of capabilities from earlier turns; one that is spent, dead, late, of another epoch, policy or quote is not returned.
update capabilities c set uses_left = c.uses_left - u.n
from jsonb_to_recordset(%(rows)s::jsonb) as u(capability_id text, epoch int, quote_hash text, n int)
where c.capability_id = u.capability_id and c.session_id = %(session_id)s and c.uses_left >= u.n and c.dead_at is null
  and c.epoch = u.epoch and c.expires_at > %(now)s and c.policy_version = %(policy_version)s
  and c.quote_hash is not distinct from u.quote_hash
returning c.capability_id, c.stage;

-- name: write_deliveries
-- CRM records in the order of the session, and what leaves the process after this commit.
with recorded as (
  insert into crm_records (record_key, session_id, seq, name, transition, turn_id, at, sealed)
  select r.record_key, %(session_id)s, r.seq, r.name, r.transition, %(turn_id)s, %(now)s, decode(r.sealed, 'base64')
  from jsonb_to_recordset(%(records)s::jsonb) as r(record_key text, seq int, name text, transition text, sealed text))
insert into outbox (effect_id, session_id, turn_id, transition, kind, channel, capability_id, object, queued_at, sealed)
select r.effect_id, %(session_id)s, %(turn_id)s, r.transition, r.kind, r.channel, r.capability_id, r.object, %(now)s,
  decode(r.sealed, 'base64')
from jsonb_to_recordset(%(outbox)s::jsonb) as r(effect_id text, transition text, kind text, channel text, capability_id text,
  object text, sealed text)
order by r.effect_id;

-- name: move_head_only
-- A checkpoint without a turn (an update from Studio).
with h as (
  update sessions set head = %(head)s where session_id = %(session_id)s and head is not distinct from %(parent)s
  returning session_id),
kept as (
  insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
  select h.session_id::text, '', r.channel, r.version, r.type, decode(r.blob, 'base64')
  from h, jsonb_to_recordset(%(blobs)s) as r(channel text, version text, type text, blob text) on conflict do nothing),
stored as (
  insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
  select h.session_id::text, '', %(head)s, %(parent)s, %(checkpoint)s, %(metadata)s from h)
select session_id::text as session_id from h;
-- name: insert_facts
-- New rows of the ledger.
insert into facts (fact_id, contact_id, session_id, type, key, status, stake, confidence, valid_from, recorded_at, turn_id, channel,
  speaker, extractor, supersedes, policy_version, sealed)
select r.fact_id, s.contact_id, s.session_id, r.type, r.key, r.status, r.stake, r.confidence, r.valid_from, %(now)s, %(turn_id)s,
  r.channel, r.speaker, 'local', r.supersedes, %(policy_version)s, decode(r.sealed, 'base64')
from jsonb_to_recordset(%(rows)s::jsonb) as r(fact_id uuid, type text, key text, status text, stake text, confidence real,
  valid_from timestamptz, channel text, speaker text, supersedes uuid, sealed text)
join sessions s on s.session_id = %(session_id)s
on conflict do nothing;

-- name: close_facts
-- Rows that are no longer believed; nothing else of them changes.
update facts set retired_at = %(now)s, valid_to = coalesce(valid_to, %(now)s), status = r.status
from jsonb_to_recordset(%(rows)s::jsonb) as r(fact_id uuid, status text)
where facts.fact_id = r.fact_id and facts.retired_at is null;

-- name: why_capability_refused
-- What is wrong with a capability that could not be consumed.
select capability_id, scope, uses_left, dead_at is not null as dead, epoch, policy_version, quote_hash, expires_at
from capabilities where capability_id = %(capability_id)s;

-- name: kill_capabilities
-- Authority taken back.
update capabilities set dead_at = %(now)s
where session_id = %(session_id)s and dead_at is null and epoch <= %(epoch)s and (%(everything)s or scope = any(%(scopes)s));

-- name: expire_overlapping_holds
-- Holds that ran out give their slot back before a new one is taken.
update bookings set state = 'expired', changed_at = %(now)s
where state = 'hold' and hold_until <= %(now)s and starts < %(ends)s and ends > %(starts)s;

-- name: insert_hold
-- A slot kept for a buyer; the constraint refuses what overlaps.
insert into bookings (booking_id, session_id, resource, starts, ends, zone, state, hold_until, turn_id, changed_at)
values (%(booking_id)s, %(session_id)s, %(resource)s, %(starts)s, %(ends)s, %(zone)s, 'hold', %(until)s, %(turn_id)s, %(now)s)
on conflict (booking_id) do nothing;

-- name: book_hold
-- The hold becomes the meeting.
update bookings set state = 'booked', hold_until = null, changed_at = %(now)s
where booking_id = %(booking_id)s and session_id = %(session_id)s
  and (state = 'booked' or (state = 'hold' and hold_until > %(now)s)) returning booking_id;

-- name: cancel_booking
-- A hold or a meeting that is given back.
update bookings set state = 'cancelled', changed_at = %(now)s
where booking_id = %(booking_id)s and session_id = %(session_id)s and state in ('hold', 'booked');

-- name: insert_quote
-- A quote version on the table.
insert into quotes (quote_hash, session_id, version, scope_hash, body, status, issued_in_writing_at, valid_until, turn_id,
  proposal_id, changed_at)
values (%(quote_hash)s, %(session_id)s, %(version)s, %(scope_hash)s, %(body)s, 'open', %(issued)s, %(valid_until)s, %(turn_id)s,
  %(proposal_id)s, %(now)s)
on conflict (session_id, quote_hash) do update set status = 'open', version = excluded.version, turn_id = excluded.turn_id,
  proposal_id = excluded.proposal_id, changed_at = excluded.changed_at;

-- name: set_quote_status
-- A quote that is superseded, void or accepted.
update quotes set status = %(status)s, changed_at = %(now)s where quote_hash = %(quote_hash)s and session_id = %(session_id)s;

-- name: issue_quote
-- A quote that was made on the phone stands in writing now.
update quotes set issued_in_writing_at = coalesce(issued_in_writing_at, %(now)s)
 where quote_hash = %(quote_hash)s and session_id = %(session_id)s;

-- name: insert_proposal
-- What people are asked, complete.
insert into proposals (proposal_id, session_id, turn_id, rules, uses, proposal_hash, quote_hash, body, facts_used, gate,
  policy_version, fallback, opened_at, deadline)
values (%(proposal_id)s, %(session_id)s, %(turn_id)s, %(rules)s, %(uses)s, %(proposal_hash)s, %(quote_hash)s, %(body)s,
  %(facts_used)s, %(gate)s, %(policy_version)s, %(fallback)s, %(now)s, %(deadline)s) on conflict do nothing;

-- name: insert_approvals
-- One row per role that must decide.
insert into approvals (approval_id, proposal_id, role)
select %(proposal_id)s || ':' || role, %(proposal_id)s, role from unnest(%(roles)s::text[]) role on conflict do nothing;

-- name: withdraw_proposal
-- The scope asked for was taken back.
with gone as (
  update proposals set status = 'withdrawn', settled_at = %(now)s
  where proposal_id = %(proposal_id)s and status = 'open' returning proposal_id)
update approvals set status = 'withdrawn', version = version + 1 from gone
where approvals.proposal_id = gone.proposal_id and approvals.status = 'open';

-- name: settle_proposal
-- T42: once, from the status that the turn saw; a click in between wins and the turn is decided again.
with settled as (
  update proposals set settled_at = %(now)s, status = %(status)s
  where proposal_id = %(proposal_id)s and settled_at is null and status = %(before)s returning proposal_id),
late as (
  update approvals set status = 'expired', version = version + 1 from settled
  where approvals.proposal_id = settled.proposal_id and approvals.status = 'open')
select proposal_id from settled;

-- name: insert_contract
-- A document for signature with its one-time link.
insert into contracts (contract_id, session_id, quote_hash, document_hash, token_hash, status, sent_at, changed_at, sealed)
values (%(contract_id)s, %(session_id)s, %(quote_hash)s, %(document_hash)s, %(token_hash)s, 'sent', %(now)s, %(now)s, %(sealed)s)
on conflict do nothing;

-- name: insert_payment
-- One payment attempt for a quote.
insert into payments (payment_id, session_id, quote_hash, attempt, amount, currency, token_hash, status, expires_at, changed_at, sealed)
values (%(payment_id)s, %(session_id)s, %(quote_hash)s, %(attempt)s, %(amount)s, %(currency)s, %(token_hash)s, 'open',
  %(expires_at)s, %(now)s, %(sealed)s) on conflict do nothing;

-- name: void_contracts
-- Envelopes that are taken back before the signature.
update contracts set status = 'void', changed_at = %(now)s
where session_id = %(session_id)s and status = 'sent' and (%(quote_hash)s::text is null or quote_hash = %(quote_hash)s);

-- name: expire_payments
-- Links that are taken back.
update payments set status = 'expired', changed_at = %(now)s
where session_id = %(session_id)s and status = 'open' and (%(quote_hash)s::text is null or quote_hash = %(quote_hash)s);

-- name: cancel_effects
-- Effects of a session that were not delivered yet and lost their reason; CRM records always go out.
update outbox set status = 'cancelled', done_at = %(now)s, reason = %(reason)s
where session_id = %(session_id)s and status = 'queued' and kind not in ('crm_record', 'calendar_event') and (%(object)s::text is null or object = %(object)s);

-- name: settle_failed_effect
-- What it was to do has been taken back: nobody may send it again.
update outbox set status = 'cancelled', reason = 'taken_back' where effect_id = %(effect_id)s and status = 'failed';

-- name: cancel_timers
-- Nothing waits for a session that has ended.
update timers set status = 'cancelled' where session_id = %(session_id)s and status = 'set';

-- name: cancel_timer
-- What was waited for has come.
update timers set status = 'cancelled' where timer_id = %(timer_id)s and status = 'set';

-- name: set_timer
-- A moment at which the session is looked at again.
insert into timers (timer_id, session_id, kind, due_at, ref)
values (%(timer_id)s, %(session_id)s, %(kind)s, %(due_at)s, %(ref)s)
on conflict (timer_id) do update set due_at = excluded.due_at, status = 'set';

-- name: void_quotes
-- Open quotes of a session that is over.
update quotes set status = 'void', changed_at = %(now)s where session_id = %(session_id)s and status = 'open';

-- name: release_holds
-- Slots held for a session that is over.
update bookings set state = 'cancelled', changed_at = %(now)s where session_id = %(session_id)s and state = 'hold';

-- name: release_seats
-- Seats reserved for a session that is over.
delete from seat_leases where session_id = %(session_id)s;

-- name: revoke_contact
-- The opt-out of a person, on all channels at once, and a wake-up for every other session of the person.
with c as (select contact_id from sessions where session_id = %(session_id)s),
marked as (update contacts set dnc_at = coalesce(dnc_at, %(now)s) where contact_id = (select contact_id from c)),
consent as (update consents set status = 'revoked', at = %(now)s where contact_id = (select contact_id from c) and kind <> 'recording'),
queued as (
  update outbox set status = 'cancelled', done_at = %(now)s, reason = 'opted_out'
  where status = 'queued' and kind not in ('crm_record', 'calendar_event')
    and session_id in (select session_id from sessions where contact_id = (select contact_id from c)))
insert into inbox (turn_id, session_id, kind, channel, at, sealed)
select 'revoked:' || s.session_id, s.session_id, 'operator', null, %(now)s, %(sealed)s
from sessions s where s.contact_id = (select contact_id from c) and s.session_id <> %(session_id)s and s.ended_at is null
on conflict do nothing;

-- name: opt_in
-- New express consent of the person lifts the opt-out.
update contacts set dnc_at = null where contact_id = (select contact_id from sessions where session_id = %(session_id)s);

-- name: suppress_number
-- A number that belongs to somebody else: every consent tied to it is withdrawn.
update consents set status = 'revoked', at = %(now)s
where contact_id = (select contact_id from sessions where session_id = %(session_id)s) and channel in ('voice', 'sms');

-- name: store_consent
-- The newest answer about a consent.
insert into consents (contact_id, kind, channel, status, at, session_id, turn_id)
select contact_id, %(consent)s, %(channel)s, %(status)s, %(now)s, session_id, %(turn_id)s from sessions
where session_id = %(session_id)s
on conflict (contact_id, kind, channel) do update set status = excluded.status, at = excluded.at,
  session_id = excluded.session_id, turn_id = excluded.turn_id;

-- name: insert_audit
-- Links of the session's chain.
insert into audit (session_id, seq, at, turn_id, actor, action, policy_version, digest, previous, hash, sealed)
select %(session_id)s, r.seq, r.at, %(turn_id)s, r.actor, r.action, %(policy_version)s, r.digest, r.previous, r.hash,
  decode(r.sealed, 'base64')
from jsonb_to_recordset(%(rows)s::jsonb) as r(seq int, at timestamptz, actor text, action text, digest text, previous text,
  hash text, sealed text);

-- name: situation
-- What the database knows and the state does not, in one look; a lease brings it along (take_lease).
select to_jsonb(s) as situation from situations s where session_id = %(session_id)s;

-- name: situation_of_contact
-- What a new session inherits from its contact: facts in force, consents, how the contact is reached.
select
  (select jsonb_agg(jsonb_build_object('fact_id', f.fact_id, 'type', f.type, 'key', f.key, 'status', f.status,
      'confidence', f.confidence, 'at', f.recorded_at, 'turn_id', f.turn_id, 'speaker', f.speaker,
      'sealed', encode(f.sealed, 'base64')))
   from facts f where f.contact_id = %(contact_id)s and f.retired_at is null
     and f.type not in ('scope', 'price_ack', 'commitment', 'appointment', 'claim')) as facts,
  (select jsonb_object_agg(g.kind || ':' || g.channel, g.status) from consents g where g.contact_id = %(contact_id)s) as consents,
  (select jsonb_agg(jsonb_build_object('kind', i.kind, 'verified', i.verified, 'sealed', encode(i.sealed, 'base64')) order by i.added_at)
   from identities i where i.contact_id = %(contact_id)s) as identities;
