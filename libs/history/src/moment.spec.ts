import { asOfSchema, positionSchema } from '@throughline/contracts';
import { givenMachine, exampleMachines } from '@throughline/execution/given-when-then';
import { decidedAt, momentOf, positionOf, wasThere } from './moment.ts';

describe('a place in a history', () => {
  it('is a commit, or a time of any zone', () => {
    expect(positionOf('12')).toEqual({ kind: 'version', version: 12 });
    expect(positionOf('2026-01-31T13:30:00.5+01:30')).toEqual({ kind: 'instant', at: '2026-01-31T12:00:00.500Z' });
    expect(momentOf('81200')).toEqual({ kind: 'seq', seq: 81_200 });
    expect(positionOf('2026-02-30T00:00:00Z')).toBeUndefined();
  });

  it.each(['-1', '1.5', 'yesterday', '2026-01-31', '2026-01-31T12:00:00', '2026-01-31T12:00:00 01:00', ''])(
    'is not %j',
    (text) => {
      expect(positionSchema.safeParse(text).success).toBe(false);
      expect(asOfSchema.safeParse(text).success).toBe(false);
    },
  );
});

it('a commit was there from the time of its last command, or from its sequence on', () => {
  const execution = givenMachine(exampleMachines.ONE_TASK);
  execution.start();
  const [logged] = execution.log;
  if (!logged) throw new Error('nothing was logged');
  const at = decidedAt(logged.commit);
  expect(at).toBe(execution.now);
  expect(wasThere({ kind: 'instant', at }, logged)).toBe(true);
  expect(wasThere(momentOf('2026-01-31T11:59:59.999Z') ?? { kind: 'seq', seq: 0 }, logged)).toBe(false);
  expect(wasThere({ kind: 'seq', seq: logged.seq }, logged)).toBe(true);
  expect(wasThere({ kind: 'seq', seq: logged.seq - 1 }, logged)).toBe(false);
});
