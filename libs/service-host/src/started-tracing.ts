/** Set by the module that `node --import` runs before the service, read by the service: two module graphs, one process. */
const KEY = Symbol.for('throughline.tracing');

export interface StartedTracing {
  /** Exports what is buffered. */
  shutdown(): Promise<void>;
}

// The global object is the only thing both graphs share; the symbol is ours alone.
const shared = globalThis as { [KEY]?: StartedTracing | undefined };

export const startedTracing = (): StartedTracing | undefined => shared[KEY];
export const setStartedTracing = (tracing: StartedTracing | undefined): void => {
  shared[KEY] = tracing;
};
