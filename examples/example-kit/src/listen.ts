import type { FastifyInstance } from 'fastify';

const PORT_BASE = 7400;

const portFrom = (env: NodeJS.ProcessEnv, offset: number): number => {
  const text = env['PORT'];
  const port = text ? Number(text) : Number(env['THROUGHLINE_PORT_BASE'] || PORT_BASE) + offset;
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`PORT must be a port number, not ${JSON.stringify(text)}`);
};

/** Serves until SIGTERM or SIGINT. `portOffset` counts from THROUGHLINE_PORT_BASE where no PORT is given. */
export const listen = async (name: string, server: FastifyInstance, portOffset: number): Promise<void> => {
  process.once('SIGTERM', () => void server.close());
  process.once('SIGINT', () => void server.close());
  try {
    const host = process.env['HOST'] || '127.0.0.1';
    console.log(`${name} ready at ${await server.listen({ host, port: portFrom(process.env, portOffset) })}`);
  } catch (error) {
    console.error(`${name} cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
};
