import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from './failures.ts';

export interface Connection {
  readonly url: string;
  readonly apiKey: string | undefined;
  /** Said by `doctor`, so that nobody has to guess which key was sent. */
  readonly keyFrom: string;
}

const DEFAULT_URL = 'http://127.0.0.1:7400';
const localKeySchema = z.object({ url: z.url(), key: z.string().min(1) });

interface Given {
  readonly flags: { readonly url?: string; readonly key?: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
}

/** Flags, then environment, then the key file that `npm start` leaves; each of address and key by itself. */
export const findConnection = ({ flags, env, workingDirectory }: Given): Connection => {
  const file = localKeyFile(env, workingDirectory);
  const local = file === undefined ? undefined : readLocalKey(file);
  const url = flags.url ?? (env['THROUGHLINE_URL'] || undefined) ?? local?.url ?? DEFAULT_URL;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`not an http(s) address: ${url}`);
  }
  if (flags.key) return { url, apiKey: flags.key, keyFrom: '--api-key' };
  if (env['THROUGHLINE_API_KEY']) return { url, apiKey: env['THROUGHLINE_API_KEY'], keyFrom: 'THROUGHLINE_API_KEY' };
  // A key is for the address it stands beside: another server must not be handed it.
  if (local && new URL(local.url).origin === new URL(url).origin) {
    return { url, apiKey: local.key, keyFrom: String(file) };
  }
  return { url, apiKey: undefined, keyFrom: local ? `none: the key in ${file} is for ${local.url}` : 'none found' };
};

const localKeyFile = (env: Given['env'], workingDirectory: string): string | undefined => {
  const home = env['THROUGHLINE_HOME'];
  if (home) return [join(resolve(workingDirectory, home), 'local-key.json')].find(existsSync);
  for (let folder = resolve(workingDirectory); ; folder = dirname(folder)) {
    const file = join(folder, '.throughline', 'local-key.json');
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return undefined;
  }
};

const readLocalKey = (file: string): z.infer<typeof localKeySchema> => {
  try {
    return localKeySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new UsageError(`${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
};
