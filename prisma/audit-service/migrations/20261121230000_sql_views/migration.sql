-- What the views of the schema "throughline" read of this service; the orchestrator's migrations have the views and say why it
-- is a function. The body names its table only when it runs: a rebuild swaps the schema under it.
SELECT pg_advisory_xact_lock(hashtextextended('throughline.sql_views', 0));
SELECT set_config('check_function_bodies', 'off', true);
CREATE SCHEMA IF NOT EXISTS throughline;

CREATE OR REPLACE FUNCTION throughline.read_commits() RETURNS TABLE (
      tenant text, execution_id text, version int, at text, commands json, events json, actors json)
  LANGUAGE sql STABLE AS $$
    SELECT l.tenant, l.aggregate_id, l.version, l.at, l.commands, l.events, l.actors
      FROM audit_service.ledger l
     WHERE l.aggregate = 'execution'
  $$;
