import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context, Span } from '@opentelemetry/api';
import type { Caller } from './caller.ts';

/** What the host's hooks and guard put on a request on its way to the handler. */
export type HostRequest = FastifyRequest & {
  caller?: Caller;
  trace?: { readonly span: Span; readonly context: Context };
};
export type HostReply = FastifyReply;
