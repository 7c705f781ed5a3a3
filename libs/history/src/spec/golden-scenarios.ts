import {
  type AggregateRef,
  aggregateIdSchema,
  type CommandId,
  commitSchema,
  executionIdSchema,
  type Json,
  tenantSchema,
} from '@throughline/contracts';
import {
  type AnyState,
  armedTimers,
  canonicalHash,
  type CommitAt,
  DEFAULT_LIMITS,
  decideRound,
  deciderOf,
  type Limits,
  storedAt,
} from '@throughline/execution';
import {
  exampleMachines,
  type ExecutionUnderTest,
  givenMachine,
  resolved,
  ScheduleUnderTest,
  START_AT,
} from '@throughline/execution/given-when-then';
import { lockOf, LockWorld } from '@throughline/execution/lock-world';
import { commitDigest } from '../state-hash.ts';
import { FORKED, forkOfTwoSteps } from './fork-scenario.ts';

/** What golden logs are made of: histories that together hold every event there is. For specs only. */
export interface GoldenScenario {
  readonly name: string;
  /** Absent for aggregates that run no machine. */
  readonly definition?: Json;
  /** Of the versions after the first. */
  readonly versions?: readonly Json[];
  readonly limits?: Partial<Limits>;
  readonly play: () => readonly CommitAt[];
}

const { LOOP_FOREVER, RICH, machine, task } = exampleMachines;

const calls = (way: string, next: string): Json => ({
  Type: 'Task',
  Resource: `arn:aws:states:::states:startExecution${way}`,
  Parameters: { StateMachineArn: 'child', 'Input.$': '$' },
  ResultPath: '$.child',
  Catch: [{ ErrorEquals: ['States.TaskFailed'], ResultPath: '$.failure', Next: 'Stopped' }],
  Next: next,
});
const CALLS_CHILDREN = machine({
  Start: calls('', 'Wait'),
  Wait: calls('.sync', 'Fail'),
  Fail: calls('.sync:2', 'Stopped'),
  Stopped: task({ Resource: 'arn:aws:states:::states:startExecution.sync', Parameters: { StateMachineArn: 'child' } }),
});

const DELIVERS = machine(
  { Work: task() },
  {
    Throughline: {
      Delivery: {
        Targets: [
          { Type: 'webhook', Url: 'https://receiver.example/results', Secret: 'secret://receiver' },
          { Type: 'nats', Subject: 'orders.done' },
        ],
        MaxAttempts: 2,
      },
    },
  },
);

const BRANCHES = machine({
  Both: {
    Type: 'Parallel',
    Branches: [
      { StartAt: 'Left', States: { Left: task() } },
      { StartAt: 'Rest', States: { Rest: { Type: 'Wait', Seconds: 60, Next: 'Right' }, Right: task() } },
      { StartAt: 'Late', States: { Late: task({ TimeoutSeconds: 30 }) } },
    ],
    Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 1 }],
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Mend' }],
    End: true,
  },
  Mend: { Type: 'Pass', End: true },
});

const EACH = machine({
  Inline: {
    Type: 'Map',
    ItemsPath: '$.items',
    MaxConcurrency: 2,
    ItemSelector: { 'n.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value' },
    ItemProcessor: { StartAt: 'Do', States: { Do: task() } },
    ResultPath: '$.done',
    Assign: { 'count.$': '$' },
    Next: 'Distributed',
  },
  Distributed: {
    Type: 'Map',
    ItemsPath: '$.few',
    ToleratedFailurePercentage: 10,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Item',
      States: { Item: task() },
    },
    End: true,
  },
});

