import {
  type AttemptToken,
  CAUSE_CHARS_MAX as CAUSE_BYTES_MAX,
  type EventData,
  type ExecutionEvent,
  type Instant,
  isDeeperThan,
  isTerminal,
  type Json,
  type JsonObject,
  type TimerId,
  type TimerPurpose,
} from '@throughline/contracts';
import {
  type Evaluated,
  Expenses,
  formatInstant,
  type ItemBatches,
  mapBatches,
  type MapState,
  parseInstant,
  type Scope,
} from '@throughline/asl';
import { contextObject, type MoreContext } from '../context-object.ts';
import type { Decision, Env, ExecutionCommandRecord, ResolvedMachine } from '../decider.ts';
import { evolve } from '../evolve.ts';
import { type ExecutionState, mayStartWork } from '../execution-state.ts';
import { type Frame, type FrameId, frameOf, variableOf } from '../frames.ts';
import { random01 } from '../hashes.ts';
import { jsonBytes, jsonBytesWithin, sameJson } from '../json-size.ts';

/** About what an event weighs without its payload; only has to keep the sum within the bound of a round. */
const EVENT_BYTES = 300;
/** What one more state may add: entered, scheduled, two timers, and an end. */
const EVENTS_PER_STATE_MAX = 12;
/** As AWS bounds them. */
const ERROR_CHARS_MAX = 256;
/** `\u0001` */
const BYTES_PER_CHARACTER_MAX = 6;

/** How a value is written into an event; `undefined` data means unchanged. */
export type Written = { readonly ok: true; readonly data?: EventData; readonly bytes: number } | { readonly ok: false };

/** Either may be absent: a callback can fail a task, and a Fail state an execution, without saying why. */
export interface StateError {
  readonly error?: string;
  readonly cause?: string;
  /** A narrower name that Retry and Catch may take it by: AWS has it in no event and in no output. */
  readonly takenAs?: string;
}

/** What events say of a failure. */
export const toldOf = ({ error, cause }: StateError): { readonly error?: string; readonly cause?: string } => ({
  ...(error === undefined ? {} : { error: boundedError(error) }),
  ...(cause === undefined ? {} : { cause: boundedCause(cause) }),
});

/** What the end of a branch or iteration leads to, taken up by `advance` in the same decision. */
export type Consequence =
  | { readonly kind: 'child-ended'; readonly parent: FrameId }
  | { readonly kind: 'child-failed'; readonly child: FrameId; readonly failure: StateError };

/** One decision under way: the events so far, and the state that they lead to. */
export class Run {
  readonly events: ExecutionEvent[] = [];
  state: ExecutionState;
  readonly command: ExecutionCommandRecord;
  readonly env: Env;
  readonly machine: ResolvedMachine;
  private bytes = 0;
  private draws = 0;
  private readonly expenses = new Expenses();
  private readonly consequences: Consequence[] = [];
  private readonly batches = new Map<string, Evaluated<ItemBatches | undefined>>();

  constructor(state: ExecutionState, command: ExecutionCommandRecord, env: Env) {
    if (!env.machine) throw new Error(`the machine of execution ${state.ref.aggregateId} was not given`);
    this.state = state;
    this.command = command;
    this.env = env;
    this.machine = env.machine;
  }

  emit(event: ExecutionEvent, payloadBytes: number = 0): void {
    this.events.push(event);
    this.bytes += EVENT_BYTES + payloadBytes;
    this.state = evolve(this.state, event, this.command);
  }

  frame(id: FrameId): Frame {
    return frameOf(this.state.frames, id);
  }

  follow(consequence: Consequence): void {
    this.consequences.push(consequence);
  }

  nextConsequence(): Consequence | undefined {
    return this.consequences.shift();
  }

  /** What the fields of the state that a frame is in may look at. */
  scope(id: FrameId, more: MoreContext = {}): Scope {
    const { frames } = this.state;
    return {
      context: contextObject(this.state, frameOf(frames, id), this.machine, more),
      variable: (name) => variableOf(frames, id, name),
      at: this.env.at,
      random01: () => this.random01(),
      expenses: this.expenses,
    };
  }

  /** How a Map's items go in batches: evaluated once in a decision, not for every batch. */
  batchesOf(id: FrameId, state: MapState): Evaluated<ItemBatches | undefined> {
    const { data, visit } = this.frame(id);
    const key = JSON.stringify([id, state.name, visit]);
    const known = this.batches.get(key);
    if (known) return known;
    const batches = mapBatches(state, data, this.scope(id));
    this.batches.set(key, batches);
    return batches;
  }

