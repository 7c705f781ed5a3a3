-- Views for people and tools that speak SQL, over the tables of several services. They stand in a schema of their own, and
-- read through functions whose bodies name their tables only when they run: a view of the tables themselves would go with the
-- old ones when a rebuild swaps a schema. Postgres puts such a body in the place of its call, so conditions reach the indexes.
SELECT pg_advisory_xact_lock(hashtextextended('throughline.sql_views', 0));
SELECT set_config('check_function_bodies', 'off', true);
CREATE SCHEMA IF NOT EXISTS throughline;

CREATE OR REPLACE FUNCTION throughline.read_executions() RETURNS TABLE (
      tenant text, execution_id text, workflow_name text, workflow_version int, status text, trigger text,
      correlation_id text, started_at text, ended_at text, error text)
  LANGUAGE sql STABLE AS $$
    SELECT e.tenant, e.id, e.workflow_name, e.workflow_version, e.status, e.trigger,
           e.correlation_id, e.started_at, e.ended_at, e.error
      FROM orchestrator.executions e
  $$;

CREATE OR REPLACE FUNCTION throughline.read_steps() RETURNS TABLE (
      tenant text, execution_id text, step_id text, entered_event int, state text, frame text, visit int, status text,
      attempts int, entered_at text, exited_at text, input json, output json, error text, cause text)
  LANGUAGE sql STABLE AS $$
    SELECT s.tenant, s.execution_id, s.id, s.entered_event, s.state, s.frame, s.visit, s.status,
           s.attempts, s.entered_at, s.exited_at, s.input, s.output, s.error, s.cause
      FROM orchestrator.steps s
  $$;

-- Where another service keeps no tables in this database, its part is empty, until its own migration says otherwise.
DO $stubs$
BEGIN
  IF to_regprocedure('throughline.read_step_attempts()') IS NULL THEN
    CREATE FUNCTION throughline.read_step_attempts() RETURNS TABLE (
      tenant text, execution_id text, token text, version int, event_index int, state text, frame text, visit int,
      attempt int, queue text, handler text, status text, effect_class text, deterministic boolean,
      idempotency_key text, request text, response text, response_hash text, error text, cause text, worker text,
      scheduled_at text, started_at text, finished_at text)
    LANGUAGE sql STABLE AS $$
      SELECT NULL::text, NULL::text, NULL::text, NULL::int, NULL::int, NULL::text, NULL::text, NULL::int,
             NULL::int, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean,
             NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
             NULL::text, NULL::text, NULL::text
       WHERE false
    $$;
  END IF;
  IF to_regprocedure('throughline.read_commits()') IS NULL THEN
    CREATE FUNCTION throughline.read_commits() RETURNS TABLE (
      tenant text, execution_id text, version int, at text, commands json, events json, actors json)
    LANGUAGE sql STABLE AS $$
      SELECT NULL::text, NULL::text, NULL::int, NULL::text, NULL::json, NULL::json, NULL::json WHERE false
    $$;
  END IF;
END
$stubs$;

CREATE OR REPLACE VIEW throughline.step_executions_with_latest_attempt AS
  SELECT s.tenant, s.execution_id, e.workflow_name, e.workflow_version, e.correlation_id, e.status AS execution_status,
         s.step_id, s.entered_event, s.state, s.frame, s.visit, s.status, s.attempts, s.entered_at, s.exited_at,
         s.input, s.output, s.error, s.cause,
         a.token AS attempt_token, a.attempt, a.status AS attempt_status, a.queue, a.handler, a.effect_class,
         a.deterministic, a.idempotency_key, a.request, a.response, a.response_hash, a.error AS attempt_error,
         a.cause AS attempt_cause, a.worker, a.scheduled_at, a.started_at, a.finished_at
    FROM throughline.read_steps() s
    JOIN throughline.read_executions() e ON e.tenant = s.tenant AND e.execution_id = s.execution_id
    LEFT JOIN LATERAL (
      SELECT * FROM throughline.read_step_attempts() t
       WHERE t.tenant = s.tenant AND t.execution_id = s.execution_id
         AND t.frame = s.frame AND t.visit = s.visit AND t.state = s.state
       ORDER BY t.version DESC, t.event_index DESC
       LIMIT 1
    ) a ON true;

-- Every moment of an execution that the read models know, one row each; ORDER BY at, position.
CREATE OR REPLACE VIEW throughline.execution_timeline AS
  SELECT e.tenant, e.execution_id, e.started_at AS at, 0 AS position, 'execution' AS source, 'started' AS what,
         NULL::text AS state, NULL::text AS frame, NULL::int AS visit, NULL::int AS attempt, NULL::text AS token,
         e.workflow_name || ' ' || e.workflow_version AS detail
    FROM throughline.read_executions() e
  UNION ALL
  SELECT c.tenant, c.execution_id, c.at, 1, 'commit', c.version::text,
         NULL, NULL, NULL, NULL, NULL, (SELECT string_agg(t.command, ', ') FROM json_array_elements_text(c.commands) t (command))
    FROM throughline.read_commits() c
  UNION ALL
  SELECT s.tenant, s.execution_id, s.entered_at, 2, 'state', 'entered', s.state, s.frame, s.visit, NULL, NULL, NULL
    FROM throughline.read_steps() s
  UNION ALL
  SELECT a.tenant, a.execution_id, a.scheduled_at, 3, 'attempt', 'scheduled',
         a.state, a.frame, a.visit, a.attempt, a.token, a.queue || ':' || a.handler
    FROM throughline.read_step_attempts() a
  UNION ALL
  SELECT a.tenant, a.execution_id, a.started_at, 4, 'attempt', 'started',
         a.state, a.frame, a.visit, a.attempt, a.token, a.worker
    FROM throughline.read_step_attempts() a WHERE a.started_at IS NOT NULL
  UNION ALL
  SELECT a.tenant, a.execution_id, a.finished_at, 5, 'attempt', a.status,
         a.state, a.frame, a.visit, a.attempt, a.token, a.error
    FROM throughline.read_step_attempts() a WHERE a.finished_at IS NOT NULL
  UNION ALL
  SELECT s.tenant, s.execution_id, s.exited_at, 6, 'state', s.status, s.state, s.frame, s.visit, NULL, NULL, s.error
    FROM throughline.read_steps() s WHERE s.exited_at IS NOT NULL
  UNION ALL
  SELECT e.tenant, e.execution_id, e.ended_at, 7, 'execution', e.status, NULL, NULL, NULL, NULL, NULL, e.error
    FROM throughline.read_executions() e WHERE e.ended_at IS NOT NULL;
