import { type Json, type StartExecution, tenantSchema } from '@throughline/contracts';
import fc from 'fast-check';
import { commandIdOfKey, executionIdOfKey, keyIsTaken } from './idempotency.ts';
import { codeOf, exampleMachines, givenMachine, type Then } from './spec/given-when-then.ts';

const TENANT = tenantSchema.parse('default');
const { ONE_TASK } = exampleMachines;
const BODY: StartExecution = {
  workflow: 'example',
  input: { order: 7 },
  trigger: 'manual',
  labels: { team: 'a' },
  priority: 'high',
};

const startedTwice = (second: Partial<StartExecution>): Then => {
  const under = givenMachine(ONE_TASK);
  under.when({ type: 'StartExecution', body: BODY });
  return under.when({ type: 'StartExecution', body: { ...BODY, ...second } });
};
const differsIn = (then: Then): unknown =>
  then.outcomes[0]?.kind === 'refused' ? then.outcomes[0].refusal.details : undefined;

describe('a start that comes again under the id of the first', () => {
  test('is the first one, whoever sends it and for whatever reason', () => {
    for (const same of [{}, { trigger: 'retry' as const }, { runId: 'another' }, { idempotencyKey: 'k' }]) {
      expect(startedTwice(same).outcomes).toMatchObject([{ kind: 'accepted', duplicate: true, version: 1 }]);
    }
  });

  test.each<readonly [Partial<StartExecution>, readonly string[]]>([
    [{ input: { order: 8 } }, ['input']],
    [{ version: 1 }, ['version']],
    [{ workflow: 'other' }, ['workflow']],
    [{ labels: { team: 'b' } }, ['labels']],
    [{ labels: undefined }, ['labels']],
    [{ priority: 'low', input: 1 }, ['input', 'priority']],
    [{ mode: 'immediate' }, ['mode']],
  ])('is refused where %j differs, and hears in what', (second, differs) => {
    const then = startedTwice(second);
    expect(codeOf(then)).toBe('TL0104');
    expect(differsIn(then)).toEqual({ differs });
  });

  test('no labels and labels without one are the same', () => {
    const under = givenMachine(ONE_TASK);
    const { labels: _labels, ...body } = BODY;
    under.when({ type: 'StartExecution', body });
    const then = under.when({ type: 'StartExecution', body: { ...body, labels: {} } });
    expect(then.outcomes).toMatchObject([{ kind: 'accepted', duplicate: true }]);
  });

  test('long after it has ended is still the first one', () => {
    const under = givenMachine(ONE_TASK);
    under.when({ type: 'StartExecution', body: BODY });
    under.complete({ done: true });
    const then = under.later(1_000 * 86_400_000).when({ type: 'StartExecution', body: BODY });
    expect(then.outcomes).toMatchObject([{ kind: 'accepted', duplicate: true, version: 1 }]);
  });
});

describe('a command with an idempotency key', () => {
  const cancel = (reason: string) => ({
    id: commandIdOfKey(TENANT, 'key-1', 'CancelExecution', { reason }),
    command: { type: 'CancelExecution' as const, body: { reason } },
  });

  test('is done once, and answered as the first time', () => {
    const under = givenMachine(ONE_TASK);
    under.start();
    const { id, command } = cancel('enough');
    expect(under.when(command, id).outcomes).toMatchObject([{ kind: 'accepted', duplicate: false, version: 2 }]);
    expect(under.when(command, id).outcomes).toMatchObject([{ kind: 'accepted', duplicate: true, version: 2 }]);
  });

  test('is refused where the key was used for another content', () => {
    const under = givenMachine(ONE_TASK);
    under.start();
    const first = cancel('enough');
    under.when(first.command, first.id);
    const other = cancel('another reason');
    expect(codeOf(under.when(other.command, other.id))).toBe('TL0171');
  });
});

describe('the ids that keys give', () => {
  const keys = fc.string({ minLength: 1, maxLength: 256 });

  test('are the same again for one tenant, and others for another', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(executionIdOfKey(TENANT, key)).toBe(executionIdOfKey(TENANT, key));
        expect(executionIdOfKey(TENANT, key)).not.toBe(executionIdOfKey(tenantSchema.parse('globex'), key));
      }),
    );
  });

  test('differ by content, and only then is a key taken', () => {
    fc.assert(
      fc.property(keys, keys, fc.jsonValue(), fc.jsonValue(), (a, b, one, other) => {
        const id = (key: string, body: unknown) => commandIdOfKey(TENANT, key, 'Pause', body as Json);
        const decided = [{ id: id(a, one) }];
        const sameContent = JSON.stringify(one) === JSON.stringify(other);
        if (sameContent) expect(keyIsTaken(decided, id(a, other))).toBe(false);
        if (a !== b) expect(keyIsTaken(decided, id(b, other))).toBe(false);
        if (id(a, one) !== id(a, other)) expect(keyIsTaken(decided, id(a, other))).toBe(true);
      }),
    );
  });
});
