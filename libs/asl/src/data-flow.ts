import type { Json, JsonObject } from '@throughline/contracts';
import type { Evaluated } from './evaluated.ts';
import type { PassState, State } from './machine.ts';
export declare const selectedInput: (state: State, data: Json, context: JsonObject) => Evaluated;
export declare const effectiveInput: (state: State, data: Json, context: JsonObject) => Evaluated;
export declare const passResult: (state: PassState, effective: Json) => Json;
export declare const stateOutput: (state: State, rawInput: Json, result: Json, context: JsonObject) => Evaluated;
