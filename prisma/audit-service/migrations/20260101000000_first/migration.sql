CREATE TABLE "ledger" (
    "tenant" TEXT NOT NULL,
    "n" BIGINT NOT NULL,
    "seq" BIGINT NOT NULL,
    "aggregate" TEXT NOT NULL,
    "aggregate_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "at" TEXT NOT NULL,
    "actors" JSON NOT NULL,
    "commands" JSON NOT NULL,
    "events" JSON NOT NULL,
    "correlation_id" TEXT NOT NULL,
    "commit_hash" TEXT NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "ledger_pkey" PRIMARY KEY ("tenant", "n")
);

CREATE TABLE "chain_heads" (
    "tenant" TEXT NOT NULL,
    "n" BIGINT NOT NULL,
    "seq" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "chain_heads_pkey" PRIMARY KEY ("tenant")
);

CREATE TABLE "execution_graph" (
    "tenant" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "parent_execution_id" TEXT,
    "root_execution_id" TEXT NOT NULL,
    "correlation_id" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "workflow" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "started_at" TEXT NOT NULL,
    "trace_id" TEXT,

    CONSTRAINT "execution_graph_pkey" PRIMARY KEY ("tenant", "id")
);

CREATE TABLE "projection_checkpoint" (
    "name" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "created" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "projection_checkpoint_pkey" PRIMARY KEY ("name")
);

CREATE UNIQUE INDEX "ledger_seq_key" ON "ledger"("seq");

CREATE UNIQUE INDEX "ledger_tenant_aggregate_aggregate_id_version_key" ON "ledger"("tenant", "aggregate", "aggregate_id", "version");

CREATE INDEX "execution_graph_tenant_parent_execution_id_idx" ON "execution_graph"("tenant", "parent_execution_id");

CREATE INDEX "execution_graph_tenant_correlation_id_started_at_idx" ON "execution_graph"("tenant", "correlation_id", "started_at");

-- What follows is not in schema.prisma. The ledger only grows: the database itself refuses everything else, whoever asks.
-- Per statement, so that an UPDATE that matches no row is refused too. Renaming or dropping the whole schema (a rebuild) is
-- not touched by these triggers.
CREATE FUNCTION "ledger_refuses_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE TRIGGER "ledger_only_grows" BEFORE UPDATE OR DELETE OR TRUNCATE ON "ledger"
    FOR EACH STATEMENT EXECUTE FUNCTION "ledger_refuses_change"();
