import type { NatsConnection } from '@throughline/event-log/jetstream';
import { quantileOf, round } from './measurements.ts';
import { type Paced, sequentialSteps, Workload } from './workload.ts';

/** Tenants that send their share, beside the one that sends twenty times as much. */
const QUIET = ['quiet-1', 'quiet-2', 'quiet-3', 'quiet-4', 'quiet-5'];
const LOUD = 'loud';
const TIMES_ITS_SHARE = 20;
/** Of what the machine can do, by all tenants together while each sends its share. */
const LOAD = 0.5;
const OPEN_MAX = 2_000;
/** What the orchestrator lets one tenant have open. */
export const FAIRNESS_TENANT_OPEN_MAX = 8;
/** Of each quiet tenant, to find out what the machine can do. What is open is known a moment late, so well below the bound. */
const OUTSTANDING = FAIRNESS_TENANT_OPEN_MAX / 2;

export interface Side {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly endedPerSecond: number;
}

export interface Fairness {
  /** Starts a second of each tenant. */
  readonly share: number;
  readonly tenantOpenMax: number;
  /** The quiet tenants while everybody sends a share, and while one sends twenty times as much. */
  readonly before: Side;
  readonly during: Side;
  readonly p99Ratio: number;
  readonly loud: { readonly endedPerSecond: number; readonly refusedPerSecond: number };
}

/** W5: what a tenant at 20 times its share does to the others. */
export const fairness = async (
  nc: NatsConnection,
  { seconds, say }: { readonly seconds: number; readonly say: (line: string) => void },
): Promise<Fairness> => {
  const quiet = QUIET.map((tenant) => new Workload(nc, { tenant, remembers: false }));
  const loud = new Workload(nc, { tenant: LOUD, remembers: false });
  const all = [...quiet, loud];
  try {
    for (const workload of all) {
      await workload.listen();
      await workload.register('bench-3', sequentialSteps(3));
    }
    say('W5: what the machine can do for all tenants together');
    const busy = (ms: number) => Promise.all(quiet.map((workload) => workload.keepBusy('bench-3', OUTSTANDING, ms)));
    await busy(8_000);
    const most = (await busy(5_000)).reduce((sum, { done, seconds: took }) => sum + done / took, 0);
    const share = Math.max(1, (most * LOAD) / all.length);
    const ms = seconds * 1_000;
    const pace = (workload: Workload, perSecond: number): Promise<Paced> =>
      workload.keepPace('bench-3', { perSecond, ms, openMax: OPEN_MAX });
    say(`W5: every tenant at its share, ${round(share)} starts/s`);
    const [before] = await Promise.all([Promise.all(quiet.map((each) => pace(each, share))), pace(loud, share)]);
    say(`W5: one tenant at ${TIMES_ITS_SHARE} times its share`);
    const [during, most20] = await Promise.all([
      Promise.all(quiet.map((each) => pace(each, share))),
      pace(loud, share * TIMES_ITS_SHARE),
    ]);
    const sides = { before: sideOf(before), during: sideOf(during) };
    return {
      share: round(share),
      tenantOpenMax: FAIRNESS_TENANT_OPEN_MAX,
      ...sides,
      p99Ratio: round(sides.during.p99Ms / sides.before.p99Ms),
      loud: {
        endedPerSecond: round(most20.elapsedMs.length / most20.seconds),
        refusedPerSecond: round((most20.refused + most20.leftOut) / most20.seconds),
      },
    };
  } finally {
    for (const workload of all) workload.close();
  }
};

const sideOf = (paced: readonly Paced[]): Side => {
  const sorted = paced.flatMap(({ elapsedMs }) => elapsedMs).sort((a, b) => a - b);
  const seconds = paced[0]?.seconds ?? 1;
  return {
    p50Ms: round(quantileOf(sorted, 0.5)),
    p99Ms: round(quantileOf(sorted, 0.99)),
    endedPerSecond: round(sorted.length / seconds),
  };
};
