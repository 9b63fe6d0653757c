-- The lines that a turn may still ask about are found without a walk through all that was ever said in the session.
create index speech_queued on speech (session_id, queued_at) where status = 'queued';

-- What the database knows about a session and its state does not. Lines that were never heard prove nothing after 60 days.
create or replace view situations as
select s.session_id, s.epoch, s.audit_seq, s.audit_hash, s.turns, s.contact_id::text as contact_id, s.label,
  (select dnc_at from contacts c where c.contact_id = s.contact_id) as dnc_at,
  coalesce((select version from policy_activations order by activation desc limit 1), '') as policy_version,
  (select jsonb_object_agg(p.speech_id, jsonb_build_object('status', p.status, 'heard_at', p.heard_at, 'channel', p.channel,
     'queued_at', p.queued_at, 'ordinal', p.ordinal))
   from (select speech_id, status, heard_at, channel, queued_at, ordinal from speech
         where speech_id = any(s.watched)
         union
         (select speech_id, status, heard_at, channel, queued_at, ordinal from speech
          where session_id = s.session_id and status = 'queued' and queued_at > s.changed_at - interval '60 days'
          order by queued_at desc limit 60)) p) as speech,
  (select jsonb_agg(to_jsonb(q) || jsonb_build_object(
     'decided_by', (select jsonb_agg(a.decided_by) from approvals a where a.proposal_id = q.proposal_id and a.decided_by is not null),
     'roles', (select jsonb_agg(a.role order by a.role) from approvals a where a.proposal_id = q.proposal_id)))
   from (select * from proposals where session_id = s.session_id and settled_at is null order by number) q) as proposals
from sessions s;
