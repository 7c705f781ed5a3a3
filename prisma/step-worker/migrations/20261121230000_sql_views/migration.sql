-- What the views of the schema "throughline" read of this service; the orchestrator's migrations have the views and say why it
-- is a function. The body names its tables only when it runs: a rebuild swaps the schema under it.
SELECT pg_advisory_xact_lock(hashtextextended('throughline.sql_views', 0));
SELECT set_config('check_function_bodies', 'off', true);
CREATE SCHEMA IF NOT EXISTS throughline;

CREATE OR REPLACE FUNCTION throughline.read_step_attempts() RETURNS TABLE (
      tenant text, execution_id text, token text, version int, event_index int, state text, frame text, visit int,
      attempt int, queue text, handler text, status text, effect_class text, deterministic boolean,
      idempotency_key text, request text, response text, response_hash text, error text, cause text, worker text,
      scheduled_at text, started_at text, finished_at text)
  LANGUAGE sql STABLE AS $$
    SELECT a.tenant, a.execution_id, a.token, a.version, a.event_index, a.state, a.frame, a.visit,
           a.attempt, a.queue, a.handler, a.status, a.effect_class,
           NOT EXISTS (SELECT FROM step_worker.pure_answers p
                        WHERE p.tenant = a.tenant AND p.queue = a.queue AND p.handler = a.handler
                          AND p.request_hash = a.request_hash AND p.diverged),
           a.idempotency_key, a.request, a.response, a.response_hash, a.error, a.cause, a.worker,
           a.scheduled_at, a.started_at, a.finished_at
      FROM step_worker.step_attempts a
  $$;
