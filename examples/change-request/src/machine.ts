import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const WORKFLOW = 'change-request';
export const BACKUP_WORKFLOW = 'asset-backup';

export interface ServiceUrls {
  readonly assetsUrl: string;
  readonly receiverUrl: string;
}

/** Beside `src` and `dist`. */
const fileOf = (workflow: string): string => fileURLToPath(new URL(`../${workflow}.asl.json`, import.meta.url));

const filled = (workflow: string, urls: ServiceUrls): Record<string, unknown> => {
  const text = readFileSync(fileOf(workflow), 'utf8').replace(
    /\$\{(assetsUrl|receiverUrl)\}/g,
    (_, name: keyof ServiceUrls) =>
      // Inside a JSON string: quotes and backslashes of a URL must not end it.
      JSON.stringify(urls[name].replace(/\/+$/, '')).slice(1, -1),
  );
  // The cast states what the file holds: a JSON object.
  return JSON.parse(text) as Record<string, unknown>;
};

/** The machine with the addresses of the services filled in: `${assetsUrl}` and the like in the file. */
export const changeRequest = (urls: ServiceUrls): Record<string, unknown> => filled(WORKFLOW, urls);
/** Of the child. */
export const assetBackup = (urls: ServiceUrls): Record<string, unknown> => filled(BACKUP_WORKFLOW, urls);
