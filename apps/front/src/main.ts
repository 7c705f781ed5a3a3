import { frontConfig } from './config.ts';
import { createFront } from './front.ts';

const CLOSE_TIMEOUT_MS = 10_000;

const main = async (): Promise<void> => {
  const config = frontConfig(process.env);
  const app = await createFront(config);
  const stop = (): void => {
    // Unfinished answers may hold the close up; a supervisor must not have to kill us.
    setTimeout(() => app.server.closeAllConnections(), CLOSE_TIMEOUT_MS).unref();
    void app.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await app.listen({ host: config.host, port: config.port });
};

main().catch((error: unknown) => {
  process.stderr.write(`front: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
