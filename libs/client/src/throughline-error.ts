import { ERROR_CODES, type ErrorCode } from '@throughline/contracts';

/** Every failure of a call: branch on `code`, whose page is docs/errors/<code>.md. */
export class ThroughlineError extends Error {
  override readonly name = 'ThroughlineError';
  readonly code: ErrorCode;
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly details: unknown;
  readonly requestId: string | undefined;
  /** What a `Retry-After` header asked for. */
  readonly retryAfterMs: number | undefined;

  constructor(fields: {
    code: ErrorCode;
    status: number;
    message: string;
    details?: unknown;
    requestId?: string | undefined;
    retryAfterMs?: number | undefined;
    cause?: unknown;
  }) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.status = fields.status;
    this.details = fields.details;
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
  }
}

const isErrorCode = (text: unknown): text is ErrorCode => typeof text === 'string' && Object.hasOwn(ERROR_CODES, text);

/** For answers that no Throughline process wrote, such as a load balancer's page. */
const codeOfStatus = (status: number): ErrorCode => {
  switch (status) {
    case 400:
      return 'TL0001';
    case 401:
      return 'TL0002';
    case 403:
      return 'TL0003';
    case 404:
      return 'TL0004';
    case 413:
      return 'TL0005';
    case 429:
      return 'TL0010';
    case 502:
    case 503:
      return 'TL0008';
    case 504:
      return 'TL0009';
    default:
      return 'TL0007';
  }
};

const RETRY_AFTER_SECONDS_MAX = 60;
const retryAfterMsOf = (response: Response): number | undefined => {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, RETRY_AFTER_SECONDS_MAX) * 1_000 : undefined;
};

const EXCERPT_CHARACTERS_MAX = 200;

export const errorOfResponse = async (response: Response): Promise<ThroughlineError> => {
  const text = await response.text().catch(() => '');
  const body = fieldsOf(text);
  const code = isErrorCode(body['code']) ? body['code'] : codeOfStatus(response.status);
  const message = body['message'];
  const requestId = body['requestId'];
  return new ThroughlineError({
    code,
    status: response.status,
    message:
      typeof message === 'string'
        ? message
        : `${ERROR_CODES[code].title} (HTTP ${response.status} ${text.slice(0, EXCERPT_CHARACTERS_MAX)})`.trim(),
    details: body['details'],
    requestId: typeof requestId === 'string' ? requestId : undefined,
    retryAfterMs: retryAfterMsOf(response),
  });
};

const fieldsOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
};
