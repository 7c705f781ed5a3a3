import { randomUUID } from 'node:crypto';
import {
  type AggregateRef,
  type Command,
  type CommandAnswer,
  commandIdSchema,
  executionRef,
  type Json,
  type Tenant,
  tenantSchema,
} from '@throughline/contracts';
import {
  CommandLoop,
  EffectPublisher,
  instantOf,
  type ReceivedCommand,
  StateCache,
  TenantSettings,
  WorkflowCatalog,
} from '@throughline/engine';
import { createPublisher, JetStreamEventLog, type NatsConnection } from '@throughline/event-log/jetstream';
import { workflowRef } from '@throughline/execution';
import { LivePreflight } from '../preflight/preflight.ts';
import { JetStreamQueues } from '../queues/jetstream-queues.ts';
import { TaskTokens } from '../task-tokens/task-tokens.ts';

export const SPEC_TOKENS = new TaskTokens(['for-specs-only-and-as-long-as-any']);

export const TENANT: Tenant = tenantSchema.parse('default');

export const oneStep: Json = {
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: 'tl:task:orders:work', TimeoutSeconds: 3600, End: true } },
};

/** A command loop over a real log, without the queue in front of it: specs hand commands in and see the answers. */
export const decidingSystem = (nc: NatsConnection) => {
  const log = new JetStreamEventLog(nc);
  const publisher = createPublisher(nc);
  const answers = new Map<string, CommandAnswer[]>();
  const queues = new JetStreamQueues(nc, publisher);
  const catalog = new WorkflowCatalog(log);
  const loop = new CommandLoop({
    log,
    states: new StateCache(log, 100),
    catalog,
    settings: new TenantSettings(log),
    preflight: new LivePreflight(nc, { directory: undefined, environment: {} }),
    effects: new EffectPublisher({ sink: queues, tokens: SPEC_TOKENS }),
    reply: (replyTo, answer) => {
      answers.set(replyTo, [...(answers.get(replyTo) ?? []), answer]);
      // For commands that came by the queue, where a spec has put one in front.
      nc.publish(replyTo, JSON.stringify(answer));
    },
  });
  /** Resolves with the answer once the command is settled. */
  const decide = async (ref: AggregateRef, command: Command, id: string = randomUUID()): Promise<CommandAnswer> => {
    const replyTo = `_INBOX.${randomUUID()}`;
    const received: ReceivedCommand = {
      ref,
      // The cast joins envelope and body, whose pairing `Command` has checked.
      command: {
        v: 1,
        id: commandIdSchema.parse(id),
        actor: { kind: 'user', id: 'spec' },
        replyTo,
        ...command,
      } as ReceivedCommand['command'],
      at: instantOf(Date.now()),
    };
    const handled = await loop.submit(received);
    const answer = answers.get(replyTo)?.[0];
    if (!answer) throw new Error(`settled as ${handled.kind} without an answer`);
    return answer;
  };
  const register = (name: string, definition: Json): Promise<CommandAnswer> =>
    decide(workflowRef(TENANT, name), { type: 'RegisterWorkflow', body: { name, definition } });
  const start = (id: string, workflow: string, input: Json = {}): Promise<CommandAnswer> =>
    decide(
      executionRef(TENANT, id),
      { type: 'StartExecution', body: { workflow, input, trigger: 'manual' } },
      `start-${id}`,
    );
  return { log, queues, loop, catalog, decide, register, start };
};
