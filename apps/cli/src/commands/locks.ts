import { LOCK_STATES, type LockDetail } from '@throughline/contracts';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import { plainText } from '../terminal.ts';

export interface ListOptions {
  readonly status?: string;
  readonly execution?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export const listLocks = async ({ client, terminal }: Invocation, options: ListOptions): Promise<ExitCode> => {
  const { status: text, execution, ...query } = options;
  const status = LOCK_STATES.find((one) => one === text);
  if (text !== undefined && status === undefined) throw new UsageError(`--status is one of ${LOCK_STATES.join(', ')}`);
  const page = await client.locks.list({
    ...query,
    ...(status === undefined ? {} : { status }),
    // The schema checks that it is an id.
    ...(execution === undefined ? {} : { executionId: execution as never }),
  });
  if (terminal.json) {
    terminal.document(page);
    return EXIT.ok;
  }
  const rows = page.items.map(({ asset, status: now, holder, waiting, place }) => [
    plainText(asset),
    now,
    holder ? String(holder.fencingToken) : '',
    String(waiting),
    ...(execution === undefined ? [] : [place === 0 ? 'holds it' : String(place ?? '')]),
    holder ? `${holder.executionId} (${plainText(holder.state)})` : '',
  ]);
  const place = execution === undefined ? [] : ['PLACE'];
  terminal.lines(tableLines(terminal, ['ASSET', 'STATUS', 'TOKEN', 'WAITING', ...place, 'HOLDER'], rows));
  if (page.nextCursor !== null) terminal.line(terminal.style('dim', `more: --cursor ${page.nextCursor}`));
  return EXIT.ok;
};

const show = ({ terminal }: Invocation, lock: LockDetail): ExitCode => {
  if (terminal.json) {
    terminal.document(lock);
    return EXIT.ok;
  }
  const { holder } = lock;
  terminal.lines(
    fieldLines(terminal, [
      ['asset', plainText(lock.asset)],
      ['status', lock.status],
      ['holder', holder?.executionId],
      ['step', holder && `${plainText(holder.workflow)} / ${plainText(holder.state)}`],
      ['token', holder && String(holder.fencingToken)],
      ['granted', holder?.grantedAt],
      ['asked after', holder?.leaseUntil],
      ['waiting', String(lock.waiting)],
    ]),
  );
  if (lock.queue.length > 0) {
    const rows = lock.queue.map(({ place, executionId, workflow, state, since }) => [
      String(place),
      executionId,
      since,
      `${plainText(workflow)} / ${plainText(state)}`,
    ]);
    terminal.line('');
    terminal.lines(tableLines(terminal, ['PLACE', 'EXECUTION', 'SINCE', 'STEP'], rows));
  }
  return EXIT.ok;
};

export const showLock = async (cli: Invocation, asset: string): Promise<ExitCode> =>
  show(cli, await cli.client.locks.get(asset));

export const releaseLock = async (
  cli: Invocation,
  asset: string,
  { token, reason }: { readonly token?: number; readonly reason?: string },
): Promise<ExitCode> =>
  show(
    cli,
    await cli.client.locks.release(asset, {
      ...(token === undefined ? {} : { fencingToken: token }),
      ...(reason === undefined ? {} : { reason }),
    }),
  );
