import { type ReplayVerdict, tenantSchema } from '@throughline/contracts';
import { connectNats, JetStreamEventLog } from '@throughline/event-log/jetstream';
import { lockRef, type LockState } from '@throughline/execution';
import { fold, verify } from '@throughline/history';

export interface ReplayedLock extends ReplayVerdict {
  /** The execution that has it; null where it is free. */
  readonly holder: string | null;
  /** Fencing tokens by the execution that each was granted to last. */
  readonly tokens: ReadonlyMap<string, number>;
}

/** Reads the history of an asset's lock off the log itself, and decides it again. */
export async function replayLock(natsUrl: string, asset: string): Promise<ReplayedLock> {
  const nc = await connectNats({ url: natsUrl, name: 'replay-lock' });
  try {
    const read = await new JetStreamEventLog(nc).read(lockRef(tenantSchema.parse('default'), asset));
    if (read.kind === 'unreadable') throw new Error(`the lock of ${asset} cannot be read: ${read.problem}`);
    const { commits } = read;
    const tokens = new Map<string, number>();
    for (const { commit } of commits) {
      if (commit.aggregate !== 'lock') continue;
      for (const event of commit.events) {
        if (event.type === 'LockGranted') tokens.set(event.execution, event.fencingToken);
      }
    }
    // No commit of a lock is decided by a definition.
    const verdict = verify(commits, () => undefined);
    return { ...verdict, holder: fold<LockState>(commits)?.holder?.execution ?? null, tokens };
  } finally {
    await nc.close();
  }
}
