import type {
  AggregateRef,
  AttemptToken,
  DeliveryTask,
  Instant,
  Queue,
  SentCommand,
  StepTask,
  StreamName,
  TimerId,
  TimerMessage,
} from '@throughline/contracts';
import type { Effect } from '@throughline/execution';

export type DeadLetterAct = Extract<Effect, { kind: 'dead-letter' }>;

/** Where effects go. Each resolves when what it says is on its stream; every one can be said again. */
export interface EffectSink {
  /** `id` of the message: published twice in a short time, it is there once. */
  task(task: StepTask, id: string): Promise<void>;
  delivery(task: DeliveryTask): Promise<void>;
  /** `fireAt` is when the broker fires it, where that is another time than the one it is due at on the log. */
  armTimer(ref: AggregateRef, message: TimerMessage, fireAt: Instant): Promise<void>;
  cancelTimer(ref: AggregateRef, timer: TimerId): Promise<void>;
  /** Nobody waits for it to arrive. */
  abort(ref: AggregateRef, tokens: readonly AttemptToken[]): void;
  command(ref: AggregateRef, command: SentCommand): Promise<void>;
  settleDeadLetter(act: DeadLetterAct): Promise<void>;
}

/** What can be seen of the queues: enough to know that something awaited is not there. */
export interface QueueView {
  /** True while the timer waits or its due message is on its way. */
  timerIsThere(ref: AggregateRef, timer: TimerId): Promise<boolean>;
  /** True when no task of the queue is there, delivered or not. */
  queueIsIdle(queue: Queue): Promise<boolean>;
  /** What was published before that is not in the stream. */
  streamCreatedAt(stream: StreamName): Promise<string>;
}
