-- What the catalog knows of the relation "it": named queries, each an aspect, all of them asked in one statement.

-- name: relation
-- What kind of relation it is, and what stands between its rows and the bot's role.
SELECT it.relkind AS kind,
       it.relpersistence = 't' AS is_temporary,
       it.relispartition AS is_partition,
       NOT it.relispartition AND it.relkind <> 'p' AND EXISTS (
           SELECT FROM pg_inherits i WHERE it.oid IN (i.inhparent, i.inhrelid)
       ) AS inherits,
       EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = it.oid AND r.rulename <> '_RETURN') AS has_rules,
       pg_has_role(current_user, it.relowner, 'USAGE') AS is_owned,
       row_security_active(it.oid) AS hides_rows
FROM it

-- name: columns
-- Its columns in their order. A domain may have a default, and a NOT NULL, of its own.
SELECT a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS is_required,
       a.attgenerated = '' AND (a.attidentity <> '' OR a.atthasdef OR t.typdefault IS NOT NULL) AS has_default,
       a.attgenerated <> '' AS is_generated,
       a.attidentity = 'a' AS is_always_identity
FROM it
JOIN pg_attribute a ON a.attrelid = it.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
ORDER BY a.attnum

-- name: keys
-- The columns that tell its rows apart, best first: the primary key, else unique ones that can't be NULL. Since
-- PostgreSQL 18 a NOT NULL may not have been proven of the rows that were there before it.
SELECT ARRAY(
           SELECT a.attname
           FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_attribute a ON a.attrelid = it.oid AND a.attnum = k.attnum
           WHERE k.place <= i.indnkeyatts
           ORDER BY k.place
       ) AS columns
FROM it
JOIN pg_index i ON i.indrelid = it.oid
JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indisprimary OR (
    i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (
        SELECT
        FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = it.oid AND a.attnum = k.attnum
        LEFT JOIN pg_constraint n ON n.conrelid = it.oid AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum]
        WHERE k.place <= i.indnkeyatts AND NOT (a.attnotnull AND coalesce(n.convalidated, true))
    )
)
ORDER BY i.indisprimary DESC, i.indnkeyatts, c.relname

-- name: rules
-- What rows must not break and can be counted beforehand: unique indexes over whole columns, whose equality is
-- PostgreSQL's own; checks that use nothing but PostgreSQL's own functions and the columns of the table.
SELECT c.relname AS name,
       ARRAY(
           SELECT a.attname
           FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_attribute a ON a.attrelid = it.oid AND a.attnum = k.attnum
           WHERE k.place <= i.indnkeyatts
           ORDER BY k.place
       ) AS columns,
       '' AS expression
FROM it
JOIN pg_index i ON i.indrelid = it.oid AND i.indisunique AND i.indisvalid
JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (
    SELECT FROM unnest(i.indclass) AS o (oid) WHERE o.oid >= 16384
)
UNION ALL
SELECT k.conname,
       ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = it.oid AND a.attnum = ANY (k.conkey) ORDER BY a.attnum),
       pg_get_expr(k.conbin, k.conrelid)
FROM it
JOIN pg_constraint k ON k.conrelid = it.oid AND k.contype = 'c' AND k.conkey <> '{}' AND NOT 0 = ANY (k.conkey)
WHERE coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_constraint'::regclass AND d.objid = k.oid
      AND (d.refclassid <> 'pg_class'::regclass OR d.refobjid <> it.oid)
)
ORDER BY 1

-- name: foreign_keys
-- Its references to parents, columns of both sides in the same order.
SELECT f.conname AS name,
       ARRAY(
           SELECT a.attname
           FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum
           ORDER BY k.place
       ) AS columns,
       ARRAY[n.nspname, p.relname] AS parent,
       ARRAY(
           SELECT a.attname
           FROM unnest(f.confkey) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum
           ORDER BY k.place
       ) AS parent_columns,
       f.confdeltype = 'n' AND cardinality(f.conkey) = 1 AND EXISTS (
           SELECT FROM pg_attribute a WHERE a.attrelid = f.conrelid AND a.attnum = f.conkey[1] AND NOT a.attnotnull
       ) AS sets_null
FROM it
JOIN pg_constraint f ON f.conrelid = it.oid AND f.contype = 'f' AND f.conparentid = 0
JOIN pg_class p ON p.oid = f.confrelid
JOIN pg_namespace n ON n.oid = p.relnamespace
ORDER BY f.conname

