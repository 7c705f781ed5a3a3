import { ERROR_CODES, isJsonObject, type Json } from '@throughline/contracts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface Judged {
  /** `accepted`, or the refusal's code. */
  readonly outcome: string;
  readonly problem: string | undefined;
}

/**
 * Answers of 500 and above that are no fault: a read as of a moment that the rows have not come to yet, because the machine
 * has more to do than it can. It says so, and to ask again.
 */
const NOT_YET = new Set(['TL0411']);

const jsonOf = ({ bytes }: Answer): Json | undefined => {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Json; // JSON gives JSON
  } catch {
    return undefined;
  }
};

/** A refusal is typed by a code of the table, with the status that the code has; nothing is a fault of the server's. */
export const judged = (answer: Answer, method: string): Judged => {
  const { status } = answer;
  if (status < 400) return { outcome: 'accepted', problem: undefined };
  // An answer to HEAD has no body to say why.
  if (method === 'HEAD' && status < 500) return { outcome: `HEAD ${status}`, problem: undefined };
  const body = jsonOf(answer);
  const code = body !== undefined && isJsonObject(body) ? body['code'] : undefined;
  const known = typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
  const outcome = known ? code : `untyped ${status}`;
  if (status >= 500 && !NOT_YET.has(outcome)) return { outcome, problem: `${status}` };
  if (!known) return { outcome, problem: `${status} without a code of the table` };
  // The cast names what was looked up right above.
  const expected = ERROR_CODES[code as keyof typeof ERROR_CODES].status;
  return {
    outcome,
    problem: expected === status ? undefined : `${code} comes with ${status}, and its own is ${expected}`,
  };
};
