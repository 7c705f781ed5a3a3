import { verifyWebhook } from '@throughline/client';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';

const resultSchema = z.object({ executionId: z.string(), status: z.string(), contentHash: z.string() });

/** A result as it has come, however often. */
interface Received {
  readonly executionId: string;
  readonly status: string;
  readonly contentHash: string;
  /** Requests with it that were genuine; all but the last were answered with an error. */
  readonly requests: number;
}

const RESULTS_MAX = 1_000;

/**
 * Takes the results that the engine delivers. Of each it refuses the first request, so that a second attempt can be
 * seen; what is not signed with the secret is refused for good. `GET /results` shows what has come.
 */
export const resultReceiver = (secret: string): FastifyInstance => {
  const server = fastify({ logger: false, bodyLimit: 1024 * 1024, forceCloseConnections: true });
  const results = new Map<string, Received>();
  let forged = 0;
  // A signature is over the bytes that came, which a parser would not keep.
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.get('/health/live', () => ({ service: 'receiver', status: 'ok' }));
  server.get('/results', () => ({ forged, results: [...results.values()] }));
  server.post('/results', async (request, reply) => {
    const body = String(request.body);
    const signature = String(request.headers['throughline-signature']);
    const problem = await verifyWebhook({ body, signature, secret });
    const parsed = problem === undefined ? resultSchema.safeParse(JSON.parse(body)) : undefined;
    if (!parsed?.success) {
      forged += 1;
      return reply.code(403).send({ error: `this is no result from Throughline: ${problem ?? 'not its form'}` });
    }
    const key = String(request.headers['idempotency-key']);
    const { executionId, status, contentHash } = parsed.data;
    const requests = (results.get(key)?.requests ?? 0) + 1;
    results.set(key, { executionId, status, contentHash, requests });
    const [oldest] = results.keys();
    if (results.size > RESULTS_MAX && oldest !== undefined) results.delete(oldest);
    return requests === 1
      ? reply.code(503).send({ error: 'not now: the first request is refused' })
      : reply.code(204).send();
  });
  return server;
};
