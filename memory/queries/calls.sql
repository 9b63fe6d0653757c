-- name: open_call
-- A call that somebody is about to join; nothing where they are on one.
insert into calls (call_id, room, label, opened_at, buyer, sealed)
values (%(call_id)s, %(room)s, %(label)s, %(now)s, %(buyer)s, %(sealed)s) on conflict (buyer) where state <> 'ended' do nothing;

-- name: call_of_buyer
-- The call that a buyer is on, or was given a link to.
select call_id, room, session_id::text as session_id, state, label, dispatches, job_id, worker, agent_identity, profile_hash,
  opened_at, started_at, ended_at, end_reason, sealed
from calls where buyer = %(buyer)s and state <> 'ended';

-- name: call_by_id
-- A call as it stands.
select call_id, room, session_id::text as session_id, state, label, dispatches, job_id, worker, agent_identity, profile_hash,
  opened_at, started_at, ended_at, end_reason, sealed
from calls where call_id = %(call_id)s;

-- name: call_by_room
-- The call that is held in a room.
select call_id, room, session_id::text as session_id, state, label, dispatches, job_id, worker, agent_identity, profile_hash,
  opened_at, started_at, ended_at, end_reason, sealed
from calls where room = %(room)s;

-- name: claim_dispatch
-- Who asks for a job says so first: of several that saw the same lost call, one may. A job that served it is cast off.
update calls set dispatches = dispatches + 1, dispatched_at = clock_timestamp(), job_id = null
where call_id = %(call_id)s and state <> 'ended' and dispatches = %(seen)s returning dispatches;

-- name: claim_call
-- A job takes a call that nobody serves, or that it serves already.
update calls set job_id = %(job_id)s, worker = %(worker)s, agent_identity = %(agent_identity)s, profile_hash = %(profile_hash)s,
  heartbeat_at = clock_timestamp(), state = 'active', started_at = coalesce(started_at, %(now)s)
where call_id = %(call_id)s and state <> 'ended'
  and (job_id is null or job_id = %(job_id)s or heartbeat_at < clock_timestamp() - %(dead_after)s * interval '1 second')
returning call_id, room, session_id::text as session_id, state, label, dispatches, job_id, worker, agent_identity, profile_hash,
  opened_at, started_at, ended_at, end_reason, sealed;

-- name: beat_call
-- The job is alive. Nothing is returned to a job that was taken for dead and replaced, or whose call is over.
update calls set heartbeat_at = clock_timestamp()
where call_id = %(call_id)s and job_id = %(job_id)s and state <> 'ended' returning call_id;

-- name: link_call
-- The session that the buyer of a call is in.
update calls set session_id = %(session_id)s where call_id = %(call_id)s and session_id is distinct from %(session_id)s;

-- name: lost_calls
-- Calls that nobody serves: their job's heart stopped, or a job was asked for and never came.
select call_id, room, session_id::text as session_id, state, label, dispatches, job_id, worker, agent_identity, profile_hash,
  opened_at, started_at, ended_at, end_reason, sealed
from calls
where state <> 'ended' and dispatches > 0
  and greatest(dispatched_at, heartbeat_at) < clock_timestamp() - %(older_than)s * interval '1 second'
order by dispatched_at limit 100;

-- name: end_call
-- A call is over, once.
update calls set state = 'ended', ended_at = %(now)s, end_reason = %(reason)s
where call_id = %(call_id)s and state <> 'ended' and (%(job_id)s::text is null or job_id = %(job_id)s)
returning session_id::text as session_id;

-- name: end_untaken_calls
-- Offers that nobody took up in time.
update calls set state = 'ended', ended_at = %(now)s, end_reason = 'not_taken_up'
where state = 'new' and dispatches = 0 and opened_at < %(before)s;

-- name: live_calls
-- Calls that are not over, newest first.
select call_id, room, session_id::text as session_id, state, label, dispatches, job_id, worker, agent_identity, profile_hash,
  opened_at, started_at, ended_at, end_reason, sealed
from calls where state <> 'ended' order by opened_at desc limit 200;

-- name: put_call_turn
-- What is known of a turn so far: measurements come in one after the other, none is overwritten by nothing, and usage adds up.
insert into call_turns (call_id, turn_id, kind, at, confidence, began_at, recogniser_ms, endpoint_ms, turn_ms, tts_ms, voice_ms, cut,
  recogniser_s, voice_s, voice_characters, sealed)
values (%(call_id)s, %(turn_id)s, %(kind)s, %(at)s, %(confidence)s, %(began_at)s, %(recogniser_ms)s, %(endpoint_ms)s, %(turn_ms)s,
  %(tts_ms)s, %(voice_ms)s, %(cut)s, %(recogniser_s)s, %(voice_s)s, %(voice_characters)s, %(sealed)s)
on conflict (call_id, turn_id) do update set
  confidence = coalesce(excluded.confidence, call_turns.confidence), began_at = coalesce(excluded.began_at, call_turns.began_at),
  recogniser_ms = coalesce(excluded.recogniser_ms, call_turns.recogniser_ms),
  endpoint_ms = coalesce(excluded.endpoint_ms, call_turns.endpoint_ms), turn_ms = coalesce(excluded.turn_ms, call_turns.turn_ms),
  tts_ms = coalesce(excluded.tts_ms, call_turns.tts_ms), voice_ms = coalesce(excluded.voice_ms, call_turns.voice_ms),
  cut = call_turns.cut or excluded.cut, recogniser_s = call_turns.recogniser_s + excluded.recogniser_s,
  voice_s = call_turns.voice_s + excluded.voice_s,
  voice_characters = call_turns.voice_characters + excluded.voice_characters, sealed = coalesce(excluded.sealed, call_turns.sealed);

-- name: call_turns
-- The turns of a call in order.
select call_id, turn_id, kind, at, confidence, began_at, recogniser_ms, endpoint_ms, turn_ms, tts_ms, voice_ms, cut, recogniser_s,
  voice_s, voice_characters, sealed
from call_turns where call_id = %(call_id)s order by seq;
