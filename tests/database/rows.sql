-- Rows of 300 people, and the backups of 3 September 2025. Every value of a person's can be told by PERSONAL,
-- secret.example or -4000-8000-, wherever it turns up.

CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  AS $$ SELECT (kind || '-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;

INSERT INTO auth.users (id, email, created_at)
SELECT pg_temp.id('5ec2e700', n), format('person-%s@secret.example', n), '2025-07-01 00:00+00'::timestamptz
  FROM generate_series(1, 300) n;

INSERT INTO public.user_profiles (id, email, full_name, bio, address, preferences, tags, score, created_at, updated_at)
SELECT pg_temp.id('5ec2e700', n),
       format('person-%s@secret.example', n),
       format('PERSONAL Name %s', n),
       CASE WHEN n % 7 > 0 THEN format('PERSONAL biography of %s', n) END,
       CASE WHEN n % 3 = 0 THEN ROW(format('%s PERSONAL Street', n), 'Springfield')::public.postal_address END,
       jsonb_build_object('phone', format('PERSONAL 555-%s', lpad(n::text, 4, '0')), 'newsletter', n % 2 = 0),
       CASE WHEN n % 5 = 0 THEN ARRAY['PERSONAL', format('cohort-%s', n % 4)] ELSE '{}' END,
       n % 50,
       '2025-07-01 00:00+00'::timestamptz,
       '2025-08-01 00:00+00'::timestamptz + n * interval '1 hour'
  FROM generate_series(1, 300) n ORDER BY n;

INSERT INTO public.teams (id, name, owner_id)
SELECT pg_temp.id('7ea30000', n), format('PERSONAL team %s', n), pg_temp.id('5ec2e700', n) FROM generate_series(1, 20) n;

UPDATE public.user_profiles SET
  primary_team_id = pg_temp.id('7ea30000', member_no % 20 + 1),
  referred_by = CASE WHEN member_no % 10 = 0 THEN pg_temp.id('5ec2e700', member_no - 1) END;

-- Three modules each; those of 105, 125, 145, 165 and 185 are new here and began the first, 1 to 10 began a fourth.
INSERT INTO public.user_progress (user_id, module, percent, answers, completed_at, updated_at)
SELECT pg_temp.id('5ec2e700', n), module, 10 + n % 90, jsonb_build_object('text', format('PERSONAL answer %s', n)),
       CASE WHEN n % 4 = 0 THEN '2025-08-20 00:00+00'::timestamptz END,
       '2025-08-01 00:00+00'::timestamptz + n * interval '1 hour'
  FROM generate_series(1, 300) n, unnest(ARRAY['welcome', 'calling', 'business', 'launch']) module
 WHERE CASE module
         WHEN 'welcome' THEN true
         WHEN 'launch' THEN n <= 10
         ELSE n NOT IN (105, 125, 145, 165, 185)
       END
 ORDER BY n, module;

INSERT INTO public.sessions (id, user_id, user_agent, ip, created_at, revoked_at)
SELECT pg_temp.id('5e551000', n), pg_temp.id('5ec2e700', (n - 1) % 300 + 1), format('PERSONAL browser %s', n),
       '203.0.113.0'::inet + n % 250, '2025-08-10 00:00+00'::timestamptz,
       CASE WHEN n % 8 = 0 THEN '2025-08-11 00:00+00'::timestamptz END
  FROM generate_series(1, 400) n;

INSERT INTO public.magic_tokens (id, user_id, token, created_at, expires_at, used_at)
SELECT pg_temp.id('70ce0000', n), pg_temp.id('5ec2e700', n), format('PERSONAL-token-%s', n),
       '2025-08-12 00:00+00'::timestamptz, '2025-08-13 00:00+00'::timestamptz,
       CASE WHEN n % 2 = 0 THEN '2025-08-12 01:00+00'::timestamptz END
  FROM generate_series(1, 300) n;

INSERT INTO public.payments (id, user_id, amount, paid_at)
SELECT pg_temp.id('ca540000', n), pg_temp.id('5ec2e700', n), n + 0.99, '2025-08-05 00:00+00'::timestamptz
  FROM generate_series(1, 60) n;

INSERT INTO public.notes (user_id, body)
SELECT pg_temp.id('5ec2e700', n), format('PERSONAL note of %s', n) FROM generate_series(1, 250) n ORDER BY n;

INSERT INTO public.progress_events (user_id, kind, at)
SELECT pg_temp.id('5ec2e700', n), 'began', '2025-07-15 00:00+00'::timestamptz + n * interval '3 hours'
  FROM generate_series(1, 300) n ORDER BY n;

SET ROLE app_owner;
CREATE TABLE public.user_profiles_backup_20250903 AS SELECT * FROM public.user_profiles;
CREATE TABLE public.user_progress_backup_20250903 AS SELECT * FROM public.user_progress;
CREATE TABLE public.sessions_backup_20250903 AS SELECT * FROM public.sessions;
CREATE TABLE public.magic_tokens_backup_20250903 AS SELECT * FROM public.magic_tokens;
RESET ROLE;
