import type { Json } from '@throughline/contracts';
import { parseMachine } from './parse-machine.ts';
import { taskTimes } from './seconds.ts';
import { scopeWith } from './spec/scope-with.ts';

const times = (fields: { readonly [name: string]: Json }, data: Json) => {
  const task = { Type: 'Task', Resource: 'tl:task:q:h', End: true, ...fields };
  const parsed = parseMachine({ StartAt: 'T', States: { T: task } });
  const state = parsed.ok ? parsed.machine.states['T'] : undefined;
  if (state?.type !== 'Task') throw new Error('no task');
  return taskTimes(state, data, scopeWith());
};
const jsonataTimes = (TimeoutSeconds: string) => times({ QueryLanguage: 'JSONata', TimeoutSeconds }, {});
const failed = (cause: string) => ({ ok: false, error: 'States.Runtime', cause });

describe('the times of a task', () => {
  it('are what is written, or what the data after InputPath has', () => {
    expect(times({}, {})).toEqual({ ok: true, value: {} });
    expect(times({ TimeoutSeconds: 9, HeartbeatSecondsPath: '$.h', InputPath: '$.in' }, { in: { h: 2 } })).toEqual({
      ok: true,
      value: { timeoutMs: 9_000, heartbeatMs: 2_000 },
    });
  });

  it('read from the data have to be positive', () => {
    expect(times({ TimeoutSecondsPath: '$.t' }, { t: 5 })).toEqual({ ok: true, value: { timeoutMs: 5_000 } });
    expect(times({ TimeoutSecondsPath: '$.t' }, { t: 0 })).toEqual(
      failed('The TimeoutSecondsPath field refers to value "0" which is not a valid positive integer: $.t'),
    );
    expect(jsonataTimes('{% 1 %}')).toEqual({ ok: true, value: { timeoutMs: 1_000 } });
    expect(jsonataTimes('{% 0 %}')).toMatchObject({ ok: false, error: 'States.QueryEvaluationError' });
    expect(times({ HeartbeatSecondsPath: '$.t' }, {})).toEqual(
      failed("Invalid path '$.t' : No results for path: $['t']"),
    );
  });
});