-- name: references
-- The foreign keys that point to it; of a partitioned table the parent's only.
SELECT f.conname AS name,
       ARRAY[n.nspname, c.relname] AS child,
       ARRAY(
           SELECT a.attname
           FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum
           ORDER BY k.place
       ) AS columns,
       ARRAY(
           SELECT a.attname
           FROM unnest(f.confkey) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum
           ORDER BY k.place
       ) AS parent_columns,
       f.confupdtype IN ('c', 'n', 'd') AS follows
FROM it
JOIN pg_constraint f ON f.confrelid = it.oid AND f.contype = 'f' AND f.conparentid = 0
JOIN pg_class c ON c.oid = f.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY n.nspname, c.relname, f.conname

-- name: triggers
-- The triggers that somebody made and that fire in ordinary sessions; of a partition those that its parent gave it too.
SELECT t.tgname AS name, t.tgenabled = 'A' AS is_always
FROM it
JOIN pg_trigger t ON t.tgrelid = it.oid AND NOT t.tgisinternal
WHERE t.tgenabled IN ('O', 'A')
ORDER BY t.tgname

-- name: sequences
-- The ascending sequences that fill its columns: owned by one, or used in its default.
WITH used AS (
    SELECT d.objid AS sequence, d.refobjsubid AS attnum
    FROM it
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = it.oid
    WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    UNION
    SELECT d.refobjid, e.adnum
    FROM it
    JOIN pg_attrdef e ON e.adrelid = it.oid
    JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_class'::regclass
)
SELECT ARRAY[n.nspname, c.relname] AS name, a.attname AS column
FROM it
CROSS JOIN used
JOIN pg_sequence s ON s.seqrelid = used.sequence AND s.seqincrement > 0
JOIN pg_class c ON c.oid = used.sequence
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = it.oid AND a.attnum = used.attnum
ORDER BY a.attnum, 1

-- name: stale_views
-- The materialized views that are made from it, directly or through views.
WITH RECURSIVE made (oid) AS (
    SELECT it.oid FROM it
    UNION
    SELECT v.oid
    FROM made
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = made.oid
    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
)
SELECT n.nspname AS schema, c.relname AS name
FROM it
CROSS JOIN made
JOIN pg_class c ON c.oid = made.oid AND c.relkind = 'm' AND c.oid <> it.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY 1, 2

-- name: grantees
-- Who else can read or change its rows, by its own grants or those on its columns. A grant means nothing without USAGE
-- on the schema; nor, under row-level security, without a policy that lets some rows through.
WITH granted AS (
    SELECT g.grantee, g.privilege_type FROM it CROSS JOIN aclexplode(it.relacl) AS g
    UNION
    SELECT g.grantee, g.privilege_type
    FROM it
    JOIN pg_attribute a ON a.attrelid = it.oid AND NOT a.attisdropped
    CROSS JOIN aclexplode(a.attacl) AS g
), entering AS (
    SELECT g.grantee FROM it
    JOIN pg_namespace n ON n.oid = it.relnamespace
    CROSS JOIN aclexplode(n.nspacl) AS g
    WHERE g.privilege_type = 'USAGE' AND g.grantee <> n.nspowner
)
SELECT coalesce(r.rolname, 'PUBLIC') AS role,
       bool_or(g.privilege_type <> 'SELECT') AS is_writer,
       bool_or(g.privilege_type = 'SELECT') AS is_reader
FROM it
CROSS JOIN granted g
LEFT JOIN pg_roles r ON r.oid = g.grantee
WHERE g.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
  AND g.grantee <> it.relowner
  AND coalesce(NOT r.rolsuper AND r.rolname <> current_user, true)
  AND CASE g.grantee WHEN 0 THEN EXISTS (SELECT FROM entering)
      ELSE has_schema_privilege(g.grantee, it.relnamespace, 'USAGE') END
  AND (NOT it.relrowsecurity OR coalesce(r.rolbypassrls, false) OR EXISTS (
      SELECT
      FROM pg_policy p
      CROSS JOIN unnest(p.polroles) AS whom (oid)
      WHERE p.polrelid = it.oid AND p.polpermissive
        AND p.polcmd IN ('*', CASE g.privilege_type
            WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w' WHEN 'DELETE' THEN 'd' END)
        AND (0 IN (g.grantee, whom.oid) OR pg_has_role(g.grantee, whom.oid, 'USAGE'))
  ))
GROUP BY 1
ORDER BY 1
