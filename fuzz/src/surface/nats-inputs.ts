import {
  AGGREGATES,
  logRecordSchema,
  ORIGINS,
  sentCommandSchemas,
  STREAMS,
  stepTaskSchema,
  TASK_REPORTS,
  taskReportBodies,
  timerMessageSchema,
} from '@throughline/contracts';
import { z } from 'zod';
import type { Chance } from '../chance.ts';
import { mutatedJson } from '../mutate-json.ts';
import { ODD_TEXTS, oddBytes } from './odd-bytes.ts';
import type { Sampler } from './sample-json.ts';

export interface NatsInput {
  readonly family: string;
  readonly subject: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bytes: Uint8Array;
}

type Tokens = (text: (known: readonly [string, ...string[]]) => string) => readonly string[];
interface Family {
  readonly name: string;
  readonly schema: (chance: Chance) => z.ZodType;
  readonly tokens: Tokens;
}

const TENANTS: readonly [string, ...string[]] = ['default', 'default', 'globex', 'unknown'];
const IDS: readonly [string, ...string[]] = [
  'fz-1',
  'fz-2',
  'fz-3',
  'fz-4',
  'fz-5',
  'order',
  'pump',
  'nightly',
  'settings',
  'nobody',
];
const QUEUES: readonly [string, ...string[]] = ['default', 'http', 'lambda', 'tl-delivery', 'tl-record', 'fuzz'];
const PRIORITIES: readonly [string, ...string[]] = ['normal', 'high', 'low', 'critical'];
const TIMERS: readonly [string, ...string[]] = ['1-1', '1-2', '1-3', '2-0', '2-1', '3-1'];
const anyOf = <T>(list: readonly T[]): readonly [T, ...T[]] => list as readonly [T, ...T[]]; // none of the lists is empty

const commandSchema = (chance: Chance): z.ZodType => chance.pick(anyOf(Object.values(sentCommandSchemas)));

/** Every subject that the services read. `tl.log` is not among them: nobody but the orchestrator may write there. */
const FAMILIES: readonly [Family, ...Family[]] = [
  {
    name: 'commands',
    schema: commandSchema,
    tokens: (text) => ['in', text(ORIGINS), text(TENANTS), text(AGGREGATES), text(IDS)],
  },
  {
    name: 'tasks',
    schema: () => stepTaskSchema,
    tokens: (text) => ['task', text(QUEUES), text(PRIORITIES), text(TENANTS)],
  },
  {
    name: 'due timers',
    schema: () => timerMessageSchema,
    tokens: (text) => ['due', text(TENANTS), text(AGGREGATES), text(IDS), text(TIMERS)],
  },
  {
    name: 'telemetry',
    schema: (chance) => (chance.oneIn(2) ? logRecordSchema : z.array(logRecordSchema)),
    tokens: (text) => ['tel', text(TENANTS), text(['log', 'log', 'interaction', 'decision', 'metric'])],
  },
  {
    name: 'dead letters',
    schema: () => letterSchema,
    tokens: (text) => ['dead', text(Object.values(STREAMS) as [string, ...string[]]), text(TENANTS)],
  },
  {
    name: 'task tokens',
    schema: (chance) => taskReportBodies[chance.pick(TASK_REPORTS)],
    tokens: (text) => ['token', text(TENANTS), text(TASK_REPORTS)],
  },
  { name: 'recent executions', schema: () => z.strictObject({}), tokens: (text) => ['recent', text(TENANTS)] },
  { name: 'worker presence', schema: () => z.strictObject({}), tokens: (text) => ['worker', text(QUEUES)] },
  {
    name: 'announcements',
    schema: () => z.strictObject({}),
    tokens: (text) => ['new', text(QUEUES), text(PRIORITIES), text(TENANTS)],
  },
  {
    name: 'aborts',
    schema: () => z.strictObject({ v: z.literal(1), executionId: z.string(), tokens: z.array(z.string()) }),
    tokens: (text) => ['abort', text(TENANTS), text(IDS)],
  },
];

/** As the letters in TL_DEAD look. */
const letterSchema = z.strictObject({
  v: z.literal(1),
  stream: z.string(),
  subject: z.string(),
  seq: z.int(),
  deliveries: z.int(),
  code: z.string(),
  reason: z.string(),
  storedAt: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  payload: z.strictObject({ encoding: z.enum(['utf8', 'base64']), data: z.string(), bytes: z.int() }),
});

const HEADERS: readonly [string, ...string[]] = [
  'traceparent', 'tracestate', 'baggage', 'Nats-Msg-Id', 'correlation-id', 'content-type', 'x', 'Nats-TTL', 'Nats-Rollup',
]; // prettier-ignore

/** Subjects take no blank, dot or wildcard in a token; a client that sends one breaks its own protocol. */
const tokenText = (text: string): string => text.replace(/[\s.*>\u0000-\u0020]/g, '').slice(0, 400) || 'x';
const headerValue = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').trim();

export const natsInput = (sampler: Sampler, chance: Chance): NatsInput => {
  // Commands and tasks reach deepest.
  const family = chance.oneIn(2) ? (FAMILIES[chance.below(2)] ?? FAMILIES[0]) : chance.pick(FAMILIES);
  const text = (known: readonly [string, ...string[]]): string =>
    chance.oneIn(25) ? tokenText(chance.pick(ODD_TEXTS)) : chance.pick(known);
  const valid = sampler.sample(family.schema(chance), chance);
  const json = JSON.stringify(chance.oneIn(3) ? valid : mutatedJson(valid, chance, 3));
  const headers: (readonly [string, string])[] = [];
  while (chance.oneIn(5)) headers.push([chance.pick(HEADERS), headerValue(chance.pick(ODD_TEXTS))]);
  return {
    family: family.name,
    subject: `tl.${family.tokens(text).join('.')}`,
    headers,
    bytes: chance.oneIn(6) ? oddBytes(json, chance) : Buffer.from(json),
  };
};
