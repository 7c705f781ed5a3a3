import { type Drift, type Json, jsonSchema } from '@throughline/contracts';
import { firstDifference } from '@throughline/history';
import type { PoolClient } from 'pg';
import { quoted } from './batch-transaction.ts';
import type { Table } from './digest.ts';

/** A row that the serving tables and the folded ones do not agree about; values by the table's columns, as text. */
export interface DifferentRow {
  readonly key: Readonly<Record<string, string>>;
  readonly stored: readonly (string | null)[] | null;
  readonly folded: readonly (string | null)[] | null;
}

export interface Compared {
  readonly rows: readonly DifferentRow[];
  /** Of all rows that differ, listed or not. */
  readonly total: number;
}

export interface Comparison {
  readonly serving: string;
  readonly folded: string;
  readonly table: Table;
  /** Columns that both have. */
  readonly columns: readonly string[];
  readonly limit: number;
  /** Rows of the serving tables that the folded ones do not have are looked at too, all of them or those with this condition. */
  readonly unexpected: 'none' | 'all' | { readonly column: string; readonly upTo: number };
}

interface FoundRow {
  readonly key: string[];
  readonly stored: (string | null)[] | null;
  readonly folded: (string | null)[] | null;
  readonly total: string;
}

/** Compares as text: `json` has no equality, and what it holds has to be the same text. */
export const differentRows = async (client: PoolClient, comparison: Comparison): Promise<Compared> => {
  const { serving, folded, table, columns, limit, unexpected } = comparison;
  const name = quoted(table.name);
  const keys = table.key.map(quoted);
  const texts = (side: string): string => columns.map((column) => `${side}.${quoted(column)}::text`).join(', ');
  const [first] = keys;
  if (first === undefined) throw new Error(`table ${table.name} has no primary key`);
  const { rows } = await client.query<FoundRow>(
    `SELECT ARRAY[${keys.map((key) => `coalesce(s.${key}::text, f.${key}::text)`).join(', ')}] AS key,
            CASE WHEN s.${first} IS NOT NULL THEN ARRAY[${texts('s')}] END AS stored,
            CASE WHEN f.${first} IS NOT NULL THEN ARRAY[${texts('f')}] END AS folded,
            count(*) OVER () AS total
       FROM ${quoted(serving)}.${name} s
       ${unexpected === 'none' ? 'RIGHT' : 'FULL'} JOIN ${quoted(folded)}.${name} f
         ON ${keys.map((key) => `s.${key} = f.${key}`).join(' AND ')}
      WHERE (s.${first} IS NULL OR f.${first} IS NULL OR ROW(${texts('s')}) IS DISTINCT FROM ROW(${texts('f')}))
        ${typeof unexpected === 'object' ? `AND (f.${first} IS NOT NULL OR s.${quoted(unexpected.column)} <= ${unexpected.upTo})` : ''}
      ORDER BY ${keys.map((key) => `coalesce(s.${key}, f.${key})`).join(', ')}
      LIMIT ${limit}`,
  );
  return {
    rows: rows.map(({ key, stored, folded: made }) => ({
      key: Object.fromEntries(table.key.map((column, i) => [column, key[i] ?? ''])),
      stored,
      folded: made,
    })),
    total: Number(rows[0]?.total ?? 0),
  };
};

export const countRows = async (client: PoolClient, schema: string, table: string): Promise<number> =>
  Number(
    (await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${quoted(schema)}.${quoted(table)}`)).rows[0]?.n ?? 0,
  );

const TEXT_MAX = 1_000;
const clipped = (text: string | null): string | null =>
  text !== null && text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;

/** What of a row is wrong, a line for each field. */
export const driftOf = (table: string, columns: readonly string[], row: DifferentRow): readonly Drift[] => {
  const { key, stored, folded } = row;
  if (!folded) return [{ table, key, problem: 'unexpected' }];
  if (!stored) return [{ table, key, problem: 'missing' }];
  return columns.flatMap((field, i): readonly Drift[] => {
    const [held, made] = [stored[i] ?? null, folded[i] ?? null];
    return held === made ? [] : [{ table, key, problem: 'field', field, ...whereOf(held, made) }];
  });
};

const jsonOf = (text: string | null): Json | undefined => {
  if (text === null || !/^[[{]/.test(text)) return undefined;
  try {
    return jsonSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** Inside a JSON value the difference is named by its pointer. */
const whereOf = (held: string | null, made: string | null): Pick<Drift, 'pointer' | 'stored' | 'folded'> => {
  const [stored, folded] = [jsonOf(held), jsonOf(made)];
  const at = stored !== undefined && folded !== undefined ? firstDifference(folded, stored) : undefined;
  if (!at || at.pointer === '') return { stored: clipped(held), folded: clipped(made) };
  const text = (value: Json): string | null => clipped(JSON.stringify(value));
  return { pointer: at.pointer, stored: text(at.actual), folded: text(at.expected) };
};
