-- name: schema_columns
-- Every column of our tables in order, as PostgreSQL itself describes it.
select c.relname as table_name, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
       a.attnotnull as required,
       case when a.attidentity <> '' then 'identity'
            when a.attgenerated <> '' then 'generated: ' || pg_get_expr(d.adbin, d.adrelid)
            else coalesce(pg_get_expr(d.adbin, d.adrelid), '') end as value
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and c.relname not like 'procrastinate%%' and c.relname not like 'checkpoint%%'
order by c.relname, a.attnum;

-- name: schema_rules
-- Keys, checks, exclusions, further indexes and triggers: what the database refuses by itself.
select rules.table_name, rules.rule from (
  select r.conrelid::regclass::text as table_name, pg_get_constraintdef(r.oid) as rule, 1 as part
  from pg_constraint r
  where r.connamespace = 'public'::regnamespace and r.conrelid <> 0 and r.contype <> 'n'
  union all
  select i.indrelid::regclass::text, regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE (UNIQUE )?INDEX ', 'index \1'), 2
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where c.relnamespace = 'public'::regnamespace
    and not exists (select 1 from pg_constraint r where r.conindid = i.indexrelid and r.contype in ('p', 'u', 'x'))
  union all
  select t.tgrelid::regclass::text, pg_get_triggerdef(t.oid), 3
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
) rules
where rules.table_name not like 'procrastinate%%' and rules.table_name not like 'checkpoint%%'
order by rules.table_name, rules.part, rules.rule;

-- name: schema_views_and_functions
-- What stands beside the tables.
select 'view ' || c.relname as name, pg_get_viewdef(c.oid) as definition
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm') and c.relname not like 'procrastinate%%'
union all
select 'function ' || p.proname, pg_get_functiondef(p.oid)
from pg_proc p
where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and p.proname not like 'procrastinate%%'
  and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
order by 1;
