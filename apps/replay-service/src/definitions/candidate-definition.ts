import { type Machine, parseMachine, readDefinitionText } from '@throughline/asl';
import type { Json } from '@throughline/contracts';
import { refuse } from '@throughline/service-host';

/** A definition that somebody gives with a request, as JSON or as the text of one. Refuses one with faults. */
export const candidateOf = (given: Json): { readonly definition: Json; readonly machine: Machine } => {
  const read = typeof given === 'string' ? readDefinitionText(given) : ({ ok: true, definition: given } as const);
  const parsed = read.ok ? parseMachine(read.definition) : read;
  if (read.ok && parsed.ok) return { definition: read.definition, machine: parsed.machine };
  const faults = parsed.ok ? [] : [...parsed.faults];
  return refuse('TL0103', `the definition has ${faults.length} fault(s)`, { faults });
};
