import type { AggregateRef } from '@throughline/contracts';
import type { Effect } from '@throughline/execution';
import type { CommandLoop } from '../commands/command-loop.ts';
import { instantOf } from '../log-clock.ts';

const PAGE = 100;

export interface StandingStillWalkParts<Row> {
  readonly loop: Pick<CommandLoop, 'republish'>;
  /** What nothing happened to since `before`, after the given one. */
  readonly pageOf: (before: string, limit: number, after?: Row) => Promise<readonly Row[]>;
  readonly refOf: (row: Row) => AggregateRef;
  /** Which of what is awaited has to be published again. */
  readonly missing: (effects: readonly Effect[]) => Promise<readonly Effect[]>;
  readonly standingStillMs: number;
  readonly onRepublished: (row: Row, effects: number) => void;
  readonly nowMs: () => number;
}

/** Goes through everything that stands still, a bounded page a tick, so that what waits for days does not hide the others. */
export class StandingStillWalk<Row> {
  private readonly parts: StandingStillWalkParts<Row>;
  private position: Row | undefined;
  private stopped = false;

  constructor(parts: StandingStillWalkParts<Row>) {
    this.parts = parts;
  }

  async tick(): Promise<void> {
    const page = await this.parts.pageOf(this.before(), PAGE, this.position);
    this.position = page.length === PAGE ? page.at(-1) : undefined;
    await this.lookAt(page);
  }

  /** Those that `read` finds and that are no part of the walk. */
  async alsoLookAt(read: (before: string, limit: number) => Promise<readonly Row[]>): Promise<void> {
    await this.lookAt(await read(this.before(), PAGE));
  }

  stop(): void {
    this.stopped = true;
  }

  private before(): string {
    return instantOf(this.parts.nowMs() - this.parts.standingStillMs);
  }

  private async lookAt(rows: readonly Row[]): Promise<void> {
    const { loop, refOf, missing, onRepublished } = this.parts;
    for (const row of rows) {
      if (this.stopped) return;
      const count = await loop.republish(refOf(row), missing);
      if (count > 0) onRepublished(row, count);
    }
  }
}
