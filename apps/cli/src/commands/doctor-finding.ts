export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'bad';
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}
