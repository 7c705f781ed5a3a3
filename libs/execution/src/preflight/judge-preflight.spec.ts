import type { PreflightFinding, StartExecution } from '@throughline/contracts';
import { codeOf, exampleMachines, givenMachine, typesOf } from '../spec/given-when-then.ts';

const { machine, ONE_TASK, task } = exampleMachines;
const REQUIRED = machine({ Work: task() }, { Throughline: { Preflight: 'required' } });
const finding = (outcome: PreflightFinding['outcome']): PreflightFinding => ({
  check: 'handlers',
  outcome,
  sentence: `this is ${outcome}`,
  recommendedActions: [],
});
const started = (definition: typeof ONE_TASK, more: Partial<StartExecution>) => {
  const under = givenMachine(definition);
  const body = { workflow: 'example', input: {}, trigger: 'manual' as const, ...more };
  return { under, then: under.when({ type: 'StartExecution', body }) };
};

describe('a start that requires a preflight', () => {
  test('is refused with the findings where one is an error, and nothing is started', () => {
    const preflightResult = { checks: 4, findings: [finding('error'), finding('warn')] };
    const { under, then } = started(REQUIRED, { preflightResult });
    expect(then.outcomes).toMatchObject([
      { kind: 'refused', refusal: { code: 'TL0173', details: { findings: preflightResult.findings } } },
    ]);
    expect(under.state.version).toBe(0);
  });

  test('is refused where nobody has looked', () => {
    expect(codeOf(started(REQUIRED, {}).then)).toBe('TL0173');
    expect(codeOf(started(ONE_TASK, { preflight: 'required' }).then)).toBe('TL0173');
  });

  test('passes with warnings, which stand with it, and goes on', () => {
    const preflightResult = { checks: 4, findings: [finding('warn')] };
    const { under, then } = started(ONE_TASK, { preflight: 'required', preflightResult });
    expect(typesOf(then)).toEqual(['ExecutionStarted', 'PreflightPassed', 'StateEntered', 'StepScheduled']);
    expect(under.state).toMatchObject({ status: 'running', preflight: preflightResult });
  });

  test('is the same start as one that requires none', () => {
    const { under } = started(ONE_TASK, { preflight: 'required', preflightResult: { checks: 1, findings: [] } });
    expect(under.start().outcomes).toMatchObject([{ kind: 'accepted', duplicate: true }]);
  });
});

test('nobody else’s start has anything of a preflight', () => {
  const { under, then } = started(ONE_TASK, {});
  expect(typesOf(then)).not.toContain('PreflightPassed');
  expect(under.state.preflight).toBeNull();
});
