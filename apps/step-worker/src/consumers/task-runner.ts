import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { CommandSender, NatsConnection, WorkMessage } from '@throughline/event-log/jetstream';
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
  createTaskProcessor,
  handleTask,
  type HandlerSet,
  listenForCancels,
  logLineOf,
  RunningAttempts,
  type TaskLog,
  type TaskProcessor,
} from '@throughline/worker-sdk';
import type { StepWorkerConfig } from '../config.ts';
import type { HttpSteps } from '../http-steps/http-invoke.ts';
import { HANDLERS, HTTP_STEPS, STEP_WORKER_CONFIG } from '../tokens.ts';

/** Handlers may end by themselves this long after the stop; then they are aborted, within the host's own time to drain. */
const GRACE_MS = 7_000;

/** Runs the tasks that the queues deliver, in this process, until it stops. */
@Injectable()
export class TaskRunner implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly telemetry: TelemetryLog;
  private readonly process: TaskProcessor;
  private readonly httpSteps: HttpSteps;
  private readonly tasks: Counter;

  constructor(
    @Inject(HANDLERS) handlers: HandlerSet,
    @Inject(HTTP_STEPS) httpSteps: HttpSteps,
    @Inject(STEP_WORKER_CONFIG) config: StepWorkerConfig,
    @Inject(NATS_CONNECTION) nc: NatsConnection,
    @Inject(COMMAND_SENDER) commands: CommandSender,
    @Inject(ServiceStatus) status: ServiceStatus,
  ) {
    this.httpSteps = httpSteps;
    this.telemetry = new TelemetryLog(nc, { service: config.service });
    const log: TaskLog = (task, ...line) => this.telemetry.write(task.tenant, logLineOf(task, ...line));
    const { worker } = config;
    const running = new RunningAttempts();
    listenForCancels(nc, running);
    this.process = createTaskProcessor({ handlers, worker, commands, log, signal: this.stopping.signal, running });
    status.counterOf('log_lines_dropped_total', 'Log lines that did not fit the buffer', () => this.telemetry.dropped);
    this.tasks = status.counter('tasks_total', 'Tasks whose result was answered');
  }

  /** Resolves when the task may be acked; throws what the transport understands where it may not. */
  async run(json: unknown, message: WorkMessage): Promise<void> {
    const handled = await handleTask(json, message.deliveries, this.process);
    switch (handled.kind) {
      case 'done':
        return this.tasks.add();
      case 'dead':
        throw new PoisonMessage(handled.reason, handled.code);
      case 'unavailable':
        throw new HandlerUnavailable(handled.reason);
      case 'retry':
        throw new Error(handled.reason);
      case 'back':
        throw new HandlerUnavailable('the task was not begun');
    }
  }

  beforeApplicationShutdown(): void {
    setTimeout(() => this.stopping.abort(), GRACE_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.telemetry.close();
    await this.httpSteps.close();
  }
}
