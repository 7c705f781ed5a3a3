import { z } from 'zod';

/** What a result means for replay: `pure` and `idempotent` steps may run again, `external` ones never by themselves. */
export const EFFECT_CLASSES = ['pure', 'idempotent', 'external'] as const;
export const effectClassSchema = z.enum(EFFECT_CLASSES);
export type EffectClass = z.infer<typeof effectClassSchema>;

/** What a step is taken for where neither its definition nor its handler says anything. */
export const defaultEffectClass = (resource: string): EffectClass =>
  resource.startsWith('tl:') ? 'idempotent' : 'external';
