/** Something that a service did for an order: the second of one kind and order would be a double effect. */
export interface Effect {
  readonly kind: string;
  readonly id: string;
  readonly orderId: string;
  readonly idempotencyKey: string;
}

const EFFECTS_MAX = 10_000;

/** What a service has done, in order, and the answer it gave for each idempotency key. */
export class Ledger {
  private readonly byKey = new Map<string, Effect>();
  private made = 0;

  get effects(): readonly Effect[] {
    return [...this.byKey.values()];
  }

  done(idempotencyKey: string): Effect | undefined {
    return this.byKey.get(idempotencyKey);
  }

  do(kind: string, orderId: string, idempotencyKey: string): Effect {
    this.made += 1;
    const effect = { kind, id: `${kind}-${this.made}`, orderId, idempotencyKey };
    this.byKey.set(idempotencyKey, effect);
    if (this.byKey.size > EFFECTS_MAX) {
      const [oldest] = this.byKey.keys();
      if (oldest !== undefined) this.byKey.delete(oldest);
    }
    return effect;
  }
}
