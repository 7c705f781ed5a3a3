import type { ExecutionCommit } from '@throughline/contracts';
import type { LoggedCommit } from '@throughline/event-log';
import { exampleMachines, givenMachine } from '@throughline/execution/given-when-then';
import { awsHistoryInSteps } from '@throughline/history';
import { awsHistoryPage, ownHistoryPage } from './history-page.ts';

const { RETRYING } = exampleMachines;

/** Started, failed, tried again, succeeded: four commits. */
const commits = (() => {
  const under = givenMachine(RETRYING);
  under.start({ order: 7 });
  under.fail('Busy', 'later');
  under.fire();
  under.complete({ ok: true });
  return under.log.map((at) => ({ ...at, storedAt: under.now }) as LoggedCommit<ExecutionCommit>); // of an execution
})();

const pagesOf = async <E extends { id: string | number }>(
  page: (cursor: string | undefined) => Promise<{ items: E[]; nextCursor: string | null } | undefined>,
): Promise<(string | number)[][]> => {
  const pages: (string | number)[][] = [];
  let cursor: string | undefined;
  do {
    const found = await page(cursor);
    if (!found) throw new Error(`${cursor} was given out`);
    pages.push(found.items.map(({ id }) => id));
    cursor = found.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
};

async function* asItComes<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

describe('our own events', () => {
  const whole = ownHistoryPage(commits, 500, undefined)?.items ?? [];

  it('stand in the order of the log under their place there', () => {
    expect(whole.map(({ id }) => id)).toEqual(
      commits.flatMap(({ commit }) => commit.events.map((_event, index) => `${commit.version}.${index}`)),
    );
    expect(whole[0]).toMatchObject({ id: '1.0', type: 'ExecutionStarted', command: { type: 'StartExecution' } });
    expect(whole.at(-1)).toMatchObject({ type: 'ExecutionSucceeded', command: { type: 'CompleteStep' } });
  });

  it('hold their data, also where the log points at the command that brought it', () => {
    expect(JSON.stringify(commits)).toContain('{"ref":"output"}');
    expect(JSON.stringify(whole)).not.toContain('"ref"');
    const exited = whole.find(({ type }) => type === 'StateExited');
    expect(exited?.event).toMatchObject({ state: 'Work', output: { value: { ok: true } } });
  });

  it.each([1, 2, 3, 5, 100])('are the same in pages of %i', async (limit) => {
    const pages = await pagesOf(async (cursor) => ownHistoryPage(commits, limit, cursor));
    expect(pages.flat()).toEqual(whole.map(({ id }) => id));
    expect(pages.every((page) => page.length <= limit)).toBe(true);
  });

  it.each(['x', '1', '0.0', '1.-1', '1.0.0', '9999999999.0'])('do not follow the cursor %s', (cursor) => {
    expect(ownHistoryPage(commits, 10, cursor)).toBeUndefined();
  });
});

describe("AWS's events", () => {
  const page = (limit: number, cursor?: string) => awsHistoryPage(asItComes(awsHistoryInSteps(commits)), limit, cursor);

  it.each([1, 2, 4, 500])('are the same in pages of %i', async (limit) => {
    const ids = (await pagesOf((cursor) => page(limit, cursor))).flat();
    expect(ids).toEqual(ids.map((_id, index) => index + 1));
    expect(ids).toHaveLength([...awsHistoryInSteps(commits)].flat().length);
  });

  it.each(['x', '0', '1.0', '-1'])('do not follow the cursor %s', async (cursor) => {
    expect(await page(10, cursor)).toBeUndefined();
  });
});
