import type { FastifyInstance } from 'fastify';
import { assetService } from './asset-service.ts';

const ASSET = 'valve 3';

interface Answer {
  readonly session: string;
  readonly blocksWritten: number;
  readonly backupId: string;
}

describe('an asset', () => {
  let server: FastifyInstance;
  let at: string;
  beforeEach(async () => {
    server = assetService();
    at = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(() => server.close());

  const post = async (url: string, key: string, token: number | undefined, body: object) => {
    const fencing: Record<string, string> =
      token === undefined ? {} : { 'throughline-fencing-tokens': `valve%203=${token}` };
    const headers = { 'content-type': 'application/json', 'idempotency-key': key, ...fencing };
    const response = await fetch(`${at}${url}`, { method: 'POST', headers, body: JSON.stringify(body) });
    // The cast states what the service answers with.
    return { statusCode: response.status, answer: (await response.json()) as Answer };
  };
  const begin = (key: string, token: number | undefined) =>
    post('/sessions', key, token, { asset: ASSET, by: key, firmware: '2.0.0', blocks: 3 });
  const state = async () => {
    // As above.
    const { assets } = (await (await fetch(`${at}/assets`)).json()) as { assets: unknown[] };
    return assets[0];
  };

  it('is written block by block by who holds its lock, and runs the new firmware once that is committed', async () => {
    const { session } = (await begin('a', 7)).answer;
    expect((await post(`/sessions/${session}/blocks`, 'a', 7, { block: 0 })).answer).toEqual({ blocksWritten: 1 });
    expect(await state()).toMatchObject({ firmware: '1.0.0', sessions: [{ outcome: 'open', fencingToken: 7 }] });
    await post(`/sessions/${session}/end`, 'a', 7, { outcome: 'committed' });
    expect(await state()).toMatchObject({ firmware: '2.0.0', overlaps: 0, refused: 0 });
  });

  it('refuses who comes without a token, or with one lower than it has seen', async () => {
    expect((await begin('a', undefined)).statusCode).toBe(409);
    const { session } = (await begin('a', 7)).answer;
    await begin('b', 9);
    expect((await post(`/sessions/${session}/blocks`, 'a', 7, { block: 0 })).statusCode).toBe(409);
    expect((await begin('a', 7)).statusCode).toBe(409);
    expect(await state()).toMatchObject({ refused: 2 });
  });

  it('counts who begins while another writes, and not who begins again under the same key', async () => {
    await begin('a', 7);
    await begin('a', 8);
    expect(await state()).toMatchObject({ overlaps: 0 });
    await begin('b', 9);
    expect(await state()).toMatchObject({ overlaps: 1 });
  });

  it('is put back to what a backup of it holds', async () => {
    const { answer } = await post('/backups', 'k', undefined, { asset: ASSET });
    const { session } = (await begin('a', 7)).answer;
    await post(`/sessions/${session}/end`, 'a', 7, { outcome: 'committed' });
    const restore = (backupId: string) => post('/restorations', 'r', 8, { asset: ASSET, backupId });
    expect((await restore(answer.backupId)).answer).toEqual({ firmware: '1.0.0' });
    expect((await restore('another')).statusCode).toBe(404);
  });
});
