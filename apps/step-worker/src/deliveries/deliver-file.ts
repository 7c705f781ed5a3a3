import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { DeliveryTarget, DeliveryTask } from '@throughline/contracts';
import { delivered, DELIVERY_ERRORS, type DeliveryOutcome, failed, failedForGood } from './delivery-outcome.ts';

/** Writes the result to a file below the tenant's folder: whole or not at all, and on disk before it counts. */
export const deliverFile = async (
  task: DeliveryTask,
  target: Extract<DeliveryTarget, { type: 'file' }>,
  directory: string | undefined,
): Promise<DeliveryOutcome> => {
  if (directory === undefined) {
    return failedForGood(DELIVERY_ERRORS.refused, 'no folder is configured for results: THROUGHLINE_DELIVERY_DIR');
  }
  try {
    return await write(task, target.path.replaceAll('{executionId}', task.executionId), directory);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
    // Not the message: it names the folders of this machine, and the log keeps it for ever.
    return failed(DELIVERY_ERRORS.file, `${target.path}: ${code ?? 'the file could not be written'}`);
  }
};

const write = async (task: DeliveryTask, path: string, directory: string): Promise<DeliveryOutcome> => {
  const root = join(directory, task.tenant);
  await mkdir(root, { recursive: true });
  const top = await realpath(root);
  const folder = await folderWithin(top, dirname(path));
  if (folder === undefined) {
    return failedForGood(DELIVERY_ERRORS.refused, `${path} leads out of the folder for results`);
  }
  const draft = join(folder, `.${task.idempotencyKey}.${task.attempt}.part`);
  try {
    const file = await open(draft, 'w', 0o640);
    try {
      await file.writeFile(`${JSON.stringify(task.result)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(folder, basename(path)));
  } catch (thrown) {
    await rm(draft, { force: true });
    throw thrown;
  }
  await syncFolder(folder);
  return delivered(path);
};

/** Step by step: a link that somebody put below the folder must not lead out of it, nor have anything made there. */
const folderWithin = async (top: string, path: string): Promise<string | undefined> => {
  let folder = top;
  for (const segment of path.split('/').filter((part) => part !== '.')) {
    await mkdir(join(folder, segment), { recursive: true });
    folder = await realpath(join(folder, segment));
    if (!folder.startsWith(top + sep)) return undefined;
  }
  return folder;
};

/** The new name is in the folder, which has to be on disk as well. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
