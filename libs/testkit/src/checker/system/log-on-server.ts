import {
  logPosition,
  JetStreamEventLog,
  type LogFeed,
  type NatsConnection,
  openLogFeed,
} from '@throughline/event-log/jetstream';
import { LogVerification } from '@throughline/event-log/verification';
import type { LogVerdict, ReplayResult } from '@throughline/contracts';
import { statusesOf } from '../check-commits.ts';
import { LogCheck, type LogCheckOptions } from '../log-check.ts';

const BATCH = 500;
const IDLE_MS = 500;
/** Longest time without a record where one has to come. */
const SILENT_MS_MAX = 30_000;

/** The log of a server, decided again and looked at commit by commit; what is added later is read by the next call. */
export class LogOnServer {
  readonly #nc: NatsConnection;
  readonly #check: LogCheck;
  readonly #log: JetStreamEventLog;
  readonly #verification: LogVerification;
  readonly #feed: LogFeed;
  #readTo = 0;

  private constructor(nc: NatsConnection, check: LogCheck, feed: LogFeed) {
    this.#nc = nc;
    this.#check = check;
    this.#feed = feed;
    this.#log = new JetStreamEventLog(nc);
    this.#verification = new LogVerification(this.#log, {
      fromSeq: 1,
      onCommit: ({ commit, seq, subject, walked }) =>
        check.take({ commit, seq, subject, statuses: statusesOf(walked) }),
    });
  }

  static async open(nc: NatsConnection, check: LogCheck): Promise<LogOnServer> {
    return new LogOnServer(nc, check, await openLogFeed(nc, { name: 'checker', fromSeq: 1, batchMax: BATCH }));
  }

  get readTo(): number {
    return this.#readTo;
  }

  /** Up to the end that the log has now. */
  async readOn(): Promise<void> {
    const { lastSeq } = await logPosition(this.#nc);
    let heardAtMs = Date.now();
    while (this.#readTo < lastSeq) {
      const records = await this.#feed.next({ idleMs: IDLE_MS });
      if (records.length > 0) heardAtMs = Date.now();
      else if (Date.now() - heardAtMs > SILENT_MS_MAX) {
        throw new Error(`nothing came from the log after sequence ${this.#readTo}, and it goes on to ${lastSeq}`);
      }
      for (const record of records) {
        await this.#verification.take(record);
        this.#readTo = record.seq;
      }
    }
    this.#noteVerdict();
  }

  result(): ReplayResult {
    return this.#verification.result();
  }

  async close(): Promise<void> {
    await this.#feed.close();
    this.#log.close();
  }

  #noteVerdict(): void {
    const { table } = this.#check;
    const { log, commits } = this.#verification.result();
    table.reset('decides');
    table.checked('decides', commits);
    for (const divergent of log?.divergent ?? []) table.violated('decides', placeOf(divergent), problemOf(divergent));
  }
}

type Divergent = LogVerdict['divergent'][number];

const placeOf = ({ aggregate, id, seq }: Divergent): string => `${aggregate}/${id} (sequence ${seq})`;
const problemOf = ({ problem, firstDivergence }: Divergent): string =>
  problem ?? (firstDivergence ? `${firstDivergence.reason} at ${firstDivergence.pointer}` : 'it diverges');

/** Looks at the whole log of a server, as it is now. */
export const checkLog = async (nc: NatsConnection, options: LogCheckOptions = {}): Promise<LogCheck> => {
  const check = new LogCheck(options);
  const log = await LogOnServer.open(nc, check);
  try {
    await log.readOn();
  } finally {
    await log.close();
  }
  check.end();
  return check;
};
