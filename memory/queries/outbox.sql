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
