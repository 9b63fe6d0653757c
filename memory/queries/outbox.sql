-- name: enqueue_effects
-- One statement for all effects of a turn. CRM records of a session share one job and one lock: they must arrive in order. Everything else has a job of its own, so that a late one holds up nothing.
select procrastinate_defer_jobs_v1(array_agg(
  row(queue, 'effects.deliver', 0, lock, null, args, due)::procrastinate_job_to_defer_v1 order by last, first))
from (
  select
    case when kind = 'crm_record' then 'crm' else 'effects' end as queue,
    case when kind = 'crm_record' then 'crm:' || session_id end as lock,
    jsonb_build_object('effect_ids', jsonb_agg(effect_id order by seq)) as args,
    max(not_before) as due,
    bool_or(kind = 'message') as last,
    min(seq) as first
  from outbox
  where effect_id = any (%(effect_ids)s) and status = 'queued'
  group by kind, session_id, case when kind = 'crm_record' then '' else effect_id end
) as jobs
having count(*) > 0;

-- name: quiet_job_triggers
-- NOTIFY in a commit takes a lock that the whole server shares, and the outbox row is the history of a job already: both would be paid for by every turn.
alter table procrastinate_jobs
  disable trigger procrastinate_jobs_notify_queue_job_inserted_v1,
  disable trigger procrastinate_trigger_status_events_insert_v1,
  disable trigger procrastinate_trigger_status_events_update_v1,
  disable trigger procrastinate_trigger_scheduled_events_v1;

-- name: effect_claim
-- The row lock is the right to deliver: a second worker waits for it and then finds the effect settled. What may recall the effect is read in the same breath.
select o.effect_id, o.session_id, o.kind, o.channel, o.object, o.transition, o.status, o.attempts, o.not_before,
       o.queued_at, o.sealed, s.channel as session_channel, c.contact_id,
       c.dnc_at is not null as opted_out, c.erased_at is not null as erased,
       o.transition = 'T39' or exists (
         select 1 from transitions t where t.session_id = o.session_id and t.turn_id = o.turn_id and t.transition = 'T39')
         as confirms_opt_out,
       o.marketing and exists (
         select 1 from consents g where g.contact_id = c.contact_id and g.status = 'revoked'
            and g.kind in ('sms_marketing', 'voice_ai_marketing') and g.channel = o.channel) as consent_revoked,
       exists (select 1 from stops k where k.kind in ('all', o.kind)) as stopped,
       coalesce((select (p.content ->> 'emergency')::boolean
                   from policy_activations a join policies p using (version)
                  order by a.activation desc limit 1), false) as emergency
  from outbox o join sessions s using (session_id) join contacts c using (contact_id)
 where o.effect_id = %(effect_id)s
   for update of o;

-- name: effect_delivered
-- In the transaction of the effect itself.
update outbox set status = 'delivered', attempts = attempts + 1, done_at = %(now)s, reason = %(reason)s
 where effect_id = %(effect_id)s;

-- name: effect_recalled
-- Refused at delivery; the reason names the guard.
update outbox set status = 'cancelled', done_at = %(now)s, reason = %(reason)s where effect_id = %(effect_id)s;

-- name: effect_waits
-- Nothing has failed; the reason says what is waited for.
update outbox set reason = %(reason)s where effect_id = %(effect_id)s;

-- name: effect_missed
-- One try more; the last one makes the effect a matter for people.
update outbox
   set attempts = attempts + 1, reason = %(reason)s,
       status = case when %(for_good)s or attempts + 1 >= %(tries)s then 'failed' else 'queued' end,
       done_at = case when %(for_good)s or attempts + 1 >= %(tries)s then %(now)s end
 where effect_id = %(effect_id)s
returning status, attempts;

-- name: effect_alarm
-- A timer that is due at once: the session's next turn learns that an effect failed for good.
insert into timers (timer_id, session_id, kind, due_at, ref)
values (%(timer_id)s, %(session_id)s, 'effect_failed', %(now)s, %(effect_id)s)
on conflict (timer_id) do update set status = 'set', due_at = excluded.due_at;

-- name: effects_queued
-- What is due and not delivered, of one session or of all.
select effect_id, kind, session_id from outbox
 where status = 'queued' and (not_before is null or not_before <= %(now)s)
   and (%(session_id)s::uuid is null or session_id = %(session_id)s)
 order by seq;

-- name: effect_requeue
-- A person sends a failed effect once more.
with failed as (
  select effect_id, kind, reason from outbox
   where effect_id = %(effect_id)s and session_id = %(session_id)s and status = 'failed'
     for update)
update outbox o set status = 'queued', attempts = 0, done_at = null, reason = 'sent again by ' || %(by)s
  from failed f where o.effect_id = f.effect_id
returning f.kind, f.reason as failed_with;

-- name: effects_stop
-- The kill switch: nothing of this kind leaves until it is lifted.
insert into stops (kind, stopped_at, stopped_by, reason) values (%(kind)s, %(now)s, %(by)s, %(reason)s)
on conflict (kind) do nothing;

-- name: effects_resume
-- What waited goes on by itself.
delete from stops where kind = %(kind)s returning kind;

-- name: effect_phone
-- Where a caller can be texted.
select sealed from identities where contact_id = %(contact_id)s and kind = 'phone' order by added_at desc limit 1;

-- name: texts_unreported
-- Texts that the carrier has not reported yet: of one effect, or whatever a killed process left behind.
select message_id, session_id, speech_ids from messages
 where channel = 'sms' and status = 'sent' and (%(message_id)s::text is null or message_id = %(message_id)s)
 order by sent_at limit 100;

-- name: text_arrived
-- Once reported, it is not reported again.
update messages set status = 'received' where message_id = %(message_id)s and status = 'sent' returning message_id;
