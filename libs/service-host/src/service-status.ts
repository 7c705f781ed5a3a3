export interface Check {
  readonly ok: boolean;
  readonly detail?: unknown;
}

export interface Counter {
  add(by?: number): void;
}

export type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly labels: string;
  readonly read: () => number;
}
interface Metric {
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  readonly series: Map<string, Series>;
}

const CHECK_TIMEOUT_MS = 2_000;
const NAME = /^[a-z][a-z0-9_]*$/;

const labelText = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const withTimeout = async (check: () => Check | Promise<Check>): Promise<Check> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Check>((resolve) => {
    timer = setTimeout(
      () => resolve({ ok: false, detail: `no answer within ${CHECK_TIMEOUT_MS} ms` }),
      CHECK_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
};

/** What /health/ready and /metrics show. Parts of a service add themselves at boot. */
export class ServiceStatus {
  readonly #checks = new Map<string, () => Check | Promise<Check>>();
  readonly #metrics = new Map<string, Metric>();
  #ending = false;

  /** From now on not ready, whatever the checks say: whoever sends requests shall send them elsewhere. */
  beginEnding(): void {
    this.#ending = true;
  }

  /** Readiness: the service takes traffic while every check is ok. */
  addCheck(name: string, check: () => Check | Promise<Check>): void {
    this.#checks.set(name, check);
  }

  /** Name without the `throughline_` prefix, in Prometheus form. */
  gauge(name: string, help: string, read: () => number, labels: Labels = {}): void {
    this.#add(name, 'gauge', help, labels, read);
  }

  /** Read at scrape time from a count that is kept elsewhere. */
  counterOf(name: string, help: string, read: () => number, labels: Labels = {}): void {
    this.#add(name, 'counter', help, labels, read);
  }

  counter(name: string, help: string, labels: Labels = {}): Counter {
    let value = 0;
    this.#add(name, 'counter', help, labels, () => value);
    return { add: (by = 1) => void (value += by) };
  }

  async readiness(): Promise<{ ready: boolean; checks: Record<string, Check> }> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await withTimeout(check)] as const),
    );
    const checks = Object.fromEntries(entries);
    if (this.#ending) return { ready: false, checks: { ...checks, ending: { ok: false } } };
    return { ready: entries.every(([, check]) => check.ok), checks };
  }

  /** Prometheus text format 0.0.4. */
  metricsText(): string {
    const lines: string[] = [];
    for (const [name, { kind, help, series }] of this.#metrics) {
      lines.push(`# HELP throughline_${name} ${help}`, `# TYPE throughline_${name} ${kind}`);
      for (const { labels, read } of series.values()) lines.push(`throughline_${name}${labels} ${read()}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #add(name: string, kind: Metric['kind'], help: string, labels: Labels, read: () => number): void {
    if (!NAME.test(name)) throw new Error(`not a metric name: ${name}`);
    const metric = this.#metrics.get(name) ?? { kind, help, series: new Map<string, Series>() };
    if (metric.kind !== kind) throw new Error(`the metric ${name} is a ${metric.kind} already`);
    const text = labelText(labels);
    if (metric.series.has(text)) throw new Error(`the metric ${name}${text} is there already`);
    metric.series.set(text, { labels: text, read });
    this.#metrics.set(name, metric);
  }
}
