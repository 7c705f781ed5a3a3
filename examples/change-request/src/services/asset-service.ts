import { FENCING_TOKENS_HEADER, fencingTokenFor } from '@throughline/worker-sdk';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Asset } from './asset.ts';

const assetBody = z.object({ asset: z.string().min(1).max(256) });
const sessionBody = assetBody.extend({ by: z.string(), firmware: z.string(), blocks: z.int().positive() });
const restorationBody = assetBody.extend({ backupId: z.string() });
const endBody = z.object({ outcome: z.enum(['committed', 'put back']) });

const ASSETS_MAX = 1_000;

/** A request that is not taken, with the status that says so. */
class NotTaken extends Error {
  readonly statusCode: number;
  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

const keyOf = (request: FastifyRequest): string => {
  const key = request.headers['idempotency-key'];
  if (typeof key === 'string' && key !== '') return key;
  throw new NotTaken(400, 'the Idempotency-Key header is missing');
};

const tokenFor = (request: FastifyRequest, asset: Asset): number => {
  const token = fencingTokenFor(String(request.headers[FENCING_TOKENS_HEADER]), asset.name);
  if (token === undefined) throw new NotTaken(409, `no fencing token for ${asset.name}: lock it first`);
  return token;
};

const stale = (asset: Asset): NotTaken =>
  new NotTaken(409, `${asset.name}: a later holder of the lock was here before`);

class Assets {
  readonly #assets = new Map<string, Asset>();
  get all(): readonly Asset[] {
    return [...this.#assets.values()];
  }
  named(name: string): Asset {
    const asset = this.#assets.get(name) ?? new Asset(name);
    if (this.#assets.size >= ASSETS_MAX && !this.#assets.has(name)) throw new NotTaken(507, 'too many assets');
    this.#assets.set(name, asset);
    return asset;
  }
  ofSession(request: FastifyRequest): { asset: Asset; session: NonNullable<ReturnType<Asset['session']>> } {
    const { id } = z.object({ id: z.string() }).parse(request.params);
    for (const asset of this.all) {
      const session = asset.session(id);
      if (session) return { asset, session };
    }
    throw new NotTaken(404, `there is no session ${id}`);
  }
}

/** Machines in a hall, which take a new firmware block by block from whoever holds their lock. `GET /assets` shows them. */
export const assetService = (): FastifyInstance => {
  const server = fastify({ logger: false, bodyLimit: 64 * 1024, forceCloseConnections: true });
  const assets = new Assets();
  server.setErrorHandler((error, _request, reply): FastifyReply => {
    if (error instanceof z.ZodError) return reply.code(422).send({ error: z.prettifyError(error) });
    const status = error instanceof NotTaken ? error.statusCode : 500;
    return reply.code(status).send({ error: error instanceof Error ? error.message : String(error) });
  });
  server.get('/health/live', () => ({ service: 'assets', status: 'ok' }));
  server.get('/assets', () => ({
    assets: assets.all.map(({ name, firmware, overlaps, refused, sessions }) => ({
      name,
      firmware,
      overlaps,
      refused,
      sessions,
    })),
  }));
  server.post('/backups', (request) => assets.named(assetBody.parse(request.body).asset).backUp(keyOf(request)));
  server.post('/restorations', (request) => restore(assets, request));
  server.post('/sessions', (request) => begin(assets, request));
  server.post('/sessions/:id/blocks', (request) => {
    const { asset, session } = assets.ofSession(request);
    if (!asset.admits(tokenFor(request, asset))) throw stale(asset);
    if (session.outcome !== 'open') throw new NotTaken(409, `the session is over: ${session.outcome}`);
    session.blocksWritten += 1;
    return { blocksWritten: session.blocksWritten };
  });
  server.post('/sessions/:id/end', (request) => {
    const { asset, session } = assets.ofSession(request);
    if (!asset.admits(tokenFor(request, asset))) throw stale(asset);
    asset.end(session, endBody.parse(request.body).outcome);
    return { outcome: session.outcome };
  });
  return server;
};

const begin = (assets: Assets, request: FastifyRequest): { session: string; blocksWritten: number } => {
  const { asset: name, ...wanted } = sessionBody.parse(request.body);
  const asset = assets.named(name);
  const begun = asset.begin(keyOf(request), wanted, tokenFor(request, asset));
  if (begun.kind === 'refused') throw stale(asset);
  return { session: begun.session.id, blocksWritten: begun.session.blocksWritten };
};

const restore = (assets: Assets, request: FastifyRequest): { firmware: string } => {
  const { asset: name, backupId } = restorationBody.parse(request.body);
  const asset = assets.named(name);
  if (!asset.admits(tokenFor(request, asset))) throw stale(asset);
  if (!asset.restore(backupId)) throw new NotTaken(404, `there is no backup ${backupId} of ${name}`);
  return { firmware: asset.firmware };
};
