import { isJsonObject, type Json, type WorkflowCommit } from '@throughline/contracts';

/** What a definition says of retries, read from its JSON: not from the parsed machine that decided. */
export interface RetryPolicy {
  readonly retriesMax: number;
  readonly delayMaxMs: (retry: number) => number;
}

const numberOr = (value: Json | undefined, preset: number): number => (typeof value === 'number' ? value : preset);

const policyOf = (retrier: Json): RetryPolicy => {
  const fields = isJsonObject(retrier) ? retrier : {};
  const intervalMs = numberOr(fields['IntervalSeconds'], 1) * 1_000;
  const rate = numberOr(fields['BackoffRate'], 2);
  const longestMs = numberOr(fields['MaxDelaySeconds'], Number.POSITIVE_INFINITY) * 1_000;
  return {
    retriesMax: numberOr(fields['MaxAttempts'], 3),
    delayMaxMs: (retry) => Math.min(intervalMs * rate ** (retry - 1), longestMs),
  };
};

/** Names of states are unique within a machine, whatever they are nested in. */
const collect = (json: Json, into: Map<string, readonly RetryPolicy[]>): void => {
  if (Array.isArray(json)) return json.forEach((value) => collect(value, into));
  if (!isJsonObject(json)) return;
  const states = json['States'];
  if (states !== undefined && isJsonObject(states)) {
    for (const [name, state] of Object.entries(states)) {
      const retry = isJsonObject(state) ? state['Retry'] : undefined;
      into.set(name, Array.isArray(retry) ? retry.map(policyOf) : []);
    }
  }
  for (const value of Object.values(json)) if (value !== undefined) collect(value, into);
};

/** Of every workflow that the log has registered. */
export class RetryPolicies {
  readonly #policies = new Map<string, ReadonlyMap<string, readonly RetryPolicy[]>>();

  take(commit: WorkflowCommit): void {
    let index = 0;
    for (const command of commit.commands) {
      for (const event of commit.events.slice(index, index + command.events)) {
        if (event.type !== 'WorkflowRegistered') continue;
        const { name, definition } = command.body;
        const states = new Map<string, readonly RetryPolicy[]>();
        collect(definition, states);
        this.#policies.set(`${commit.tenant}/${name}/${event.version}`, states);
      }
      index += command.events;
    }
  }

  /** Undefined where the log that is looked at does not hold the definition. */
  of(
    tenant: string,
    workflow: { readonly name: string; readonly version: number } | undefined,
    state: string,
  ): readonly RetryPolicy[] | undefined {
    return workflow && this.#policies.get(`${tenant}/${workflow.name}/${workflow.version}`)?.get(state);
  }
}
