import fc from 'fast-check';
import { type PartSeen, planShare } from './lease-shares.ts';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, number) => number);
const nameOf = (member: number): string => `m${member}`;

/** Every member looks and acts once; returns how many parts changed hands. */
const oneTurn = (members: readonly string[], owners: (string | undefined)[]): number => {
  let changes = 0;
  for (const self of members) {
    const plan = planShare(
      self,
      members,
      owners.map((owner, part): PartSeen => ({ part, owner })),
    );
    for (const part of plan.take) owners[part] = self;
    for (const part of plan.giveUp) owners[part] = undefined;
    changes += plan.take.length + plan.giveUp.length;
  }
  return changes;
};

describe('shares of parts', () => {
  it('from any start, members that take turns end with all parts owned, evenly, and then nothing changes hands', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.option(fc.nat(5), { nil: undefined }), { minLength: 1, maxLength: 24 }),
        (memberCount, start) => {
          const members = numbers(memberCount).map(nameOf);
          const owners = start.map((owner) =>
            owner === undefined || owner >= memberCount ? undefined : nameOf(owner),
          );
          for (let turn = 0; turn < 4; turn += 1) oneTurn(members, owners);
          expect(oneTurn(members, owners)).toBe(0);
          const counts = members.map((member) => owners.filter((owner) => owner === member).length);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(start.length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('a newcomer is left its share, and what nobody has to move stays', () => {
    const seen = numbers(8).map((part): PartSeen => ({ part, owner: 'b' }));
    expect(planShare('b', ['a', 'b'], seen)).toEqual({ take: [], giveUp: [4, 5, 6, 7] });
    expect(planShare('b', ['b'], seen)).toEqual({ take: [], giveUp: [] });
  });

  it('one part stays with whoever has it, whoever joins', () => {
    const seen: PartSeen[] = [{ part: 0, owner: 'b' }];
    expect(['a', 'b', 'c'].map((self) => planShare(self, ['a', 'b', 'c'], seen))).toEqual([
      { take: [], giveUp: [] },
      { take: [], giveUp: [] },
      { take: [], giveUp: [] },
    ]);
  });
});
