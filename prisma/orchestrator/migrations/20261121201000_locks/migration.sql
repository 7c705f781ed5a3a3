CREATE TABLE "locks" (
    "tenant" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "asset" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "holder" JSON,
    "waiting" INTEGER NOT NULL,
    "updated_at" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "locks_pkey" PRIMARY KEY ("tenant","id")
);

CREATE INDEX "locks_tenant_asset_idx" ON "locks"("tenant", "asset");
CREATE INDEX "locks_tenant_status_asset_idx" ON "locks"("tenant", "status", "asset");
-- Timers that may be lost are looked for among all tenants' locks.
CREATE INDEX "locks_updated_at_idx" ON "locks"("updated_at");
