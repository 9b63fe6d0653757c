-- name: seat_capacity
-- Free and staffed seats now; a closing session of the AI counts as one of its seats.
select
  (select count(*) from seats s where s.kind = 'human_closer' and s.status = 'free'
     and not exists (select 1 from seat_leases l where l.seat_id = s.seat_id and l.until > %(now)s)) as human_free,
  (select count(*) from seats s where s.kind = 'human_closer' and s.status <> 'off') as human_total,
  greatest(0, coalesce((select (p.content #>> '{capacity,seats,ai_closer}')::int from policies p
     join policy_activations a using (version) order by a.activation desc limit 1), 0)
     - (select count(*) from sessions where stage = 'CLOSE' and overlay is null and ended_at is null)) as ai_free,
  (select count(*) from sessions where step = 'TRANSFER.queueing' and overlay is null) as waiting;
