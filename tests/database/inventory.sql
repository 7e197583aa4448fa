-- roles: who there is, and what they may
SELECT rolname, '', to_jsonb(r) FROM pg_catalog.pg_roles r
 WHERE rolname IN ('anon', 'authenticated', 'service_role', 'app_owner');

-- memberships: who is whom
SELECT m.roleid::regrole::text, m.member::regrole::text, to_jsonb(m) - 'oid' - 'grantor'
  FROM pg_catalog.pg_auth_members m
 WHERE m.member::regrole::text IN ('anon', 'authenticated', 'service_role', 'app_owner');

-- database: its owner, rights and encoding
SELECT datname, '', to_jsonb(d) - 'datfrozenxid' - 'datminmxid' FROM pg_catalog.pg_database d
 WHERE datname = current_database();

-- settings: what is set for the database or a role in it
SELECT setrole::regrole::text, setconfig::text, '' FROM pg_catalog.pg_db_role_setting
 WHERE setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database());

-- extensions: and their versions
SELECT extname, extversion, to_jsonb(e) FROM pg_catalog.pg_extension e;

-- languages: of functions
SELECT lanname, '', to_jsonb(l) FROM pg_catalog.pg_language l;

-- schemas: owners and rights
SELECT nspname, '', to_jsonb(n) FROM pg_catalog.pg_namespace n
 WHERE nspname !~ '^pg_(toast|temp)' AND nspname <> 'rollback_bot';

-- relations: kind, owner, rights, row security, options, replica identity, persistence, tablespace, and the oid
SELECT c.oid::regclass::text, '', to_jsonb(c)
       - '{relfilenode,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relhassubclass}'::text[]
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- files: a table or an index that was written anew has another one
SELECT c.oid::regclass::text, relfilenode::text, ''
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot') AND relkind IN ('r', 'i');

-- columns: type, modifier, collation, identity, generated, storage, statistics target, rights, and also dropped ones
SELECT attrelid::regclass::text || '.' || attname, format_type(atttypid, atttypmod), to_jsonb(a) - 'attmissingval'
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
 WHERE attnum > 0 AND nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- defaults: and the expressions of generated columns
SELECT adrelid::regclass::text || '.' || adnum, pg_get_expr(adbin, adrelid), d.oid::text
  FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = adrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- constraints: of tables and domains, deferrable or not, validated or not
SELECT conrelid::regclass::text || ' ' || contypid::regtype::text || ' ' || conname,
       pg_get_constraintdef(k.oid), to_jsonb(k) - 'conbin'
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = connamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- indexes: definitions, and which is unique, valid, clustered, of the replica identity
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), to_jsonb(i) - '{indexprs,indpred,indcheckxmin}'::text[]
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- triggers: those of foreign keys too, and when each fires
SELECT tgrelid::regclass::text || ' ' || tgname, pg_get_triggerdef(t.oid), to_jsonb(t) - 'tgqual'
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- policies: for whom, and with which conditions
SELECT polrelid::regclass::text || ' ' || polname,
       concat_ws(' / ', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)),
       to_jsonb(p) - '{polqual,polwithcheck}'::text[]
  FROM pg_catalog.pg_policy p;

-- rules: those of views are their definitions
SELECT ev_class::regclass::text || ' ' || rulename, pg_get_ruledef(r.oid), to_jsonb(r) - '{ev_qual,ev_action}'::text[]
  FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- views: of both kinds
SELECT c.oid::regclass::text, pg_get_viewdef(c.oid), relkind::text || ' ' || relispopulated
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
 WHERE relkind IN ('v', 'm') AND nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- functions: and procedures, with owner, rights, settings, volatility
SELECT p.oid::regprocedure::text, CASE WHEN prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END,
       to_jsonb(p) - '{prosqlbody,proargdefaults}'::text[]
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- sequences: parameters, and the column each belongs to
SELECT seqrelid::regclass::text, concat_ws('.', d.refobjid::regclass, d.refobjsubid, d.deptype), to_jsonb(s)
  FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = seqrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
  LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass
   AND d.objid = seqrelid AND d.refobjsubid > 0
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- sequence values: the last one given, null where none was
SELECT schemaname || '.' || sequencename, last_value::text, '' FROM pg_catalog.pg_sequences
 WHERE schemaname <> 'rollback_bot';

