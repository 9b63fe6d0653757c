-- Sessions, their inbox, what was said and heard, facts, authority, quotes, bookings, effects and the audit chain.
-- Columns named `sealed` hold JSON under the data key (memory/sealing.py): personal data never stands in the clear.

create table contacts (
  contact_id uuid primary key,
  opened_at timestamptz not null,
  dnc_at timestamptz,
  erased_at timestamptz
);

create table identities (
  identity_hash text primary key,               -- keyed HMAC of kind and normalised value
  contact_id uuid not null references contacts,
  kind text not null check (kind in ('phone', 'email', 'chat')),
  verified boolean not null default false,
  sealed bytea not null,                        -- {value}
  added_at timestamptz not null
);
create index identities_contact on identities (contact_id);

create table policies (
  version text primary key,
  content_hash text not null,
  label text not null default '',               -- 'local' for the copy that a development run loads
  content jsonb not null,
  effective_at timestamptz not null,
  stored_at timestamptz not null default now()
);
create table policy_activations (
  activation bigint generated always as identity primary key,
  version text not null references policies,
  activated_at timestamptz not null,
  activated_by text not null,
  reason text not null default ''
);

create table sessions (
  session_id uuid primary key,
  contact_id uuid not null references contacts,
  stage text not null default 'ENTRY',
  step text not null default 'ENTRY.new',
  overlay text check (overlay in ('PARKED', 'CALLBACK', 'VOICEMAIL', 'HUMAN')),
  remembered text,
  recording text not null default 'off' check (recording in ('off', 'announced', 'on', 'declined')),
  epoch integer not null default 0,
  owner text not null default 'agent',          -- 'agent' or 'human:<operator>'
  channel text,                                 -- the channel of the last event that had one
  line text not null default 'none' check (line in ('none', 'up', 'down')),
  region text,
  score real not null default 0,
  confidence real not null default 0,
  awaits text[] not null default '{}',          -- speech ids that a transition waits to be heard
  watched text[] not null default '{}',         -- speech ids that later guards ask about
  head text,                                    -- id of the last committed checkpoint: compare-and-set
  turns integer not null default 0,
  audit_seq integer not null default 0,
  audit_hash text not null default '',
  lease_owner text,
  lease_until timestamptz,
  label text not null default '',               -- 'test' and 'talk' sessions are kept out of metrics
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  ended_at timestamptz,
  outcome text
);
create index sessions_contact on sessions (contact_id, opened_at desc);
create index sessions_changed on sessions (changed_at desc);

create table inbox (
  turn_id text primary key,
  session_id uuid not null references sessions,
  seq bigint generated always as identity,
  kind text not null,
  channel text,
  at timestamptz not null,
  sealed bytea not null,                        -- the event's data
  status text not null default 'new' check (status in ('new', 'done', 'dead')),
  attempts integer not null default 0,
  received_at timestamptz not null default now(),
  done_at timestamptz
);
create index inbox_open on inbox (session_id, seq) where status = 'new';

create table turns (
  session_id uuid not null references sessions,
  turn integer not null,                        -- 1, 2, 3 ... as committed
  turn_id text not null,
  kind text not null,
  channel text,
  at timestamptz not null,
  step_before text not null,
  step_after text not null,
  overlay_after text,
  score real not null,
  confidence real not null,
  epoch integer not null,
  policy_version text not null,
  decisions integer not null default 1,         -- 2 or 3 where the database refused an effect
  sealed bytea not null,                        -- {words, speaker, reading, scopes, sums}
  primary key (session_id, turn)
);
create unique index turns_turn_id on turns (turn_id);

create table speech (
  speech_id text primary key,                   -- turn_id:ordinal
  session_id uuid not null references sessions,
  turn_id text not null,
  ordinal integer not null,
  act text not null,
  channel text not null,
  asks text,                                    -- key of the question it asks
  fact_key text,                                -- fact a question is about
  readback boolean not null default false,
  disclosure_keys text[] not null default '{}',
  quote_hash text,
  uninterruptible boolean not null default false,
  status text not null default 'queued' check (status in ('queued', 'heard', 'partly', 'unheard')),
  queued_at timestamptz not null,
  heard_at timestamptz,
  sealed bytea not null                         -- {words, slots}, later {heard_words}
);
create index speech_session on speech (session_id, queued_at desc);

create table answers (
  turn_id text not null,
  session_id uuid not null references sessions,
  speech_id text not null references speech,
  answer text not null check (answer in ('yes', 'no', 'neither')),
  began_at timestamptz not null,
  primary key (turn_id, speech_id)
);

