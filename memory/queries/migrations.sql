-- name: try_migration_lock
-- Asked again and again instead of waited for: a statement that waits keeps a snapshot, and CREATE INDEX CONCURRENTLY of whoever holds the lock would wait for that.
select pg_try_advisory_lock(%(key)s) as locked;

-- name: leave_migration_lock
-- Freed explicitly, because the connection lives on for a moment.
select pg_advisory_unlock(%(key)s);

-- name: create_migrations_table
-- The record of what was applied; `source` is ours or the library that owns the tables.
create table if not exists schema_migrations (
  source text not null,
  name text not null,
  checksum text not null default '',
  applied_at timestamptz not null default now(),
  primary key (source, name)
);

-- name: applied_migrations
-- Everything that was ever applied to this database.
select source, name, checksum from schema_migrations order by source, name;

-- name: record_migration
-- In the transaction of the migration itself.
insert into schema_migrations (source, name, checksum) values (%(source)s, %(name)s, %(checksum)s);

-- name: has_migrations_table
-- A database without it was never migrated.
select to_regclass('schema_migrations') is not null as present;

-- name: has_procrastinate
-- Its schema file cannot be applied twice.
select to_regclass('procrastinate_jobs') is not null as present;
