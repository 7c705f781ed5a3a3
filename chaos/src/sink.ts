import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** One effect of the outside world, under the key that its step keeps over all its attempts. */
export interface Effect {
  readonly key: string;
  readonly executionId: string;
  readonly state: string;
  requests: number;
  /** It took effect: once, however often it was asked for. */
  done: boolean;
}

const effectSchema = z.object({
  key: z.string().optional(),
  execution: z.string(),
  state: z.string(),
  behaviour: z.enum(['plain', 'shy']).default('plain'),
});
const tokenSchema = z.object({ execution: z.string(), token: z.string() });
const workSchema = z.object({ execution: z.string(), asset: z.string(), fencingToken: z.number() });

const BODY_BYTES_MAX = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** What the workflows act on: keeps a ledger of what was done to it, and hands on task tokens. Never the victim of a fault. */
export class Sink {
  readonly effects = new Map<string, Effect>();
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

  #effect({ key: given, execution, state, behaviour }: z.output<typeof effectSchema>, header: string): Answer {
    const key = given ?? header;
    const effect = this.effects.get(key) ?? { key, executionId: execution, state, requests: 0, done: false };
    this.effects.set(key, effect);
    effect.requests += 1;
    if (behaviour === 'shy' && effect.requests === 1) return { status: 500, body: { problem: 'shy' } };
    effect.done = true;
    return { status: 200, body: { key } };
  }

  #token({ execution, token }: z.output<typeof tokenSchema>): Answer {
    this.#tokens.set(execution, token);
    this.#waiting.get(execution)?.(token);
    return { status: 200, body: {} };
  }

  #work({ asset, fencingToken }: z.output<typeof workSchema>): Answer {
    const highest = this.#highest.get(asset) ?? 0;
    if (fencingToken < highest) {
      this.turnedAway += 1;
      return { status: 409, body: { problem: 'a later holder was here' } };
    }
    this.#highest.set(asset, fencingToken);
    return { status: 200, body: { asset, fencingToken } };
  }
}
