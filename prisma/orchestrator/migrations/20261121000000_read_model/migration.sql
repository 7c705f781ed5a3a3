-- Payloads are json, not jsonb: jsonb refuses U+0000 and reorders keys, and a recorded payload must come back as it was.
CREATE TABLE "executions" (
    "tenant" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "workflow_name" TEXT NOT NULL,
    "workflow_version" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "progress" INTEGER NOT NULL,
    "current_step" TEXT,
    "trigger" TEXT NOT NULL,
    "correlation_id" TEXT NOT NULL,
    "parent_execution_id" TEXT,
    "root_execution_id" TEXT NOT NULL,
    "run_id" TEXT,
    "labels" JSON NOT NULL,
    "started_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "ended_at" TEXT,
    "version" INTEGER NOT NULL,
    "seq" BIGINT NOT NULL,
    "trace_id" TEXT,
    "input" JSON NOT NULL,
    "output" JSON,
    "error" TEXT,
    "cause" TEXT,

    CONSTRAINT "executions_pkey" PRIMARY KEY ("tenant","id")
);

CREATE TABLE "steps" (
    "tenant" TEXT NOT NULL,
    "execution_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "entered_event" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "frame" TEXT NOT NULL,
    "visit" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "entered_at" TEXT NOT NULL,
    "exited_at" TEXT,
    "input" JSON NOT NULL,
    "output" JSON,
    "error" TEXT,
    "cause" TEXT,

    CONSTRAINT "steps_pkey" PRIMARY KEY ("tenant","execution_id","id")
);

CREATE TABLE "workflows" (
    "tenant" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "states" INTEGER NOT NULL,
    "registered_at" TEXT NOT NULL,
    "definition" JSON NOT NULL,

    CONSTRAINT "workflows_pkey" PRIMARY KEY ("tenant","name","version")
);

CREATE TABLE "projection_checkpoint" (
    "name" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "created" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "projection_checkpoint_pkey" PRIMARY KEY ("name")
);

CREATE INDEX "executions_tenant_started_at_id_idx" ON "executions"("tenant", "started_at" DESC, "id" DESC);
CREATE INDEX "executions_tenant_status_started_at_idx" ON "executions"("tenant", "status", "started_at" DESC);
CREATE INDEX "executions_tenant_workflow_name_started_at_idx" ON "executions"("tenant", "workflow_name", "started_at" DESC);
CREATE INDEX "executions_tenant_correlation_id_started_at_idx" ON "executions"("tenant", "correlation_id", "started_at");
-- Nothing that changes while an execution runs is indexed, and pages keep room: such an update touches no index (HOT).
ALTER TABLE "executions" SET (fillfactor = 80);
ALTER TABLE "steps" SET (fillfactor = 80);
-- What the reconciler walks through. Partial, which Prisma's schema cannot say.
CREATE INDEX "executions_open_idx" ON "executions"("started_at", "id") WHERE "ended_at" IS NULL;
CREATE INDEX "steps_tenant_execution_id_entered_event_idx" ON "steps"("tenant", "execution_id", "entered_event");
CREATE INDEX "workflows_tenant_name_version_idx" ON "workflows"("tenant", "name", "version" DESC);
