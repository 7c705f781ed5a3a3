import type { LoggedCommit } from '@throughline/event-log';
import { exampleMachines, ExecutionUnderTest, resolved } from '@throughline/execution/given-when-then';
import { verifyExecution } from './verify-execution.ts';

const machine = resolved(exampleMachines.machine({ Work: exampleMachines.task({ HeartbeatSeconds: 60 }) }));

const historyOf = (heartbeats: number): readonly LoggedCommit[] => {
  const execution = new ExecutionUnderTest(machine);
  execution.start();
  for (let i = 0; i < heartbeats; i += 1) execution.heartbeat();
  execution.complete({ ok: true });
  return execution.log.map((at) => ({ ...at, storedAt: execution.now }));
};

describe('verifying an execution', () => {
  it('says identical of what was decided', async () => {
    const verdict = await verifyExecution(historyOf(3), machine);
    expect(verdict).toMatchObject({ verdict: 'identical', commits: 5, matchPercent: 100 });
  });

  it('lets others have their turn during a long history', async () => {
    const history = historyOf(2_000);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const startedMs = performance.now();
    const verdict = await verifyExecution(history, machine);
    clearInterval(ticking);
    expect(verdict.verdict).toBe('identical');
    // One turn per 20 ms is promised; a fifth of that leaves room for a busy machine.
    expect(turns).toBeGreaterThanOrEqual(Math.floor((performance.now() - startedMs) / 100));
    expect(turns).toBeGreaterThan(0);
  });

  it('says divergent where the log no longer has the version that the execution is pinned to', async () => {
    expect((await verifyExecution(historyOf(0), undefined)).verdict).toBe('divergent');
  });
});
