-- name: view_open_proposals
-- Everything that waits for a person, with what the queue shows of its session; ordered in Python, urgency is a rule.
select p.proposal_id, p.number, p.session_id, p.rules, p.uses, p.body, p.policy_version, p.fallback, p.opened_at,
       p.deadline, s.stage, s.step, s.overlay, s.line, s.channel, s.score, s.recording, s.owner, s.label,
       (select t.at from turns t where t.session_id = p.session_id and t.kind in ('words', 'arrived')
         order by t.turn desc limit 1) as buyer_at,
       (select jsonb_agg(to_jsonb(a) order by a.approval_id) from approvals a where a.proposal_id = p.proposal_id) as approvals,
       (select f.sealed from facts f where f.contact_id = s.contact_id and f.key = 'contact.name' and f.retired_at is null
         order by f.recorded_at desc limit 1) as name_sealed,
       (select i.sealed from identities i where i.contact_id = s.contact_id order by i.added_at limit 1) as identity_sealed
  from proposals p join sessions s using (session_id)
 where p.status = 'open'
   and exists (select 1 from approvals a where a.proposal_id = p.proposal_id and a.status = 'open')
 order by p.deadline
 limit 200;

-- name: view_decided_proposals
-- What was decided lately, newest first.
select p.proposal_id, p.number, p.session_id, p.rules, p.uses, p.body, p.status, p.opened_at, p.deadline,
       coalesce(p.decided_at, p.settled_at, p.deadline) as decided_at,
       (select jsonb_agg(to_jsonb(a) order by a.approval_id) from approvals a where a.proposal_id = p.proposal_id) as approvals
  from proposals p
 where p.status <> 'open'
 order by coalesce(p.decided_at, p.settled_at, p.deadline) desc
 limit %(limit)s;

-- name: view_proposal
-- One proposal by the number that people see, open or not.
select p.*, s.stage, s.step, s.overlay, s.line, s.channel, s.score, s.confidence, s.recording, s.owner, s.label, s.region,
       s.contact_id,
       (select t.at from turns t where t.session_id = p.session_id and t.kind in ('words', 'arrived')
         order by t.turn desc limit 1) as buyer_at,
       (select t.sealed from turns t where t.session_id = p.session_id order by t.turn desc limit 1) as turn_sealed,
       (select jsonb_agg(to_jsonb(a) order by a.approval_id) from approvals a where a.proposal_id = p.proposal_id) as approvals,
       (select f.sealed from facts f where f.contact_id = s.contact_id and f.key = 'contact.name' and f.retired_at is null
         order by f.recorded_at desc limit 1) as name_sealed,
       (select i.sealed from identities i where i.contact_id = s.contact_id order by i.added_at limit 1) as identity_sealed
  from proposals p join sessions s using (session_id)
 where p.number = %(number)s;

-- name: view_said
-- The turns that led to a proposal: the buyer's last words up to the turn that raised it.
select t.turn, t.turn_id, t.at, t.kind, t.channel, t.score, t.sealed
  from turns t
 where t.session_id = %(session_id)s and t.kind = 'words'
   and t.turn <= coalesce((select u.turn from turns u where u.turn_id = %(turn_id)s), 2147483647)
 order by t.turn desc
 limit %(limit)s;

-- name: view_sessions
-- The list of sessions with last words, trajectory and what may need a person.
select s.session_id, s.stage, s.step, s.overlay, s.owner, s.channel, s.line, s.recording, s.score, s.confidence, s.label,
       s.outcome, s.turns, s.opened_at, s.changed_at, s.ended_at,
       (select f.sealed from facts f where f.contact_id = s.contact_id and f.key = 'contact.name' and f.retired_at is null
         order by f.recorded_at desc limit 1) as name_sealed,
       (select i.sealed from identities i where i.contact_id = s.contact_id order by i.added_at limit 1) as identity_sealed,
       last.sealed as last_sealed, last.at as last_at, last.channel as last_channel,
       (select array_agg(x.score order by x.turn) from
         (select t.turn, t.score from turns t where t.session_id = s.session_id order by t.turn desc limit 40) x) as scores,
       (select count(*) from proposals p where p.session_id = s.session_id and p.status = 'open') as open_proposals,
       (select min(p.deadline) from proposals p where p.session_id = s.session_id and p.status = 'open') as next_deadline,
       (select count(*) from inbox i where i.session_id = s.session_id and i.status = 'dead') as dead_events,
       (select count(*) from outbox o where o.session_id = s.session_id and o.status = 'failed') as failed_effects,
       (select min(i.received_at) from inbox i where i.session_id = s.session_id and i.status = 'new') < now() - interval '10 seconds'
         as stuck
  from sessions s
  left join lateral (
    select t.sealed, t.at, t.channel from turns t
     where t.session_id = s.session_id and t.kind = 'words' order by t.turn desc limit 1) last on true
 order by s.changed_at desc
 limit %(limit)s;

-- name: view_last_session
-- The newest session of a contact, ended or not: what a chat shows until new words start another one.
select session_id::text as session_id from sessions where contact_id = %(contact_id)s order by opened_at desc limit 1;

-- name: view_active_policy
-- The policy version in force, and its label.
select p.version, p.label, a.activated_at
  from policy_activations a join policies p using (version)
 order by a.activation desc
 limit 1;

-- name: view_health
-- One row of what the sidebar says about the machinery; ages by the database's own clock.
select (select jsonb_object_agg(kind, age) from
         (select kind, round(extract(epoch from now() - max(beat_at)))::int as age from heartbeats group by kind) h) as beats,
       (select count(*) from inbox where status = 'new' and received_at < now() - interval '10 seconds') as waiting_events,
       (select count(*) from inbox where status = 'dead') as dead_events,
       (select count(*) from outbox where status = 'failed') as failed_effects,
       (select count(*) from proposals p where p.status = 'open'
          and exists (select 1 from approvals a where a.proposal_id = p.proposal_id and a.status = 'open')) as open_proposals;
