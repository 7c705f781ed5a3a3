import { type CommitDraft, logSubject } from '@throughline/contracts';
import { encodeCommit, type EncodedCommit } from './commit-encoding.ts';
import type { AppendOutcome } from './event-log.ts';
import type { FencedRecord, LogServer } from './log-server.ts';

/**
 * Group commit. A server that fsyncs takes one commit at a time; under load the commits of many aggregates go out as one
 * atomic batch of independent members, each with its own fence, and share one fsync. An acked group is fsynced before its
 * ack, as a single commit is. Figures: docs/performance.md.
 */

/** Below this a group costs more than the singles: staging and committing it takes about 2 ms. */
const GROUP_MIN = 32;
/** The server takes 1,000 messages in one batch. */
const GROUP_MAX = 900;
const GROUP_BYTES_MAX = 8 * 1024 * 1024;
/** While these are under way what comes in gathers for a group. */
const SINGLES_MAX = 16;

interface Item {
  readonly draft: CommitDraft;
  readonly encoded: EncodedCommit;
  readonly subject: string;
  /** A group that held it failed: now it goes by itself, where the log can be asked what became of it. */
  alone: boolean;
  readonly settle: (outcome: AppendOutcome) => void;
  readonly fail: (error: unknown) => void;
}

export interface GroupAppenderParts {
  readonly server: Pick<LogServer, 'publishGroup'>;
  readonly ackTimeoutMs: number;
  /** So many commits at least make a group. */
  readonly groupMin?: number | undefined;
  readonly onEncoded: ((encoded: EncodedCommit) => void) | undefined;
  /** Appends one commit and finds out what became of it when its ack is lost. */
  readonly appendAlone: (draft: CommitDraft, encoded: EncodedCommit) => Promise<AppendOutcome>;
}

export class GroupAppender {
  readonly #parts: GroupAppenderParts;
  readonly #groupMin: number;
  #waiting: Item[] = [];
  #singles = 0;
  #grouping = false;

  constructor(parts: GroupAppenderParts) {
    this.#parts = parts;
    this.#groupMin = parts.groupMin ?? GROUP_MIN;
  }

  append(draft: CommitDraft): Promise<AppendOutcome> {
    return new Promise((settle, fail) => {
      const encoded = encodeCommit(draft);
      this.#parts.onEncoded?.(encoded);
      const item = { draft, encoded, subject: logSubject(draft), alone: false, settle, fail };
      this.#waiting.push(item);
      // What one turn of the event loop decides goes out together.
      if (this.#waiting.length === 1) void Promise.resolve().then(() => this.#pump());
    });
  }

  /** One group at a time, and no singles beside it: waiting makes the next group larger, and that is what pays. */
  #pump(): void {
    while (!this.#grouping && this.#waiting.length > 0) {
      const group = this.#waiting.length >= this.#groupMin ? this.#takeGroup() : [];
      if (group.length >= this.#groupMin) {
        this.#sendGroup(group);
        return;
      }
      this.#waiting.unshift(...group);
      if (this.#singles >= SINGLES_MAX) return;
      const next = this.#waiting.shift();
      if (next) this.#sendAlone(next);
    }
  }

  /** At most one commit per aggregate: the fence of a second one would be checked against the same last sequence. */
  #takeGroup(): Item[] {
    const group: Item[] = [];
    const left: Item[] = [];
    const subjects = new Set<string>();
    let bytes = 0;
    for (const item of this.#waiting) {
      const fits = group.length < GROUP_MAX && bytes + item.encoded.bytes.length <= GROUP_BYTES_MAX;
      if (item.alone || !fits || subjects.has(item.subject)) {
        left.push(item);
        continue;
      }
      subjects.add(item.subject);
      bytes += item.encoded.bytes.length;
      group.push(item);
    }
    this.#waiting = left;
    return group;
  }

  #sendAlone(item: Item): void {
    this.#singles += 1;
    this.#parts
      .appendAlone(item.draft, item.encoded)
      .then(item.settle, item.fail)
      .finally(() => {
        this.#singles -= 1;
        this.#pump();
      });
  }

  #sendGroup(group: readonly Item[]): void {
    this.#grouping = true;
    this.#parts.server
      .publishGroup(group.map(recordOf), this.#parts.ackTimeoutMs)
      .then((lastSeq) => {
        // A group is contiguous on the log, so its ack tells every member's sequence.
        group.forEach(({ encoded, settle }, index) =>
          settle({ kind: 'appended', seq: lastSeq - group.length + 1 + index, commit: encoded.commit }),
        );
      })
      // One refused member rejects all, and a lost ack says nothing: each member is then settled by itself. Where the
      // group was stored after all, its own commit is found behind the fence.
      .catch(() => {
        for (const item of group) item.alone = true;
        this.#waiting.unshift(...group);
      })
      .finally(() => {
        this.#grouping = false;
        this.#pump();
      });
  }
}

const recordOf = ({ subject, encoded, draft }: Item): FencedRecord => ({
  subject,
  bytes: encoded.bytes,
  expectedLastSeq: draft.prevSeq,
});