create table facts (
  fact_id uuid primary key,
  contact_id uuid not null references contacts,
  session_id uuid not null references sessions,
  type text not null,
  key text not null,
  status text not null check (status in ('claimed', 'confirmed', 'contradicted', 'superseded', 'withdrawn', 'open', 'met', 'refused')),
  stake text not null check (stake in ('low', 'medium', 'high', 'legal')),
  confidence real not null,
  valid_from timestamptz not null,
  valid_to timestamptz,
  recorded_at timestamptz not null,
  retired_at timestamptz,
  turn_id text not null,
  channel text,
  speaker text not null,
  extractor text not null,
  supersedes uuid,
  policy_version text not null,
  sealed bytea not null                         -- {value, unit, quote, asr_confidence}
);
create index facts_contact on facts (contact_id, key, recorded_at);

create table evidence (
  session_id uuid not null references sessions,
  turn_id text not null,
  ordinal integer not null,
  type text not null,
  confidence real not null,
  at timestamptz not null,
  change text not null default 'added' check (change in ('added', 'withdrawn', 'resolved')),
  primary key (session_id, turn_id, ordinal)
);

create table transitions (
  session_id uuid not null references sessions,
  turn_id text not null,
  ordinal integer not null,
  transition text not null,
  trigger text not null,
  step_before text not null,
  step_after text not null,
  overlay_before text,
  overlay_after text,
  epoch integer not null,
  at timestamptz not null,
  reason text,
  primary key (session_id, turn_id, ordinal)
);

create table guard_results (
  session_id uuid not null references sessions,
  turn_id text not null,
  ordinal integer not null,
  transition text not null,
  guard text not null,
  held boolean not null,
  value text not null,
  primary key (session_id, turn_id, ordinal)
);

create table capabilities (
  capability_id text primary key,
  session_id uuid not null references sessions,
  stage text not null,
  epoch integer not null,
  scope text not null,
  limits jsonb not null default '{}',
  quote_hash text,
  policy_version text not null,
  level text,
  minted_at timestamptz not null,
  expires_at timestamptz not null,
  uses_left integer not null check (uses_left >= 0),
  turn_id text not null,
  proposal_id text,
  dead_at timestamptz
);
create index capabilities_live on capabilities (session_id, scope) where dead_at is null;

create table tool_calls (                       -- every use of authority, refused ones too
  call_key text primary key,                    -- session:turn_id:scope:ordinal, the idempotency key
  session_id uuid not null references sessions,
  turn_id text not null,
  scope text not null,
  stage text not null,                          -- the session's stage at commit
  capability_id text,
  capability_stage text,
  policy_version text not null,
  outcome text not null check (outcome in ('done', 'refused')),
  reason text,                                  -- a guard's or rule's name where refused
  object text,                                  -- what it acted on: booking, quote, envelope ...
  at timestamptz not null
);
create index tool_calls_session on tool_calls (session_id, at);

create table bookings (
  booking_id text primary key,
  session_id uuid not null references sessions,
  resource integer not null,                    -- 1 is the first calendar
  starts timestamptz not null,
  ends timestamptz not null check (ends > starts),
  zone text not null,                           -- the buyer's, for read-backs
  state text not null check (state in ('hold', 'booked', 'cancelled', 'expired')),
  hold_until timestamptz,
  turn_id text not null,
  changed_at timestamptz not null,
  busy int8range generated always as (int8range(
    resource::bigint << 40 | extract(epoch from starts at time zone 'UTC')::bigint,
    resource::bigint << 40 | extract(epoch from ends at time zone 'UTC')::bigint)) stored,
  constraint bookings_no_overlap exclude using gist (busy with &&) where (state in ('hold', 'booked'))
);
create index bookings_session on bookings (session_id);

create table quotes (
  quote_hash text not null,
  session_id uuid not null references sessions,
  version integer not null,                     -- 1 is Q1
  scope_hash text not null,
  body jsonb not null,                          -- domain.pricing.Quote as JSON; money as strings
  status text not null check (status in ('open', 'superseded', 'void', 'accepted')),
  issued_in_writing_at timestamptz,
  valid_until timestamptz not null,
  turn_id text not null,
  proposal_id text,
  changed_at timestamptz not null,
  primary key (session_id, quote_hash),          -- the same order at the same moment has the same hash in any session
  unique (session_id, version)
);