const LOCKING = machine({
  Work: task({
    Throughline: { Mutex: { Assets: ['valve', { 'Asset.$': '$.pump' }], WaitSeconds: 90 } },
    Retry: [{ ErrorEquals: ['Throughline.LockLost'], IntervalSeconds: 1, MaxAttempts: 1 }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Mend' }],
    End: true,
  }),
  Mend: { Type: 'Pass', End: true },
});

/** Two hold the same assets one after the other, a third and a fourth give up, and an operator helps. */
const contention = (key: string): readonly CommitAt[] => {
  const world = new LockWorld({ example: LOCKING });
  const force = (body: Json): void => {
    world.tell(lockOf('pump 7'), { type: 'ForceReleaseLock', body });
  };
  for (const id of ['mutex-held', 'mutex-not-granted', 'mutex-cancelled', 'mutex-next']) {
    world.start(id, 'example', { pump: 'pump 7' });
    world.deliverAll();
    world.later(1_000);
  }
  world.cancel('mutex-cancelled');
  // Both locks ask, and are answered; then a wait is over.
  for (let n = 0; n < 3; n += 1) {
    world.deliverAll();
    world.fireNext();
  }
  world.deliverAll();
  force({ reason: 'seal replaced' });
  world.sent = [];
  force({});
  for (let n = 0; n < 4; n += 1) {
    world.deliverAll();
    world.later(5_000);
    const open = world.tasks.find(({ executionId, token }) => world.execution(executionId).attempts.has(token));
    if (open) world.complete(open);
    else world.fireNext();
  }
  return world.logs.get(key) ?? [];
};

const execution = (
  name: string,
  definition: Json,
  play: (under: ExecutionUnderTest) => void,
  limits?: Partial<Limits>,
): GoldenScenario => ({
  name,
  definition,
  ...(limits ? { limits } : {}),
  play: () => {
    const under = givenMachine(definition, { id: name, ...(limits ? { limits } : {}) });
    play(under);
    return under.log;
  },
});

/** Rounds of one command each on an aggregate that runs no machine. */
const recorded = (ref: AggregateRef, commands: readonly { type: string; body: Json }[]): readonly CommitAt[] => {
  const decider = deciderOf<AnyState>(ref.aggregate);
  let state = decider.initial(ref);
  return commands.map(({ type, body }, i) => {
    const command = { id: `c-${i + 1}`, type, actor: { kind: 'user', id: 'ada' }, body };
    const meta = { commitId: `commit-${i + 1}` as CommandId, limits: DEFAULT_LIMITS, machineOf: () => undefined };
    // The casts join commands with the decider that `ref` names; the schema below checks what comes out.
    const { draft, state: after } = decideRound(decider as never, state, [{ command, at: START_AT }] as never, meta);
    if (!draft) throw new Error(`a ${type} of the scenario was refused`);
    const seq = 100 + i;
    state = storedAt(after, seq);
    return { commit: commitSchema.parse({ ...draft, digest: commitDigest(draft) }), seq };
  });
};

const ref = (aggregate: AggregateRef['aggregate'], id: string): AggregateRef => ({
  tenant: tenantSchema.parse('default'),
  aggregate,
  aggregateId: aggregateIdSchema.parse(id),
});

const timerFor = (under: ExecutionUnderTest, purpose: string) =>
  armedTimers(under.state).find((timer) => timer.purpose === purpose)?.id;

const VERIFY_ORDER: Json = { scope: 'execution', executionId: 'order-1', kind: 'verify', mode: 'full' };
const VERDICT_OF_ORDER: Json = { verdict: 'identical', commits: 7, events: 40, matchPercent: 100 };

/** Golden logs that no build of today can write, in the form of a version before. */
export const OF_OLDER_BUILDS: readonly string[] = ['replay-session'];
const MOVED = machine({ Ask: task({ ResultPath: '$.asked', Next: 'Act' }), Act: task() });
/** Other errors are told otherwise, and what comes last is asked for something else. */
const MOVED_TO = machine(
  {
    Ask: task({ ResultPath: '$.asked', Next: 'Act' }),
    Act: task({ Parameters: { 'of.$': '$.asked' }, TimeoutSeconds: 9 }),
  },
  {
    Throughline: {
      RecommendedActions: [{ ErrorEquals: ['Busy'], Actions: [{ Action: 'ask_later', Text: 'Ask again later.' }] }],
    },
  },
);

/** One that is moved while its first step runs, and is done by the other version. */
export const movedToAnotherVersion = (): readonly CommitAt[] => {
  const under = givenMachine(MOVED, { id: 'moved', versions: [resolved(MOVED_TO, 'example', 2)] });
  under.start({ id: 'order-9' });
  under.migrate(2);
  under.complete({ yes: true });
  under.complete('done');
  return under.log;
};

export const GOLDEN_SCENARIOS: readonly GoldenScenario[] = [
  { name: 'moves-to-another-version', definition: MOVED, versions: [MOVED_TO], play: movedToAnotherVersion },
  execution('succeeds-after-a-loop', RICH, (under) => {
    under.start({ id: 'order-1', items: ['ä', '\u2028', '😀'], total: 12.5 });
    under.later(3_000).heartbeat();
    under.later(4_000).complete({ more: true, receipt: null });
    under.fire();
    under.complete({ more: false });
    under.fire();
    under.later(250).complete({ id: 'parcel-1' });
  }),
  execution('retries-then-compensates', RICH, (under) => {
    under.start({ id: 'order-2' });
    for (let retry = 0; retry < 2; retry += 1) {
      under.later(100).fail('Busy', 'HTTP 429');
      under.fire();
    }
    under.fail('Busy', 'HTTP 429');
    under.fail('Broken', 'the refund failed once');
    under.fire();
    under.complete({ reason: 'the card was declined' });
  }),
  execution('times-out-twice', RICH, (under) => {
    under.start({ id: 'order-3' });
    under.fire(timerFor(under, 'heartbeat'));
    under.fire(timerFor(under, 'retry'));
    under.later(9_000).heartbeat();
    under.fire(timerFor(under, 'execution-timeout'));
  }),
  execution('heartbeat-keeps-alive', machine({ Work: task({ HeartbeatSeconds: 10, TimeoutSeconds: 60 }) }), (under) => {
    under.start([1, 2, 3]);
    under.later(6_000).heartbeat();
    under.fire(timerFor(under, 'heartbeat'));
    under.fire(timerFor(under, 'heartbeat'));
  }),
  execution('a-worker-defers-a-step', machine({ Work: task({ TimeoutSeconds: 60 }) }), (under) => {
    under.start([1, 2, 3]);
    const body = { token: under.openToken(), forMs: 5_000, error: 'States.Http.Socket', worker: 'spec' };
    under.when({ type: 'DeferStep', body });
    under.fire(timerFor(under, 'deferred'));
    under.complete({ done: true });
  }),
  execution('decided-in-one-round', RICH, (under) => {
    under.whenAll([
      {
        command: {
          type: 'StartExecution',
          body: { workflow: 'example', input: { id: 'order-4' }, trigger: 'manual', labels: { team: 'a' } },
        },
      },
      { command: { type: 'RecordHeartbeat', body: { token: '1.5' as never } } },
      { command: { type: 'CancelExecution', body: { reason: 'by request' } } },
    ]);
  }),
  execution(
    'endless-loop',
    LOOP_FOREVER,
    (under) => {
      let then = under.start({ stop: false });
      for (let round = 0; round < 5; round += 1) {
        const effect = then.effects[0];
        if (effect?.kind !== 'command' || effect.command.type !== 'ContinueExecution') return;
        then = under.when({ type: 'ContinueExecution', body: {} }, effect.command.id);
      }
    },
    { roundEventsMax: 40, continuationsWithoutProgressMax: 2 },
  ),
  execution('branches-fail-and-are-caught', BRANCHES, (under) => {
    under.start({ id: 'order-5' });
    under.fail('Busy', 'HTTP 429');
    under.fire(timerFor(under, 'retry'));
    under.later(500).complete('left');
    under.fail('Broken');
  }),
  execution('branches-join', BRANCHES, (under) => {
    under.start({ id: 'order-7' });
    under.complete('left');
    under.complete('late');
    under.fire();
    under.complete('right');
  }),
  execution('iterations-fan-out-and-join', EACH, (under) => {
    under.start({ items: [1, 2, 3], few: ['a'] });
    under.later(10).complete('first');
    under.complete('second');
    under.complete('third');
    under.complete('mended');
  }),
  execution('iterations-are-aborted', EACH, (under) => {
    under.start({ items: [1, 2, 3], few: ['a'] });
    under.fail('Broken', 'why');
  }),
  execution(
    'items-are-read',
    machine({
      Each: {
        Type: 'Map',
        ItemReader: {
          Resource: 'tl:task:files:read',
          Parameters: { 'Key.$': '$.file' },
          ReaderConfig: { InputType: 'JSON', MaxItems: 2 },
        },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Call',
          States: { Call: task() },
        },
        Retry: [{ ErrorEquals: ['States.ItemReaderFailed'], MaxAttempts: 1 }],
        End: true,
      },
    }),
    (under) => {
      under.start({ file: 'orders.json' });
      under.fail('NoSuchFile', 'orders.json');
      under.fire();
      under.complete([{ id: 1 }, { id: 2 }, { id: 3 }]);
      under.complete('first');
      under.complete('second');
    },
  ),
  execution(
    'a-callback-ends-a-step',
    machine({ Ask: task({ Resource: 'tl:task:default:ask.waitForTaskToken' }) }),
    (under) => {
      under.start({ id: 'order-6' });
      const token = under.openToken();
      under.complete('asked');
      under.when({ type: 'CompleteCallback', body: { token, output: 'yes', outputHash: canonicalHash('yes') } });
    },
  ),
  execution(
    'handlers-say-what-they-are',
    machine({
      Price: task({ Next: 'Pack' }),
      Pack: task({ Throughline: { EffectClass: 'idempotent' }, Retry: [{ ErrorEquals: ['Busy'] }], Next: 'Ask' }),
      Ask: task({ Resource: 'tl:task:default:ask.waitForTaskToken' }),
    }),
    (under) => {
      under.start({ id: 'order-9' });
      under.complete({ price: 3 }, undefined, undefined, { effectClass: 'pure' });
      under.fail('Busy', 'later', undefined, undefined, { effectClass: 'external' });
      under.fire();
      under.complete('packed', undefined, undefined, { effectClass: 'pure' });
      const token = under.openToken();
      under.complete('asked', token, undefined, { effectClass: 'external' });
      under.when({ type: 'CompleteCallback', body: { token, output: 'yes', outputHash: canonicalHash('yes') } });
    },
  ),
  execution('a-child-ends-its-step', CALLS_CHILDREN, (under) => {
    under.start({ id: 'order-7' });
    const child = executionIdSchema.parse('order-7-child');
    const started = { ExecutionArn: 'arn:aws:states:us-east-1:111111111111:execution:child:x', StartDate: 1_000 };
    const output = { Status: 'SUCCEEDED', Output: '{}' };
    const said = { token: under.openToken(), child, output: started, outputHash: canonicalHash(started) };
    under.when({ type: 'RecordChildStart', body: { ...said, awaits: 'start' } });
    under.when({ type: 'RecordChildStart', body: { ...said, token: under.openToken(), awaits: 'end' } });
    under.when({
      type: 'CompleteChild',
      body: { token: under.openToken(), child, started, output, outputHash: canonicalHash(output) },
    });
    const failure = { error: 'States.TaskFailed', cause: '{"Status":"FAILED"}' };
    under.when({ type: 'FailChild', body: { token: under.openToken(), child, started, ...failure } });
    under.cancel();
  }),
  execution(
    'an-expression-fails',
    machine({ Bad: { Type: 'Pass', Output: '{% $missing %}', End: true } }, { QueryLanguage: 'JSONata' }),
    (under) => {
      under.start({});
    },
  ),
  execution(
    'classified-and-late',
    machine(
      { Look: task({ Throughline: { ActionClass: 'read', Priority: 'low' }, Next: 'Drop' }), Drop: task() },
      { Throughline: { Sla: 'interactive', ActionClass: 'destructive' } },
    ),
    (under) => {
      under.start({});
      under.complete({ seen: true });
      under.fire();
    },
  ),
  execution('results-are-delivered', DELIVERS, (under) => {
    under.start({ id: 'order-8' });
    const tasks = under.complete({ price: 3 }).effects.flatMap((e) => (e.kind === 'delivery' ? [e.task] : []));
    const attemptOf = (index: number, attempt: number) => {
      const delivery = tasks[index]?.delivery;
      if (!delivery) throw new Error(`there is no delivery ${index}`);
      return { delivery, attempt, startedAt: under.now, finishedAt: under.now, worker: 'spec' };
    };
    const failure = { error: 'Throughline.WebhookFailed', cause: 'HTTP 503', retryable: true };
    under.when({ type: 'FailDelivery', body: { ...attemptOf(0, 1), ...failure } });
    under.when({ type: 'CompleteDelivery', body: { ...attemptOf(1, 1), answer: 'stored' } });
    under.fire();
    under.when({ type: 'FailDelivery', body: { ...attemptOf(0, 2), ...failure } });
    under.when({ type: 'RetryDelivery', body: {} });
    under.when({ type: 'CompleteDelivery', body: { ...attemptOf(0, 3), answer: 'HTTP 204' } });
  }),
  execution(
    'people-steer-it',
    machine({
      Agree: { Type: 'Task', Resource: 'tl:approval', Throughline: { Approval: { Required: 2 } }, Next: 'Go' },
      Go: { Type: 'Task', Resource: 'tl:signal:go', Next: 'Work' },
      Work: task({ Next: 'Danger' }),
      Danger: task(),
    }),
    (under) => {
      under.start({ change: 7 }, undefined, { until: 'Danger', attributes: { riskLevel: 'high' } });
      under.when({ type: 'AnnotateExecution', body: { labels: { seen: 'yes' } } });
      under.when({ type: 'SignalExecution', body: { name: 'go', payload: 'early' } });
      under.decideApproval('ada', { comment: 'fine' });
      under.control('PauseExecution');
      under.later(5_000).control('ResumeExecution');
      under.decideApproval('ben');
      under.fail('Broken');
      under.when({ type: 'ResumeExecution', body: { skipFailed: true } });
      under.when({ type: 'ResumeExecution', body: { afterReview: true } });
      under.fail('Broken');
      under.control('RetryExecution');
      under.cancel(5_000);
      under.complete('late');
      under.control('RedriveExecution');
    },
  ),
  execution(
    'an-approval-expires',
    { ...machine({ Work: task() }), Throughline: { Approval: { ExpiresSeconds: 5 } } },
    (under) => {
      under.start({});
      under.fire();
      under.control('RedriveExecution');
      under.decideApproval('ada', { decision: 'reject', comment: 'no' });
      under.control('RedriveExecution');
      under.control('TerminateExecution');
    },
  ),
  execution('preflight-passes', machine({ Work: task() }, { Throughline: { Preflight: 'required' } }), (under) => {
    const finding = {
      check: 'secrets' as const,
      outcome: 'warn' as const,
      sentence: 'a warning stands with the start',
      recommendedActions: ['nothing'],
    };
    under.when({
      type: 'StartExecution',
      body: {
        workflow: 'example',
        input: {},
        trigger: 'manual',
        preflightResult: { checks: 3, findings: [finding] },
      },
    });
    under.complete({ done: true });
  }),
  {
    name: 'workflow-versions',
    play: () =>
      recorded(ref('workflow', 'example'), [
        { type: 'RegisterWorkflow', body: { name: 'example', definition: RICH } },
        { type: 'RegisterWorkflow', body: { name: 'example', definition: LOOP_FOREVER } },
      ]),
  },
  {
    name: 'dead-letters-are-settled',
    play: () => {
      const found = {
        stream: 'TL_COMMANDS',
        subject: 'tl.cmd.0.client.default.execution.order-1',
        code: 'TL0001',
        why: 'not a command',
        payloadHash: 'a'.repeat(64),
        requeueable: true,
      };
      return recorded(ref('tenant', 'default'), [
        { type: 'RequeueDeadLetter', body: { letterId: '12-0a1b2c3d4e5f', reason: 'the sender is mended', found } },
        { type: 'DiscardDeadLetter', body: { letterId: '13-0a1b2c3d4e5f', found: { ...found, requeueable: false } } },
      ]);
    },
  },
  {
    name: 'a-schedule-comes-due',
    play: () => {
      const under = new ScheduleUnderTest();
      under.put({ input: { n: 1 }, labels: { team: 'ops' } });
      under.fire();
      under.when({ type: 'RecordScheduledRun', body: { executionId: under.openRun() as never, status: 'running' } });
      under.fire();
      under.ends();
      under.put({ overlap: 'cancel_previous' });
      under.fire(3, { catchUp: 2 });
      under.ends('cancelled');
      under.trigger();
      under.pause();
      under.ends('refused');
      under.later(5).resume();
      under.when({ type: 'DeleteSchedule', body: { reason: 'no longer needed' } });
      return under.log;
    },
  },
  ...['mutex-held', 'mutex-not-granted'].map((name) => ({
    name,
    definition: LOCKING,
    play: () => contention(`execution/${name}`),
  })),
  {
    name: 'lock-of-an-asset',
    play: () => contention(`lock/${lockOf('pump 7').aggregateId}`),
  },
  { name: 'a-fork-goes-on', definition: FORKED, play: forkOfTwoSteps },
  {
    name: 'replay-sessions-end',
    play: () =>
      recorded(ref('replay', 'session-2'), [
        { type: 'RequestReplay', body: VERIFY_ORDER },
        { type: 'BeginReplay', body: { runner: 'one' } },
        { type: 'RenewReplay', body: { runner: 'one', progress: { commits: 3, of: 7 } } },
        { type: 'CompleteReplay', body: { runner: 'one', result: VERDICT_OF_ORDER } },
      ]),
  },
  {
    name: 'replay-session-fails',
    play: () =>
      recorded(ref('replay', 'session-3'), [
        { type: 'RequestReplay', body: { scope: 'all' } },
        { type: 'BeginReplay', body: { runner: 'one' } },
        { type: 'FailReplay', body: { runner: 'one', code: 'TL0008', message: 'the log cannot be reached' } },
      ]),
  },
  {
    name: 'replay-session-in-one-commit',
    play: () =>
      recorded(ref('replay', 'session-4'), [
        { type: 'RecordReplay', body: { request: VERIFY_ORDER, result: VERDICT_OF_ORDER } },
      ]),
  },
  {
    name: 'tenant-settings',
    play: () =>
      recorded(ref('tenant', 'default'), [
        {
          type: 'SetTimeoutPolicy',
          body: {
            slaClass: 'interactive',
            actionClass: 'destructive',
            policy: {
              executionMs: 7_200_000,
              stepMs: 30_000,
              queueWaitMs: 60_000,
              approvalMs: 3_600_000,
              cancelGraceMs: 10_000,
              answerWaitMs: 25_000,
            },
          },
        },
        { type: 'ResetTimeoutPolicy', body: { slaClass: 'interactive', actionClass: 'destructive' } },
      ]),
  },
];
