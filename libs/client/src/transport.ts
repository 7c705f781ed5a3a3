import type { Route } from '@throughline/contracts';
import { Agent } from 'undici';
import type { z } from 'zod';
import { errorOfResponse, ThroughlineError } from './throughline-error.ts';

export interface ClientOptions {
  /** Address of the front, e.g. `http://127.0.0.1:7400`. */
  readonly url: string;
  readonly apiKey?: string;
  readonly fetch?: typeof globalThis.fetch;
  /** Longest wait for one answer, streams apart. */
  readonly requestTimeoutMs?: number;
  /** Bounds what is repeated by itself: starts, waits and reconnections of a watch. */
  readonly repeat?: RepeatOptions;
}
export interface RepeatOptions {
  readonly attemptsMax?: number;
  readonly delayMs?: number;
  readonly delayMaxMs?: number;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** For a caller's own trace context, e.g. `traceparent`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Idempotency-Key`: what is sent again with it is answered as the first time, and done once. */
  readonly idempotencyKey?: string;
}

type Given<S> = S extends z.ZodType ? Coerced<z.input<S>, z.output<S>> : never;
/** A coerced field accepts `unknown`, which would let a caller pass anything: its output type is asked for instead. */
type Coerced<I, O> = { [K in keyof I]: unknown extends I[K] ? (K extends keyof O ? O[K] : never) : I[K] };
type Part<R extends Route, K extends 'params' | 'query' | 'body'> = R extends { readonly [P in K]: infer S }
  ? object extends Given<S>
    ? { readonly [P in K]?: Given<S> }
    : { readonly [P in K]: Given<S> }
  : unknown;

export type CallArguments<R extends Route> = RequestOptions & Part<R, 'params'> & Part<R, 'query'> & Part<R, 'body'>;
export type CallResult<R extends Route> = z.output<R['response']>;

/** What a call's arguments look like once the route is no longer known by type. */
interface LooseArguments extends RequestOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

const REQUEST_TIMEOUT_MS = 45_000;
/** Node's fetch gives up by itself after five minutes without an answer. A rebuild may take longer, and its call has its own bound. */
const FETCH_LIMIT_MS = 300_000;
const unlimited = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
/** Node takes any undici agent here; its types name those of the version that is built into it. */
const patience = { dispatcher: unlimited as unknown as NonNullable<RequestInit['dispatcher']> };

const pathOf = (route: Route, params: Readonly<Record<string, unknown>>): string =>
  route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));

const queryOf = (query: Readonly<Record<string, unknown>>): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const texts = Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
  return given.length === 0 ? '' : `?${new URLSearchParams(texts)}`;
};

export class Transport {
  readonly #url: string;
  readonly #fetch: typeof globalThis.fetch;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #requestTimeoutMs: number;

  constructor(options: ClientOptions) {
    this.#url = options.url.replace(/\/+$/, '');
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#headers = options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
    this.#requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  }

  /** One request by one route: arguments and answer have the types of the route's schemas. */
  async call<const R extends Route>(route: R, given: CallArguments<R>): Promise<CallResult<R>> {
    const timeout = AbortSignal.timeout(given.timeoutMs ?? this.#requestTimeoutMs);
    const signal = given.signal ? AbortSignal.any([given.signal, timeout]) : timeout;
    const response = await this.request(route, given, signal);
    const json: unknown = await response.json().catch((cause: unknown) => {
      throw faultOf(route, given.signal, cause);
    });
    const parsed = route.response.safeParse(json);
    if (!parsed.success) {
      const message = `the answer of ${route.method} ${route.path} does not match its schema`;
      throw new ThroughlineError({ code: 'TL0007', status: response.status, message, details: parsed.error.issues });
    }
    // The route's own schema produced it; `Route` alone no longer knows which one that is.
    return parsed.data as CallResult<R>;
  }

  /** The answer before its body is read; refusals and faults are thrown as `ThroughlineError`. */
  async request(route: Route, given: LooseArguments, signal: AbortSignal): Promise<Response> {
    const url = `${this.#url}${pathOf(route, given.params ?? {})}${queryOf(given.query ?? {})}`;
    const body = route.body ? JSON.stringify(given.body ?? {}) : undefined;
    const response = await this.#fetch(url, {
      method: route.method,
      signal,
      redirect: 'error',
      ...((given.timeoutMs ?? 0) > FETCH_LIMIT_MS ? patience : {}),
      headers: {
        accept: route.stream ? 'text/event-stream' : 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.#headers,
        ...(given.idempotencyKey === undefined ? {} : { 'idempotency-key': given.idempotencyKey }),
        ...given.headers,
      },
      ...(body === undefined ? {} : { body }),
    }).catch((cause: unknown) => {
      throw faultOf(route, given.signal, cause);
    });
    if (!response.ok) throw await errorOfResponse(response);
    return response;
  }
}

/** The caller's own abort stays what it is; everything else that kept an answer away gets a code. */
export const faultOf = (route: Route, signal: AbortSignal | undefined, cause: unknown): unknown => {
  if (signal?.aborted || cause instanceof ThroughlineError) return cause;
  const timedOut = typeof cause === 'object' && cause !== null && 'name' in cause && cause.name === 'TimeoutError';
  const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
  return new ThroughlineError({
    code: timedOut ? 'TL0009' : 'TL0008',
    status: 0,
    message: timedOut ? `no answer in time to ${route.method} ${route.path}` : `cannot reach ${route.path}: ${why}`,
    cause,
  });
};
