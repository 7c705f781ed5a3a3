import type { AggregateRef, Queue, StepTask, TimerId, TimerMessage } from '@throughline/contracts';
import type { NatsConnection } from './connection.ts';
import type { Publisher } from './publisher.ts';

/** Publishes a step attempt with an id made of execution and token: published twice in a short time, it is there once. */
export declare const publishTask: (publisher: Publisher, task: StepTask) => Promise<void>;
/** One schedule per timer subject; arming again replaces it. `message.dueAt` in the past fires at once. */
export declare const armTimer: (publisher: Publisher, ref: AggregateRef, message: TimerMessage) => Promise<void>;
/** Takes the schedule away. A due message that is on its way already stays: the fold ignores a timer that is not pending. */
export declare const cancelTimer: (nc: NatsConnection, ref: AggregateRef, timer: TimerId) => Promise<void>;
/** True while the schedule or its due message is in TL_TIMERS. */
export declare const timerIsThere: (nc: NatsConnection, ref: AggregateRef, timer: TimerId) => Promise<boolean>;
/** True when TL_TASKS holds no task of the queue, delivered or not. */
export declare const queueIsIdle: (nc: NatsConnection, queue: Queue) => Promise<boolean>;
