import { canonicalHash } from '@throughline/execution';
import type { RecordedCase } from './recorded-case.ts';

/** Names are made from the case's id alone, so nothing that runs can know what it is a recording of. */
const nameOf = (kind: 'case' | 'run', { id }: RecordedCase): string => `${kind}-${canonicalHash(id).slice(0, 12)}`;

export const workflowNameOf = (recorded: RecordedCase): string => nameOf('case', recorded);
export const executionIdOfCase = (recorded: RecordedCase): string => nameOf('run', recorded);
