-- The whole definition of the relation "it", for its fingerprint: nothing that changes without DDL, and no row.

-- name: relation
-- The relation itself.
SELECT it.oid, it.relnamespace, it.relname, it.relowner, it.relacl::text[], it.relkind, it.relpersistence, it.relam,
       it.reltablespace, it.reloftype, it.relrowsecurity, it.relforcerowsecurity, it.reloptions, it.relreplident,
       pg_get_expr(it.relpartbound, it.oid), pg_get_partkeydef(it.oid)
FROM it

-- name: inheritance
-- Its parents and its children.
SELECT i.inhparent, i.inhrelid, i.inhseqno
FROM it
JOIN pg_inherits i ON it.oid IN (i.inhparent, i.inhrelid)
ORDER BY 1, 2

-- name: columns
-- Its columns with all that can be set of one.
SELECT a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation, a.attnotnull, a.attidentity,
       a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attstorage, a.attcompression, a.attstattarget,
       a.attoptions, a.attfdwoptions, a.attacl::text[], a.attislocal, a.attinhcount
FROM it
JOIN pg_attribute a ON a.attrelid = it.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = it.oid AND d.adnum = a.attnum
ORDER BY a.attnum

-- name: constraints
-- Its constraints, and the foreign keys of other tables that point to it.
SELECT c.conrelid, c.conname, pg_get_constraintdef(c.oid), c.convalidated, c.condeferrable, c.condeferred,
       c.conislocal, c.coninhcount, c.connoinherit
FROM it
JOIN pg_constraint c ON it.oid IN (c.conrelid, c.confrelid) AND c.conparentid = 0
ORDER BY c.conrelid, c.conname

-- name: indexes
-- Its indexes, and what they are used for.
SELECT pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisprimary, i.indimmediate, i.indisclustered, i.indisreplident
FROM it
JOIN pg_index i ON i.indrelid = it.oid
ORDER BY i.indexrelid

-- name: triggers
-- Its triggers and whether they fire; of those that keep foreign keys only the ones that were switched off. The bot's
-- own, which stops writes, is none of its definition: a restore that was planned before is the same one after a stop.
SELECT t.tgname, pg_get_triggerdef(t.oid), t.tgenabled
FROM it
JOIN pg_trigger t ON t.tgrelid = it.oid AND (NOT t.tgisinternal OR t.tgenabled <> 'O')
 AND t.tgname <> '000_rollback_bot_stops_writes'
ORDER BY t.tgname

-- name: policies
-- Its policies of row-level security.
SELECT p.polname, p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid),
       pg_get_expr(p.polwithcheck, p.polrelid)
FROM it
JOIN pg_policy p ON p.polrelid = it.oid
ORDER BY p.polname

-- name: rules
-- Its rewrite rules; of a view that is its query.
SELECT r.rulename, r.ev_enabled, pg_get_ruledef(r.oid)
FROM it
JOIN pg_rewrite r ON r.ev_class = it.oid
ORDER BY r.rulename

-- name: publications
-- The publications that it is in, with its columns and rows in them, and what they publish.
SELECT to_jsonb(t), to_jsonb(p)
FROM it
JOIN pg_namespace n ON n.oid = it.relnamespace
JOIN pg_publication_tables t ON t.schemaname = n.nspname AND t.tablename = it.relname
JOIN pg_publication p ON p.pubname = t.pubname
ORDER BY p.pubname

-- name: statistics
-- Its extended statistics.
SELECT pg_get_statisticsobjdef(s.oid), s.stxowner, s.stxstattarget
FROM it
JOIN pg_statistic_ext s ON s.stxrelid = it.oid
ORDER BY s.oid

-- name: comments
-- What is said of it and of its parts.
SELECT d.classoid, d.objoid, d.objsubid, d.description
FROM it
CROSS JOIN LATERAL (
    SELECT 'pg_class'::regclass::oid AS class, it.oid AS part
    UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i WHERE i.indrelid = it.oid
    UNION ALL SELECT 'pg_constraint'::regclass, c.oid FROM pg_constraint c WHERE c.conrelid = it.oid
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger t WHERE t.tgrelid = it.oid
    UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy p WHERE p.polrelid = it.oid
    UNION ALL SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r WHERE r.ev_class = it.oid
    UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid FROM pg_statistic_ext s WHERE s.stxrelid = it.oid
) AS parts
JOIN pg_description d ON d.classoid = parts.class AND d.objoid = parts.part
ORDER BY 1, 2, 3
