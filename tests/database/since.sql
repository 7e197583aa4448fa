-- What came after 3 September 2025: the added columns, all that hangs on the tables, and two newer backups.

SET ROLE app_owner;

ALTER TABLE public.user_profiles
  ADD COLUMN pre_assessment_completed boolean NOT NULL DEFAULT false,
  ADD COLUMN subscription_tier text NOT NULL DEFAULT 'free',
  ADD COLUMN member_type public.member_type,
  ADD CONSTRAINT user_profiles_subscription_tier_check CHECK (subscription_tier IN ('free', 'plus', 'pro')),
  ADD CONSTRAINT user_profiles_member_tier_check CHECK (member_type <> 'church_partner' OR subscription_tier <> 'free');
UPDATE public.user_profiles SET subscription_tier = 'plus', member_type = 'entrepreneur' WHERE member_no % 3 = 0;
CREATE INDEX user_profiles_tier_idx ON public.user_profiles (subscription_tier, member_type);
CREATE STATISTICS public.user_profiles_tier_statistics (dependencies, mcv)
  ON subscription_tier, member_type FROM public.user_profiles;

-- A column of the row type of another table: that table can never be replaced by another one.
CREATE TABLE public.profile_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  old_row public.user_profiles NOT NULL
);
INSERT INTO public.profile_history (old_row) SELECT p FROM public.user_profiles p WHERE member_no <= 10 ORDER BY member_no;

CREATE FUNCTION public.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN NEW.updated_at := now(); END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION audit.note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  INSERT INTO audit.log (relation, operation) VALUES (TG_RELID::regclass::text, TG_OP);
  RETURN NULL;
END $$;
CREATE TRIGGER user_profiles_touch BEFORE UPDATE ON public.user_profiles
  FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();
CREATE TRIGGER user_profiles_audit AFTER INSERT OR UPDATE OR DELETE ON public.user_profiles
  FOR EACH ROW EXECUTE FUNCTION audit.note_change();
CREATE TRIGGER user_profiles_welcome AFTER INSERT ON public.user_profiles
  FOR EACH ROW EXECUTE FUNCTION audit.note_change();
ALTER TABLE public.user_profiles DISABLE TRIGGER user_profiles_welcome;
CREATE TRIGGER user_progress_touch BEFORE UPDATE ON public.user_progress
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION public.touch_updated_at();
CREATE TRIGGER sessions_audit AFTER INSERT OR UPDATE OR DELETE ON public.sessions
  FOR EACH ROW EXECUTE FUNCTION audit.note_change();
ALTER TABLE public.sessions ENABLE ALWAYS TRIGGER sessions_audit;

CREATE VIEW public.active_profiles WITH (security_invoker = true) AS
  SELECT id, email, full_name, subscription_tier FROM public.user_profiles WHERE score > 0;
CREATE VIEW public.profile_directory AS SELECT id, full_name FROM public.active_profiles;
CREATE MATERIALIZED VIEW public.tier_counts AS
  SELECT subscription_tier, count(*) AS members FROM public.user_profiles GROUP BY subscription_tier;
CREATE UNIQUE INDEX tier_counts_idx ON public.tier_counts (subscription_tier);
REVOKE ALL ON public.tier_counts FROM anon;

CREATE FUNCTION public.profile_count() RETURNS bigint LANGUAGE sql STABLE
  AS $$ SELECT count(*) FROM public.user_profiles $$;
CREATE FUNCTION public.profiles_of(tier text) RETURNS SETOF public.user_profiles LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT * FROM public.user_profiles WHERE subscription_tier = tier;
END $$;
CREATE FUNCTION public.tier_of(profile uuid) RETURNS text LANGUAGE sql STABLE
  BEGIN ATOMIC SELECT subscription_tier FROM public.user_profiles WHERE id = profile; END;
CREATE FUNCTION public.label(profile public.user_profiles) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT profile.full_name || ' <' || profile.email || '>' $$;
REVOKE EXECUTE ON FUNCTION public.profiles_of(text) FROM PUBLIC, anon;
CREATE RULE payments_are_kept AS ON DELETE TO public.payments DO INSTEAD NOTHING;

ALTER TABLE public.user_profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.user_progress ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.magic_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_profile ON public.user_profiles TO authenticated USING (id = auth.uid());
CREATE POLICY sensible_tier ON public.user_profiles AS RESTRICTIVE FOR UPDATE TO authenticated
  USING (true) WITH CHECK (subscription_tier <> 'pro');
CREATE POLICY own_progress ON public.user_progress TO authenticated USING (user_id = auth.uid());
CREATE POLICY own_sessions ON public.sessions FOR SELECT TO authenticated USING (user_id = auth.uid());
CREATE POLICY own_notes ON public.notes TO authenticated
  USING (EXISTS (SELECT FROM public.user_profiles p WHERE p.id = notes.user_id AND p.id = auth.uid()));
REVOKE ALL ON public.user_profiles, public.user_progress, public.sessions, public.magic_tokens FROM anon;
REVOKE ALL ON public.magic_tokens FROM authenticated;
REVOKE UPDATE, TRUNCATE ON public.user_profiles FROM authenticated;
GRANT UPDATE (full_name, bio, preferences) ON public.user_profiles TO authenticated;

COMMENT ON SCHEMA audit IS 'Who changed what';
COMMENT ON TABLE public.user_profiles IS 'One row a member';
COMMENT ON COLUMN public.user_profiles.score IS 'Points of the assessment';
COMMENT ON CONSTRAINT user_profiles_score_check ON public.user_profiles IS 'Points are never taken away';
COMMENT ON TRIGGER user_profiles_audit ON public.user_profiles IS 'Asked for by the auditors';
COMMENT ON FUNCTION public.tier_of(uuid) IS 'For the billing page';

CREATE TABLE public.user_profiles_backup_20261101 AS SELECT * FROM public.user_profiles;
CREATE TABLE public.user_progress_backup_20261101 AS SELECT * FROM public.user_progress;

RESET ROLE;

CREATE PUBLICATION supabase_realtime FOR TABLE public.user_profiles, public.notes;
CREATE PUBLICATION progress_feed FOR TABLE public.user_progress WHERE (percent > 0);
CREATE PUBLICATION login_feed FOR TABLE public.sessions (id, user_id), public.magic_tokens (id, used_at);

-- Supabase tells its API to read the definitions again after every change of them.
CREATE SCHEMA extensions;
CREATE FUNCTION extensions.pgrst_ddl_watch() RETURNS event_trigger LANGUAGE plpgsql
  AS $$ BEGIN NOTIFY pgrst, 'reload schema'; END $$;
CREATE EVENT TRIGGER pgrst_ddl_watch ON ddl_command_end EXECUTE FUNCTION extensions.pgrst_ddl_watch();
ANALYZE;
