import type { Json } from '@throughline/contracts';
import type { Fault, Machine } from './machine.ts';
export type ParsedMachine =
  { readonly ok: true; readonly machine: Machine } | { readonly ok: false; readonly faults: readonly Fault[] };
export const parseMachine = (definition: Json): ParsedMachine => {
  throw new Error(typeof definition);
};
