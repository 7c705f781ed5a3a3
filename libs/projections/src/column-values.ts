import type { Json } from '@throughline/contracts';

/**
 * A value for a `json` (not `jsonb`) column: text as JSON.stringify gives it. `json` keeps U+0000 as an escape and the
 * keys in their order; `jsonb` refuses the one and loses the other, and one refused payload would stop a projection.
 */
export const jsonColumn = (value: Json | undefined): string | null =>
  value === undefined ? null : JSON.stringify(value);

/** Postgres text cannot hold U+0000, which error names and causes from outside may contain. */
export const textColumn = <T extends string | null>(value: T): T | string =>
  value === null ? value : value.replaceAll('\0', '\uFFFD');
