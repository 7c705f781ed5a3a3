import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXECUTION_STATUSES, type ExecutionStatus, type JsonObject } from '@throughline/contracts';
import {
  codeOf,
  type ExecutionUnderTest,
  givenMachine,
  resolved,
  START_AT,
  type Then,
} from './spec/given-when-then.ts';
import { machine, ONE_TASK, task } from './spec/example-machines.ts';

/** An execution that has got into each status by what people and workers do. */
const GIVEN: Readonly<Record<ExecutionStatus, () => ExecutionUnderTest>> = {
  queued: () => started(ONE_TASK, { notBefore: START_AT.replace('12:', '13:') as typeof START_AT }),
  // Only passed through: no execution stays in it between two commits.
  preflight: () => {
    const execution = started(ONE_TASK);
    execution.state = { ...execution.state, status: 'preflight' };
    return execution;
  },
  awaiting_approval: () => started(machine({ Agree: { Type: 'Task', ...APPROVAL }, Work: task() })),
  running: () => started(ONE_TASK),
  waiting: () => started(machine({ Wait: { Type: 'Wait', Seconds: 60, End: true } })),
  paused: () => after(started(ONE_TASK), (execution) => execution.control('PauseExecution')),
  needs_review: () => started(ONE_TASK, { until: 'Work' }),
  cancelling: () => after(started(ONE_TASK), (execution) => execution.cancel(5_000)),
  succeeded: () => after(started(ONE_TASK), (execution) => execution.complete(1)),
  failed: () => after(started(ONE_TASK), (execution) => execution.fail('Broken')),
  cancelled: () => after(started(ONE_TASK), (execution) => execution.cancel()),
  timed_out: () => after(started({ ...ONE_TASK, TimeoutSeconds: 5 }), (execution) => execution.fire()),
};
const APPROVAL: JsonObject = { Resource: 'tl:approval', Throughline: { Approval: {} }, Next: 'Work' };

const started = (
  definition: Parameters<typeof givenMachine>[0],
  more: Parameters<ExecutionUnderTest['start']>[2] = {},
): ExecutionUnderTest => {
  const execution = givenMachine(definition, { versions: [resolved(definition, 'example', 2)] });
  execution.start({}, undefined, more);
  return execution;
};
const after = (execution: ExecutionUnderTest, act: (execution: ExecutionUnderTest) => Then): ExecutionUnderTest => {
  act(execution);
  return execution;
};

const WHEN = {
  pause: (execution: ExecutionUnderTest) => execution.control('PauseExecution'),
  resume: (execution: ExecutionUnderTest) => execution.control('ResumeExecution'),
  resume_after_review: (execution: ExecutionUnderTest) =>
    execution.when({ type: 'ResumeExecution', body: { afterReview: true } }),
  resume_skipping_failed: (execution: ExecutionUnderTest) =>
    execution.when({ type: 'ResumeExecution', body: { skipFailed: true } }),
  retry: (execution: ExecutionUnderTest) => execution.control('RetryExecution'),
  redrive: (execution: ExecutionUnderTest) => execution.control('RedriveExecution'),
  cancel: (execution: ExecutionUnderTest) => execution.cancel(),
  cancel_with_grace: (execution: ExecutionUnderTest) => execution.cancel(5_000),
  terminate: (execution: ExecutionUnderTest) => execution.control('TerminateExecution'),
  signal: (execution: ExecutionUnderTest) =>
    execution.when({ type: 'SignalExecution', body: { name: 'news', payload: 1 } }),
  annotate: (execution: ExecutionUnderTest) =>
    execution.when({ type: 'AnnotateExecution', body: { labels: { seen: 'yes' } } }),
  migrate: (execution: ExecutionUnderTest) => execution.migrate(2),
} as const;
type Command = keyof typeof WHEN;

const ended = 'TL0106';
const no = 'TL0120';

