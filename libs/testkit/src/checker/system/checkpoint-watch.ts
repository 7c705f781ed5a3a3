import { createPool } from '@throughline/projections';
import type { Pool } from 'pg';
import type { PromiseTable } from '../promise-table.ts';

interface Place {
  readonly schema: string;
  readonly created: string;
  readonly seq: number;
}

const EVERY_MS = 500;

/** The schemas that a projection writes to; a rebuild's own are beside them. */
export const projectedSchemas = async (pool: Pool): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ schema: string }>(
    `SELECT table_schema AS schema FROM information_schema.tables
      WHERE table_name = 'projection_checkpoint' AND table_schema !~ '_(drift|rebuild|shadow|old)$' ORDER BY 1`,
  );
  return rows.map(({ schema }) => schema);
};

export const checkpointsOf = async (pool: Pool): Promise<readonly Place[]> => {
  const schemas = await projectedSchemas(pool);
  const places: Place[] = [];
  for (const schema of schemas) {
    const { rows } = await pool.query<{ created: string; seq: string }>(
      `SELECT created, seq FROM "${schema}".projection_checkpoint`,
    );
    for (const { created, seq } of rows) places.push({ schema, created, seq: Number(seq) });
  }
  return places;
};

/** Looks at every checkpoint again and again while tests run: none may ever go back. */
export class CheckpointWatch {
  readonly #pool: Pool;
  readonly #highest = new Map<string, number>();
  readonly #back: { readonly schema: string; readonly problem: string }[] = [];
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(databaseUrl: string) {
    this.#pool = createPool({ databaseUrl, name: 'checkpoint-watch', connectionsMax: 1 });
    this.#next();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#looking;
    clearTimeout(this.#timer);
    await this.#pool.end();
  }

  async look(): Promise<void> {
    for (const { schema, created, seq } of await checkpointsOf(this.#pool)) {
      this.#looks += 1;
      const key = `${schema} of the log of ${created}`;
      const before = this.#highest.get(key) ?? 0;
      if (seq < before) this.#back.push({ schema, problem: `from ${before} back to ${seq}` });
      this.#highest.set(key, Math.max(before, seq));
    }
  }

  note(table: PromiseTable): void {
    table.reset('checkpoints');
    table.checked('checkpoints', this.#looks);
    for (const { schema, problem } of this.#back) table.violated('checkpoints', schema, problem);
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      // A database that is down, or whose tables are not there yet, is looked at later.
      this.#looking = this.look()
        .catch(() => undefined)
        .then(() => this.#next());
    }, EVERY_MS);
    this.#timer.unref();
  }
}