create table proposals (
  proposal_id text primary key,                 -- A-<n> for people comes from `number`
  number bigint generated always as identity,
  session_id uuid not null references sessions,
  turn_id text not null,
  rules text[] not null,                        -- A1 ... A8, L1
  uses text[] not null,                         -- scopes it asks for
  proposal_hash text not null,
  quote_hash text,                              -- hash of the draft, the future quote hash
  body jsonb not null,                          -- {title, reason, args, draft, before, spoken, said[], request}
  facts_used text[] not null default '{}',
  gate text,
  policy_version text not null,
  fallback text not null,                       -- deny, human_takeover, callback, escalate
  status text not null default 'open' check (status in ('open', 'approved', 'denied', 'expired', 'withdrawn', 'void')),
  opened_at timestamptz not null,
  deadline timestamptz not null,
  decided_at timestamptz,
  settled_at timestamptz,                       -- T42 was fired
  executable_until timestamptz
);
create index proposals_open on proposals (session_id) where settled_at is null;

create table approvals (                        -- one row per role that must decide
  approval_id text primary key,                 -- proposal_id:role
  proposal_id text not null references proposals,
  role text not null,
  status text not null default 'open' check (status in ('open', 'approved', 'denied', 'expired', 'withdrawn', 'void')),
  version integer not null default 1,
  decided_by text,                              -- the operator's subject: who signs, and whom four eyes compare
  decided_name text,                            -- the name others are told ("already approved by ...")
  decided_role text,
  decided_at timestamptz,
  reason text,
  edit jsonb                                    -- what the approver changed, before and after
);
create index approvals_proposal on approvals (proposal_id);

create table contracts (
  contract_id text primary key,
  session_id uuid not null references sessions,
  quote_hash text not null,
  document_hash text not null,
  token_hash text not null unique,              -- one-time accept link
  status text not null check (status in ('sent', 'accepted', 'void')),
  sent_at timestamptz not null,
  accepted_at timestamptz,
  changed_at timestamptz not null,
  sealed bytea not null                         -- {document, token, accepted_by, accepted_from}
);

create table payments (
  payment_id text primary key,
  session_id uuid not null references sessions,
  quote_hash text not null,
  attempt integer not null,
  amount numeric(14, 2) not null,
  currency text not null,
  token_hash text not null unique,
  status text not null check (status in ('open', 'paid', 'failed', 'expired')),
  expires_at timestamptz not null,
  changed_at timestamptz not null,
  sealed bytea not null,                        -- {token, provider_reference}
  unique (session_id, quote_hash, attempt)
);

create table outbox (
  effect_id text primary key,                   -- session:turn_id:kind:ordinal
  session_id uuid not null references sessions,
  seq bigint generated always as identity,
  turn_id text not null,
  transition text,
  kind text not null check (kind in ('crm_record', 'message', 'calendar_event', 'contract_link', 'payment_link', 'callback')),
  channel text,
  capability_id text,
  object text,                                  -- booking id, quote hash, contract id
  marketing boolean not null default false,
  status text not null default 'queued' check (status in ('queued', 'delivered', 'cancelled', 'failed')),
  attempts integer not null default 0,
  not_before timestamptz,
  queued_at timestamptz not null,
  done_at timestamptz,
  reason text,
  sealed bytea not null
);
create index outbox_session on outbox (session_id, seq);
create index outbox_queued on outbox (seq) where status = 'queued';

create table crm_records (
  record_key text primary key,                  -- session:turn_id:name:ordinal, or session:need:hash
  session_id uuid not null references sessions,
  seq integer not null,                         -- 1, 2, 3 ... in order per session
  name text not null,
  transition text,
  turn_id text not null,
  at timestamptz not null,
  delivered_at timestamptz,
  sealed bytea not null,                        -- fields
  unique (session_id, seq)
);

create table crm_deliveries (                   -- the local CRM: what a CRM would hold, one row per idempotency key
  record_key text primary key,
  session_id uuid not null,
  seq integer not null,
  name text not null,
  received_at timestamptz not null default now(),
  sealed bytea not null
);

create table calendar_events (                  -- the local calendar mirror
  event_id text primary key,
  booking_id text not null,
  state text not null check (state in ('confirmed', 'cancelled')),
  sealed bytea not null,                        -- the iCalendar text
  changed_at timestamptz not null
);

