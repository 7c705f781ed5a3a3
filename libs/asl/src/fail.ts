import type { Json, JsonObject } from '@throughline/contracts';
import type { Evaluated } from './evaluated.ts';
import type { FailState } from './machine.ts';
export declare const failOutcome: (state: FailState, data: Json, context: JsonObject) => Evaluated<{ readonly error: string; readonly cause: string }>;
