CREATE TABLE "logs" (
    "tenant" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "at" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "domain" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "execution_id" TEXT,
    "correlation_id" TEXT,
    "step" TEXT,
    "traceparent" TEXT,
    "attributes" JSON NOT NULL,

    CONSTRAINT "logs_pkey" PRIMARY KEY ("tenant", "id")
);

CREATE INDEX "logs_tenant_execution_id_at_id_idx" ON "logs"("tenant", "execution_id", "at", "id");

CREATE INDEX "logs_tenant_correlation_id_at_idx" ON "logs"("tenant", "correlation_id", "at");
