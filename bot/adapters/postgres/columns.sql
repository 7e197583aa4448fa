-- What the catalog knows of columns of the relation "it", which "asked" names: named queries.

-- name: definitions
-- All that is set of each. Names inside are spelled with their schemas: the search path has PostgreSQL's own alone.
SELECT a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation NOT IN (0, t.typcollation)
            THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) ELSE '' END AS collation,
       CASE WHEN a.attgenerated = '' THEN coalesce(pg_get_expr(d.adbin, d.adrelid), '') ELSE '' END AS default,
       a.attnotnull AS is_required,
       coalesce(k.conname, '') AS required_by,
       coalesce(col_description(it.oid, a.attnum), '') AS comment,
       CASE WHEN a.attstorage = t.typstorage THEN '' ELSE
            CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END
       END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE '' END AS compression,
       nullif(a.attstattarget, -1) AS statistics,
       coalesce(to_json(a.attoptions), '[]') AS options,
       coalesce((
           SELECT json_agg(json_build_object(
                      'role', coalesce(r.rolname, 'PUBLIC'), 'privilege', g.privilege_type,
                      'is_grantable', g.is_grantable) ORDER BY g.place)
           FROM aclexplode(a.attacl) WITH ORDINALITY AS g (grantor, grantee, privilege_type, is_grantable, place)
           LEFT JOIN pg_roles r ON r.oid = g.grantee
       ), '[]') AS grants,
       coalesce((
           SELECT json_agg(json_build_array(n.nspname, c.relname) ORDER BY n.nspname, c.relname)
           FROM pg_depend o
           JOIN pg_class c ON c.oid = o.objid AND c.relkind = 'S'
           JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND o.refobjid = it.oid
             AND o.refobjsubid = a.attnum AND o.deptype = 'a'
       ), '[]') AS sequences
FROM it
JOIN asked ON true
JOIN pg_attribute a ON a.attrelid = it.oid AND a.attname = asked.name AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = it.oid AND d.adnum = a.attnum
LEFT JOIN pg_constraint k ON k.conrelid = it.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]
ORDER BY a.attnum

