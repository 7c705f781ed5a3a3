import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Chance } from './chance.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** Sends back what it gets. */
const echoServer = async (): Promise<Server> => {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

const connected = async (port: number): Promise<Socket> => {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
};

const echoed = (socket: Socket, text: string): Promise<string> =>
  new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(bytes.toString()));
    socket.write(text);
  });

describe('the proxy in front of a server', () => {
  let server: Server;
  let proxy: TcpProxy;
  beforeEach(async () => {
    server = await echoServer();
    // A server that listens on a TCP port has an address of that form.
    proxy = await TcpProxy.before((server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    await proxy.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('passes on what both sides say, until it cuts them off; the next connection is let in', async () => {
    const first = await connected(proxy.port);
    expect(await echoed(first, 'one')).toBe('one');
    const closed = new Promise((resolve) => first.once('close', resolve));
    expect(proxy.cut(1, new Chance(1))).toBe(1);
    await closed;
    const second = await connected(proxy.port);
    expect(await echoed(second, 'two')).toBe('two');
    second.destroy();
  });

  test('frozen, no byte passes and nobody is told; thawed, all of them come', async () => {
    const before = await connected(proxy.port);
    expect(await echoed(before, 'one')).toBe('one');
    proxy.freeze();
    const after = await connected(proxy.port);
    let heard = 0;
    const answers = [echoed(before, 'two'), echoed(after, 'three')];
    for (const answer of answers) void answer.then(() => (heard += 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toBe(0);
    proxy.thaw();
    expect(await Promise.all(answers)).toEqual(['two', 'three']);
    before.destroy();
    after.destroy();
  });

  test('one that is stalled gets nothing until it reads again', async () => {
    const socket = await connected(proxy.port);
    expect(await echoed(socket, 'one')).toBe('one');
    const readAgain = proxy.stallOne(new Chance(1));
    let heard = false;
    const answer = echoed(socket, 'two');
    void answer.then(() => (heard = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toBe(false);
    readAgain?.();
    expect(await answer).toBe('two');
    socket.destroy();
  });
});
