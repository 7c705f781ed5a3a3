import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FENCING_TOKENS_HEADER, FencingGate, fencingTokenFor } from '@throughline/worker-sdk';

/** The work of two executions on one asset at the same time, and both took effect. */
export interface Overlap {
  readonly asset: string;
  readonly executions: readonly [string, string];
  readonly tokens: readonly [number, number];
}

/** What a call found at the asset when it came. */
interface Visit {
  readonly execution: string;
  readonly token: number;
}

/** Assets over HTTP: `POST /assets/<name>` works a while on one, and notes who else does. */
export class FakeAssets {
  readonly overlaps: Overlap[] = [];
  /** Calls that were turned away, when they came or before they took effect: a later holder had been there. */
  readonly refused: Visit[] = [];
  /** By asset, the tokens of the calls that were let in, in the order they came. */
  readonly admitted = new Map<string, number[]>();
  private readonly within = new Map<string, Set<Visit>>();
  private readonly effective = new Set<Visit>();
  private readonly gate = new FencingGate();

  private constructor(
    private readonly server: Server,
    private readonly workMs: number,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.visit(request, response));
  }

  static async start(workMs: number): Promise<FakeAssets> {
    const server = createServer();
    const assets = new FakeAssets(server, workMs);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return assets;
  }

  get url(): string {
    // A server that listens on a port has an address of that form.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async visit(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asset = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
    let text = '';
    for await (const chunk of request) text += String(chunk);
    // What the workflow of the spec sends.
    const { execution } = JSON.parse(text) as { execution: string };
    const header = request.headers[FENCING_TOKENS_HEADER];
    const visit: Visit = { execution, token: fencingTokenFor(String(header ?? ''), asset) ?? 0 };
    if (!this.gate.admits(asset, visit.token)) {
      this.refused.push(visit);
      response.writeHead(409).end();
      return;
    }
    const within = this.within.get(asset) ?? new Set();
    this.within.set(asset, within);
    const others = [...within].filter((other) => other.execution !== execution);
    within.add(visit);
    this.admitted.set(asset, [...(this.admitted.get(asset) ?? []), visit.token]);
    // A worker that is killed takes its connection along, and works no more.
    response.on('close', () => within.delete(visit));
    await new Promise((resolve) => setTimeout(resolve, this.workMs));
    within.delete(visit);
    // A step may run again after its result has counted; what the asset does takes effect here, and no later than its lock.
    if (!this.gate.admits(asset, visit.token)) {
      this.refused.push(visit);
      response.writeHead(409).end();
      return;
    }
    this.effective.add(visit);
    for (const other of others) {
      if (!this.effective.has(other)) continue;
      this.overlaps.push({ asset, executions: [other.execution, execution], tokens: [other.token, visit.token] });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"done":true}');
  }
}
