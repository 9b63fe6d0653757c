-- name: crm_receive
-- The key makes a repeat harmless.
insert into crm_deliveries (record_key, session_id, seq, name, sealed)
values (%(key)s, %(session_id)s, %(seq)s, %(name)s, %(sealed)s)
on conflict (record_key) do nothing
returning record_key;

-- name: crm_mark_delivered
-- Our own record knows that the CRM has it.
update crm_records set delivered_at = %(at)s where record_key = %(key)s and delivered_at is null;

-- name: message_send
-- A message leaves once, whatever is retried.
insert into messages (message_id, session_id, channel, speech_ids, status, sent_at, sealed)
values (%(message_id)s, %(session_id)s, %(channel)s, %(speech_ids)s, 'sent', %(at)s, %(sealed)s)
on conflict (message_id) do nothing
returning message_id;

-- name: event_put
-- A cancelled event is never confirmed again: a late delivery of its making must not revive it.
insert into calendar_events (event_id, booking_id, state, sealed, changed_at)
values (%(event_id)s, %(booking_id)s, %(state)s, %(sealed)s, %(at)s)
on conflict (event_id) do update set state = excluded.state, sealed = excluded.sealed, changed_at = excluded.changed_at
where calendar_events.state = 'confirmed' and excluded.state = 'cancelled'
returning event_id;

-- name: crm_of_session
-- What the CRM holds of a session, in order.
select record_key, seq, name, received_at, sealed from crm_deliveries where session_id = %(session_id)s order by seq;

-- name: messages_of_session
-- What left on text channels, oldest first.
select message_id, channel, speech_ids, status, sent_at, sealed from messages
where session_id = %(session_id)s order by sent_at, message_id;

-- name: events_of_booking
-- The picture of one booking in the calendar.
select event_id, state, changed_at, sealed from calendar_events where booking_id = %(booking_id)s;
