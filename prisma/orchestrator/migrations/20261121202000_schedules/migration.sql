CREATE TABLE "schedules" (
    "tenant" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "workflow_name" TEXT NOT NULL,
    "next_at" TEXT,
    "open_runs" INTEGER NOT NULL,
    "facts" JSON NOT NULL,
    "updated_at" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("tenant","id")
);

CREATE INDEX "schedules_tenant_workflow_name_id_idx" ON "schedules"("tenant", "workflow_name", "id");
-- Timers and runs that may be lost are looked for among all tenants' schedules.
CREATE INDEX "schedules_updated_at_idx" ON "schedules"("updated_at");
