import { BROKER_CLOCK, fastClock, instantOf } from './log-clock.ts';

const START = Date.parse('2026-01-31T12:00:00.000Z');
const after = (ms: number) => instantOf(START + ms);

describe('the clock of the log', () => {
  it("is the broker's", () => {
    expect(BROKER_CLOCK.recordedAt(START)).toBe(after(0));
    expect(BROKER_CLOCK.fireAt(after(5_000), START)).toBe(after(5_000));
  });

  it('can run faster from its start on', () => {
    const clock = fastClock(10, START);
    expect(clock.recordedAt(START)).toBe(after(0));
    expect(clock.recordedAt(START + 1_500)).toBe(after(15_000));
  });

  it('fires a timer when its own time has come to the due time, never before', () => {
    const clock = fastClock(7, START);
    for (const dueMs of [20_000, 20_001, 60_003, 86_400_000]) {
      for (const nowMs of [START, START + 1, START + 333]) {
        const fired = Date.parse(clock.fireAt(after(dueMs), nowMs));
        expect(clock.recordedAt(fired) >= after(dueMs)).toBe(true);
      }
    }
  });

  it('gives work that a timer guards two seconds of real time, or what it would have had', () => {
    const clock = fastClock(1_000, START);
    expect(clock.fireAt(after(5_000), START)).toBe(after(2_000));
    expect(clock.fireAt(after(500), START)).toBe(after(500));
    expect(clock.fireAt(after(3_600_000), START)).toBe(after(3_600));
  });

  it('fires what is due already at once', () => {
    expect(fastClock(10, START).fireAt(after(-1), START) <= after(0)).toBe(true);
  });
});
