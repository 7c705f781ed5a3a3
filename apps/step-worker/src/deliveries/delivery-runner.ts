import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  assertNever,
  COMMAND_VERSION,
  commandIdSchema,
  type DeliveryTask,
  deliveryTaskSchema,
  type Instant,
} from '@throughline/contracts';
import type { CommandSender, NatsConnection, UnaddressedCommand, WorkMessage } from '@throughline/event-log/jetstream';
import {
  COMMAND_SENDER,
  type Counter,
  HandlerUnavailable,
  NATS_CONNECTION,
  PoisonMessage,
  ServiceStatus,
  TelemetryLog,
} from '@throughline/service-host';
import {
  createSecretStore,
  DELIVERIES_MAX,
  ReportUnanswered,
  type SecretStore,
  sendUntilAnswered,
} from '@throughline/worker-sdk';
import { Agent } from 'undici';
import { z } from 'zod';
import type { StepWorkerConfig } from '../config.ts';
import { type Call, NotCalled } from '../targets/target.ts';
import type { TargetsOfWorker } from '../targets/targets-of-worker.ts';
import { STEP_WORKER_CONFIG, TARGETS } from '../tokens.ts';
import { deliverFile } from './deliver-file.ts';
import { deliverNats } from './deliver-nats.ts';
import { deliverWebhook } from './deliver-webhook.ts';
import { DELIVERY_ERRORS, type DeliveryOutcome, failed } from './delivery-outcome.ts';

/** As of the handlers: what is under way may end by itself, then it is cut off, and comes again elsewhere. */
const GRACE_MS = 7_000;
const CONNECTIONS_PER_ORIGIN_MAX = 16;

