import { logPosition, type NatsConnection } from '@throughline/event-log/jetstream';
import { type Moment, momentOf } from '@throughline/history';
import type { RunningProjection } from '@throughline/projections';
import { refuse } from './refused.ts';

/** The clocks of a caller, of the broker and of this process may be this far apart. */
const CLOCKS_APART_MS = 5_000;
/** Rows of what was committed just before the request have this long to be written. */
const CATCH_UP_MS = 2_000;

/** Moments that callers ask about: `as_of`. */
export class Moments {
  readonly #nc: NatsConnection;
  readonly #projection: RunningProjection;

  constructor(nc: NatsConnection, projection: RunningProjection) {
    this.#nc = nc;
    this.#projection = projection;
  }

  /** Refused where it is still to come: its answer could change. */
  async asked(asOf: string): Promise<Moment> {
    const moment = momentIn(asOf);
    if (moment.kind === 'instant') {
      if (Date.parse(moment.at) > Date.now() + CLOCKS_APART_MS)
        return refuse('TL0410', `${moment.at} has not come yet`);
    } else {
      const { lastSeq } = await logPosition(this.#nc);
      if (moment.seq > lastSeq) return refuse('TL0410', `the log ends at sequence ${lastSeq}, before ${moment.seq}`);
    }
    return moment;
  }

  /** The same for answers that are made of rows: those of everything up to the moment are there. */
  async askedOfRows(asOf: string): Promise<Moment> {
    const moment = await this.asked(asOf);
    const seq = moment.kind === 'seq' ? moment.seq : (await logPosition(this.#nc)).lastSeq;
    if (await this.#projection.caughtUpTo(seq, CATCH_UP_MS)) return moment;
    const { seq: written } = this.#projection.status();
    return refuse('TL0411', `rows are written up to log sequence ${written} of ${seq}: ask again`);
  }
}

const momentIn = (asOf: string): Moment => momentOf(asOf) ?? refuse('TL0001', `${asOf} is not a time that there is`);
