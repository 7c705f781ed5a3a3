export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Every item of a list route, page after page: `everyItem((cursor) => client.steps(id, { cursor }))`. */
export async function* everyItem<T>(
  fetchPage: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    yield* page.items;
    // A server that repeats a cursor would otherwise keep this loop for ever.
    if (page.nextCursor === cursor) return;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
