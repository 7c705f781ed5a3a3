import { fuzzCase, KIND_NAMES } from './fuzz-case.ts';

/** `npm run fuzz -- --count 100000` is the whole thing; this keeps it from being broken unseen. */
const SEED = 7;
const PER_KIND = 120;

describe.each(KIND_NAMES)('cases of the kind %s', (kind) => {
  const numbers = Array.from({ length: PER_KIND }, (_, number) => number);

  it('are functions of seed and number', () => {
    const drawn = numbers.map((number) => JSON.stringify(fuzzCase({ seed: SEED, kind }, number).given));
    expect(numbers.map((number) => JSON.stringify(fuzzCase({ seed: SEED, kind }, number).given))).toEqual(drawn);
    expect(new Set(drawn).size).toBeGreaterThan(PER_KIND / 4);
  });

  it('crash nothing; every refusal has a type; what runs replays', () => {
    const verdicts = numbers.map((number) => ({ number, ...fuzzCase({ seed: SEED, kind }, number).judge() }));
    expect(verdicts.filter(({ problems }) => problems.length > 0)).toEqual([]);
    // Neither all spoiled nor all whole: both ways through the product are taken.
    expect(new Set(verdicts.map(({ outcome }) => outcome)).size).toBe(2);
  });
});
