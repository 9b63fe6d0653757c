-- name: sessions_waiting
-- Events that nobody has taken up: the row is there for a moment and no live lease holds its session. Whoever wrote it mostly runs it himself, hence the moment.
select distinct i.session_id
  from inbox i join sessions s using (session_id)
 where i.status = 'new' and i.received_at < now() - interval '300 milliseconds'
   and (s.lease_owner is null or s.lease_until < now())
 limit 200;

-- name: listen_inbox
-- What any process leaves for a runner.
listen throughline_inbox;
