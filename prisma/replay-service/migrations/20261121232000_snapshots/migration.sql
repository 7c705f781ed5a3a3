CREATE TABLE "snapshots" (
    "tenant" TEXT NOT NULL,
    "execution_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "event" INTEGER NOT NULL,
    "at" TEXT NOT NULL,
    "step" TEXT,
    "facts" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "kept" BIGSERIAL NOT NULL,

    CONSTRAINT "snapshots_pkey" PRIMARY KEY ("tenant", "execution_id", "id")
);

CREATE INDEX "snapshots_tenant_execution_id_type_version_idx" ON "snapshots"("tenant", "execution_id", "type", "version" DESC);
