import { logRecordSchema, type LogRecord } from '@throughline/contracts';
import fc from 'fast-check';
import { LogBuffer } from './log-buffer.ts';
import { LogWriter, type Stored } from './log-writer.ts';

const line = (n: number): LogRecord =>
  logRecordSchema.parse({
    v: 1,
    tenant: 'acme',
    id: `line-${n}`,
    at: '2026-01-01T00:00:00.000Z',
    level: 'ok',
    domain: 'step',
    service: 'worker',
    message: `line ${n}`,
  });

describe('the log buffer', () => {
  it('drops and counts what comes in while it is full, and keeps what it holds', () => {
    const buffer = new LogBuffer(3);
    expect([1, 2, 3, 4, 5].map((n) => buffer.record(line(n)))).toEqual([true, true, true, false, false]);
    expect(buffer.dropped).toBe(2);
    expect(buffer.take(10).map(({ id }) => id)).toEqual(['line-1', 'line-2', 'line-3']);
  });

  it('has no room for a batch that is still being stored', () => {
    const buffer = new LogBuffer(2);
    buffer.record(line(1));
    buffer.record(line(2));
    const batch = buffer.take(10);
    expect(buffer.record(line(3))).toBe(false);
    buffer.settle(batch, 'stored');
    expect(buffer.record(line(4))).toBe(true);
  });

  it('never holds more than its bound, and every line is stored, held or counted as dropped', () => {
    const steps = fc.array(fc.oneof(fc.constant('record'), fc.constantFrom('store', 'fail')), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (actions, linesMax) => {
        const buffer = new LogBuffer(linesMax);
        let stored = 0;
        let offered = 0;
        for (const action of actions) {
          if (action === 'record') {
            buffer.record(line((offered += 1)));
          } else {
            const batch = buffer.take(7);
            buffer.settle(batch, action === 'store' ? 'stored' : 'dropped');
            if (action === 'store') stored += batch.length;
          }
          expect(buffer.size).toBeLessThanOrEqual(linesMax);
          expect(stored + buffer.size + buffer.dropped).toBe(offered);
        }
      }),
    );
  });
});

describe('the log writer', () => {
  const writerOf = (buffer: LogBuffer, answers: readonly Stored[]) => {
    const stored: string[] = [];
    const problems: string[] = [];
    let calls = 0;
    const writer = new LogWriter(buffer, {
      store: async (batch) => {
        const answer = answers[calls] ?? { kind: 'stored' };
        calls += 1;
        if (answer.kind === 'stored') stored.push(...batch.map(({ id }) => id));
        return answer;
      },
      onProblem: (problem) => problems.push(problem),
    });
    return { writer, stored, problems };
  };

  it('stores everything that was recorded before it is closed', async () => {
    const buffer = new LogBuffer(10_000);
    const { writer, stored } = writerOf(buffer, []);
    for (let n = 0; n < 2_500; n += 1) buffer.record(line(n));
    await writer.close();
    expect(stored).toHaveLength(2_500);
    expect(buffer.size).toBe(0);
  });

  it('keeps a batch while the database is away, also over its own closing', async () => {
    const buffer = new LogBuffer(10);
    const { writer, stored } = writerOf(buffer, [{ kind: 'unavailable', problem: 'no connection' }]);
    buffer.record(line(1));
    await writer.close();
    expect(stored).toEqual(['line-1']);
    expect(buffer.dropped).toBe(0);
  });

  it('gives up lines that can never be stored, counts them and says so', async () => {
    const buffer = new LogBuffer(10);
    const { writer, stored, problems } = writerOf(buffer, [{ kind: 'unstorable', problem: 'not a text' }]);
    buffer.record(line(1));
    await writer.close();
    expect(stored).toEqual([]);
    expect(buffer.dropped).toBe(1);
    expect(problems).toContain('1 log lines were dropped');
  });
});
