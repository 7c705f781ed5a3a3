import type { ChildAwaits, EffectClass, Json, JsonObject } from '@throughline/contracts';
import type { ChoiceOperator } from './choice-operators.ts';
import type { MachineExtension, TaskExtension } from './extension.ts';
import type { FaultCode } from './validate/fault-codes.ts';

/** How the expressions of a state are written: as JSONPath with payload templates, or as JSONata. */
export type QueryLanguage = 'JSONPath' | 'JSONata';

/** States that lead to each other: a whole machine, a branch of a Parallel, what a Map does with an item. */
export interface Flow {
  readonly startAt: string;
  readonly states: Readonly<Record<string, State>>;
}

/**
 * A state machine that passed validation. Built only by `parseMachine`, so a decider may rely on what is promised here:
 * every `next` names a state of the same flow, every expression compiles, every state can be reached, no two states at
 * any depth have the same name.
 */
export interface Machine extends Flow {
  readonly comment?: string;
  /** States at every depth. */
  readonly stateCount: number;
  readonly timeoutMs?: number;
  readonly extension?: MachineExtension;
}

/** Where a finished state goes: on to another one, or out of its flow. */
export type Transition = { readonly kind: 'next'; readonly state: string } | { readonly kind: 'end' };

/** A JSONPath as written, e.g. `$.order.id`, `$$.Execution.Id`, `$variable.id`; compiled once and kept by the evaluator. */
export type Path = string & { readonly __path: true };

/** A string `{% … %}` as written. */
export type JsonataText = string & { readonly __jsonata: true };

/**
 * A payload as written. Of a JSONPath state, fields ending in `.$` hold paths or intrinsic functions; of a JSONata
 * state, strings `{% … %}` hold expressions, at any depth.
 */
export type Template = Json;

interface Named {
  readonly name: string;
  readonly comment?: string;
}

