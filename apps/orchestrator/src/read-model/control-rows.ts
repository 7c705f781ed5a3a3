import { createHash } from 'node:crypto';
import type { ApprovalView } from '@throughline/contracts';
import { approvalViewOf, type ExecutionState, tagsOf } from '@throughline/execution';
import { type SqlTransaction, textColumn } from '@throughline/projections';
import { jsonColumn } from '@throughline/projections';

/** What a commit changes beside the execution's own row: most change nothing of it. */
export interface ControlChanges {
  /** By execution: all of its tags, where they changed. */
  readonly tags: Map<string, TagRows>;
  readonly approvals: Map<string, ApprovalRow>;
}
interface TagRows {
  readonly tenant: string;
  readonly executionId: string;
  readonly tags: ReturnType<typeof tagsOf>;
}
interface ApprovalRow {
  readonly tenant: string;
  readonly version: number;
  readonly view: ApprovalView;
}

export const noControlChanges = (): ControlChanges => ({ tags: new Map(), approvals: new Map() });

export const takeControl = (changes: ControlChanges, before: ExecutionState, after: ExecutionState): void => {
  const { tenant, aggregateId } = after.ref;
  const tags = tagsOf(after);
  if (JSON.stringify(tags) !== JSON.stringify(tagsOf(before))) {
    changes.tags.set(`${tenant}/${aggregateId}`, { tenant, executionId: aggregateId, tags });
  }
  if (after.approvals === before.approvals) return;
  for (const approval of after.approvals.values()) {
    if (before.approvals.get(approval.id) === approval) continue;
    const view = approvalViewOf(after, approval);
    changes.approvals.set(`${tenant}/${aggregateId}/${approval.id}`, { tenant, version: after.version, view });
  }
};

export const hashOfTag = (value: string): string => createHash('sha256').update(value).digest('hex');

export const writeControl = async (sql: SqlTransaction, { tags, approvals }: ControlChanges): Promise<void> => {
  if (tags.size > 0) await replaceTags(sql, [...tags.values()]);
  for (const row of approvals.values()) await writeApproval(sql, row);
};

const replaceTags = async (sql: SqlTransaction, changed: readonly TagRows[]): Promise<void> => {
  await deleteTags(sql, changed);
  const rows = changed.flatMap(({ tenant, executionId, tags }) =>
    tags.map(([name, value]) => ({ tenant, executionId, name, value })),
  );
  await sql.query(
    `INSERT INTO execution_tags (tenant, execution_id, name, value_hash, value)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
     ON CONFLICT DO NOTHING`,
    [
      rows.map(({ tenant }) => tenant),
      rows.map(({ executionId }) => executionId),
      rows.map(({ name }) => textColumn(name)),
      rows.map(({ value }) => hashOfTag(value)),
      rows.map(({ value }) => textColumn(value)),
    ],
  );
};

const deleteTags = async (sql: SqlTransaction, changed: readonly TagRows[]): Promise<void> => {
  await sql.query(
    `DELETE FROM execution_tags AS held USING unnest($1::text[], $2::text[]) AS changed (tenant, execution_id)
     WHERE held.tenant = changed.tenant AND held.execution_id = changed.execution_id`,
    [changed.map(({ tenant }) => tenant), changed.map(({ executionId }) => executionId)],
  );
};

/** A row already there may only be replaced by a later one: a batch that is applied again then changes nothing. */
const writeApproval = async (sql: SqlTransaction, { tenant, version, view }: ApprovalRow): Promise<void> => {
  await sql.query(
    `INSERT INTO approvals AS held
       (tenant, execution_id, id, status, requested_at, requested_by, roles, approvers, decided_by, version, view)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (tenant, execution_id, id) DO UPDATE SET
       status = excluded.status, decided_by = excluded.decided_by, version = excluded.version, view = excluded.view
     WHERE held.version <= excluded.version`,
    [
      tenant,
      view.executionId,
      view.id,
      view.status,
      view.requestedAt,
      textColumn(view.requestedBy),
      view.roles.map(textColumn),
      view.approvers.map(textColumn),
      view.decisions.map(({ by }) => textColumn(by)),
      version,
      jsonColumn(view),
    ],
  );
};
