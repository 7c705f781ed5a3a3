import { randomUUID } from 'node:crypto';
import type { ThroughlineClient } from '@throughline/client';
import { type ExecutionId, executionIdSchema, type Json, routes } from '@throughline/contracts';
import type { Chance } from './chance.ts';
import { type Commander, type HttpCommand, type Settled, TENANT } from './commander.ts';
import type { AcknowledgedRecord } from '@throughline/testkit/checker';
import type { Sink } from './sink.ts';

/** Whoever commands has these at hand. */
export interface Clients {
  readonly commander: Commander;
  readonly http: ThroughlineClient;
  /** Somebody else, who may approve what `http` has started. */
  readonly ada: ThroughlineClient;
  readonly record: AcknowledgedRecord;
  readonly sink: Sink;
  readonly chance: Chance;
  /** Nobody begins anything more. */
  readonly isOver: () => boolean;
}

/** One execution's life as its clients see it. */
type Scenario = (clients: Clients) => Promise<void>;

const TOKEN_WAIT_MS = 20_000;
const LOOKS_MAX = 40;
const LOOK_EVERY_MS = 500;
const ASSETS = 12;
const NOTE_BURSTS = 3;
const NOTES_AT_ONCE = 12;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** By NATS, or by HTTP as every fourth does. */
const started = async (clients: Clients, workflow: string, input: Json): Promise<ExecutionId | undefined> => {
  const { commander, http, record, chance } = clients;
  const executionId = executionIdSchema.parse(randomUUID());
  const settled = chance.isTrue(0.25)
    ? await commander.overHttp({
        call: () => http.call(routes.startExecution, { params: { name: workflow }, body: { executionId, input } }),
        remember: () => record.add({ kind: 'start', tenant: TENANT, executionId }),
      })
    : await commander.start(executionId, workflow, input);
  return settled === 'accepted' ? executionId : undefined;
};

const order: Scenario = async (clients) => {
  const { commander, chance } = clients;
  const input = {
    behaviour: chance.isTrue(0.2) ? 'shy' : 'plain',
    express: chance.isTrue(0.7),
    items: Array.from({ length: chance.between(1, 3) }, (_none, n) => n),
  };
  const id = await started(clients, 'chaos-order', input);
  if (id === undefined) return;
  // Many people note something at the same time: what comes together is decided together.
  for (let burst = 1; burst <= NOTE_BURSTS && !clients.isOver(); burst += 1)
    await Promise.all(Array.from({ length: NOTES_AT_ONCE }, (_none, n) => commander.annotate(id, `${burst}-${n}`)));
};

const callback: Scenario = async (clients) => {
  const { commander, http, record, sink } = clients;
  const id = await started(clients, 'chaos-callback', {});
  if (id === undefined) return;
  const taskToken = await sink.tokenOf(id, TOKEN_WAIT_MS);
  sink.forget(id);
  if (taskToken === undefined) return; // its step asks again, and times out at last
  const mark = randomUUID();
  const output = { answer: mark };
  await commander.overHttp({
    call: () => http.call(routes.sendTaskSuccess, { body: { taskToken, output } }),
    remember: () => {
      const at = { tenant: TENANT, aggregate: 'execution', aggregateId: id };
      record.add({ kind: 'said', ...at, type: 'CompleteCallback', mark });
    },
  });
};

const mutex: Scenario = async (clients) => {
  const id = await started(clients, 'chaos-mutex', { asset: `asset-${clients.chance.below(ASSETS)}` });
  if (id !== undefined) await clients.commander.annotate(id, 'contends');
};

const parent: Scenario = async (clients) => {
  const id = await started(clients, 'chaos-parent', {});
  if (id !== undefined) await clients.commander.annotate(id, 'has a child');
};

const signal: Scenario = async (clients) => {
  const { commander, chance } = clients;
  const id = await started(clients, 'chaos-signal', {});
  if (id === undefined) return;
  await pause(chance.below(300));
  await commander.signal(id, 'go', { n: chance.below(1_000) });
  await commander.signal(id, 'go', 'one more than it takes');
};

