import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DoneEffect } from '@throughline/testkit/checker';
import { z } from 'zod';

const effectSchema = z.object({
  key: z.string().optional(),
  behaviour: z.enum(['plain', 'shy']).default('plain'),
});
const tokenSchema = z.object({ execution: z.string(), token: z.string() });
const workSchema = z.object({ key: z.string(), asset: z.string(), fencingToken: z.number() });

const BODY_BYTES_MAX = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** What the workflows act on: keeps a ledger of what was done to it, and hands on task tokens. Never the victim of a fault. */
export class Sink {
  /** What took effect, in that order: once for each key, however often it was asked for; work on an asset each time. */
  readonly done: DoneEffect[] = [];
  /** By key, how often it was asked for. */
  readonly #requests = new Map<string, number>();
  readonly #server: Server;
  readonly #tokens = new Map<string, string>();
  readonly #waiting = new Map<string, (token: string) => void>();
  /** By asset, the highest fencing token seen. */
  readonly #highest = new Map<string, number>();
  /** Calls of a former holder that came after a later one's. */
  turnedAway = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response));
  }

  static async start(): Promise<Sink> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Sink(server);
  }

  get url(): string {
    // A server that listens on a TCP port has an address of that form.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The task token that the execution's step has handed out last; undefined where none comes in time. */
  tokenOf(executionId: string, timeoutMs: number): Promise<string | undefined> {
    const known = this.#tokens.get(executionId);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      const end = (token?: string): void => {
        clearTimeout(timer);
        this.#waiting.delete(executionId);
        resolve(token);
      };
      const timer = setTimeout(end, timeoutMs);
      this.#waiting.set(executionId, end);
    });
  }

  forget(executionId: string): void {
    this.#tokens.delete(executionId);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await this.#answer(request).catch((error: unknown) => ({
      status: 400,
      body: { problem: String(error) },
    }));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    let text = '';
    for await (const chunk of request) {
      text += String(chunk);
      if (text.length > BODY_BYTES_MAX) return { status: 413, body: {} };
    }
    const given: unknown = JSON.parse(text);
    switch (request.url) {
      case '/effects':
        return this.#effect(effectSchema.parse(given), String(request.headers['idempotency-key'] ?? ''));
      case '/tokens':
        return this.#token(tokenSchema.parse(given));
      case '/work':
        return this.#work(workSchema.parse(given));
      default:
        return { status: 404, body: {} };
    }
  }

  #effect({ key: given, behaviour }: z.output<typeof effectSchema>, header: string): Answer {
    const key = given ?? header;
    const requests = (this.#requests.get(key) ?? 0) + 1;
    this.#requests.set(key, requests);
    const first = behaviour === 'shy' ? 2 : 1;
    if (requests < first) return { status: 500, body: { problem: 'shy' } };
    if (requests === first) this.done.push({ idempotencyKey: key, startedAt: new Date().toISOString() });
    return { status: 200, body: { key } };
  }

  #token({ execution, token }: z.output<typeof tokenSchema>): Answer {
    this.#tokens.set(execution, token);
    this.#waiting.get(execution)?.(token);
    return { status: 200, body: {} };
  }

  #work({ key, asset, fencingToken }: z.output<typeof workSchema>): Answer {
    const highest = this.#highest.get(asset) ?? 0;
    if (fencingToken < highest) {
      this.turnedAway += 1;
      return { status: 409, body: { problem: 'a later holder was here' } };
    }
    this.#highest.set(asset, fencingToken);
    const startedAt = new Date().toISOString();
    this.done.push({ idempotencyKey: key, startedAt, fencingTokens: { [asset]: fencingToken } });
    return { status: 200, body: { asset, fencingToken } };
  }
}
