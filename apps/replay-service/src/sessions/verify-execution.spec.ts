import type { ResolvedMachine } from '@throughline/execution';
import type { LoggedCommit } from '@throughline/event-log';
import { exampleMachines, ExecutionUnderTest, resolved } from '@throughline/execution/given-when-then';
import { replayExecution } from '@throughline/history';
import { inTurns } from './turns.ts';

const machine = resolved(exampleMachines.machine({ Work: exampleMachines.task({ HeartbeatSeconds: 60 }) }));

const historyOf = (heartbeats: number): readonly LoggedCommit[] => {
  const execution = new ExecutionUnderTest(machine);
  execution.start();
  for (let i = 0; i < heartbeats; i += 1) execution.heartbeat();
  execution.complete({ ok: true });
  return execution.log.map((at) => ({ ...at, storedAt: execution.now }));
};

const verified = (history: readonly LoggedCommit[], found: ResolvedMachine | undefined) =>
  inTurns(replayExecution(history, () => found, { mode: 'full' }));

describe('verifying an execution', () => {
  it('says identical of what was decided', async () => {
    expect(await verified(historyOf(3), machine)).toMatchObject({
      verdict: 'identical',
      commits: 5,
      matchPercent: 100,
      steps: [{ state: 'Work', frame: '0', visit: 1, verdict: 'identical' }],
    });
  });

  it('lets others have their turn during a long history', async () => {
    const history = historyOf(2_000);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const startedMs = performance.now();
    const verdict = await verified(history, machine);
    clearInterval(ticking);
    expect(verdict.verdict).toBe('identical');
    // One turn per 20 ms is promised; a fifth of that leaves room for a busy machine.
    expect(turns).toBeGreaterThanOrEqual(Math.floor((performance.now() - startedMs) / 100));
    expect(turns).toBeGreaterThan(0);
  });

  it('says divergent where the log no longer has the version that the execution is pinned to', async () => {
    expect((await verified(historyOf(0), undefined)).verdict).toBe('divergent');
  });
});
