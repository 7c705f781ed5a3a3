/** What can be done to a system. */
export const FAULT_KINDS = [
  'kill -9',
  'stopped',
  'NATS killed',
  'NATS leader killed',
  'NATS leader moved',
  'NATS stopped',
  '2 of 3 NATS lost',
  'Postgres killed',
  'Postgres down',
  'connections cut',
  'connections frozen',
  'disk full',
  'slow consumer',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly target: string;
  /** What no other fault may touch meanwhile. */
  readonly holds: readonly string[];
  readonly lastsMs: number;
  /** Sets it on; what it returns takes it away again. Undefined where there was nothing to do it to. */
  begin(): Promise<Heal | undefined> | Heal | undefined;
}
export type Heal = () => Promise<void> | void;
