export { DeadLetters } from './dead-letters.ts';
export { Schedules, type ScheduleRequest } from './schedules.ts';
export { createClient, type StartRequest, type ThroughlineClient } from './client.ts';
export { everyItem, type Page } from './pages.ts';
export { ThroughlineError } from './throughline-error.ts';
export type { CallArguments, CallResult, ClientOptions, RepeatOptions, RequestOptions } from './transport.ts';
export type { WatchOptions } from './watch.ts';
export { verifyWebhook, type WebhookCheck, type WebhookProblem } from './webhook.ts';
