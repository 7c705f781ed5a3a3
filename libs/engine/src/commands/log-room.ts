import type { CommandType } from '@throughline/contracts';
import type { EventLog } from '@throughline/event-log';

/** New work stops first, so that what was accepted can still be finished and cancelled. */
const STARTS_UNTIL = 0.7;
const RESULTS_UNTIL = 0.9;
const REFRESH_MS = 2_000;

export interface Room {
  readonly bytes: number;
  readonly bytesMax: number;
}

/** How full the log is, read every two seconds: a full log must refuse by a rule and not by a failing append. */
export class LogRoom {
  private readonly log: EventLog;
  private known: Room = { bytes: 0, bytesMax: 0 };
  private timer: NodeJS.Timeout | undefined;

  constructor(log: EventLog) {
    this.log = log;
  }

  async start(): Promise<void> {
    this.known = await this.log.room();
    this.timer = setInterval(() => {
      // A failed look keeps the last answer; the append itself will say what is wrong.
      this.log
        .room()
        .then((room) => (this.known = room))
        .catch(() => undefined);
    }, REFRESH_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  get room(): Room {
    return this.known;
  }

  /** True where the log has room for what this command would add. */
  accepts(type: CommandType): boolean {
    if (this.known.bytesMax <= 0) return true;
    const filled = this.known.bytes / this.known.bytesMax;
    return filled < (type === 'StartExecution' || type === 'RegisterWorkflow' ? STARTS_UNTIL : RESULTS_UNTIL);
  }
}
