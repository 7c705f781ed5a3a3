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
  for (const changed of tags.values()) await writeTags(sql, changed);
  for (const row of approvals.values()) await writeApproval(sql, row);
};

const writeTags = async (sql: SqlTransaction, { tenant, executionId, tags }: TagRows): Promise<void> => {
  await sql.query('DELETE FROM execution_tags WHERE tenant = $1 AND execution_id = $2', [tenant, executionId]);
  await sql.query(
    `INSERT INTO execution_tags (tenant, name, value_hash, execution_id, value)
     SELECT $1, name, value_hash, $2, value FROM unnest($3::text[], $4::text[], $5::text[]) AS t (name, value_hash, value)
     ON CONFLICT DO NOTHING`,
    [
      tenant,
      executionId,
      tags.map(([name]) => textColumn(name)),
      tags.map(([, value]) => hashOfTag(value)),
      tags.map(([, value]) => textColumn(value)),
    ],
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
