import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own, so that it can be full while the machine's disk is not. */
export interface SmallDisk {
  /** `ext4`: a file of the machine's disk, mounted, so that an fsync is one. `tmpfs`: memory. */
  readonly kind: 'ext4' | 'tmpfs';
  readonly path: string;
  /** Leaves no byte free. */
  fill(): void;
  free(): void;
  remove(): void;
}

export type Mounted = SmallDisk | { readonly kind: 'refused'; readonly why: string };

const run = (command: string, args: readonly string[]): string | undefined => {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  return done.status === 0 ? undefined : (done.error?.message ?? done.stderr.trim());
};

const FILLER = 'filler';
/** What is left when the filler does not fit in one piece. */
const GRAIN_BYTES = 1024 * 1024;

/** Mounts a file with ext4 in it; where that is not to be had a tmpfs; `refused` where this process may not mount. */
export const mountSmallDisk = (dir: string, bytes: number): Mounted => {
  const path = join(dir, 'small-disk');
  const image = join(dir, 'small-disk.img');
  mkdirSync(path, { recursive: true });
  writeFileSync(image, '');
  truncateSync(image, bytes);
  const noExt4 = run('mkfs.ext4', ['-q', '-F', '-m', '0', image]) ?? run('mount', ['-o', 'loop', image, path]);
  if (noExt4 === undefined) return diskAt('ext4', path, image);
  rmSync(image);
  const noTmpfs = run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'throughline-chaos', path]);
  if (noTmpfs === undefined) return diskAt('tmpfs', path, image);
  return { kind: 'refused', why: `neither ext4 (${noExt4}) nor tmpfs (${noTmpfs}) can be mounted` };
};

const diskAt = (kind: SmallDisk['kind'], path: string, image: string): SmallDisk => {
  const filler = join(path, FILLER);
  const unmount = (): void => void run('umount', ['-l', path]);
  process.once('exit', unmount);
  return {
    kind,
    path,
    fill: () => {
      const { bavail, bsize } = statfsSync(path);
      run('fallocate', ['-l', String(Math.max(bsize, bavail * bsize - GRAIN_BYTES)), filler]);
      // To the last byte: it ends with an error, and that is what is wanted.
      run('dd', ['if=/dev/zero', `of=${filler}.rest`, 'bs=4k', 'status=none']);
    },
    free: () => {
      for (const file of [filler, `${filler}.rest`]) rmSync(file, { force: true });
    },
    remove: () => {
      process.off('exit', unmount);
      unmount();
      rmSync(image, { force: true });
    },
  };
};
