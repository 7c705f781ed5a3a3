import { workflowNameSchema } from '@throughline/contracts';
import { z } from 'zod';
import { Chance } from '../chance.ts';
import { judged } from './judge-answer.ts';
import { Sampler } from './sample-json.ts';

const answer = (status: number, body: unknown = {}) => ({
  status,
  contentType: 'application/json',
  bytes: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const problemOf = (status: number, body?: unknown): string | undefined => judged(answer(status, body), 'GET').problem;

describe('an answer', () => {
  test('that accepts, or refuses with the code of its status, is right', () => {
    expect(judged(answer(201), 'POST')).toEqual({ outcome: 'accepted', problem: undefined });
    expect(judged(answer(404, { code: 'TL0004' }), 'GET')).toEqual({ outcome: 'TL0004', problem: undefined });
  });

  test('without a code of the table, or with that of another status, is wrong', () => {
    expect(problemOf(400, { message: 'no' })).toBe('400 without a code of the table');
    expect(problemOf(400, 'no JSON')).toBe('400 without a code of the table');
    expect(problemOf(400, { code: 'TL9999' })).toBe('400 without a code of the table');
    expect(problemOf(400, { code: 'TL0004' })).toBe('TL0004 comes with 400, and its own is 404');
  });

  test('of 500 and above is wrong, unless it says that the rows come later', () => {
    expect(problemOf(500, { code: 'TL0007' })).toBe('500');
    expect(problemOf(504, { code: 'TL0009' })).toBe('504');
    expect(problemOf(503, { code: 'TL0411' })).toBeUndefined();
  });
});

test('samples are mostly what their schema takes', () => {
  const schema = z.strictObject({
    name: workflowNameSchema,
    n: z.int().min(1).max(9),
    how: z.enum(['a', 'b']).optional(),
  });
  const sampler = new Sampler({ texts: ['order', '../..'] });
  const samples = Array.from({ length: 200 }, (_, n) => sampler.sample(schema, new Chance(1, n)));
  expect(samples.filter((sample) => schema.safeParse(sample).success).length).toBeGreaterThan(180);
});
