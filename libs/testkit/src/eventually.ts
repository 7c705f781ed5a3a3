export interface Patience {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** Waits until `look` gives something (neither undefined nor false); after the time is up fails with what it last saw. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 15_000, everyMs = 50 }: Patience = {},
): Promise<T> {
  const endsAt = Date.now() + timeoutMs;
  let lastError: unknown;
  while (Date.now() < endsAt) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`within ${timeoutMs} ms: ${what}`, { cause: lastError });
}
