import type { EffectClass, Json } from '@throughline/contracts';
import type { ChoiceOperator } from './choice-operators.ts';

/**
 * A state machine that passed validation. Built only by `parseMachine`, so a decider may rely on what is promised here:
 * every `next` names a state of the same machine, every path parses, every state can be reached.
 */
export interface Machine {
  readonly comment?: string;
  readonly startAt: string;
  readonly states: Readonly<Record<string, State>>;
  readonly stateCount: number;
  readonly timeoutMs?: number;
}

/** Where a finished state goes: on to another one, or out of its machine. */
export type Transition = { readonly kind: 'next'; readonly state: string } | { readonly kind: 'end' };

/** A JSONPath as written, e.g. `$.order.id`, `$$.Execution.Id`; compiled once and kept by the evaluator. */
export type Path = string & { readonly __path: true };

/** A payload template as written; fields ending in `.$` hold paths. */
export type Template = Json;

interface Named {
  readonly name: string;
  readonly comment?: string;
}
/** `null` is written for "discard": an empty object as input or output. */
interface InputOutputPaths {
  readonly inputPath: Path | null;
  readonly outputPath: Path | null;
}
/** `undefined`: the result replaces the input (`$`). `null`: the result is discarded. */
interface ResultFields {
  readonly resultPath: Path | null;
}

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalMs: number;
  readonly attemptsMax: number;
  readonly backoffRate: number;
  readonly delayMaxMs?: number;
  readonly jitter: 'NONE' | 'FULL';
}
export interface Catcher {
  readonly errorEquals: readonly string[];
  readonly resultPath: Path | null;
  readonly next: string;
}

/** `tl:task:<queue>:<handler>` or `arn:aws:states:::http:invoke` (queue and handler `http`). */
export interface TaskResource {
  readonly text: string;
  readonly queue: string;
  readonly handler: string;
}

export type Seconds =
  | { readonly kind: 'fixed'; readonly seconds: number }
  /** `field` is the field that held the path: AWS's cause texts name it. */
  | { readonly kind: 'path'; readonly path: Path; readonly field: SecondsPathField };
export type SecondsPathField = 'SecondsPath' | 'TimeoutSecondsPath' | 'HeartbeatSecondsPath';

export interface PassState extends Named, InputOutputPaths, ResultFields {
  readonly type: 'Pass';
  readonly parameters?: Template;
  readonly result?: Json;
  readonly transition: Transition;
}
export interface TaskState extends Named, InputOutputPaths, ResultFields {
  readonly type: 'Task';
  readonly resource: TaskResource;
  readonly parameters?: Template;
  readonly resultSelector?: Template;
  readonly timeout?: Seconds;
  readonly heartbeat?: Seconds;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
  readonly effectClass: EffectClass;
  readonly transition: Transition;
}
export interface ChoiceState extends Named, InputOutputPaths {
  readonly type: 'Choice';
  readonly choices: readonly ChoiceBranch[];
  readonly default?: string;
}
export interface ChoiceBranch {
  readonly rule: ChoiceRule;
  readonly next: string;
}
export type ChoiceRule =
  | { readonly kind: 'and' | 'or'; readonly rules: readonly ChoiceRule[] }
  | { readonly kind: 'not'; readonly rule: ChoiceRule }
  | Comparison;
export interface Comparison {
  readonly kind: 'compare';
  readonly variable: Path;
  /** As ASL names it, without `Path`: `StringEquals`, `NumericGreaterThan`, `IsPresent`, … */
  readonly operator: ChoiceOperator;
  readonly operand: { readonly kind: 'value'; readonly value: Json } | { readonly kind: 'path'; readonly path: Path };
}
export type WaitUntil =
  | Seconds
  | { readonly kind: 'timestamp'; readonly at: string }
  | { readonly kind: 'timestamp-path'; readonly path: Path };
export interface WaitState extends Named, InputOutputPaths {
  readonly type: 'Wait';
  readonly until: WaitUntil;
  readonly transition: Transition;
}
export interface SucceedState extends Named, InputOutputPaths {
  readonly type: 'Succeed';
}
export interface FailState extends Named {
  readonly type: 'Fail';
  readonly error?: string;
  readonly cause?: string;
  readonly errorPath?: Path;
  readonly causePath?: Path;
}
export type State = PassState | TaskState | ChoiceState | WaitState | SucceedState | FailState;

/** One thing wrong with a definition. */
export interface Fault {
  /** RFC 6901 pointer into the definition as given. */
  readonly pointer: string;
  /** Stable within TL0103: `UNKNOWN_FIELD`, `MISSING_TARGET`, `BAD_PATH`, … */
  readonly code: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}
