import {
  ACTION_CLASSES,
  MODES,
  PRIORITIES,
  SLA_CLASSES,
  type TimeoutPolicy,
  timeoutPolicySchema,
} from '@throughline/contracts';
import fc from 'fast-check';
import { contradictionIn } from '../tenant/set-timeout-policy.ts';
import { classify, type Asked, type Declared, gravest } from './classify.ts';
import { DEFAULT_POLICIES } from './default-policies.ts';

const some = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const asked: fc.Arbitrary<Asked> = fc.record({
  sla: some(SLA_CLASSES),
  mode: some(MODES),
  priority: some(PRIORITIES),
});
const declared: fc.Arbitrary<Declared> = fc
  .record({ sla: some(SLA_CLASSES), mode: some(MODES), priority: some(PRIORITIES), actionClass: some(ACTION_CLASSES) })
  // The keys that are undefined are as good as absent to the rules.
  .map((keys) => ({ ...keys, any: Object.values(keys).some((key) => key !== undefined) }) as Declared);

const POLICIES: readonly (readonly [string, TimeoutPolicy])[] = SLA_CLASSES.flatMap((sla) =>
  ACTION_CLASSES.map((action) => [`${sla} ${action}`, DEFAULT_POLICIES[sla][action]] as const),
);

describe('the rules of classes', () => {
  test('nobody who says nothing is classified, and everybody who says anything is', () => {
    fc.assert(
      fc.property(declared, asked, (machine, start) => {
        const said = machine.any || Object.values(start).some((key) => key !== undefined);
        expect(classify(machine, start) !== undefined).toBe(said);
      }),
    );
  });

  test('a start goes before its machine, and both before any default', () => {
    fc.assert(
      fc.property(declared, asked, (machine, start) => {
        const classes = classify(machine, start);
        if (!classes) return;
        const {
          sla = classes.slaClass,
          mode = classes.mode,
          priority = classes.priority,
        } = { ...machine, ...clean(start) };
        expect(classes).toMatchObject({ slaClass: sla, mode, priority });
      }),
    );
  });

  test('no start makes an action milder than its machine says', () => {
    fc.assert(
      fc.property(declared, asked, (machine, start) => {
        expect(classify(machine, start)?.actionClass ?? 'change').toBe(machine.actionClass ?? 'change');
      }),
    );
  });

  test('only a read that somebody waits for is answered at once without being asked to', () => {
    const classesOf = (sla: (typeof SLA_CLASSES)[number], actionClass: (typeof ACTION_CLASSES)[number]) =>
      classify({ sla, actionClass, any: true }, {})?.mode;
    expect(classesOf('interactive', 'read')).toBe('immediate');
    expect(classesOf('interactive', 'change')).toBe('background');
    expect(classesOf('interactive', 'destructive')).toBe('background');
    expect(classesOf('standard', 'read')).toBe('background');
  });

  test('the gravest of several counts', () => {
    expect(gravest(['read', 'destructive', undefined, 'change'])).toBe('destructive');
    expect(gravest([undefined, undefined])).toBeUndefined();
  });
});

describe('the nine default policies', () => {
  test.each(POLICIES)('%s: is valid and does not contradict itself', (_name, policy) => {
    expect(timeoutPolicySchema.parse(policy)).toEqual(policy);
    expect(contradictionIn(policy)).toBeUndefined();
    expect(policy.queueWaitMs + policy.stepMs).toBeLessThanOrEqual(policy.executionMs);
  });

  test('no class that may take longer, or that is graver, has less time', () => {
    const times = (policy: TimeoutPolicy) => [
      policy.executionMs,
      policy.stepMs,
      policy.approvalMs,
      policy.cancelGraceMs,
    ];
    const notLess = (a: TimeoutPolicy, b: TimeoutPolicy) =>
      times(a).forEach((ms, i) => expect(times(b)[i]).toBeGreaterThanOrEqual(ms));
    for (const sla of SLA_CLASSES) {
      notLess(DEFAULT_POLICIES[sla].read, DEFAULT_POLICIES[sla].change);
      notLess(DEFAULT_POLICIES[sla].change, DEFAULT_POLICIES[sla].destructive);
    }
    for (const action of ACTION_CLASSES) {
      notLess(DEFAULT_POLICIES.interactive[action], DEFAULT_POLICIES.standard[action]);
      notLess(DEFAULT_POLICIES.standard[action], DEFAULT_POLICIES.batch[action]);
    }
  });
});

const clean = (start: Asked): Asked => JSON.parse(JSON.stringify(start)) as Asked;
