import {
  EFFECT_CLASSES,
  type EffectClass,
  type Json,
  type LOG_LEVELS,
  type Queue,
  queueSchema,
  SUBJECT_TOKEN,
} from '@throughline/contracts';
import { z } from 'zod';
import { ERROR_NAMES, StepError } from './step-error.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogAttributes = Readonly<Record<string, string | number | boolean>>;

/** What a handler knows about the attempt that it runs. */
export interface HandlerContext {
  readonly tenant: string;
  readonly executionId: string;
  readonly correlationId: string;
  /** From 1; counts the retries of this visit of the state. */
  readonly attempt: number;
  /** When the attempt was put on its queue, RFC 3339. */
  readonly scheduledAt: string;
  /** The same for every retry and redelivery of this step: hand it to whatever must not happen twice. */
  readonly idempotencyKey: string;
  /**
   * Of the assets that the step has locked: hand each to its asset, which takes no lower one any more. Empty where the state
   * has no `Mutex`.
   */
  readonly fencingTokens: Readonly<Record<string, number>>;
  /** Name of the state. */
  readonly state: string;
  /** W3C traceparent of the attempt's span; see `callHeaders`. */
  readonly traceparent?: string;
  /** Aborted when the step's time is over, its attempt is no longer open, or the worker must stop. */
  readonly signal: AbortSignal;
  /** Longest silence that the machine allows (`HeartbeatSeconds`); absent where none is set. */
  readonly heartbeatMs?: number;
  /** Tells the log that the step is alive. Does nothing where the state sets no `HeartbeatSeconds`. */
  heartbeat(): Promise<void>;
  /** One structured line, tied to the execution and its correlation id. Never blocks; may be dropped under pressure. */
  log(level: LogLevel, message: string, attributes?: LogAttributes): void;
}

export interface HandlerDefinition<I extends z.ZodType, O extends z.ZodType> {
  readonly queue: string;
  readonly name: string;
  readonly input: I;
  readonly output: O;
  /** What running it twice means, unless the definition says it. `external`, the careful answer, where nothing is said. */
  readonly effectClass?: EffectClass;
  run(input: z.output<I>, context: HandlerContext): Promise<z.input<O>> | z.input<O>;
}

/** A handler as a worker runs it: JSON in, JSON out, both checked by its schemas. */
export interface Handler {
  readonly queue: Queue;
  readonly name: string;
  readonly effectClass: EffectClass;
  readonly inputSchema: z.ZodType;
  readonly outputSchema: z.ZodType;
  /** Throws what `run` throws; a `StepError` where input or output do not match. */
  invoke(input: Json, context: HandlerContext): Promise<Json>;
}
export type TypedHandler<I extends z.ZodType, O extends z.ZodType> = Handler & Pick<HandlerDefinition<I, O>, 'run'>;

const checked = async <S extends z.ZodType>(schema: S, value: unknown, errorName: string): Promise<z.output<S>> => {
  const parsed = await schema.safeParseAsync(value);
  if (!parsed.success) throw new StepError(errorName, z.prettifyError(parsed.error));
  return parsed.data;
};

/** `undefined`, dates, maps and the like must not reach the log: what comes back is what a JSON reader will see. */
const asJson = (value: unknown): Json => {
  const text = JSON.stringify(value ?? null);
  // The cast states what JSON.parse promises.
  return JSON.parse(text ?? 'null') as Json;
};

/** Names a step handler for `tl:task:<queue>:<name>`. Mistakes in the definition throw here, when the worker starts. */
export const defineHandler = <I extends z.ZodType, O extends z.ZodType>(
  definition: HandlerDefinition<I, O>,
): TypedHandler<I, O> => {
  const { name, input, output, effectClass = 'external', run } = definition;
  const queue = queueSchema.parse(definition.queue);
  if (!SUBJECT_TOKEN.test(name)) throw new Error(`handler name ${JSON.stringify(name)}: 1 to 64 of A-Z a-z 0-9 _ -`);
  if (!EFFECT_CLASSES.includes(effectClass))
    throw new Error(`effectClass of ${name}: one of ${EFFECT_CLASSES.join(', ')}`);
  return {
    queue,
    name,
    effectClass,
    inputSchema: input,
    outputSchema: output,
    run,
    async invoke(given, context) {
      const parsedInput = await checked(input, given, ERROR_NAMES.inputInvalid);
      const produced = await run(parsedInput, context);
      return asJson(await checked(output, produced, ERROR_NAMES.outputInvalid));
    },
  };
};
