import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** How an order asks a service to misbehave, so that retries and compensation can be seen. */
export const behaviourSchema = z.strictObject({
  /** This many requests under one idempotency key fail first. */
  failFirst: z.int().min(0).max(1_000).optional(),
  /** How they fail: an HTTP status, or `hang` for no answer at all. */
  failWith: z.union([z.int().min(400).max(599), z.literal('hang')]).optional(),
  /** Every request takes this long. */
  slowMs: z.int().min(0).max(60_000).optional(),
});
export type Behaviour = z.infer<typeof behaviourSchema>;

export type Misbehaviour =
  { readonly kind: 'none' } | { readonly kind: 'hang' } | { readonly kind: 'status'; readonly status: number };

const KEYS_MAX = 10_000;

/** Counts requests per idempotency key, which stays the same over a step's retries. */
export class Misbehaviours {
  private readonly requests = new Map<string, number>();

  async next(key: string, behaviour: Behaviour): Promise<Misbehaviour> {
    const seen = (this.requests.get(key) ?? 0) + 1;
    this.requests.set(key, seen);
    if (this.requests.size > KEYS_MAX) this.forgetOldest();
    if (behaviour.slowMs !== undefined) await sleep(behaviour.slowMs);
    if (seen > (behaviour.failFirst ?? 0)) return { kind: 'none' };
    const failWith = behaviour.failWith ?? 500;
    return failWith === 'hang' ? { kind: 'hang' } : { kind: 'status', status: failWith };
  }

  private forgetOldest(): void {
    const [oldest] = this.requests.keys();
    if (oldest !== undefined) this.requests.delete(oldest);
  }
}
