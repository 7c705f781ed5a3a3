CREATE TABLE "step_attempts" (
    "tenant" TEXT NOT NULL,
    "execution_id" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "event_index" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "frame" TEXT NOT NULL,
    "visit" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "queue" TEXT NOT NULL,
    "handler" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "effect_class" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "request_hash" TEXT,
    "response" TEXT,
    "response_hash" TEXT,
    "error" TEXT,
    "cause" TEXT,
    "worker" TEXT,
    "scheduled_at" TEXT NOT NULL,
    "started_at" TEXT,
    "finished_at" TEXT,

    CONSTRAINT "step_attempts_pkey" PRIMARY KEY ("tenant", "execution_id", "token")
);

CREATE TABLE "pure_answers" (
    "tenant" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "handler" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "response_hash" TEXT NOT NULL,
    "diverged" BOOLEAN NOT NULL,

    CONSTRAINT "pure_answers_pkey" PRIMARY KEY ("tenant", "queue", "handler", "request_hash")
);

CREATE TABLE "projection_checkpoint" (
    "name" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "created" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "projection_checkpoint_pkey" PRIMARY KEY ("name")
);

CREATE INDEX "step_attempts_tenant_execution_id_version_event_index_idx" ON "step_attempts"("tenant", "execution_id", "version", "event_index");
