import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { behaviourSchema, Misbehaviours } from './behaviour.ts';
import { Ledger } from './ledger.ts';

/** What every request of the example's services holds; each service adds its own fields. */
const effectRequestSchema = z.object({ orderId: z.string().min(1).max(128), behaviour: behaviourSchema.default({}) });

export interface EffectRoute {
  readonly path: `/${string}`;
  /** Names the effect in the ledger. */
  readonly kind: string;
  readonly body: z.ZodType;
}

/** Requests that hang are answered when the service closes, so that it can. */
class Hanging {
  private readonly replies = new Set<FastifyReply>();
  add(reply: FastifyReply): void {
    this.replies.add(reply);
    reply.raw.once('close', () => this.replies.delete(reply));
  }
  end(): void {
    for (const reply of this.replies) reply.raw.destroy();
  }
}

/**
 * An HTTP service whose routes each make one effect, idempotent by the `Idempotency-Key` header, and which misbehaves
 * as a request's `behaviour` asks. `GET /ledger` shows what was done, `GET /health/live` that it is up.
 */
export const effectService = (name: string, routes: readonly EffectRoute[]): FastifyInstance => {
  const server = fastify({ logger: false, bodyLimit: 64 * 1024, forceCloseConnections: true });
  const ledger = new Ledger();
  const misbehaviours = new Misbehaviours();
  const hanging = new Hanging();
  server.addHook('preClose', async () => hanging.end());
  server.get('/health/live', () => ({ service: name, status: 'ok' }));
  server.get('/ledger', () => ({ service: name, effects: ledger.effects }));
  for (const route of routes) {
    server.post(route.path, async (request, reply) => {
      const key = z.string().min(1).max(256).safeParse(request.headers['idempotency-key']);
      const common = effectRequestSchema.safeParse(request.body);
      const own = route.body.safeParse(request.body);
      if (!key.success) return reply.code(400).send({ error: 'the Idempotency-Key header is missing' });
      if (!common.success) return reply.code(422).send({ error: z.prettifyError(common.error) });
      if (!own.success) return reply.code(422).send({ error: z.prettifyError(own.error) });
      const misbehaviour = await misbehaviours.next(key.data, common.data.behaviour);
      if (misbehaviour.kind === 'hang') {
        hanging.add(reply);
        return reply.hijack();
      }
      if (misbehaviour.kind === 'status') {
        return reply.code(misbehaviour.status).send({ error: `${name} answers ${misbehaviour.status} as asked` });
      }
      const before = ledger.done(key.data);
      const effect = before ?? ledger.do(route.kind, common.data.orderId, key.data);
      return reply.code(before ? 200 : 201).send({ id: effect.id, orderId: effect.orderId });
    });
  }
  return server;
};
