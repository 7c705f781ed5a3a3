import { RetryBudget } from './retry-budget.ts';

describe('a budget of retries', () => {
  let nowMs = 0;
  const budget = (savedMax = 2) => new RetryBudget({ share: 0.5, perSecond: 1, savedMax }, () => nowMs);
  const takes = (of: RetryBudget, attempt: number, times: number) =>
    Array.from({ length: times }, () => of.take(attempt)).filter((taken) => taken).length;

  beforeEach(() => {
    nowMs = 0;
  });

  it('lets every first call pass, and so many retries as are saved', () => {
    const of = budget();
    expect(takes(of, 2, 10)).toBe(2);
    expect(takes(of, 1, 10)).toBe(10);
  });

  it('earns retries by first calls, no more than it may save', () => {
    const of = budget();
    takes(of, 2, 2);
    takes(of, 1, 2);
    expect(takes(of, 3, 10)).toBe(1);
    takes(of, 1, 1_000);
    expect(takes(of, 2, 10)).toBe(2);
  });

  it('earns some with time, for a target that is hardly called', () => {
    const of = budget();
    takes(of, 2, 2);
    nowMs = 1_500;
    expect(takes(of, 2, 10)).toBe(1);
    nowMs = 2_000;
    expect(of.left).toBe(1);
  });

  it('a clock that goes back takes nothing away', () => {
    const of = budget();
    nowMs = -5_000;
    expect(takes(of, 2, 10)).toBe(2);
  });
});
