import { aggregateIdSchema, type Origin, type SentCommand, tenantSchema } from '@throughline/contracts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { FairTurns } from './fair-turns.ts';

const ACME = tenantSchema.parse('acme');
const GLOBEX = tenantSchema.parse('globex');
const NOW = 1_000_000;
const ONE = aggregateIdSchema.parse('one');

const admission = (options: Partial<AdmissionOptions> = {}) => {
  const turns = new FairTurns(4);
  const of = new Admission({ turns, inHandMax: 10, lateMs: 10_000, nowMs: () => NOW, ...options });
  const asked = (given: {
    type?: string;
    origin?: Origin;
    waitedMs?: number;
    deliveries?: number;
    tenant?: typeof ACME;
  }) => {
    const { type = 'StartExecution', origin = 'client', waitedMs = 0, deliveries = 1, tenant = ACME } = given;
    // Nothing but its type is looked at.
    const command = { type } as SentCommand;
    return of.refusalOf({ tenant, origin, command, storedAtMs: NOW - waitedMs, deliveries })?.code;
  };
  const hold = (tenant: typeof ACME, times: number): void => {
    for (let i = 0; i < times; i += 1) void turns.run(tenant, () => new Promise(() => {}));
  };
  return { of, asked, hold };
};

describe('admission', () => {
  test('a start that lay on the queue for too long is sent away, to be repeated', () => {
    const { asked, of } = admission();
    expect(asked({ waitedMs: 10_000 })).toBeUndefined();
    expect(asked({ waitedMs: 10_001 })).toBe('TL0208');
    expect(of.refused).toEqual({ late: 1, tenant: 0, lag: 0 });
  });

  test('one that was delivered before may be on the log, and passes', () => {
    expect(admission().asked({ waitedMs: 60_000, deliveries: 2 })).toBeUndefined();
  });

  test('nothing begins while the read model is too far behind, and what has begun goes on', () => {
    let commits = 501;
    const { asked, of } = admission({ lag: { commits: () => commits, max: 500 } });
    expect([asked({}), asked({ type: 'CompleteStep' }), asked({ origin: 'system' })]).toEqual([
      'TL0208',
      undefined,
      undefined,
    ]);
    commits = 500;
    expect(asked({})).toBeUndefined();
    expect(of.refused).toEqual({ late: 0, tenant: 0, lag: 1 });
  });

  test("what has begun passes, and so do the engine's own starts", () => {
    const { asked, hold } = admission();
    hold(ACME, 20);
    hold(GLOBEX, 1);
    for (const type of ['CompleteStep', 'CancelExecution', 'SignalExecution']) {
      expect(asked({ type, waitedMs: 60_000 })).toBeUndefined();
    }
    expect(asked({ origin: 'system', waitedMs: 60_000 })).toBeUndefined();
  });

  test('a tenant may fill all there is while it is alone, and half of it beside others', () => {
    const { asked, hold } = admission();
    hold(ACME, 20);
    expect(asked({})).toBeUndefined();
    hold(GLOBEX, 1);
    expect([asked({}), asked({ tenant: GLOBEX })]).toEqual(['TL0207', undefined]);
  });

  test('a tenant has so many executions open, and more when some have ended', () => {
    const { asked, of } = admission({ openMax: 2 });
    expect([asked({}), asked({}), asked({}), asked({ tenant: GLOBEX })]).toEqual([
      undefined,
      undefined,
      'TL0207',
      undefined,
    ]);
    of.committed({ tenant: ACME, aggregate: 'execution', aggregateId: ONE, events: [{ type: 'ExecutionFailed' }] });
    expect([asked({}), asked({})]).toEqual([undefined, 'TL0207']);
  });

  test('what it has just started counts though the read model does not know of it yet, and as often as there are orchestrators', async () => {
    const { asked, of } = admission({ openMax: 2, orchestrators: () => 2, countOpen: () => Promise.resolve(0) });
    const happened = (type: string) =>
      of.committed({ tenant: ACME, aggregate: 'execution', aggregateId: ONE, events: [{ type }] });
    expect(asked({})).toBeUndefined();
    happened('ExecutionStarted');
    // The read model has answered: nothing is open, as far as it is.
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked({})).toBe('TL0207');
    happened('ExecutionSucceeded');
    expect(asked({})).toBeUndefined();
  });

  test('those that other orchestrators and earlier ones have opened count too', async () => {
    const { asked } = admission({ openMax: 2, countOpen: (_tenant, upTo) => Promise.resolve(Math.min(7, upTo)) });
    asked({});
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked({})).toBe('TL0207');
  });
});