-- name: dependents
-- What hangs on them, and would break, be dropped along, or could not be put back: all that pg_depend has of a column
-- but its own plain default, its own plain NOT NULL and the sequences it owns; then what pg_depend doesn't tell.
WITH RECURSIVE cols AS (
    SELECT a.* FROM it JOIN asked ON true
    JOIN pg_attribute a ON a.attrelid = it.oid AND a.attname = asked.name AND a.attnum > 0 AND NOT a.attisdropped
), hanging AS (
    SELECT d.classid, d.objid, d.objsubid, cols.attname
    FROM it CROSS JOIN cols
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = it.oid AND d.refobjsubid = cols.attnum
    WHERE NOT (d.classid = 'pg_class'::regclass AND d.deptype = 'a' AND EXISTS (
                   SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind = 'S'))
      AND NOT (d.classid = 'pg_attrdef'::regclass AND cols.attgenerated = '' AND EXISTS (
                   SELECT FROM pg_attrdef e WHERE e.oid = d.objid AND e.adrelid = it.oid AND e.adnum = cols.attnum))
      AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (
                   SELECT FROM pg_constraint k
                   WHERE k.oid = d.objid AND k.contype = 'n' AND k.convalidated AND NOT k.connoinherit
                     AND obj_description(k.oid, 'pg_constraint') IS NULL))
), row_type (oid) AS (
    SELECT it.reltype FROM it
    UNION
    SELECT made.oid FROM row_type JOIN LATERAL (
        SELECT t.oid FROM pg_type t WHERE t.typelem = row_type.oid OR t.typbasetype = row_type.oid
        UNION ALL
        SELECT unnest(ARRAY[g.rngtypid, g.rngmultitypid]) FROM pg_range g WHERE g.rngsubtype = row_type.oid
        UNION ALL
        SELECT c.reltype FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('c', 'v')
        WHERE a.atttypid = row_type.oid AND NOT a.attisdropped
    ) AS made ON true
), base (attname, oid, typbasetype, is_demanding) AS (
    SELECT cols.attname, t.oid, t.typbasetype, t.typnotnull OR t.typdefault IS NOT NULL
    FROM cols JOIN pg_type t ON t.oid = cols.atttypid AND t.typtype = 'd'
    UNION ALL
    SELECT base.attname, t.oid, t.typbasetype, t.typnotnull OR t.typdefault IS NOT NULL
    FROM base JOIN pg_type t ON t.oid = base.typbasetype AND t.typtype = 'd'
), found (kind, identity, name) AS (
    SELECT CASE WHEN v.relkind = 'v' THEN 'view' WHEN v.relkind = 'm' THEN 'materialized view' ELSE o.type END,
           CASE WHEN v.relkind IN ('v', 'm') THEN quote_ident(n.nspname) || '.' || quote_ident(v.relname)
                ELSE o.identity END,
           h.attname
    FROM hanging h
    CROSS JOIN LATERAL pg_identify_object(h.classid, h.objid, h.objsubid) AS o
    LEFT JOIN pg_rewrite w ON h.classid = 'pg_rewrite'::regclass AND w.oid = h.objid AND w.rulename = '_RETURN'
    LEFT JOIN pg_class v ON v.oid = w.ev_class
    LEFT JOIN pg_namespace n ON n.oid = v.relnamespace
    UNION ALL
    SELECT 'column that holds whole rows',
           quote_ident(n.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(a.attname), cols.attname
    FROM row_type JOIN pg_attribute a ON a.atttypid = row_type.oid AND NOT a.attisdropped
    JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm', 'p', 'f')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN cols
    UNION ALL
    SELECT 'type of the table', it.reloftype::regtype::text, cols.attname FROM it CROSS JOIN cols WHERE it.reloftype <> 0
    UNION ALL
    SELECT 'domain with a default or a NOT NULL', base.oid::regtype::text, base.attname FROM base WHERE is_demanding
    UNION ALL
    SELECT 'right that another role than the owner gave', quote_ident(pg_get_userbyid(g.grantor)), cols.attname
    FROM it CROSS JOIN cols CROSS JOIN aclexplode(cols.attacl) AS g WHERE g.grantor <> it.relowner
    UNION ALL
    SELECT 'security label', s.provider, cols.attname
    FROM it CROSS JOIN cols
    JOIN pg_seclabel s ON s.classoid = 'pg_class'::regclass AND s.objoid = it.oid AND s.objsubid = cols.attnum
    UNION ALL
    SELECT 'subscription', quote_ident(p.subname), cols.attname
    FROM it CROSS JOIN cols
    JOIN pg_subscription_rel r ON r.srrelid = it.oid
    JOIN pg_subscription p ON p.oid = r.srsubid
)
SELECT kind, identity, json_agg(DISTINCT name) AS columns FROM found GROUP BY kind, identity ORDER BY kind, identity

-- name: whole
-- What reads whole rows, or takes or gives them: it goes on, with shorter rows.
SELECT DISTINCT CASE WHEN v.oid IS NULL THEN o.type || ' ' || o.identity
                     ELSE 'view ' || quote_ident(n.nspname) || '.' || quote_ident(v.relname) END AS identity
FROM it
JOIN pg_depend d ON (d.refclassid = 'pg_class'::regclass AND d.refobjid = it.oid AND d.refobjsubid = 0)
                 OR (d.refclassid = 'pg_type'::regclass AND d.refobjid = it.reltype)
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS o
LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
LEFT JOIN pg_class v ON v.oid = w.ev_class
LEFT JOIN pg_namespace n ON n.oid = v.relnamespace
WHERE d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass)
ORDER BY 1
LIMIT 20

-- name: mentioning
-- Functions whose text has a column's name in it. What a text means, PostgreSQL learns when it is called.
SELECT DISTINCT p.oid::regprocedure::text AS identity
FROM asked
JOIN pg_proc p ON strpos(lower(p.prosrc), lower(asked.name)) > 0
JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
JOIN pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c')
WHERE p.oid >= 16384
ORDER BY 1
LIMIT 20
