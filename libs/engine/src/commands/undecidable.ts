import type { ErrorCode } from '@throughline/contracts';

/**
 * No decision comes of these commands in this process, however often they are tried: a bug in deciding, or damage on the
 * log. Unlike a server that is down it does not pass, so the commands must not wait for it.
 */
export class UndecidableError extends Error {
  override readonly name = 'UndecidableError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, problem: string) {
    super(problem);
    this.code = code;
  }
}
