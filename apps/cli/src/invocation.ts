import { everyItem, type Page, type ThroughlineClient } from '@throughline/client';
import type { Connection } from './connection.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** What a command has to work with. */
export interface Invocation {
  readonly client: ThroughlineClient;
  readonly connection: Connection;
  readonly terminal: Terminal;
}

/** Makes an action of the command line out of what a command does. */
export type Run = <A extends unknown[]>(
  action: (cli: Invocation, ...args: A) => Promise<ExitCode>,
) => (...args: A) => Promise<void>;

const ITEMS_MAX = 100_000;

/** All items of a list that belongs to one execution, which is bounded; the cap only ends a server gone wrong. */
export const allItems = async <T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> => {
  const items: T[] = [];
  for await (const item of everyItem(fetchPage)) {
    items.push(item);
    if (items.length >= ITEMS_MAX) break;
  }
  return items;
};
