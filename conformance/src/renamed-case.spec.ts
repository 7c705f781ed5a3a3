import { recordedCaseSchema } from './recorded-case.ts';
import { otherName, renamedCase } from './renamed-case.ts';

const recorded = recordedCaseSchema.parse({
  id: 'c1',
  name: 'a case',
  source: 's',
  definition: {
    StartAt: 'First',
    States: {
      First: {
        Type: 'Choice',
        Choices: [{ Variable: '$.order.lines[0].amount', NumericEquals: 1, Next: 'Each' }],
        Default: 'Each',
      },
      Each: {
        Type: 'Map',
        ItemsPath: "$['order']",
        ItemProcessor: {
          StartAt: 'Inner',
          States: { Inner: { Type: 'Pass', Parameters: { 'a.$': "States.Format('{}', $.order)" }, End: true } },
        },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'First' }],
        End: true,
      },
    },
  },
  input: { order: { First: 'First' }, used: 1 },
  expected: {
    status: 'FAILED',
    error: 'States.Runtime',
    cause: `An error occurred while executing the state 'Inner' (entered at the event id #4): no 'used' in {"order":1}`,
    events: [
      { type: 'ChoiceStateEntered', name: 'First', input: { order: { First: 'First' }, used: 1 } },
      { type: 'MapIterationStarted', name: 'Each', index: 0 },
    ],
  },
});

describe('a case under other names', () => {
  const [first, each, inner, order] = ['First', 'Each', 'Inner', 'order'].map(otherName);

  it('has every state renamed where the language names it', () => {
    const { definition, expected } = renamedCase(recorded);
    expect(definition).toMatchObject({
      StartAt: first,
      States: {
        [first ?? '']: { Default: each, Choices: [{ Next: each }] },
        [each ?? '']: {
          ItemProcessor: { StartAt: inner, States: { [inner ?? '']: { Type: 'Pass' } } },
          Catch: [{ Next: first }],
        },
      },
    });
    expect(expected.events.map(({ name }) => name)).toEqual([first, each]);
    expect(expected.cause).toContain(`the state '${inner}' (entered`);
  });

  it('has the keys of its input renamed in data, paths and JSON text', () => {
    const { definition, input, expected } = renamedCase(recorded);
    const text = JSON.stringify(definition);
    expect(text).toContain(`$.${order}.lines[0].amount`);
    expect(text).toContain(`$['${order}']`);
    expect(text).toContain(`States.Format('{}', $.${order})`);
    expect(input).toMatchObject({ [order ?? '']: { First: 'First' } });
    expect(expected.events[0]?.input).toMatchObject({ [order ?? '']: { First: 'First' } });
    expect(expected.cause).toContain(`{"${order}":1}`);
  });

  it('keeps a key that cannot be followed everywhere', () => {
    expect(renamedCase(recorded).input).toMatchObject({ used: 1 });
  });

  it('has another id, so that its workflow and execution have other names', () => {
    expect(renamedCase(recorded).id).not.toBe(recorded.id);
  });

  it('never has two names become one', () => {
    const names = ['a', 'n', 'A', 'N', 'State0', 'Fgngr0', 'ä', '1'];
    expect(new Set(names.map(otherName)).size).toBe(names.length);
    for (const name of names) expect(otherName(otherName(name))).toBe(name);
  });
});
