import { readFileSync } from 'node:fs';

/** Linux counts processor time in ticks of 10 ms on every platform that Node runs on. */
const TICK_US = 10_000;

/** User and system time of a process so far in microseconds; undefined where /proc does not tell. */
export const cpuTimeUs = (pid: number): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces, so the fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return undefined;
  }
};

/** Of a process and all its children, for Postgres, which forks one per connection. */
export const cpuTimeOfTreeUs = (pid: number): number | undefined => {
  const own = cpuTimeUs(pid);
  if (own === undefined) return undefined;
  let children: string[] = [];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  } catch {
    // A kernel without that file: the parent's own time is all that can be said.
  }
  return children.reduce((sum, child) => sum + (cpuTimeOfTreeUs(Number(child)) ?? 0), own);
};
