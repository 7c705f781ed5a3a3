import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { ERROR_CODES, type ErrorBody, type ErrorCode, errorHelp } from '@throughline/contracts';
import type { Logger } from 'pino';
import { type Observable, throwError } from 'rxjs';
import type { HostReply, HostRequest } from './http-request.ts';
import { Refused } from './refused.ts';

/** What Nest and Fastify refuse by themselves, before a handler is reached. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'TL0001',
  401: 'TL0002',
  403: 'TL0003',
  404: 'TL0004',
  405: 'TL0004',
  413: 'TL0005',
  415: 'TL0001',
  429: 'TL0010',
  503: 'TL0008',
};

const RETRY_AFTER_SECONDS = 1;

const UNAVAILABLE = 503;
/** Codes of Node sockets, Postgres (class 57: shutting down, starting up), Prisma; names of NATS errors. */
const OUTAGE_CODES =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|57P0[123]|53300|P1001|P1002|P1008|P1017|P2024)$/;
const OUTAGE_NAMES = /^(ClosedConnectionError|ConnectionError|TimeoutError|NoRespondersError|DrainingConnectionError)$/;
const OUTAGE_MESSAGES = /^(timeout exceeded when trying to connect|Connection terminated)/;
const CAUSES_MAX = 4;

/** Prisma passes on what its driver was told by Postgres without making it the cause. */
interface PrismaFailure {
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: { readonly originalCode?: unknown } } };
}

const codesOf = (error: Error): readonly string[] => {
  // The cast asks any error for a field of Prisma's; others have none.
  const { meta } = error as PrismaFailure;
  return ['code' in error ? error.code : undefined, meta?.driverAdapterError?.cause?.originalCode].map(String);
};

const isOutage = (error: unknown): boolean => {
  let current: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth += 1) {
    if (
      codesOf(current).some((code) => OUTAGE_CODES.test(code)) ||
      OUTAGE_NAMES.test(current.name) ||
      // A JetStream that cannot answer just now: no leader, no room.
      ('status' in current && current.status === UNAVAILABLE) ||
      OUTAGE_MESSAGES.test(current.message)
    )
      return true;
    current = current.cause;
  }
  return false;
};

interface Answer {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: unknown;
  /** A fault of ours: logged with its stack, told without it. */
  readonly fault: boolean;
}

const answerTo = (exception: unknown): Answer => {
  if (exception instanceof Refused) {
    const { code, message, details } = exception;
    return { code, message, details, fault: false };
  }
  if (exception instanceof HttpException) {
    const code = CODE_OF_STATUS[exception.getStatus()];
    if (code) return { code, message: exception.message, fault: false };
  }
  if (isOutage(exception)) {
    return { code: 'TL0008', message: 'the log or the database cannot be reached; try again', fault: true };
  }
  return { code: 'TL0007', message: 'something went wrong here; the request id finds it in the logs', fault: true };
};

export const errorBody = (
  code: ErrorCode,
  message: string,
  details: unknown,
  requestId: string | undefined,
): ErrorBody => ({
  code,
  title: ERROR_CODES[code].title,
  message,
  ...(details === undefined ? {} : { details }),
  help: errorHelp(code),
  ...(requestId === undefined ? {} : { requestId }),
});

/** Every error leaves as an `ErrorBody`, whatever threw it; stacks stay in the log. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #log: Logger;
  constructor(log: Logger) {
    this.#log = log;
  }

  catch(exception: unknown, host: ArgumentsHost): Observable<never> | void {
    // A message handler's failure goes to the transport as it is, which retries or dead-letters with the reason.
    if (host.getType() === 'rpc') return throwError(() => exception);
    const http = host.switchToHttp();
    const request = http.getRequest<HostRequest>();
    const reply = http.getResponse<HostReply>();
    const { code, message, details, fault } = answerTo(exception);
    const fields = { requestId: request.id, method: request.method, url: request.url, code };
    if (fault) this.#log.error({ ...fields, err: exception }, 'request failed');
    else this.#log.debug(fields, message);
    if (reply.sent || reply.raw.headersSent) {
      // A stream that broke midway: the only way left to say so is to cut it off.
      reply.raw.destroy();
      return;
    }
    const { status } = ERROR_CODES[code];
    if (status === 503 || status === 429) void reply.header('retry-after', RETRY_AFTER_SECONDS);
    void reply.status(status).send(errorBody(code, message, details, request.id));
  }
}
