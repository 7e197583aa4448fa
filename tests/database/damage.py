"""What a bad deployment did after the backups were made, what people did since, and what there is to find of it."""

from collections.abc import Mapping
from typing import Any, LiteralString, NamedTuple

import psycopg

# Each value of a person's holds one of these: a text that is to hold none of them is searched for them.
PERSONAL = ("PERSONAL", "secret.example", "-4000-8000-", "203.0.113.")
FIRST_NEW, LAST_NEW = 301, 306


class Damaged(NamedTuple):
    """A table beside either of its backups after `damage`, in rows."""

    changed: int  # to be put right; where a value that was set since the backup stays, that isn't counted
    missing: int  # in the backup, and deleted since
    new: int  # created since
    newer: int  # of those changed: changed by their owner after the backup was made, as updated_at says
    orphans: int  # of those missing: without a profile to belong to, unless that is restored too


DAMAGED: Mapping[str, Damaged] = {
    "user_profiles": Damaged(changed=30 + 8, missing=5, new=6, newer=8, orphans=0),
    "user_progress": Damaged(changed=60 + 10, missing=40 + 5, new=6, newer=10, orphans=5),
    "sessions": Damaged(changed=20 + 5, missing=5, new=6, newer=0, orphans=5),
    "magic_tokens": Damaged(changed=12, missing=10 + 5, new=6, newer=0, orphans=5),
}
REVOKED_SINCE, USED_SINCE = 40, 20  # sessions and magic tokens that must not work again

_HELPERS: LiteralString = """
CREATE OR REPLACE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  AS $$ SELECT (kind || '-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE OR REPLACE FUNCTION pg_temp.ids(kind text, first bigint, last bigint) RETURNS SETOF uuid LANGUAGE sql
  AS $$ SELECT pg_temp.id(kind, n) FROM generate_series(first, last) n $$;
"""
# The deployment's migration: no trigger ran, and no updated_at tells of it.
_MIGRATION: LiteralString = """
SET LOCAL session_replication_role = replica;
UPDATE public.user_profiles SET full_name = 'undefined', score = 0, subscription_tier = 'free', member_type = NULL
 WHERE member_no <= 300 AND member_no % 10 = 3;
UPDATE public.user_progress SET percent = 0
 WHERE module = 'calling' AND user_id IN (SELECT pg_temp.ids('5ec2e700', 1, 60));
DELETE FROM public.user_progress
 WHERE module = 'business' AND user_id IN (SELECT pg_temp.ids('5ec2e700', 201, 240));
UPDATE public.sessions SET user_agent = 'undefined'
 WHERE id IN (SELECT pg_temp.ids('5e551000', 211, 225) UNION ALL SELECT pg_temp.ids('5e551000', 301, 303)
              UNION ALL SELECT pg_temp.ids('5e551000', 305, 306));
UPDATE public.sessions SET revoked_at = NULL
 WHERE id IN (SELECT pg_temp.id('5e551000', 8 * n) FROM generate_series(1, 5) n);
UPDATE public.magic_tokens SET expires_at = '2099-01-01' WHERE id IN (SELECT pg_temp.ids('70ce0000', 271, 282));
DELETE FROM public.magic_tokens WHERE id IN (SELECT pg_temp.ids('70ce0000', 251, 260));
SET LOCAL session_replication_role = origin;
DELETE FROM public.user_profiles WHERE member_no IN (105, 125, 145, 165, 185);
"""
# What people did meanwhile; it is theirs, and stays wherever it can.
_PEOPLE: LiteralString = """
UPDATE public.sessions SET revoked_at = now()
 WHERE revoked_at IS NULL AND id IN (SELECT pg_temp.ids('5e551000', 301, 346));
UPDATE public.magic_tokens SET used_at = now()
 WHERE used_at IS NULL AND id IN (SELECT pg_temp.ids('70ce0000', 1, 40));
UPDATE public.user_profiles SET bio = 'PERSONAL newer biography', updated_at = now()
 WHERE member_no BETWEEN 204 AND 211;
UPDATE public.user_progress SET percent = 100, updated_at = now()
 WHERE module = 'welcome' AND user_id IN (SELECT pg_temp.ids('5ec2e700', 11, 20));
INSERT INTO auth.users (id, email, created_at)
SELECT pg_temp.id('5ec2e700', n), format('person-%s@secret.example', n), now()
  FROM generate_series(301, 306) n;
INSERT INTO public.user_profiles (id, email, full_name, created_at, updated_at)
SELECT pg_temp.id('5ec2e700', n), format('person-%s@secret.example', n), format('PERSONAL Name %s', n),
       now(), now()
  FROM generate_series(301, 306) n ORDER BY n;
INSERT INTO public.user_progress (user_id, module, percent, updated_at)
SELECT pg_temp.id('5ec2e700', n), 'welcome', 5, now() FROM generate_series(301, 306) n ORDER BY n;
INSERT INTO public.sessions (id, user_id, user_agent, created_at)
SELECT pg_temp.id('5e551000', n + 100), pg_temp.id('5ec2e700', n), format('PERSONAL browser %s', n),
       now()
  FROM generate_series(301, 306) n;
INSERT INTO public.magic_tokens (id, user_id, token, created_at, expires_at)
SELECT pg_temp.id('70ce0000', n), pg_temp.id('5ec2e700', n), format('PERSONAL-token-%s', n),
       now(), now() + interval '1 day'
  FROM generate_series(301, 306) n;
"""


def damage(connection: psycopg.Connection[Any]) -> None:
    """Do to a freshly seeded database what `DAMAGED` counts; `connection` is a superuser's."""
    with connection.transaction():
        for script in (_HELPERS, _MIGRATION, _PEOPLE):
            connection.execute(script)


def profile_id(number: int) -> str:
    """The id of person 1 to 300, as text; 301 to 306 came after the backups."""
    return f"5ec2e700-0000-4000-8000-{number:012d}"
