import { type Call, Target, type TargetName, type TargetOptions } from './target.ts';

/** Those that are closed and idle are forgotten first. */
const TARGETS_MAX = 1_000;

/** The targets that this process has called lately, least recently used first. */
export class Targets {
  private readonly options: TargetOptions;
  private readonly targets = new Map<string, Target>();
  private forgotten = { openings: 0, notCalled: 0 };

  constructor(options: TargetOptions) {
    this.options = options;
  }

  /** Runs the call, or throws `NotCalled`. */
  call<T>(name: TargetName, call: Call, run: () => Promise<T>): Promise<T> {
    return this.targetOf(name).call(call, run);
  }

  get openCircuits(): number {
    return [...this.targets.values()].filter(({ circuit }) => circuit !== 'closed').length;
  }

  get openings(): number {
    return this.sumOf('openings');
  }

  get notCalled(): number {
    return this.sumOf('notCalled');
  }

  of(tenant: string): readonly Target[] {
    return [...this.targets.values()].filter(({ name }) => name.tenant === tenant);
  }

  private targetOf(name: TargetName): Target {
    // A tenant is a subject token: there is no space in it.
    const key = `${name.tenant} ${name.origin}`;
    const target = this.targets.get(key) ?? new Target(name, this.options);
    this.targets.delete(key);
    this.targets.set(key, target);
    if (this.targets.size > TARGETS_MAX) this.forgetOne();
    return target;
  }

  private forgetOne(): void {
    const entries = [...this.targets].slice(0, -1);
    const found = entries.find(([, { circuit, running }]) => circuit === 'closed' && running === 0) ?? entries[0];
    if (!found) return;
    const [key, { openings, notCalled }] = found;
    this.forgotten.openings += openings;
    this.forgotten.notCalled += notCalled;
    this.targets.delete(key);
  }

  private sumOf(count: 'openings' | 'notCalled'): number {
    return [...this.targets.values()].reduce((sum, target) => sum + target[count], this.forgotten[count]);
  }
}
