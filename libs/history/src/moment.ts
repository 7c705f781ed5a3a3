import { formatInstant, parseInstant } from '@throughline/asl';
import type { Commit, Instant } from '@throughline/contracts';

/** In one execution's history: after a commit, or at a time. */
export type Position = { readonly kind: 'version'; readonly version: number } | InstantGiven;
/** Of the whole system: with the log up to a sequence, or at a time. */
export type Moment = { readonly kind: 'seq'; readonly seq: number } | InstantGiven;
interface InstantGiven {
  readonly kind: 'instant';
  readonly at: Instant;
}

const DIGITS = /^\d+$/;

/** From the text of `positionSchema`; undefined where no calendar has the time. */
export const positionOf = (text: string): Position | undefined =>
  DIGITS.test(text) ? { kind: 'version', version: Number(text) } : instantOf(text);

/** From the text of `asOfSchema`. */
export const momentOf = (text: string): Moment | undefined =>
  DIGITS.test(text) ? { kind: 'seq', seq: Number(text) } : instantOf(text);

const instantOf = (text: string): InstantGiven | undefined => {
  const ms = parseInstant(text);
  return ms === undefined ? undefined : { kind: 'instant', at: formatInstant(ms) };
};

/** When a commit was decided: its last command. What happened at a time is told by this, not by when it was stored. */
export const decidedAt = ({ commands }: Commit): Instant => {
  const last = commands.at(-1);
  if (!last) throw new Error('a commit without commands');
  return last.at;
};

/** Whether a commit belongs to what was there then. An aggregate's commits never go back in time, so those before it do too. */
export const wasThere = (
  moment: Moment,
  { commit, seq }: { readonly commit: Commit; readonly seq: number },
): boolean => (moment.kind === 'seq' ? seq <= moment.seq : decidedAt(commit) <= moment.at);
