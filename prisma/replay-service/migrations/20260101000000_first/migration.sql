CREATE TABLE "replay_sessions" (
    "tenant" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "execution_id" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "at" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "commits" INTEGER NOT NULL,
    "events" INTEGER NOT NULL,
    "match_percent" DOUBLE PRECISION NOT NULL,
    "first_divergence" JSON,

    CONSTRAINT "replay_sessions_pkey" PRIMARY KEY ("tenant", "id")
);

CREATE TABLE "projection_checkpoint" (
    "name" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "created" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "projection_checkpoint_pkey" PRIMARY KEY ("name")
);

CREATE INDEX "replay_sessions_tenant_execution_id_at_idx" ON "replay_sessions"("tenant", "execution_id", "at");
