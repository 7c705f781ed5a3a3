import { ERROR_CODES, type ErrorCode, type Refusal } from '@throughline/contracts';

/** A refusal as exception: only at the HTTP edge, where Nest offers no other way out of a handler. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: ErrorCode;
  readonly details: unknown;
  constructor(code: ErrorCode, message: string, details?: unknown) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export const refuse = (code: ErrorCode, message: string, details?: unknown): never => {
  throw new Refused(code, message, details);
};

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_CODES, code);

/** A refusal that came as a value, e.g. with a command's answer. A code unknown to this build becomes TL0007. */
export const refuseWith = (refusal: Refusal): never =>
  isErrorCode(refusal.code)
    ? refuse(refusal.code, refusal.message, refusal.details)
    : refuse('TL0007', `${refusal.code}: ${refusal.message}`, refusal.details);
