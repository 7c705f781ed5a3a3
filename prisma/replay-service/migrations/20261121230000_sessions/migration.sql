-- Sessions have a lifecycle: their rows are made again from the log, in another shape.
DROP TABLE "replay_sessions";
DELETE FROM "projection_checkpoint";

CREATE TABLE "replay_sessions" (
    "tenant" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "execution_id" TEXT,
    "scope" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "verdict" TEXT,
    "at" TEXT NOT NULL,
    "silent_since" TEXT,
    "version" INTEGER NOT NULL,
    "view" JSON NOT NULL,

    CONSTRAINT "replay_sessions_pkey" PRIMARY KEY ("tenant","id")
);

CREATE INDEX "replay_sessions_tenant_at_id_idx" ON "replay_sessions"("tenant", "at", "id");
CREATE INDEX "replay_sessions_tenant_execution_id_at_idx" ON "replay_sessions"("tenant", "execution_id", "at");
-- Sessions that a process left behind are looked for among all tenants'.
CREATE INDEX "replay_sessions_silent_since_idx" ON "replay_sessions"("silent_since");