/** Written by hand, from the design: where a command leads from each status, or the code that it is refused with. */
// prettier-ignore
const TABLE: Readonly<Record<ExecutionStatus, Readonly<Record<Command, string>>>> = {
  queued:            { pause: 'paused', resume: no,        resume_after_review: no,        resume_skipping_failed: no,        retry: no,        redrive: no,        cancel: 'cancelled', cancel_with_grace: 'cancelled',  terminate: 'cancelled', signal: 'queued',            annotate: 'queued', migrate: 'queued' },
  preflight:         { pause: no,       resume: no,        resume_after_review: no,        resume_skipping_failed: no,        retry: no,        redrive: no,        cancel: 'cancelled', cancel_with_grace: 'cancelling', terminate: 'cancelled', signal: 'preflight',         annotate: 'preflight', migrate: 'preflight' },
  awaiting_approval: { pause: 'paused', resume: no,        resume_after_review: no,        resume_skipping_failed: no,        retry: no,        redrive: no,        cancel: 'cancelled', cancel_with_grace: 'cancelled',  terminate: 'cancelled', signal: 'awaiting_approval', annotate: 'awaiting_approval', migrate: 'awaiting_approval' },
  running:           { pause: 'paused', resume: no,        resume_after_review: no,        resume_skipping_failed: no,        retry: no,        redrive: no,        cancel: 'cancelled', cancel_with_grace: 'cancelling', terminate: 'cancelled', signal: 'running',           annotate: 'running', migrate: 'running' },
  waiting:           { pause: 'paused', resume: no,        resume_after_review: no,        resume_skipping_failed: no,        retry: no,        redrive: no,        cancel: 'cancelled', cancel_with_grace: 'cancelled',  terminate: 'cancelled', signal: 'waiting',           annotate: 'waiting', migrate: 'waiting' },
  paused:            { pause: no,       resume: 'running', resume_after_review: no,        resume_skipping_failed: no,        retry: no,        redrive: no,        cancel: 'cancelled', cancel_with_grace: 'cancelling', terminate: 'cancelled', signal: 'paused',            annotate: 'paused', migrate: 'paused' },
  needs_review:      { pause: no,       resume: 'running', resume_after_review: 'running', resume_skipping_failed: no,        retry: no,        redrive: no,        cancel: 'cancelled', cancel_with_grace: 'cancelled',  terminate: 'cancelled', signal: 'needs_review',      annotate: 'needs_review', migrate: 'needs_review' },
  cancelling:        { pause: no,       resume: no,        resume_after_review: no,        resume_skipping_failed: no,        retry: no,        redrive: no,        cancel: no,          cancel_with_grace: no,           terminate: 'cancelled', signal: no,                  annotate: 'cancelling', migrate: no },
  succeeded:         { pause: ended,    resume: ended,     resume_after_review: ended,     resume_skipping_failed: ended,     retry: ended,     redrive: ended,     cancel: ended,       cancel_with_grace: ended,        terminate: ended,       signal: ended,               annotate: 'succeeded', migrate: ended },
  failed:            { pause: ended,    resume: 'running', resume_after_review: no,        resume_skipping_failed: 'succeeded', retry: 'running', redrive: 'running', cancel: ended,       cancel_with_grace: ended,        terminate: ended,       signal: ended,               annotate: 'failed', migrate: ended },
  cancelled:         { pause: ended,    resume: 'running', resume_after_review: no,        resume_skipping_failed: no,        retry: ended,     redrive: 'running', cancel: ended,       cancel_with_grace: ended,        terminate: ended,       signal: ended,               annotate: 'cancelled', migrate: ended },
  timed_out:         { pause: ended,    resume: 'running', resume_after_review: no,        resume_skipping_failed: no,        retry: 'running', redrive: 'running', cancel: ended,       cancel_with_grace: ended,        terminate: ended,       signal: ended,               annotate: 'timed_out', migrate: ended },
};

const CASES = EXECUTION_STATUSES.flatMap((status) =>
  (Object.keys(WHEN) as Command[]).map((command) => [status, command, TABLE[status][command]] as const),
);

describe('an execution', () => {
  test.each(EXECUTION_STATUSES)('can be %s', (status) => {
    expect(GIVEN[status]().state.status).toBe(status);
  });

  test.each(CASES)('that is %s takes %s so: %s', (status, command, expected) => {
    const execution = GIVEN[status]();
    const before = execution.state;
    const then = WHEN[command](execution);
    if (expected.startsWith('TL')) {
      expect(codeOf(then)).toBe(expected);
      expect(execution.state).toBe(before);
    } else {
      expect(codeOf(then)).toBeUndefined();
      expect(then.state.status).toBe(expected);
    }
  });
});

describe('docs/lifecycle.md', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'lifecycle.md'), 'utf8');
  const cellsOf = (line: string): readonly string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''));

  test('shows the table', () => {
    const lines = page.split('\n');
    const at = lines.findIndex((line) => cellsOf(line)[1] === 'pause');
    const [, ...commands] = cellsOf(lines[at] ?? '');
    const shown = lines.slice(at + 2, at + 2 + EXECUTION_STATUSES.length).map((line) => {
      const [status, ...cells] = cellsOf(line);
      return [status, Object.fromEntries(commands.map((command, i) => [command, cells[i]]))];
    });
    expect(Object.fromEntries(shown)).toEqual(TABLE);
  });
});
