-- Rows of before this column stay without an end until the read model is rebuilt.
ALTER TABLE "execution_graph" ADD COLUMN "ended_at" TEXT;
