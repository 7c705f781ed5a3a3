import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Handler } from '@throughline/worker-sdk';

/** Modules are trusted code of the operator: they run in this process, with all that it may do. */

const urlOf = (specifier: string): string => {
  if (/^(file|data|node):/.test(specifier)) return specifier;
  if (specifier.startsWith('.') || isAbsolute(specifier)) return pathToFileURL(resolve(specifier)).href;
  return specifier;
};

const isHandler = (value: unknown): value is Handler =>
  typeof value === 'object' &&
  value !== null &&
  ['queue', 'name', 'effectClass', 'inputSchema', 'outputSchema', 'invoke'].every((field) => field in value);

/** The handlers that a module exports as `handlers` or as its default. */
const handlersOf = async (specifier: string): Promise<readonly Handler[]> => {
  let exported: Readonly<Record<string, unknown>>;
  try {
    // The cast states what an import gives: a namespace object.
    exported = (await import(urlOf(specifier))) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`THROUGHLINE_HANDLERS: ${specifier} cannot be loaded: ${why}`, { cause });
  }
  const list = exported['handlers'] ?? exported['default'];
  if (!Array.isArray(list) || !list.every(isHandler)) {
    throw new Error(`THROUGHLINE_HANDLERS: ${specifier} must export a list of defineHandler(…) as handlers or default`);
  }
  return list;
};

export const loadHandlers = async (specifiers: readonly string[]): Promise<readonly Handler[]> =>
  (await Promise.all(specifiers.map(handlersOf))).flat();
