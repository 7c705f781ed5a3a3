import { type Refused } from '@throughline/service-host';
import { OpenStreams } from './open-streams.ts';

const untilAborted = (abort: AbortController): Promise<'ended'> =>
  new Promise((resolve) => abort.signal.addEventListener('abort', () => resolve('ended')));

describe('open event streams', () => {
  it('refuse one more than are allowed, and take one again when another has ended', async () => {
    const streams = new OpenStreams(1);
    let end = (): void => {};
    const first = streams.run(() => new Promise((resolve) => (end = () => resolve('ended'))));
    await expect(streams.run(untilAborted)).rejects.toMatchObject({ code: 'TL0010' } satisfies Partial<Refused>);
    end();
    await first;
    await expect(streams.run(async () => 'ended')).resolves.toBeUndefined();
  });

  it('are counted where their readers were too slow', async () => {
    const streams = new OpenStreams(2);
    await streams.run(async () => 'ended');
    await streams.run(async () => 'cut');
    expect(streams.cut).toBe(1);
  });

  it('all end when the service stops, and none opens any more', async () => {
    const streams = new OpenStreams(2);
    const open = Promise.all([streams.run(untilAborted), streams.run(untilAborted)]);
    streams.close();
    await open;
    expect(streams.size).toBe(0);
    await expect(streams.run(untilAborted)).rejects.toMatchObject({ code: 'TL0008' });
  });
});
