-- Calls, who serves each, and what the recogniser understood, at what cost and how fast, turn by turn.

create table calls (
  call_id text primary key,                     -- opaque: all that a job is told
  room text not null unique,
  session_id uuid references sessions,          -- null until the buyer was connected with a session
  state text not null default 'new' check (state in ('new', 'ringing', 'active', 'ended')),
  label text not null default '',               -- 'test' and 'talk' calls are kept out of metrics
  dispatches integer not null default 0,        -- how often a job was asked for
  dispatched_at timestamptz,
  job_id text,                                  -- who serves it now
  worker text,
  agent_identity text,                          -- its participant in the room
  profile_hash text,                            -- of the voice profile, the same from the first word to the last
  heartbeat_at timestamptz,                     -- of the job, by the database's clock like a lease
  opened_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  end_reason text,
  sealed bytea not null                         -- {kind, value, verified}: the buyer's identity
);
create index calls_live on calls (dispatched_at) where state <> 'ended';
create index calls_session on calls (session_id, opened_at desc);

create table call_turns (
  call_id text not null references calls,
  turn_id text not null,                        -- of the inbox, so that words, answer and figures come together
  seq bigint generated always as identity,
  kind text not null,
  at timestamptz not null,
  confidence real,                              -- the recogniser's
  began_at timestamptz,                         -- when the buyer began to speak
  recogniser_ms integer,
  endpoint_ms integer,
  turn_ms integer,
  tts_ms integer,
  voice_ms integer,                             -- end of the words (or decision) to the first frame of the answer
  cut boolean not null default false,           -- the buyer cut the answer short
  recogniser_s real not null default 0,         -- usage: seconds of audio in and out, characters spoken
  voice_s real not null default 0,
  voice_characters integer not null default 0,
  sealed bytea,                                 -- {words}: the transcript as it was understood
  primary key (call_id, turn_id)
);
