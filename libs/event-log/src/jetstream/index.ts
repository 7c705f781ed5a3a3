export { connectNats, type NatsConnection, type NatsOptions } from './connection.ts';
export {
  checkServer,
  checkServerVersion,
  SERVER_VERSION_MIN,
  type ServerCheck,
  type ServerCheckOptions,
} from './server-check.ts';
export {
  ensureStreams,
  type LogPosition,
  lastSeqOfKind,
  commitAtSeq,
  logPosition,
  logPositionAfter,
  partitionsOf,
  streamFor,
  type StreamsCheck,
  type StreamsOptions,
  type StreamWatch,
  type StreamWatchOptions,
  watchStreams,
} from './streams.ts';
export {
  createPublisher,
  type PubAck,
  type Publisher,
  type PublisherOptions,
  type PublishOptions,
} from './publisher.ts';
export { JetStreamEventLog, type JetStreamEventLogOptions } from './jetstream-event-log.ts';
export { type FeedRecord, type LogFeed, type LogFeedOptions, LogReplacedError, openLogFeed } from './log-feed.ts';
export { followAggregate, type FollowOptions, UnreadableCommitError } from './follow-aggregate.ts';
export { consumeWorkQueue, type SharedWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue.ts';
export type { Handled, WorkMessage } from '../handled.ts';
export { type LeasedParts, type LeasedPartsOptions, type PartOwner, shareParts } from './leased-parts.ts';
export { type ConsumerSeen, consumersOf, deleteConsumer } from './consumers.ts';
export { handlersOn } from './worker-presence.ts';
export { consumeTasks, type TaskQueueOptions } from './task-queue.ts';
export { type QueuedMessage, queuedMessages } from './queued-messages.ts';
export { takeOne, type TakenMessage, type TakeSource } from './take-one.ts';
export {
  deadLetter,
  type DeadLetterInput,
  readDeadLetter,
  readDeadLetters,
  removeDeadLetter,
  requeueDeadLetter,
  requeueSubject,
  type StoredDeadLetter,
} from './dead-letters.ts';
export {
  type CommandSender,
  createCommandSender,
  type SendOptions,
  type SendOutcome,
  type UnaddressedCommand,
} from './command-sender.ts';
export { type HandedOver, handOver } from './hand-over.ts';
export {
  armTimer,
  cancelTimer,
  publishDelivery,
  publishTask,
  queueIsIdle,
  streamCreatedAt,
  timerIsThere,
} from './effects.ts';
export { PublishError } from '../log-server.ts';
