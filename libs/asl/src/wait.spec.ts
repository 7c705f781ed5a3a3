import type { Json } from '@throughline/contracts';
import type { Evaluated } from './evaluated.ts';
import { parseMachine } from './parse-machine.ts';
import { scopeWith } from './spec/scope-with.ts';
import { waitUntil } from './wait.ts';

const until = (fields: { readonly [name: string]: Json }, data: Json): Evaluated<number> => {
  const parsed = parseMachine({ StartAt: 'W', States: { W: { Type: 'Wait', End: true, ...fields } } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const state = parsed.machine.states['W'];
  if (state?.type !== 'Wait') throw new Error('not a Wait');
  const at = '1970-01-01T00:00:01.000Z';
  return waitUntil(state, data, scopeWith({ at, context: { now: '1970-01-01T00:01:00Z' } }));
};
const failed = (cause: string) => ({ ok: false, error: 'States.Runtime', cause });

describe('a Wait', () => {
  it('for seconds ends that long after now', () => {
    expect(until({ Seconds: 10 }, {})).toEqual({ ok: true, value: 11_000 });
    expect(until({ Seconds: 0 }, {})).toEqual({ ok: true, value: 1_000 });
    expect(until({ SecondsPath: '$.s' }, { s: 2 })).toEqual({ ok: true, value: 3_000 });
  });

  it('for a timestamp ends then, be it past', () => {
    expect(until({ Timestamp: '1970-01-01T00:00:00.5Z' }, {})).toEqual({ ok: true, value: 500 });
    expect(until({ TimestampPath: '$.at' }, { at: '1970-01-01T02:00:00+01:00' })).toEqual({
      ok: true,
      value: 3_600_000,
    });
    expect(until({ TimestampPath: '$$.now' }, {})).toEqual({ ok: true, value: 60_000 });
  });

  it.each([
    '2016-12-05 21:29:29Z',
    '2016-12-05T21:29:29',
    '2016-13-05T21:29:29Z',
    '2016-12-05T25:29:29Z',
    '05-12-2016T21:29:29Z',
  ])("fails as AWS does where TimestampPath leads to '%s'", (at) => {
    expect(until({ TimestampPath: '$.TimestampValue' }, { TimestampValue: at })).toEqual(
      failed(
        `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.TimestampValue == ${at}`,
      ),
    );
  });

  it('fails where SecondsPath leads to nothing, to no whole number, or below zero', () => {
    expect(until({ SecondsPath: '$.s' }, {})).toEqual(failed("Invalid path '$.s' : No results for path: $['s']"));
    expect(until({ SecondsPath: '$.s' }, { s: 1.5 })).toEqual(
      failed('The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5'),
    );
    expect(until({ SecondsPath: '$.s' }, { s: -1 })).toEqual(
      failed('The SecondsPath parameter references a negative value: $.s == -1'),
    );
    expect(until({ SecondsPath: '$.s' }, { s: 1e9 })).toMatchObject({ ok: false });
  });
});
