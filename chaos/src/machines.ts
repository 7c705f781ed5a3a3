import type { Json } from '@throughline/contracts';

/** The real language under load. Every step has a time limit and retries: faults may take from it what they like. */

const PATIENT: Readonly<Record<string, Json>> = {
  TimeoutSeconds: 20,
  Retry: [
    { ErrorEquals: ['Chaos.Refused'], MaxAttempts: 0 },
    { ErrorEquals: ['States.ALL'], IntervalSeconds: 1, BackoffRate: 1.5, MaxAttempts: 30, MaxDelaySeconds: 5 },
  ],
};

const handler = (name: string, more: Readonly<Record<string, Json>>): Record<string, Json> => ({
  Type: 'Task',
  Resource: `tl:task:chaos:${name}`,
  ...PATIENT,
  ...more,
});

const machine = (first: string, states: Readonly<Record<string, Json>>): Json => ({
  StartAt: first,
  TimeoutSeconds: 3_600,
  States: states,
});

const order = (sinkUrl: string): Json =>
  machine('Reserve', {
    Reserve: {
      Type: 'Task',
      Resource: 'arn:aws:states:::http:invoke',
      Throughline: { EffectClass: 'idempotent' },
      Parameters: {
        ApiEndpoint: `${sinkUrl}/effects`,
        Method: 'POST',
        RequestBody: { 'behaviour.$': '$.behaviour' },
      },
      ...PATIENT,
      ResultPath: null,
      Next: 'InAHurry',
    },
    InAHurry: {
      Type: 'Choice',
      Choices: [{ Variable: '$.express', BooleanEquals: true, Next: 'Both' }],
      Default: 'Rest',
    },
    Rest: { Type: 'Wait', Seconds: 1, Next: 'Both' },
    Both: {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'Charge',
          States: { Charge: handler('effect', { Parameters: { 'behaviour.$': '$.behaviour' }, End: true }) },
        },
        { StartAt: 'Price', States: { Price: handler('compute', { Parameters: { n: 12 }, End: true }) } },
      ],
      ResultPath: '$.both',
      Next: 'Each',
    },
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      MaxConcurrency: 2,
      ItemProcessor: { StartAt: 'Pack', States: { Pack: handler('effect', { Parameters: {}, End: true }) } },
      ResultPath: '$.packed',
      Next: 'Risk',
    },
    Risk: handler('refuse', {
      Catch: [{ ErrorEquals: ['Chaos.Refused'], ResultPath: '$.why', Next: 'Undo' }],
      End: true,
    }),
    Undo: handler('effect', { Parameters: {}, End: true }),
  });

const callback = machine('Ask', {
  Ask: {
    ...handler('ask.waitForTaskToken', { Parameters: { 'token.$': '$$.Task.Token' }, Next: 'Thank' }),
    TimeoutSeconds: 300,
  },
  Thank: handler('effect', { Parameters: {}, End: true }),
});

const mutex = machine('Work', {
  Work: handler('work-on', {
    Parameters: { 'asset.$': '$.asset' },
    Throughline: { 'Mutex.$': '$.asset' },
    End: true,
  }),
});

const child = machine('Rest', {
  Rest: { Type: 'Wait', Seconds: 1, Next: 'Do' },
  Do: handler('effect', { Parameters: {}, End: true }),
});

const parent = machine('Child', {
  Child: {
    Type: 'Task',
    Resource: 'arn:aws:states:::states:startExecution.sync:2',
    Parameters: { StateMachineArn: 'chaos-child', Input: {} },
    ResultSelector: { 'status.$': '$.Status' },
    End: true,
  },
});

const signal = machine('Await', {
  Await: { Type: 'Task', Resource: 'tl:signal:go', TimeoutSeconds: 600, ResultPath: '$.said', Next: 'Do' },
  Do: handler('effect', { Parameters: {}, End: true }),
});

const steered = machine('First', {
  First: handler('effect', { Parameters: {}, ResultPath: null, Next: 'Rest' }),
  Rest: { Type: 'Wait', Seconds: 2, Next: 'Beat' },
  Beat: { ...handler('beat', { Parameters: { beats: 3 }, End: true }), HeartbeatSeconds: 5 },
});

const failing = machine('Refuse', { Refuse: handler('refuse', { Next: 'Never' }), Never: { Type: 'Succeed' } });

const approval = machine('Agree', {
  Agree: {
    Type: 'Task',
    Resource: 'tl:approval',
    Throughline: { Approval: { Required: 1, Approvers: ['ada'], ExpiresSeconds: 3_600 } },
    ResultPath: null,
    Next: 'Do',
  },
  Do: handler('effect', { Parameters: {}, End: true }),
});

/** By the name that they are registered under. */
export const machinesFor = (sinkUrl: string): Readonly<Record<string, Json>> => ({
  'chaos-order': order(sinkUrl),
  'chaos-callback': callback,
  'chaos-mutex': mutex,
  'chaos-child': child,
  'chaos-parent': parent,
  'chaos-signal': signal,
  'chaos-steered': steered,
  'chaos-failing': failing,
  'chaos-approval': approval,
});