  /** Whether what an `Assign` gives may be kept; nothing assigned always fits. */
  fitsVariables(assigned: JsonObject | undefined): boolean {
    if (!assigned) return true;
    const { variablesBytesMax, dataDepthMax } = this.env.limits;
    const bytes = jsonBytesWithin(assigned, variablesBytesMax);
    if (bytes === undefined || isDeeperThan(assigned, dataDepthMax + 1)) return false;
    this.bytes += bytes;
    return true;
  }

  nowMs(): number {
    const ms = parseInstant(this.env.at);
    if (ms === undefined) throw new Error(`not an instant: ${this.env.at}`);
    return ms;
  }

  random01(): number {
    return random01(this.env.seed, this.draws++);
  }

  /** Whether a state may be entered, a branch or iteration begun, an end reached. */
  mayStartWork(): boolean {
    return mayStartWork(this.state);
  }

  hasEnded(): boolean {
    return isTerminal(this.state.status);
  }

  /** Whether the round has room for one more state. */
  isFull(): boolean {
    const { roundEventsMax, roundBytesMax, roundCostMax } = this.env.limits;
    return (
      this.expenses.units > roundCostMax ||
      this.state.roundEvents + EVENTS_PER_STATE_MAX > roundEventsMax ||
      this.env.roundBytes + this.bytes > roundBytesMax
    );
  }

  /** Data stands once on the log. Not ok: larger, or nested deeper, than state data may be. */
  write(value: Json, before: Json): Written {
    if (sameJson(value, before)) return { ok: true, bytes: 0 };
    const { command } = this;
    const result = resultOf(command);
    if (result !== undefined && sameJson(value, result.value)) {
      return { ok: true, data: { ref: result.ref }, bytes: 0 };
    }
    if (command.type === 'StartExecution' && sameJson(value, command.body.input)) {
      return { ok: true, data: { ref: 'input' }, bytes: 0 };
    }
    const { stateDataBytesMax, dataDepthMax } = this.env.limits;
    const bytes = jsonBytesWithin(value, stateDataBytesMax);
    return bytes === undefined || isDeeperThan(value, dataDepthMax)
      ? { ok: false }
      : { ok: true, data: { value }, bytes };
  }

  instantOf(ms: number): Instant {
    return formatInstant(ms);
  }

  /** The id is the event's own place on the log: unique, and known to decide. */
  arm(purpose: TimerPurpose, frame: FrameId, dueMs: number, token?: AttemptToken): void {
    // The cast names what the two numbers make: a subject token.
    const timer = `${this.state.version + 1}-${this.state.roundEvents}` as TimerId;
    const dueAt: Instant = formatInstant(dueMs);
    this.emit({ type: 'TimerArmed', timer, purpose, frame, ...(token === undefined ? {} : { token }), dueAt });
  }

  accepted(): Decision<ExecutionState, ExecutionEvent> {
    return { kind: 'accepted', events: this.events, after: this.state, bytes: this.bytes, cost: this.expenses.units };
  }
}

/** The result that a command brings for its step. */
const resultOf = (
  command: ExecutionCommandRecord,
): { readonly ref: 'output' | 'payload'; readonly value: Json } | undefined => {
  if (command.type === 'SignalExecution') return { ref: 'payload', value: command.body.payload };
  return 'output' in command.body ? { ref: 'output', value: command.body.output } : undefined;
};

export const boundedError = (error: string): string => error.slice(0, ERROR_CHARS_MAX);
/**
 * By the bytes of its JSON text, where AWS counts characters: a cause stands on the log once for each fan-out that it fails,
 * and a character can be six bytes there.
 */
export const boundedCause = (cause: string): string => {
  if (cause.length * BYTES_PER_CHARACTER_MAX <= CAUSE_BYTES_MAX) return cause;
  let bounded = cause.slice(0, CAUSE_BYTES_MAX);
  for (let bytes = jsonBytes(bounded) - 2; bytes > CAUSE_BYTES_MAX; bytes = jsonBytes(bounded) - 2) {
    // Never cuts more than is too much: what is left out is at least a byte a character.
    bounded = bounded.slice(0, bounded.length - Math.ceil((bytes - CAUSE_BYTES_MAX) / BYTES_PER_CHARACTER_MAX));
  }
  return bounded;
};

/** About what a failure adds to an event. */
export const toldBytes = ({ error = '', cause = '' }: StateError): number => jsonBytes(error) + jsonBytes(cause);
