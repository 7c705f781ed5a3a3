import type { ErrorCode, Refusal } from '@throughline/contracts';

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
export declare const refuse: (code: ErrorCode, message: string, details?: unknown) => never;
/** A refusal that came as a value, e.g. with a command's answer. A code unknown to this build becomes TL0007. */
export declare const refuseWith: (refusal: Refusal) => never;
