import type { Failure, TargetName } from './target.ts';
import { NotCalled } from './target.ts';
import { Targets } from './targets.ts';

const DOWN: Failure = { error: 'States.Http.Socket', cause: 'it is down' };
const A: TargetName = { tenant: 'acme', origin: 'https://a.example' };

const realNow = Date.now;
let nowMs = 1_000_000;
const said: string[] = [];

const targets = (bounds: { runningMax?: number; waitingMax?: number } = {}) =>
  new Targets({
    runningMax: 4,
    waitingMax: 4,
    ...bounds,
    nowMs: () => nowMs,
    failureOf: (outcome) => ('value' in outcome && outcome.value === 'down' ? DOWN : undefined),
  });
const call = (of: Targets, value: string, { name = A, attempt = 1 } = {}): Promise<string> =>
  of
    .call(name, { attempt, log: (_level, message) => void said.push(message) }, () => Promise.resolve(value))
    .catch((thrown: unknown) => {
      if (thrown instanceof NotCalled) return thrown.why;
      throw thrown;
    });
const times = async (n: number, make: () => Promise<string>): Promise<readonly string[]> => {
  const answers: string[] = [];
  for (let i = 0; i < n; i += 1) answers.push(await make());
  return answers;
};
const stateOf = (of: Targets) => of.of('acme')[0]?.circuit;
/** The library asks the clock of the process. */
const pass = (ms: number): void => void (nowMs += ms);

beforeEach(() => {
  Date.now = () => nowMs;
  said.length = 0;
});
afterAll(() => {
  Date.now = realNow;
});

describe('a target', () => {
  it('that fails is not called any more, and the log of the call that opened its circuit says so', async () => {
    const of = targets();
    expect(await times(12, () => call(of, 'down'))).toEqual([...Array(10).fill('down'), 'open', 'open']);
    expect(stateOf(of)).toBe('open');
    expect(said).toEqual(['https://a.example fails: its circuit is open for 1000 ms (States.Http.Socket)']);
    expect([of.openCircuits, of.openings, of.notCalled]).toEqual([1, 1, 2]);
  });

  it('that fails now and then is called on', async () => {
    const of = targets();
    for (let i = 0; i < 40; i += 1) await call(of, i % 3 === 0 ? 'down' : 'fine');
    expect(stateOf(of)).toBe('closed');
  });

  it('is tried by one call when the time is over: that decides', async () => {
    const of = targets();
    await times(10, () => call(of, 'down'));
    pass(1_000);
    expect(await times(2, () => call(of, 'down'))).toEqual(['down', 'open']);
    pass(1_999);
    expect(await call(of, 'fine')).toBe('open');
    pass(1);
    expect(await times(3, () => call(of, 'fine'))).toEqual(['fine', 'fine', 'fine']);
    expect(said.at(-1)).toBe('https://a.example works again: its circuit is closed');
  });

  it('lets nobody else through while one call tries', async () => {
    const of = targets();
    await times(10, () => call(of, 'down'));
    pass(1_000);
    let end = (_value: string): void => {};
    const trying = of.call(A, { attempt: 1, log: () => {} }, () => new Promise<string>((resolve) => (end = resolve)));
    expect(await call(of, 'fine')).toBe('open');
    end('fine');
    await trying;
    expect(stateOf(of)).toBe('closed');
  });

  it("of one tenant says nothing of another's, or of another target", async () => {
    const of = targets();
    await times(10, () => call(of, 'down'));
    expect(await call(of, 'fine', { name: { ...A, tenant: 'globex' } })).toBe('fine');
    expect(await call(of, 'fine', { name: { ...A, origin: 'https://b.example' } })).toBe('fine');
    expect(await call(of, 'fine')).toBe('open');
  });

  it('has so many calls at once, so many that wait, and turns away the rest', async () => {
    const of = targets({ runningMax: 2, waitingMax: 1 });
    const ends: ((value: string) => void)[] = [];
    const long = () =>
      of.call(A, { attempt: 1, log: () => {} }, () => new Promise<string>((resolve) => ends.push(resolve)));
    const calls = [long(), long(), long()];
    expect(of.of('acme')[0]).toMatchObject({ running: 2, waiting: 1 });
    expect(await call(of, 'fine')).toBe('busy');
    while (ends.length < 3) {
      ends.forEach((end) => end('fine'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    ends.forEach((end) => end('fine'));
    expect(await Promise.all(calls)).toEqual(['fine', 'fine', 'fine']);
  });

  it('is tried again by a share of its calls only', async () => {
    const of = targets();
    const retries = await times(50, () => call(of, 'fine', { attempt: 2 }));
    expect(retries.filter((answer) => answer === 'retries')).toHaveLength(30);
    await times(12, () => call(of, 'fine'));
    expect(await times(3, () => call(of, 'fine', { attempt: 2 }))).toEqual(['fine', 'fine', 'retries']);
  });

  it('is forgotten where there are too many, one that works before one that fails', async () => {
    const of = targets();
    await times(10, () => call(of, 'down'));
    for (let i = 0; i < 1_200; i += 1) await call(of, 'fine', { name: { ...A, origin: `https://${i}.example` } });
    expect(of.of('acme')).toHaveLength(1_000);
    expect(await call(of, 'fine')).toBe('open');
  });
});
