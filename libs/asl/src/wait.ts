import type { Json, JsonObject } from '@throughline/contracts';
import type { Evaluated } from './evaluated.ts';
import type { Seconds, WaitState } from './machine.ts';
export declare const secondsOf: (seconds: Seconds, data: Json, context: JsonObject) => Evaluated<number>;
export declare const waitUntil: (state: WaitState, data: Json, context: JsonObject, nowMs: number) => Evaluated<number>;
