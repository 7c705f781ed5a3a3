import type { Json, JsonObject } from '@throughline/contracts';
import type { Evaluated } from './evaluated.ts';
import type { ChoiceState } from './machine.ts';
export declare const chooseNext: (state: ChoiceState, data: Json, context: JsonObject) => Evaluated<string>;
