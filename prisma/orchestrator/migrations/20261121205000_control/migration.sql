-- How executions stand beyond their status, what they can be looked up by, and what waits for people.
ALTER TABLE "executions" ADD COLUMN "run_state" JSON NOT NULL DEFAULT '{}';

-- Only executions that have attributes, labels, classes or deliveries have rows here. The value is found by its hash, because
-- it may be longer than an index takes.
CREATE TABLE "execution_tags" (
    "tenant" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "value_hash" TEXT NOT NULL,
    "execution_id" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "execution_tags_pkey" PRIMARY KEY ("tenant","name","value_hash","execution_id")
);
CREATE INDEX "execution_tags_tenant_execution_id_idx" ON "execution_tags"("tenant", "execution_id");

-- Where the reconciler looks for deliveries that are under way, of every tenant.
CREATE INDEX "execution_tags_name_value_hash_idx" ON "execution_tags"("name", "value_hash");

CREATE TABLE "approvals" (
    "tenant" TEXT NOT NULL,
    "execution_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "requested_at" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "roles" TEXT[] NOT NULL,
    "approvers" TEXT[] NOT NULL,
    "decided_by" TEXT[] NOT NULL,
    "version" INTEGER NOT NULL,
    "view" JSON NOT NULL,

    CONSTRAINT "approvals_pkey" PRIMARY KEY ("tenant","execution_id","id")
);
CREATE INDEX "approvals_tenant_status_requested_at_idx" ON "approvals"("tenant", "status", "requested_at", "execution_id", "id");