-- types: domains, enums, row types and their arrays, with owner and rights
SELECT t.oid::regtype::text, concat_ws(' ', format_type(typbasetype, typtypmod), typdefault), to_jsonb(t) - 'typdefaultbin'
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- labels: of enums, in their order
SELECT enumtypid::regtype::text, enumlabel, enumsortorder FROM pg_catalog.pg_enum;

-- inheritance: parents, children, partitions
SELECT inhparent::regclass::text, inhrelid::regclass::text, to_jsonb(i) FROM pg_catalog.pg_inherits i;

-- partitions: by what, and from where to where
SELECT c.oid::regclass::text, concat_ws(' ', pg_get_partkeydef(c.oid), pg_get_expr(relpartbound, c.oid)), ''
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
 WHERE (relkind = 'p' OR relispartition) AND nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'rollback_bot');

-- publications: what they publish, and whose they are
SELECT pubname, '', to_jsonb(p) FROM pg_catalog.pg_publication p;

-- published tables: with their columns and row filters
SELECT pubname, prrelid::regclass::text, concat_ws(' / ', prattrs, pg_get_expr(prqual, prrelid))
  FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = prpubid;

-- published schemas: whole ones
SELECT pubname, pnnspid::regnamespace::text, ''
  FROM pg_catalog.pg_publication_namespace JOIN pg_catalog.pg_publication p ON p.oid = pnpubid;

-- statistics: extended ones
SELECT stxname, pg_get_statisticsobjdef(s.oid), to_jsonb(s) - 'stxexprs' FROM pg_catalog.pg_statistic_ext s;

-- comments: of everything
SELECT pg_describe_object(classoid, objoid, objsubid), description, '' FROM pg_catalog.pg_description
 WHERE (objoid >= 16384 OR classoid = 'pg_catalog.pg_namespace'::regclass)
   AND pg_describe_object(classoid, objoid, objsubid) !~ 'rollback_bot';

-- security labels: of everything
SELECT pg_describe_object(classoid, objoid, objsubid), provider, label FROM pg_catalog.pg_seclabel;

-- default privileges: who gets what of things to come
SELECT defaclrole::regrole::text, defaclnamespace::regnamespace::text, to_jsonb(d) FROM pg_catalog.pg_default_acl d
 WHERE defaclnamespace <> coalesce(to_regnamespace('rollback_bot')::oid, 1);

-- event triggers: on any change of definitions
SELECT evtname, '', to_jsonb(e) FROM pg_catalog.pg_event_trigger e;

-- dependencies: what hangs on what, and how often
SELECT one.type || ' ' || one.identity, other.type || ' ' || other.identity,
       deptype::text || count(*)
  FROM pg_catalog.pg_depend, pg_identify_object(classid, objid, objsubid) one,
       pg_identify_object(refclassid, refobjid, refobjsubid) other
 WHERE (objid >= 16384 OR refobjid >= 16384)
   AND one.identity || ' ' || other.identity !~ 'rollback_bot|pg_toast|pg_temp'
 GROUP BY 1, 2, deptype;

-- casts and operators: of one's own
SELECT pg_describe_object(k.classoid, k.oid, 0), '', '' FROM (
  SELECT 'pg_catalog.pg_cast'::regclass classoid, oid FROM pg_catalog.pg_cast
  UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid FROM pg_catalog.pg_operator) k
 WHERE k.oid >= 16384;

-- collations: of one's own
SELECT collname, '', to_jsonb(c) FROM pg_catalog.pg_collation c WHERE oid >= 16384;

-- foreign servers: and who may use them
SELECT srvname, '', to_jsonb(s) FROM pg_catalog.pg_foreign_server s;
