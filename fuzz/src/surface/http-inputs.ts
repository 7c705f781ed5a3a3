import { allRoutes, isJsonObject, type Json, type Route } from '@throughline/contracts';
import type { Chance } from '../chance.ts';
import { mutatedJson } from '../mutate-json.ts';
import { ODD_TEXTS, oddBytes } from './odd-bytes.ts';
import type { Sampler } from './sample-json.ts';

export interface HttpInput {
  readonly route: Route;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Through the front, or to the service itself. */
  readonly throughFront: boolean;
}

const ROUTES = allRoutes as readonly [Route, ...Route[]]; // there are some
const METHODS: readonly [string, ...string[]] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
const TYPES: readonly [string, ...string[]] = [
  'application/json',
  'application/json; charset=utf-8',
  'application/yaml',
  'text/plain',
  'application/octet-stream',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'nonsense',
];
const HEADERS: readonly [string, ...string[]] = [
  'idempotency-key', 'traceparent', 'tracestate', 'baggage', 'last-event-id', 'accept', 'accept-encoding', 'if-match', 'range', 'cookie',
  'x-correlation-id', 'x-request-id', 'x-forwarded-for', 'content-encoding', 'expect', 'origin', 'upgrade',
]; // prettier-ignore
const HEADER_TEXTS: readonly [string, ...string[]] = [
  ...ODD_TEXTS,
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '00-00000000000000000000000000000000-0000000000000000-00',
  'key-1',
  'gzip',
  'text/event-stream',
];

/** Node takes no other characters in a header, nor would they come over the wire. */
const headerText = (text: string): string => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');

const pathOf = (route: Route, sampler: Sampler, chance: Chance): string => {
  const given = route.params ? sampler.sample(route.params, chance) : {};
  return route.path.replace(/:([A-Za-z]+)/g, (_whole, name: string) => {
    const value = isJsonObject(given) ? given[name] : undefined;
    const text = chance.oneIn(6) ? chance.pick(ODD_TEXTS) : String(value ?? 'x');
    // As it is, it may be no path at all: that is an input too.
    return chance.oneIn(20) ? text.replace(/[^\x21-\x7e]/g, '') : encoded(text);
  });
};

const encoded = (text: string): string => {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
};

const queryOf = (route: Route, sampler: Sampler, chance: Chance): string => {
  const given = route.query && !chance.oneIn(5) ? sampler.sample(route.query, chance) : {};
  const pairs = Object.entries(isJsonObject(given) ? given : {}).map(([name, value]): [string, string] => [
    name,
    chance.oneIn(6) ? chance.pick(ODD_TEXTS) : typeof value === 'string' ? value : JSON.stringify(value ?? null),
  ]);
  if (chance.oneIn(8)) pairs.push([chance.pick(ODD_TEXTS), chance.pick(ODD_TEXTS)]);
  // Whoever waits long takes the place of others.
  const bounded = pairs.filter(([name]) => name !== 'waitMs' && name !== 'seconds');
  return bounded.length === 0
    ? ''
    : `?${bounded.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')}`;
};

const bodyOf = (route: Route, sampler: Sampler, chance: Chance): Uint8Array | undefined => {
  if (!route.body && !chance.oneIn(20)) return undefined;
  const valid: Json = route.body ? sampler.sample(route.body, chance) : {};
  const json = withoutWait(chance.oneIn(3) ? valid : mutatedJson(valid, chance, 3), route);
  const text = JSON.stringify(json);
  return chance.oneIn(6) ? oddBytes(text, chance) : Buffer.from(text);
};

/** A poll waits a minute unless it is told otherwise. */
const withoutWait = (json: Json, { path }: Route): Json =>
  isJsonObject(json) && (json['waitMs'] !== undefined || path.endsWith('/poll')) ? { ...json, waitMs: 0 } : json;

export const httpInput = (sampler: Sampler, apiKey: string, chance: Chance): HttpInput => {
  const route = chance.pick(ROUTES);
  const method = chance.oneIn(25) ? chance.pick(METHODS) : route.method;
  const body = method === 'GET' || method === 'HEAD' ? undefined : bodyOf(route, sampler, chance);
  const headers: Record<string, string> = {};
  if (!chance.oneIn(15)) headers['authorization'] = `Bearer ${apiKey}`;
  else if (chance.oneIn(2)) headers['authorization'] = headerText(chance.pick(ODD_TEXTS));
  if (body) headers['content-type'] = chance.oneIn(10) ? chance.pick(TYPES) : 'application/json';
  while (chance.oneIn(4)) headers[chance.pick(HEADERS)] = headerText(chance.pick(HEADER_TEXTS));
  // Node would wait for an answer to these before it sends the body.
  if (headers['expect'] !== undefined || headers['upgrade'] !== undefined) {
    delete headers['expect'];
    delete headers['upgrade'];
  }
  const target = pathOf(route, sampler, chance) + queryOf(route, sampler, chance);
  return { route, method, target, headers, body, throughFront: chance.oneIn(3) };
};
