import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Chance } from './chance.ts';

/** One connection through the proxy: what the client opened, and what was opened to the server for it. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** What the server sends stays here: to the server the client looks slow. */
  stalled: boolean;
}

/** Stands between clients and one server, on loopback, and cuts, freezes or slows down what goes through. */
export class TcpProxy {
  readonly #listener: Server;
  readonly #links = new Set<Link>();
  #frozen = false;

  private constructor(listener: Server) {
    this.#listener = listener;
  }

  static async before(serverPort: number): Promise<TcpProxy> {
    const listener = createServer();
    const proxy = new TcpProxy(listener);
    listener.on('connection', (client) => proxy.#open(client, serverPort));
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    // A server that listens on a TCP port has an address of that form.
    return (this.#listener.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Resets about this share of the connections; answers with how many. */
  cut(share: number, chance: Chance): number {
    const victims = [...this.#links].filter(() => chance.isTrue(share));
    for (const link of victims) this.#end(link);
    return victims.length;
  }

  /** No byte passes either way and nobody is told: what a broken switch does. */
  freeze(): void {
    this.#frozen = true;
    for (const { client, server } of this.#links) for (const socket of [client, server]) socket.pause();
  }

  thaw(): void {
    this.#frozen = false;
    for (const link of this.#links) this.#flow(link);
  }

  /** Some client stops reading what the server sends it. Answers with what lets it go on; undefined where there is none. */
  stallOne(chance: Chance): (() => void) | undefined {
    if (this.#links.size === 0) return undefined;
    const link = chance.pick([...this.#links]);
    link.stalled = true;
    link.server.pause();
    return () => {
      link.stalled = false;
      this.#flow(link);
    };
  }

  async close(): Promise<void> {
    for (const link of this.#links) this.#end(link);
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #open(client: Socket, serverPort: number): void {
    const server = connect({ host: '127.0.0.1', port: serverPort, noDelay: true });
    client.setNoDelay(true);
    const link: Link = { client, server, stalled: false };
    this.#links.add(link);
    this.#pump(link, client, server);
    this.#pump(link, server, client);
    if (this.#frozen) this.freeze();
  }

  #pump(link: Link, from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => this.#flow(link));
    from.on('error', () => this.#end(link));
    from.on('close', () => this.#end(link));
  }

  #flow({ client, server, stalled }: Link): void {
    if (this.#frozen) return;
    if (!server.writableNeedDrain) client.resume();
    if (!stalled && !client.writableNeedDrain) server.resume();
  }

  #end(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}
