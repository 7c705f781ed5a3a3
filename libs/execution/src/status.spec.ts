import { EXECUTION_STATUSES, TERMINAL_STATUSES } from '@throughline/contracts';
import { isLegalTransition, LEGAL_TRANSITIONS, transition } from './status.ts';

describe('statuses', () => {
  test('every status can be reached from none', () => {
    const reached = new Set<string>();
    const visit = (from: keyof typeof LEGAL_TRANSITIONS): void => {
      for (const to of LEGAL_TRANSITIONS[from]) {
        if (reached.has(to)) continue;
        reached.add(to);
        visit(to);
      }
    };
    visit('none');
    expect([...reached].sort()).toEqual([...EXECUTION_STATUSES].sort());
  });

  test('every open status can end, and an ended one is only ever reopened', () => {
    for (const status of EXECUTION_STATUSES) {
      const isEnd = (TERMINAL_STATUSES as readonly string[]).includes(status);
      expect(LEGAL_TRANSITIONS[status].includes('cancelled')).toBe(!isEnd);
      if (isEnd) expect(LEGAL_TRANSITIONS[status]).toEqual(status === 'succeeded' ? [] : ['running']);
      expect(isLegalTransition(status, status)).toBe(!isEnd);
    }
  });

  test('an illegal transition is a bug', () => {
    expect(() => transition('succeeded', 'running')).toThrow('illegal transition');
    expect(() => transition('none', 'succeeded')).toThrow('illegal transition');
  });
});
