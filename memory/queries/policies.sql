-- name: store_policy
-- A version is written once; what a second writer brings is compared, never taken over.
insert into policies (version, content_hash, label, content, effective_at)
values (%(version)s, %(content_hash)s, %(label)s, %(content)s::jsonb, %(effective_at)s)
on conflict (version) do nothing;

-- name: stored_policy_hash
-- What this version holds, whoever wrote it.
select content_hash from policies where version = %(version)s;

-- name: policy_content
-- As text: a number keeps its digits (49.00), which a driver's float would lose.
select content::text as content from policies where version = %(version)s;

-- name: policy_in_force
-- The version of the last activation, with who activated it.
select a.version, p.label, p.content_hash, p.effective_at, a.activated_at, a.activated_by, a.reason
  from policy_activations a join policies p using (version)
 order by a.activation desc limit 1;

-- name: lock_policy_activations
-- Two processes that start together must not both activate.
lock table policy_activations in share row exclusive mode;

-- name: activate_policy
-- Activating what is in force already leaves no second row.
insert into policy_activations (version, activated_at, activated_by, reason)
select %(version)s, %(now)s, %(by)s, %(reason)s
 where (select version from policy_activations order by activation desc limit 1) is distinct from %(version)s;
