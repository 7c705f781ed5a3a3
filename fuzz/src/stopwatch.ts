/** The longest that one call of the product took: whoever waits for the process waits as long. */
export class Stopwatch {
  slowest: { readonly what: string; readonly ms: number } = { what: '', ms: 0 };

  time<T>(what: string, call: () => T): T {
    const startedMs = performance.now();
    const used = process.cpuUsage();
    try {
      return call();
    } finally {
      const { user, system } = process.cpuUsage(used);
      // On a machine that does other things too, the clock goes on while the call stands still.
      const ms = Math.min(performance.now() - startedMs, (user + system) / 1_000);
      if (ms > this.slowest.ms) this.slowest = { what, ms };
    }
  }
}