/** A command of HTTP under an idempotency key of its own. */
const keyed = (
  { commander }: Clients,
  executionId: ExecutionId,
  type: string,
  body: Json,
  call: (idempotencyKey: string) => Promise<unknown>,
): HttpCommand => {
  const key = randomUUID();
  return { call: () => call(key), remember: () => commander.rememberKeyed({ executionId, key, type, body }) };
};

const steered: Scenario = async (clients) => {
  const { commander, http, chance } = clients;
  const id = await started(clients, 'chaos-steered', {});
  if (id === undefined) return;
  await pause(chance.below(1_500));
  const params = { id };
  const overHttp = chance.isTrue(0.5);
  const paused: Settled = overHttp
    ? await commander.overHttp(
        keyed(clients, id, 'PauseExecution', { reason: 'chaos' }, (idempotencyKey) =>
          http.call(routes.pauseExecution, { params, body: { reason: 'chaos' }, idempotencyKey }),
        ),
      )
    : await commander.pause(id);
  await commander.annotate(id, 'paused');
  if (paused === 'accepted') {
    await pause(chance.below(1_000));
    if (overHttp) {
      const call = (idempotencyKey: string) => http.call(routes.resumeExecution, { params, body: {}, idempotencyKey });
      await commander.overHttp(keyed(clients, id, 'ResumeExecution', {}, call));
    } else await commander.resume(id);
  }
  if (chance.isTrue(0.3)) await commander.cancel(id);
};

/** Looks until `found` sees what it looks for; what cannot be looked at now is looked at later. */
const lookFor = async <T>(
  { isOver }: Clients,
  look: () => Promise<T>,
  found: (seen: T) => boolean,
): Promise<T | undefined> => {
  for (let looks = 0; looks < LOOKS_MAX && !isOver(); looks += 1) {
    const seen = await look().catch(() => undefined); // an outage: that is what this is about
    if (seen !== undefined && found(seen)) return seen;
    await pause(LOOK_EVERY_MS);
  }
  return undefined;
};

const failing: Scenario = async (clients) => {
  const { commander, http } = clients;
  const id = await started(clients, 'chaos-failing', {});
  if (id === undefined) return;
  const failed = await lookFor(
    clients,
    () => http.get(id),
    ({ status }) => status === 'failed',
  );
  if (!failed) return;
  const params = { id };
  const reopened = await commander.overHttp(
    keyed(clients, id, 'RetryExecution', {}, (idempotencyKey) =>
      http.call(routes.retryExecution, { params, body: {}, idempotencyKey }),
    ),
  );
  if (reopened === 'accepted') await commander.annotate(id, 'tried again');
};

const approval: Scenario = async (clients) => {
  const { commander, ada, record } = clients;
  const id = await started(clients, 'chaos-approval', {});
  if (id === undefined) return;
  const asked = await lookFor(
    clients,
    () => ada.get(id),
    ({ runState }) => (runState?.pendingApprovals.length ?? 0) > 0,
  );
  const pending = asked?.runState?.pendingApprovals[0];
  if (pending === undefined) return;
  const seen = await lookFor(
    clients,
    () => ada.approvals.get(id, pending),
    () => true,
  );
  if (!seen) return;
  const mark = `agreed ${randomUUID()}`;
  const { contentHash } = seen;
  await commander.overHttp({
    call: () => ada.approvals.decide(id, pending, { decision: 'approve', comment: mark, contentHash }),
    remember: () => {
      const at = { tenant: TENANT, aggregate: 'execution', aggregateId: id };
      record.add({ kind: 'said', ...at, type: 'DecideApproval', mark });
    },
  });
};

/** By name, and how often of a hundred. */
export const SCENARIOS: readonly { readonly name: string; readonly weight: number; readonly run: Scenario }[] = [
  { name: 'order', weight: 42, run: order },
  { name: 'signal', weight: 18, run: signal },
  { name: 'steered', weight: 14, run: steered },
  { name: 'callback', weight: 8, run: callback },
  { name: 'mutex', weight: 8, run: mutex },
  { name: 'parent', weight: 5, run: parent },
  { name: 'failing', weight: 3, run: failing },
  { name: 'approval', weight: 2, run: approval },
];