/** The five fields of JSONPath, as far as the state's type has them, and the variables that the state assigns. */
export interface JsonPathFlow {
  readonly queryLanguage: 'JSONPath';
  /** `null` is written for "discard": an empty object as input or output. */
  readonly inputPath: Path | null;
  readonly parameters?: Template;
  readonly resultSelector?: Template;
  /** `null`: the result is discarded. */
  readonly resultPath: Path | null;
  readonly outputPath: Path | null;
  readonly assign?: Template;
}
export interface JsonataFlow {
  readonly queryLanguage: 'JSONata';
  readonly arguments?: Template;
  readonly output?: Template;
  readonly assign?: Template;
}
export type DataFlow = JsonPathFlow | JsonataFlow;

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
  /** Of a JSONPath state; `$` in a JSONata state. */
  readonly resultPath: Path | null;
  readonly output?: Template;
  readonly assign?: Template;
  readonly next: string;
}
/** States that can fail and be tried again: Task, Parallel, Map. */
interface Handled {
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

/** How AWS's history names a resource: `lambda` and `invoke.waitForTaskToken`, `aws-sdk:s3` and `listBuckets`. */
interface ResourceNames {
  /** As written. */
  readonly text: string;
  readonly resourceType: string;
  readonly resource: string;
}
export type TaskResource =
  /** Run by the workers of a queue: `tl:task:<queue>:<handler>`, AWS's services, Lambda functions. */
  | (ResourceNames & {
      readonly kind: 'task';
      readonly queue: string;
      readonly handler: string;
      /**
       * `callback`: after the worker's result the attempt stays open until somebody reports for its token. `job`: the
       * worker runs something to its end, and may say before that it has been submitted.
       */
      readonly awaits: 'result' | 'callback' | 'job';
    })
  /** Run by whoever polls the activity. */
  | (ResourceNames & { readonly kind: 'activity'; readonly queue: string })
  /** Waits until people have agreed. */
  | (ResourceNames & { readonly kind: 'approval' })
  /** Waits for a signal of this name to the execution; its payload is the result. */
  | (ResourceNames & { readonly kind: 'signal'; readonly signal: string })
  /** Another execution; what of it is awaited, and whether its output comes as JSON text or as JSON. */
  | (ResourceNames & { readonly kind: 'child'; readonly awaits: ChildAwaits });

/** A value as written, or where to find it. `field` is the field that held it: AWS's cause texts name it. */
export type Sourced<T, F extends string> =
  | { readonly kind: 'fixed'; readonly value: T }
  | { readonly kind: 'path'; readonly path: Path; readonly field: `${F}Path` }
  | { readonly kind: 'jsonata'; readonly expression: JsonataText; readonly field: F };

export type Seconds = Sourced<number, 'Seconds' | 'TimeoutSeconds' | 'HeartbeatSeconds'>;

export type PassState = Named &
  DataFlow & {
    readonly type: 'Pass';
    readonly result?: Json;
    readonly transition: Transition;
  };

export type TaskState = Named &
  DataFlow &
  Handled & {
    readonly type: 'Task';
    readonly resource: TaskResource;
    readonly timeout?: Seconds;
    readonly heartbeat?: Seconds;
    /** Read and checked; no task is run under another account's role here. */
    readonly credentials?: Template;
    readonly effectClass: EffectClass;
    readonly extension: TaskExtension;
    readonly transition: Transition;
  };

export type ChoiceState = Named &
  DataFlow & {
    readonly type: 'Choice';
    readonly choices: readonly ChoiceBranch[];
    readonly default?: string;
  };
export interface ChoiceBranch {
  readonly rule: ChoiceRule;
  readonly next: string;
  readonly output?: Template;
  readonly assign?: Template;
}
export type ChoiceRule =
  | { readonly kind: 'and' | 'or'; readonly rules: readonly ChoiceRule[] }
  | { readonly kind: 'not'; readonly rule: ChoiceRule }
  | Comparison
  | {
      readonly kind: 'condition';
      readonly condition: JsonataText | boolean;
      /** Where it stands, as AWS's cause texts name it: `Choices[0]/Condition`. */
      readonly field: string;
    };
export interface Comparison {
  readonly kind: 'compare';
  readonly variable: Path;
  /** As ASL names it, without `Path`: `StringEquals`, `NumericGreaterThan`, `IsPresent`, … */
  readonly operator: ChoiceOperator;
  readonly operand: { readonly kind: 'value'; readonly value: Json } | { readonly kind: 'path'; readonly path: Path };
}

export type WaitUntil =
  | { readonly kind: 'seconds'; readonly seconds: Sourced<number, 'Seconds'> }
  | { readonly kind: 'timestamp'; readonly timestamp: Sourced<string, 'Timestamp'> };
export type WaitState = Named &
  DataFlow & {
    readonly type: 'Wait';
    readonly until: WaitUntil;
    readonly transition: Transition;
  };

export type SucceedState = Named & DataFlow & { readonly type: 'Succeed' };

export type FailState = Named & {
  readonly type: 'Fail';
  readonly queryLanguage: QueryLanguage;
  readonly error?: Sourced<string, 'Error'>;
  readonly cause?: Sourced<string, 'Cause'>;
};

export type ParallelState = Named &
  DataFlow &
  Handled & {
    readonly type: 'Parallel';
    readonly branches: readonly Flow[];
    readonly transition: Transition;
  };

export type MapState = Named &
  DataFlow &
  Handled & {
    readonly type: 'Map';
    readonly processor: Flow;
    /** DISTRIBUTED runs like INLINE and shows AWS's map run events. */
    readonly mode: 'INLINE' | 'DISTRIBUTED';
    readonly items: MapItems;
    /** ItemSelector, or Parameters as older definitions write it. */
    readonly itemSelector?: Template;
    readonly itemReader?: ItemReader;
    readonly itemBatcher?: ItemBatcher;
    readonly maxConcurrency: Sourced<number, 'MaxConcurrency'>;
    readonly toleratedFailureCount?: Sourced<number, 'ToleratedFailureCount'>;
    readonly toleratedFailurePercentage?: Sourced<number, 'ToleratedFailurePercentage'>;
    readonly label?: string;
    readonly transition: Transition;
  };
/** Where a Map without a reader finds its items. */
export type MapItems =
  | { readonly kind: 'path'; readonly path: Path }
  /** `Items` of a JSONata state: an expression, or an array or object that may hold expressions; absent: the input. */
  | { readonly kind: 'template'; readonly template?: Template };
/** A task whose result is the items. */
export interface ItemReader {
  readonly resource: TaskResource;
  /** Parameters or Arguments. */
  readonly input?: Template;
  /** ReaderConfig as it stands, for the worker that reads. */
  readonly config?: JsonObject;
  readonly maxItems?: Sourced<number, 'MaxItems'>;
}
export interface ItemBatcher {
  readonly maxItems?: Sourced<number, 'MaxItemsPerBatch'>;
  readonly maxBytes?: Sourced<number, 'MaxInputBytesPerBatch'>;
  readonly batchInput?: Template;
}

export type State =
  PassState | TaskState | ChoiceState | WaitState | SucceedState | FailState | ParallelState | MapState;

/** One thing wrong with a definition. */
export interface Fault {
  /** RFC 6901 pointer into the definition as given. */
  readonly pointer: string;
  /** Stable within TL0103: `UNKNOWN_FIELD`, `MISSING_TARGET`, `BAD_PATH`, … */
  readonly code: FaultCode;
  /** What is wrong and what to write instead. */
  readonly message: string;
}