create table messages (                         -- the local carrier: what left on a text channel
  message_id text primary key,                  -- effect_id
  session_id uuid not null references sessions,
  channel text not null,
  speech_ids text[] not null default '{}',
  status text not null check (status in ('sent', 'received', 'refused')),
  sent_at timestamptz not null,
  sealed bytea not null                         -- {to, body}
);

create index messages_unreported on messages (sent_at) where channel = 'sms' and status = 'sent';

create table seats (
  seat_id text primary key,
  kind text not null check (kind in ('human_closer', 'ai_closer')),
  name text not null,
  shift jsonb not null default '{}',            -- {days, from, to, zone}; empty: always
  status text not null default 'off' check (status in ('free', 'busy', 'off')),
  changed_at timestamptz not null
);
create table seat_leases (
  seat_id text primary key references seats,
  session_id uuid not null references sessions,
  until timestamptz not null,
  starts timestamptz not null
);

create table consents (
  contact_id uuid not null references contacts,
  kind text not null,                           -- recording, sms_marketing, voice_ai_marketing, transactional
  channel text not null,
  status text not null check (status in ('given', 'declined', 'revoked', 'not_applicable')),
  at timestamptz not null,
  session_id uuid,
  turn_id text,
  primary key (contact_id, kind, channel)
);

create table timers (
  timer_id text primary key,                    -- session:kind:ref
  session_id uuid not null references sessions,
  kind text not null,                           -- approval_deadline, idle_park, offer_ignored, elapsed, hold_cap, appointment, link_expiry ...
  due_at timestamptz not null,
  status text not null default 'set' check (status in ('set', 'fired', 'cancelled')),
  ref text
);
create index timers_due on timers (due_at) where status = 'set';
create index timers_session on timers (session_id) where status = 'set';

create table costs (
  session_id uuid not null references sessions,
  turn_id text not null,
  kind text not null,                           -- telephony, recogniser, model, voice, human, approval
  quantity numeric(14, 4) not null,
  amount numeric(14, 6) not null,
  at timestamptz not null
);

create table audit (
  session_id uuid not null references sessions,
  seq integer not null,
  at timestamptz not null,
  turn_id text not null,
  actor text not null,                          -- agent, buyer, system, or operator:<who>
  action text not null,
  policy_version text not null,
  digest text not null,                         -- sha256(salt || payload): erasing the payload leaves the chain whole
  previous text not null,
  hash text not null,                           -- sha256(previous || seq || at || actor || action || digest)
  sealed bytea,                                 -- {salt, payload}; null once erased
  primary key (session_id, seq)
);

create table stops (                            -- the kill switch: while a row stands, nothing of its kind leaves
  kind text primary key,                        -- a kind of the outbox, or 'all'
  stopped_at timestamptz not null,
  stopped_by text not null,
  reason text not null
);

create table heartbeats (                       -- one row per running process: who is there to run turns and jobs
  process text primary key,                     -- kind:host:pid
  kind text not null,                           -- api, jobs, voice
  beat_at timestamptz not null default now()
);

-- No trigger notifies: NOTIFY inside a commit takes one lock for the whole server (every session would wait for every
-- other). Runners notify in a statement of their own, after the commit; a lost notification costs one poll.

-- What the database knows about a session and its state does not. Lines that were never heard prove nothing after 60 days.
create view situations as
select s.session_id, s.epoch, s.audit_seq, s.audit_hash, s.turns, s.contact_id::text as contact_id, s.label,
  (select dnc_at from contacts c where c.contact_id = s.contact_id) as dnc_at,
  coalesce((select version from policy_activations order by activation desc limit 1), '') as policy_version,
  (select jsonb_object_agg(p.speech_id, jsonb_build_object('status', p.status, 'heard_at', p.heard_at, 'channel', p.channel,
     'queued_at', p.queued_at, 'ordinal', p.ordinal))
   from (select speech_id, status, heard_at, channel, queued_at, ordinal from speech
         where session_id = s.session_id
           and (speech_id = any(s.watched) or (status = 'queued' and queued_at > s.changed_at - interval '60 days'))
         limit 60) p) as speech,
  (select jsonb_agg(to_jsonb(q) || jsonb_build_object(
     'decided_by', (select jsonb_agg(a.decided_by) from approvals a where a.proposal_id = q.proposal_id and a.decided_by is not null),
     'roles', (select jsonb_agg(a.role order by a.role) from approvals a where a.proposal_id = q.proposal_id)))
   from (select * from proposals where session_id = s.session_id and settled_at is null order by number) q) as proposals
from sessions s;
