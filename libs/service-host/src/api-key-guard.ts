import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { ApiKeys } from './api-keys.ts';
import { routeOf } from './handle.ts';
import type { HostRequest } from './http-request.ts';
import { inboundTrace } from './inbound-trace.ts';
import { Refused } from './refused.ts';

const BEARER = /^Bearer +(\S+)$/i;

const keyTextOf = (request: HostRequest): string | undefined => {
  const { authorization, 'x-api-key': apiKey } = request.headers;
  if (authorization !== undefined) return BEARER.exec(authorization)?.[1];
  return typeof apiKey === 'string' ? apiKey : undefined;
};

const IDEMPOTENCY_KEY_CHARS_MAX = 256;

const idempotencyKeyOf = ({ headers }: HostRequest): { readonly idempotencyKey?: string } => {
  const key = headers['idempotency-key'];
  if (key === undefined) return {};
  if (typeof key === 'string' && key !== '' && key.length <= IDEMPOTENCY_KEY_CHARS_MAX) return { idempotencyKey: key };
  throw new Refused(
    'TL0001',
    `Idempotency-Key has to be given once, with 1 to ${IDEMPOTENCY_KEY_CHARS_MAX} characters`,
  );
};

/** Denies by default: no route, no key, or no permission, and the handler never runs. */
export class ApiKeyGuard implements CanActivate {
  readonly #keys: ApiKeys;
  constructor(keys: ApiKeys) {
    this.#keys = keys;
  }

  canActivate(context: ExecutionContext): boolean {
    // What comes over NATS was let in by NATS; HTTP is the only other way in.
    if (context.getType() === 'rpc') return true;
    const request = context.switchToHttp().getRequest<HostRequest>();
    const keyText = keyTextOf(request);
    const caller = keyText === undefined ? undefined : this.#keys.callerOf(keyText);
    if (!caller) {
      throw new Refused('TL0002', 'send a key as "Authorization: Bearer <key>" or "X-API-Key: <key>"');
    }
    const route = routeOf(context.getHandler());
    if (!route) throw new Refused('TL0003', 'nothing may be asked of a handler that declares no permission');
    if (!caller.permissions.includes(route.permission)) {
      throw new Refused('TL0003', `this needs the permission ${route.permission}`, { permission: route.permission });
    }
    request.caller = { ...caller, ...idempotencyKeyOf(request), trace: inboundTrace(request.headers) };
    return true;
  }
}
