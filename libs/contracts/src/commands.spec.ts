import {
  COMMAND_ORIGINS,
  commandAnswerSchema,
  type CommandType,
  replySubjectSchema,
  sentCommandSchemas,
} from './commands.ts';
import { executionCommandBodies } from './execution.commands.ts';
import { lockCommandBodies } from './lock.messages.ts';
import { LABELS_MAX, labelsSchema, workflowNameSchema } from './names.ts';
import { replayCommandBodies } from './replay.messages.ts';
import { scheduleCommandBodies } from './schedule.messages.ts';
import { tenantCommandBodies } from './tenant.messages.ts';
import { workflowCommandBodies } from './workflow.messages.ts';

const allowed = (origin: 'client' | 'worker' | 'system') =>
  (Object.keys(COMMAND_ORIGINS) as CommandType[]).filter((type) => COMMAND_ORIGINS[type].includes(origin)).sort();

describe('who may send what', () => {
  it('is said for every command', () => {
    const families = [
      executionCommandBodies,
      workflowCommandBodies,
      replayCommandBodies,
      tenantCommandBodies,
      scheduleCommandBodies,
      lockCommandBodies,
    ];
    // Timers of several aggregates fire by one name.
    const types = new Set(families.flatMap((bodies) => Object.keys(bodies)));
    expect(Object.keys(COMMAND_ORIGINS).sort()).toEqual([...types].sort());
    for (const origins of Object.values(COMMAND_ORIGINS)) expect(origins.length).toBeGreaterThan(0);
  });

  it('keeps results to workers, and starts and cancels away from them', () => {
    expect(allowed('worker')).toEqual([
      'CompleteDelivery',
      'CompleteStep',
      'DeferStep',
      'FailDelivery',
      'FailStep',
      'RecordHeartbeat',
    ]);
    expect(allowed('client')).toEqual([
      'AnnotateExecution',
      'CancelExecution',
      'DeleteSchedule',
      'ForceReleaseLock',
      'PauseExecution',
      'PauseSchedule',
      'PutSchedule',
      'RedriveExecution',
      'RegisterWorkflow',
      'ResetTimeoutPolicy',
      'ResumeExecution',
      'ResumeSchedule',
      'RetryDelivery',
      'RetryExecution',
      'SetTimeoutPolicy',
      'SignalExecution',
      'StartExecution',
      'TerminateExecution',
      'TriggerSchedule',
    ]);
  });
});

describe('a workflow name', () => {
  it.each(['a\u0000b', 'line\nbreak', 'half\ud800', '\udc00half', '.', '..', '', 'x'.repeat(81)])(
    'is not %j',
    (name) => {
      expect(workflowNameSchema.safeParse(name).success).toBe(false);
    },
  );

  it.each(['order-fulfilment', 'a b/c', 'Bestellung für Köln', '\u{1f600}', '...'])('may be %j', (name) => {
    expect(workflowNameSchema.safeParse(name).success).toBe(true);
  });
});

it('an execution has a bounded number of labels', () => {
  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`label-${i}`, 'x']));
  expect(labelsSchema.safeParse(labels(LABELS_MAX)).success).toBe(true);
  expect(labelsSchema.safeParse(labels(LABELS_MAX + 1)).success).toBe(false);
});

describe('a sent command', () => {
  const cancel = { v: 1, id: 'c1', actor: { kind: 'user', id: 'ann' }, type: 'CancelExecution', body: {} };

  it('parses for its own aggregate only', () => {
    expect(sentCommandSchemas.execution.safeParse(cancel).success).toBe(true);
    expect(sentCommandSchemas.workflow.safeParse(cancel).success).toBe(false);
    expect(sentCommandSchemas.replay.safeParse(cancel).success).toBe(false);
  });

  it.each([
    ['of another version', { v: 2 }],
    ['of an unknown type', { type: 'ForgetExecution' }],
    ['with a body of another command', { body: { token: '1.0' } }],
    ['with a field that nobody knows', { tenant: 'other' }],
    ['with an id that is no token', { id: 'a.b' }],
    ['that asks for its answer on a subject of the engine', { replyTo: 'tl.in.system.default.execution.e1' }],
  ])('%s does not parse', (_, altered) => {
    expect(sentCommandSchemas.execution.safeParse({ ...cancel, ...altered }).success).toBe(false);
  });
});

it.each([
  'tl.log.default.execution.e1',
  '_INBOX',
  '_INBOX.>',
  '_INBOX.*',
  '_INBOX.a b',
  '_INBOX.a.b.c.d.e',
  'x._INBOX.a',
  '$JS.API.STREAM.DELETE.TL_LOG',
])('a reply is never published on %s', (subject) => {
  expect(replySubjectSchema.safeParse(subject).success).toBe(false);
});

it('an answer is acceptance with its place on the log, or a refusal with its code', () => {
  const accepted = {
    v: 1,
    outcome: 'accepted',
    commandId: 'c1',
    aggregateId: 'e1',
    version: 1,
    seq: 1,
    duplicate: false,
  };
  expect(commandAnswerSchema.safeParse(accepted).success).toBe(true);
  expect(commandAnswerSchema.safeParse({ ...accepted, seq: 0 }).success).toBe(false);
  const refused = { v: 1, outcome: 'refused', refusal: { code: 'TL0105', message: 'no such execution' } };
  expect(commandAnswerSchema.safeParse(refused).success).toBe(true);
  expect(commandAnswerSchema.safeParse({ ...refused, refusal: { code: 'nope', message: '' } }).success).toBe(false);
});
