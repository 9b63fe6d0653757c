-- name: server_version
-- What kind of server answers.
select current_setting('server_version') as version, current_setting('server_version_num')::integer as number;

-- name: active_policy
-- The policy that decisions are made under now, if any was ever activated.
select a.version, p.label from policy_activations a join policies p using (version) order by a.activation desc limit 1;

-- name: newest_sealed_identity
-- One sealed value, to try the data key on.
select sealed from identities where sealed is not null and length(sealed) > 0 order by added_at desc limit 1;

-- name: count_waiting
-- What waits to be decided by the agent, by a person, and to be delivered.
select (select count(*) from inbox where status = 'new') as inbox,
       (select count(*) from approvals where status = 'open') as approvals,
       (select count(*) from procrastinate_jobs where status = 'failed') as failed_jobs;
