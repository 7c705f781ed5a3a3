import type { Json } from '@throughline/contracts';
import type { Evaluated } from './evaluated.ts';
import type { Path } from './machine.ts';
export declare const placeResult: (path: Path | null, rawInput: Json, result: Json) => Evaluated;