/** Hands results over to their receivers, in this process, until it stops. */
@Injectable()
export class DeliveryRunner implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly secrets: SecretStore;
  private readonly telemetry: TelemetryLog;
  private readonly dispatcher = new Agent({
    connections: CONNECTIONS_PER_ORIGIN_MAX,
    keepAliveTimeout: 10_000,
    connect: { timeout: 5_000 },
  });
  private readonly counters: Readonly<Record<DeliveryOutcome['kind'], Counter>>;

  constructor(
    @Inject(STEP_WORKER_CONFIG) private readonly config: StepWorkerConfig,
    @Inject(NATS_CONNECTION) private readonly nc: NatsConnection,
    @Inject(COMMAND_SENDER) private readonly commands: CommandSender,
    @Inject(TARGETS) private readonly targets: TargetsOfWorker,
    @Inject(ServiceStatus) status: ServiceStatus,
  ) {
    this.secrets = createSecretStore({
      ...(config.secretsDir === undefined ? {} : { directory: config.secretsDir }),
      env: process.env,
    });
    this.telemetry = new TelemetryLog(nc, { service: config.service });
    this.counters = {
      delivered: status.counter('deliveries_total', 'Attempts at a delivery that arrived'),
      failed: status.counter('deliveries_failed_total', 'Attempts at a delivery that did not arrive'),
    };
  }

  /** Resolves when the task may be acked; throws what the transport understands where it may not. */
  async run(json: unknown, message: Pick<WorkMessage, 'deliveries'>): Promise<void> {
    const parsed = deliveryTaskSchema.safeParse(json);
    if (!parsed.success) throw new PoisonMessage(`not a delivery: ${z.prettifyError(parsed.error)}`, 'TL0301');
    const task = parsed.data;
    const startedAt = now();
    const outcome = await this.attempt(task, message.deliveries);
    this.counters[outcome.kind].add();
    await this.report(task, outcome, startedAt);
    if (outcome.kind === 'failed' && (task.lastAttempt || !outcome.retryable)) {
      throw new PoisonMessage(reasonOf(task, outcome), 'TL0183');
    }
  }

  private async attempt(task: DeliveryTask, deliveries: number): Promise<DeliveryOutcome> {
    if (deliveries > DELIVERIES_MAX) {
      return failed(DELIVERY_ERRORS.crashed, `the task was delivered ${deliveries - 1} times, and no worker lived`);
    }
    try {
      return await this.deliver(task);
    } catch (thrown) {
      if (this.stopping.signal.aborted) throw new HandlerUnavailable('the worker stops');
      throw thrown;
    }
  }

  private deliver(task: DeliveryTask): Promise<DeliveryOutcome> {
    const { target } = task;
    switch (target.type) {
      case 'webhook': {
        const { secrets, dispatcher } = this;
        const parts = { secrets, dispatcher, signal: this.stopping.signal, nowMs: Date.now };
        return this.guarded(task, new URL(target.url).origin, () => deliverWebhook(task, target, parts));
      }
      case 'nats':
        return deliverNats(task, target, { nc: this.nc, prefix: this.config.deliverySubjectPrefix });
      case 'file':
        return deliverFile(task, target, this.config.deliveryDir);
      default:
        return assertNever(target);
    }
  }

  /** Attempts at a delivery are few and far between as it is: its retries take nothing from a budget. */
  private async guarded(
    task: DeliveryTask,
    origin: string,
    run: () => Promise<DeliveryOutcome>,
  ): Promise<DeliveryOutcome> {
    const { tenant, executionId, correlationId } = task;
    const log: Call['log'] = (level, message) => {
      const attributes = { target: origin };
      this.telemetry.write(tenant, { level, domain: 'delivery', message, executionId, correlationId, attributes });
    };
    try {
      return await this.targets.webhooks.call({ tenant, origin }, { attempt: 1, log }, run);
    } catch (thrown) {
      if (!(thrown instanceof NotCalled)) throw thrown;
      if (thrown.why === 'busy') throw new HandlerUnavailable(`${origin} is called as often at once as it may be`);
      const { error, cause } = thrown.failure ?? { error: DELIVERY_ERRORS.webhook, cause: '' };
      return failed(DELIVERY_ERRORS.unavailable, `${origin} fails and was not called (last: ${error}: ${cause})`);
    }
  }

  private async report(task: DeliveryTask, outcome: DeliveryOutcome, startedAt: Instant): Promise<void> {
    const { delivery, attempt } = task;
    const { worker } = this.config;
    const attempted = { delivery, attempt, startedAt, finishedAt: now(), worker };
    const envelope = {
      v: COMMAND_VERSION,
      id: commandIdSchema.parse(randomUUID()),
      actor: { kind: 'worker', id: worker },
      causationId: `${task.executionId}.${delivery}`.slice(0, 128),
      ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
    } as const;
    const command: UnaddressedCommand =
      outcome.kind === 'delivered'
        ? { ...envelope, type: 'CompleteDelivery', body: { ...attempted, answer: outcome.answer } }
        : { ...envelope, type: 'FailDelivery', body: { ...attempted, ...failureOf(outcome) } };
    try {
      // Whatever the answer: a delivery that is no longer open needs no other report.
      await sendUntilAnswered(task, command, { commands: this.commands, signal: this.stopping.signal });
    } catch (thrown) {
      if (thrown instanceof ReportUnanswered) throw new HandlerUnavailable(thrown.message);
      throw thrown;
    }
  }

  beforeApplicationShutdown(): void {
    setTimeout(() => this.stopping.abort(), GRACE_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.telemetry.close();
    await this.dispatcher.destroy();
  }
}

type Failed = Extract<DeliveryOutcome, { kind: 'failed' }>;

// The cast brands what toISOString always gives.
const now = (): Instant => new Date().toISOString() as Instant;

const failureOf = ({ error, cause, retryable }: Failed) => ({ error, cause, retryable });

const reasonOf = (task: DeliveryTask, { error, cause }: Failed): string =>
  `delivery ${task.delivery} of execution ${task.executionId} (${task.target.type}) failed for good at attempt ${task.attempt}: ${error}: ${cause}`;
