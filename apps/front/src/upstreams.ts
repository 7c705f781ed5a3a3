import { SERVICES, type ServiceName } from '@throughline/contracts';

/** What one instance said when it was last asked, or what came of the last request to it. */
export type InstanceState = 'ready' | 'not-ready' | 'unreachable';

export interface Instance {
  readonly origin: string;
  state: InstanceState;
}

/** Short enough that an instance which began to drain hears of no more work before it closes its connections. */
const PROBE_EVERY_MS = 500;
/** A stopped process takes connections and says nothing: after this long it is as good as gone. */
const PROBE_TIMEOUT_MS = 1_500;
const ORDER: readonly InstanceState[] = ['ready', 'not-ready', 'unreachable'];

/**
 * The instances of each service. Where there are several, those that say they are ready take turns; one that does not
 * answer is passed over until it does. With none ready any is better than none: their own refusal says more than ours.
 */
export class Upstreams {
  readonly #instances: ReadonlyMap<ServiceName, readonly Instance[]>;
  readonly #turns = new Map<ServiceName, number>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(origins: Readonly<Record<ServiceName, readonly string[]>>) {
    this.#instances = new Map(
      SERVICES.map((service) => [service, origins[service].map((origin) => ({ origin, state: 'ready' }))]),
    );
  }

  /** In the order to try them; never empty. */
  inTurn(service: ServiceName): readonly Instance[] {
    const all = this.#instances.get(service) ?? [];
    if (all.length <= 1) return all;
    const turn = (this.#turns.get(service) ?? 0) % all.length;
    this.#turns.set(service, turn + 1);
    const rotated = [...all.slice(turn), ...all.slice(0, turn)];
    return ORDER.flatMap((state) => rotated.filter((instance) => instance.state === state));
  }

  all(service: ServiceName): readonly Instance[] {
    return this.#instances.get(service) ?? [];
  }

  /** Asks again and again; a service with one instance has nothing to choose and is left alone. */
  watch(): void {
    const several = [...this.#instances.values()].filter((instances) => instances.length > 1).flat();
    if (several.length === 0) return;
    const look = async (): Promise<void> => {
      await Promise.all(several.map(probe));
      if (!this.#stopped) this.#timer = setTimeout(() => void look(), PROBE_EVERY_MS).unref();
    };
    void look();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

const probe = async (instance: Instance): Promise<void> => {
  try {
    const response = await fetch(`${instance.origin}/health/ready`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    instance.state = response.ok ? 'ready' : 'not-ready';
  } catch {
    instance.state = 'unreachable';
  }
};
