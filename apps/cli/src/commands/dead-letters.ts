import type { DeadLetterView } from '@throughline/contracts';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation } from '../invocation.ts';
import { plainText } from '../terminal.ts';
import { statusWord } from '../wording.ts';

export interface ListOptions {
  readonly stream?: string;
  readonly settled?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
}

const aboutText = ({ letter, subject }: DeadLetterView): string => {
  if (!letter) return subject;
  const { type, state, aggregate, aggregateId } = letter.about;
  return [type ?? state, aggregate, aggregateId].filter((part) => part !== null).join(' ') || subject;
};

export const listDeadLetters = async ({ client, terminal }: Invocation, options: ListOptions): Promise<ExitCode> => {
  const { settled, ...query } = options;
  const page = await client.deadLetters.list({ ...query, status: settled ? 'settled' : 'open' });
  if (terminal.json) {
    terminal.document(page);
    return EXIT.ok;
  }
  const rows = page.items.map((view) => [
    view.id,
    statusWord(terminal, view.status),
    view.settled?.at ?? view.letter?.deadAt ?? '',
    view.stream,
    view.code,
    plainText(aboutText(view)),
    plainText(view.settled?.reason ?? view.reason),
  ]);
  terminal.lines(tableLines(terminal, ['LETTER', 'STATUS', 'AT', 'STREAM', 'CODE', 'ABOUT', 'REASON'], rows));
  if (page.nextCursor !== null) terminal.line(terminal.style('dim', `more: --cursor ${page.nextCursor}`));
  return EXIT.ok;
};

const show = ({ terminal }: Invocation, view: DeadLetterView): ExitCode => {
  if (terminal.json) {
    terminal.document(view);
    return EXIT.ok;
  }
  const { letter, settled } = view;
  const headers = Object.entries(letter?.headers ?? {}).map(([name, value]) => `${name}=${value}`);
  terminal.lines(
    fieldLines(terminal, [
      ['letter', view.id],
      ['status', statusWord(terminal, view.status)],
      ['code', view.code],
      ['reason', plainText(view.reason)],
      ['from', `${view.stream} ${plainText(view.subject)}`],
      ['about', letter ? plainText(aboutText(view)) : null],
      ['stored', letter?.storedAt],
      ['given up', letter ? `${letter.deadAt} after ${letter.deliveries} deliveries` : null],
      ['requeue', letter && !letter.requeueable ? 'not possible' : null],
      ['settled', settled ? `${settled.at} by ${plainText(settled.by.id)}` : null],
      ['why', settled?.reason ? plainText(settled.reason) : null],
      ['headers', headers.length === 0 ? null : plainText(headers.join(' '))],
      ['bytes', letter ? String(letter.bytes) : null],
      ['payload', letter?.payload ? plainText(letter.payload.data) : null],
    ]),
  );
  return EXIT.ok;
};

export const getDeadLetter = async (cli: Invocation, id: string): Promise<ExitCode> =>
  show(cli, await cli.client.deadLetters.get(id));

export interface SettleOptions {
  readonly reason?: string;
  readonly all?: boolean;
  readonly stream?: string;
}

const ROUNDS_MAX = 1_000;

/** One letter, or every open one of a stream: page by page from the front, because settled letters leave the list. */
const settle = async (
  cli: Invocation,
  act: 'requeue' | 'discard',
  id: string | undefined,
  { reason, all, stream }: SettleOptions,
): Promise<ExitCode> => {
  const { client, terminal } = cli;
  if ((id === undefined) !== (all === true)) throw new UsageError('give the id of a letter, or --all');
  const options = reason === undefined ? {} : { reason };
  if (id !== undefined) return show(cli, await client.deadLetters[act](id, options));
  let settled = 0;
  let cursor: string | undefined;
  const left: string[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const page = await client.deadLetters.list({ ...(stream === undefined ? {} : { stream }), cursor });
    for (const view of page.items) {
      if (act === 'requeue' && view.letter?.requeueable !== true) {
        left.push(view.id);
        continue;
      }
      await client.deadLetters[act](view.id, options);
      settled += 1;
    }
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  if (terminal.json) terminal.document({ [act === 'requeue' ? 'requeued' : 'discarded']: settled, left });
  else
    terminal.line(
      `${settled} ${act === 'requeue' ? 'requeued' : 'discarded'}${left.length > 0 ? `, ${left.length} left` : ''}`,
    );
  return left.length > 0 ? EXIT.bad : EXIT.ok;
};

export const requeueDeadLetter = (cli: Invocation, id: string | undefined, options: SettleOptions): Promise<ExitCode> =>
  settle(cli, 'requeue', id, options);

export const discardDeadLetter = (cli: Invocation, id: string | undefined, options: SettleOptions): Promise<ExitCode> =>
  settle(cli, 'discard', id, options);
