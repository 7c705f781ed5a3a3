import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { SERVICES } from '@throughline/contracts';
import { runCli } from './run-cli.ts';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

// The built command, as a user runs it, for what only a process shows: `npm test` and `npm run verify` build before they test.
const COMMAND = fileURLToPath(new URL('../bin/throughline.js', import.meta.url));
const KEY = 'tlk_spec_secret';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

// Each spec starts processes, on a machine that may be busy.
jest.setTimeout(60_000);

let server: FastifyInstance;
let url: string;
let folder: string;
let heard: { method: string; url: string; body: unknown; key: unknown }[];

const throughline = async (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> => {
  const texts = { stdout: '', stderr: '' };
  const into = (name: keyof typeof texts) => ({
    write: (text: string | Uint8Array) => {
      texts[name] += String(text);
      return true;
    },
  });
  const before = process.cwd();
  process.chdir(folder);
  try {
    const stdout = { ...into('stdout'), isTTY: false, columns: 80 };
    const code = await runCli(args, { env, workingDirectory: folder, stdout, stderr: into('stderr') });
    return { code, ...texts };
  } finally {
    process.chdir(before);
  }
};
const asProcess = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...texts }));
  });
const connected = (...args: string[]) => throughline(['--url', url, '--api-key', KEY, ...args]);
const jsonOf = (ended: Ended): unknown => JSON.parse(ended.stdout);

const execution = (id: string, status = 'succeeded') => ({
  id,
  workflow: { name: 'orders', version: 2 },
  status,
  progress: 100,
  currentStep: null,
  trigger: 'manual',
  correlationId: id,
  parentExecutionId: null,
  rootExecutionId: id,
  runId: null,
  labels: {},
  startedAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:01.500Z',
  endedAt: '2026-01-31T12:00:01.500Z',
  version: 3,
  traceId: null,
  output: { paid: true },
  error: status === 'failed' ? 'Payment.Refused' : null,
  cause: status === 'failed' ? 'no money\u001b[31m' : null,
  runState: {
    phases: {
      queuedMs: 0,
      preflightMs: 0,
      awaitingApprovalMs: 0,
      runningMs: 0,
      waitingMs: 0,
      pausedMs: 0,
      reviewMs: 0,
      cancellingMs: 0,
      deliveringMs: 0,
    },
    statusSince: null,
    contentHash: '',
    lastHeartbeatAt: null,
    lastError: null,
    recommendedActions: [],
    deliveryState: 'none',
    signatureState: 'none',
    pendingApprovals: [],
    storedSignals: 0,
    attributes: {},
    reopened: 0,
    requestedBy: 'somebody',
    slaClass: null,
    actionClass: null,
    mode: null,
    priority: null,
  },
});
const event = (n: number, type: string, status: string) => ({
  schema_version: 1,
  event_id: `${n}.0`,
  event_type: type,
  timestamp: '2026-01-31T12:00:00.000Z',
  execution_id: 'e1',
  status,
  progress: n * 50,
  current_step: 'Pay',
  data: { state: 'Pay' },
});
const session = (verdict: string) => ({
  id: 's1',
  scope: 'execution',
  executionId: 'e1',
  kind: 'verify',
  mode: 'full',
  fromStep: null,
  live: false,
  since: null,
  status: 'completed',
  at: '2026-01-31T12:00:00.000Z',
  by: { kind: 'user', id: 'ann' },
  attempts: 1,
  startedAt: '2026-01-31T12:00:00.000Z',
  endedAt: '2026-01-31T12:00:00.010Z',
  result: {
    verdict,
    commits: 3,
    events: 9,
    matchPercent: verdict === 'identical' ? 100 : 88.9,
    ...(verdict === 'identical'
      ? {}
      : { firstDivergence: { commit: 2, event: 1, pointer: '/output', expected: 1, actual: 2, reason: 'differs' } }),
  },
});
const ready = (problem?: string) => ({
  status: problem === undefined ? 'ready' : 'not-ready',
  detail: {
    checks: {
      nats: { ok: true },
      postgres: problem === undefined ? { ok: true } : { ok: false, detail: problem },
      projection: { ok: true, detail: { kind: 'running', projectedSeq: 9, lag: 3 } },
    },
  },
});

beforeEach(async () => {
  heard = [];
  folder = mkdtempSync(join(tmpdir(), 'throughline-cli-'));
  server = Fastify();
  server.addHook('preHandler', async (request: FastifyRequest, reply) => {
    const key = request.headers.authorization;
    heard.push({ method: request.method, url: request.url, body: request.body, key });
    if (request.url.startsWith('/api/') && key !== `Bearer ${KEY}`) {
      return reply.status(401).send({ code: 'TL0002', message: 'no valid credential', requestId: 'r1' });
    }
    return undefined;
  });
});
afterEach(async () => {
  server.server.closeAllConnections();
  await server.close();
  rmSync(folder, { recursive: true });
});
/** After a spec has said what the server answers. */
const listen = async (): Promise<void> => {
  url = await server.listen({ port: 0, host: '127.0.0.1' });
};
const answering = async (answers: Readonly<Record<string, unknown>>): Promise<void> => {
  for (const [at, answer] of Object.entries(answers)) {
    const [method, path] = at.split(' ');
    server.route({ method: method ?? '', url: path ?? '', handler: async () => answer });
  }
  await listen();
};

describe('history --aws', () => {
  const at = '2026-01-31T12:00:00.000Z';
  const items = [
    {
      id: 1,
      previousEventId: 0,
      timestamp: at,
      type: 'ExecutionStarted',
      executionStartedEventDetails: { input: '{}', inputDetails: { truncated: false }, roleArn: 'arn:r' },
    },
    {
      id: 2,
      previousEventId: 0,
      timestamp: at,
      type: 'PassStateEntered',
      stateEnteredEventDetails: { name: 'A\u001b[31m' },
    },
    { id: 3, previousEventId: 2, timestamp: at, type: 'ParallelStateStarted' },
  ];

  it("is a table of AWS's events, and with --json what AWS's own command answers", async () => {
    await answering({ 'GET /api/v1/executions/:id/history': { items, nextCursor: null } });
    const table = await connected('history', 'e1', '--aws');
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout.trimEnd().split('\n')).toEqual([
      'ID  PREVIOUS  AT                        TYPE                  DETAIL',
      `1   0         ${at}  ExecutionStarted      input={}`,
      `2   0         ${at}  PassStateEntered      name=A`,
      `3   2         ${at}  ParallelStateStarted`,
    ]);
    expect(heard[0]?.url).toBe('/api/v1/executions/e1/history?format=aws');
    expect(jsonOf(await connected('history', 'e1', '--aws', '--json'))).toEqual({ events: items });
  });
});

describe('the installed command', () => {
  it('says answers on standard output and faults on standard error, and ends with their code', async () => {
    await answering({ 'GET /api/v1/executions': { items: [execution('e1')], nextCursor: null } });
    const listed = await asProcess(['ls', '--url', url, '--api-key', KEY]);
    expect(listed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('e1') });
    expect(await asProcess(['fly'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/unknown/) });
    expect(await asProcess(['ls', '--url', url])).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('what it prints', () => {
  it('is a table without colours where output is not a terminal, and one JSON document with --json', async () => {
    await answering({ 'GET /api/v1/executions': { items: [execution('e1')], nextCursor: 'c2' } });
    const table = await connected('ls', '--status', 'succeeded', '--workflow', 'orders', '--limit', '1');
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout.split('\n')).toEqual([
      expect.stringMatching(/^EXECUTION +STATUS +DONE +STARTED +TOOK +WORKFLOW +STEP OR ERROR$/),
      'e1         succeeded  100%  2026-01-31T12:00:00.000Z  1.5 s  orders v2',
      'more: --cursor c2',
      '',
    ]);
    expect(heard[0]?.url).toBe('/api/v1/executions?status=succeeded&workflow=orders&limit=1');
    expect(jsonOf(await connected('ls', '--json'))).toEqual({ items: [execution('e1')], nextCursor: 'c2' });
  });

  it('holds no control characters from the data', async () => {
    await answering({ 'GET /api/v1/executions/:id': execution('e1', 'failed') });
    const shown = await connected('get', 'e1');
    expect(shown.stdout).toContain('no money');
    expect(shown.stdout).not.toContain('\u001b');
  });

  it('is a line per event for watch, each a document with --json', async () => {
    const events = [event(1, 'StateEntered', 'running'), event(2, 'ExecutionSucceeded', 'succeeded')];
    server.get('/api/v1/executions/:id/stream', (_, reply) =>
      reply
        .type('text/event-stream')
        .send(events.map((one) => `id: ${one.event_id}\ndata: ${JSON.stringify(one)}\n\n`).join('')),
    );
    await listen();
    const lines = (await connected('watch', 'e1')).stdout.split('\n');
    expect(lines).toEqual([
      '12:00:00.000   50%  StateEntered          Pay',
      '12:00:00.000  100%  ExecutionSucceeded    Pay',
      '',
    ]);
    const documents = (await connected('watch', 'e1', '--json')).stdout.trim().split('\n');
    expect(documents.map((line): unknown => JSON.parse(line))).toEqual(events);
  });
});

describe('a start', () => {
  const started = { 'POST /api/v1/workflows/:name/executions': execution('e1', 'running') };

  it('takes its input from a file and keeps key, correlation and labels', async () => {
    writeFileSync(join(folder, 'in.json'), '{"order": 7}');
    await answering(started);
    const args = ['--input', '@in.json', '--key', 'k1', '--correlation', 'c1', '--label', 'team=a', '--label', 'x=y=z'];
    expect((await connected('start', 'orders', ...args)).code).toBe(0);
    expect(heard[0]).toMatchObject({
      url: '/api/v1/workflows/orders/executions',
      body: { input: { order: 7 }, idempotencyKey: 'k1', correlationId: 'c1', labels: { team: 'a', x: 'y=z' } },
    });
  });

  it('with --wait ends with 1 when the execution failed and with 0 when it succeeded', async () => {
    await answering({ ...started, 'GET /api/v1/executions/:id': execution('e1', 'failed') });
    const failed = await connected('start', 'orders', '--wait', '--json');
    expect([failed.code, jsonOf(failed)]).toMatchObject([1, { status: 'failed', error: 'Payment.Refused' }]);
    await server.close();
    server = Fastify();
    await answering({ ...started, 'GET /api/v1/executions/:id': execution('e1') });
    expect((await connected('start', 'orders', '--wait')).code).toBe(0);
  });

  it.each([
    [['start', 'orders', '--input', '{no'], /--input is not JSON/],
    [['start', 'orders', '--input', '@none.json'], /cannot read none\.json/],
    [['start', 'orders', '--label', 'nothing'], /a label is name=value/],
    [['start'], /missing required argument 'workflow'/],
    [['ls', '--status', 'happy'], /--status is one of queued/],
    [['ls', '--limit', 'many'], /whole number/],
    [['rebuild', 'everything'], /a service is one of orchestrator/],
    [['drift', '--cursor', '7'], /a cursor belongs to one service/],
    [['fly'], /unknown command 'fly'/],
  ])('or another command that is written wrong ends with 2 and asks nobody: %j', async (args, message) => {
    await listen();
    const ended = await connected(...args);
    expect([ended.code, ended.stdout, heard]).toEqual([2, '', []]);
    expect(ended.stderr).toMatch(message);
  });
});

it('a drift check goes on to its end, names what differs, and ends with 1 then', async () => {
  const report = { service: 'orchestrator', servingSeq: 9, commits: 4, truncated: false, undecided: 2 };
  server.get('/api/v1/read-models/orchestrator/drift', (request, reply) => {
    // The cast states what the client sends.
    const { cursor } = request.query as { readonly cursor?: string };
    const drift = [
      { table: 'steps', key: { id: 'e1' }, problem: 'field', field: 'output', pointer: '/n', stored: '2', folded: '1' },
    ];
    return reply.send(
      cursor === '4'
        ? {
            ...report,
            complete: true,
            foldedSeq: 9,
            tables: { steps: { rows: 3, drifted: 1 } },
            drift,
            nextCursor: null,
          }
        : { ...report, complete: false, foldedSeq: 4, tables: {}, drift: [], nextCursor: '4' },
    );
  });
  await listen();
  const ended = await connected('drift', 'orchestrator');
  expect(ended.code).toBe(1);
  expect(ended.stdout).toContain('1 rows drifted (all 3 rows up to log sequence 9; 8 commits folded)');
  expect(ended.stdout).toMatch(/steps +e1 +output \/n +2 +1/);
  const bounded = await connected('drift', 'orchestrator', '--commits', '4');
  expect(bounded.code).toBe(0);
  expect(bounded.stdout).toContain('go on with: throughline drift orchestrator --cursor 4');
});

it('names a workflow after its file, and lists each fault of its definition with its place', async () => {
  writeFileSync(join(folder, 'orders.asl.json'), '{"StartAt":"A"}');
  server.post('/api/v1/workflows', (_, reply) =>
    reply.status(422).send({
      code: 'TL0103',
      message: 'The workflow definition is not valid',
      details: { faults: [{ pointer: '/States', code: 'MISSING', message: 'States is required' }] },
    }),
  );
  await listen();
  const ended = await connected('workflow', 'register', 'orders.asl.json');
  expect(heard[0]?.body).toEqual({ name: 'orders', definition: { StartAt: 'A' } });
  expect([ended.code, ended.stdout]).toEqual([1, '']);
  expect(ended.stderr).toContain('error TL0103: The workflow definition is not valid\n  /States: States is required\n');
  expect(ended.stderr).toContain('docs/errors/TL0103.md');
});

it('registers YAML as what it stands for', async () => {
  writeFileSync(join(folder, 'orders.asl.yaml'), 'StartAt: A # first\nStates: { A: { Type: Succeed } }\n');
  server.post('/api/v1/workflows', (_, reply) => reply.status(422).send({ code: 'TL0103', message: 'no' }));
  await listen();
  await connected('workflow', 'register', 'orders.asl.yaml');
  expect(heard[0]?.body).toEqual({
    name: 'orders',
    definition: { StartAt: 'A', States: { A: { Type: 'Succeed' } } },
  });
});

describe('validate', () => {
  const file = (text: string): void => writeFileSync(join(folder, 'orders.asl.yaml'), text);

  it('says that a definition is valid, and asks no server', async () => {
    file('StartAt: A\nStates: { A: { Type: Succeed } }\n');
    const ended = await throughline(['validate', 'orders.asl.yaml']);
    expect(ended).toMatchObject({ code: 0, stdout: 'orders.asl.yaml is valid: 1 states\n', stderr: '' });
  });

  it('lists each fault with its place and code, and ends with 1', async () => {
    file('StartAt: A\nStates: { A: { Type: Pass, Next: B } }\n');
    const ended = await throughline(['validate', 'orders.asl.yaml']);
    expect(ended.code).toBe(1);
    expect(ended.stdout.split('\n')).toEqual([
      expect.stringMatching(/^PLACE +CODE +WHAT TO DO$/),
      expect.stringMatching(/^\/States\/A\/Next +MISSING_TARGET +There is no state "B"/),
      '',
    ]);
    const json = await throughline(['validate', 'orders.asl.yaml', '--json']);
    expect([json.code, jsonOf(json)]).toEqual([
      1,
      { valid: false, faults: [expect.objectContaining({ pointer: '/States/A/Next', code: 'MISSING_TARGET' })] },
    ]);
  });

  it('takes text that cannot be read for a fault, and a missing file for wrong usage', async () => {
    file('StartAt: [A');
    const ended = await throughline(['validate', 'orders.asl.yaml']);
    expect([ended.code, ended.stdout]).toEqual([
      1,
      expect.stringMatching(/\n\(root\) +BAD_YAML +Neither JSON nor YAML: line 1, column 12: /),
    ]);
    expect((await throughline(['validate', 'none.yaml'])).code).toBe(2);
  });
});

describe('proofs', () => {
  it.each([
    ['identical', 0],
    ['divergent', 1],
  ])('a replay that is %s ends with %i', async (verdict, code) => {
    await answering({ 'POST /api/v1/executions/:id/replay': session(verdict) });
    const ended = await connected('replay', 'e1');
    expect([ended.code, ended.stdout]).toEqual([code, expect.stringContaining(verdict)]);
    if (code === 1) expect(ended.stdout).toContain('commit 2 event 1 /output');
  });

  it('a replay that is not over yet is followed to its end, and shown step by step', async () => {
    const { result: _result, endedAt: _endedAt, ...under } = session('identical');
    const step = { state: 'Pay', frame: '0', visit: 1, verdict: 'nondeterministic', commit: 3, pointer: '/output/at' };
    const { result, ...ended } = session('identical');
    await answering({
      'POST /api/v1/executions/:id/replay': { ...under, status: 'running', progress: { commits: 1, of: 3 } },
      'GET /api/v1/replay-sessions/:id': { ...ended, result: { ...result, steps: [step] } },
    });
    const shown = await connected('replay', 'e1', '--from-step', 'Pay');
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringMatching(/Pay +0\/1 +nondeterministic +commit 3/)]);
  });

  it('a replay of everything says how much there was, and ends with 1 where something is divergent', async () => {
    const { result, ...asked } = session('divergent');
    const log = {
      fromSeq: 1,
      toSeq: 90,
      aggregates: { execution: { total: 12, identical: 11, commits: 80 } },
      mergedCommits: 7,
      mergedActors: 2,
      unreadable: 0,
      divergent: [{ aggregate: 'execution', id: 'e9', seq: 44, firstDivergence: result.firstDivergence }],
    };
    await answering({
      'POST /api/v1/replay-sessions': { ...asked, scope: 'all', executionId: null, result: { ...result, log } },
    });
    const ended = await connected('replay', '--all', '--since', '2026-01-31T12:00:00Z');
    expect([ended.code, ended.stdout]).toEqual([1, expect.stringMatching(/execution +12 +11 +80/)]);
    expect(ended.stdout).toContain('merged commits: 7, of several actors: 2; unreadable records: 0');
    expect(ended.stdout).toContain('execution e9 at 44: commit 2 event 1 /output: differs');
  });

  it.each([
    ['replay'],
    ['replay', 'e1', '--all'],
    ['replay', '--all', '--since', 'yesterday'],
    ['replay', 'e1', '--mode', 'some'],
  ])('replaying takes %j for wrong usage', async (...args) => {
    await answering({});
    expect((await connected(...args)).code).toBe(2);
  });

  it('lists replay sessions', async () => {
    await answering({ 'GET /api/v1/replay-sessions': { items: [session('divergent')], nextCursor: null } });
    const listed = await connected('replays', 'ls', '--execution', 'e1', '--verdict', 'divergent');
    expect(listed.stdout).toMatch(/s1 +\S+ +e1 +verify full +completed +divergent +88.9% +ann/);
  });

  it('a broken ledger ends with 1 and names the row', async () => {
    const firstBad = { n: 4, seq: 9, aggregateId: 'e1', problem: 'hash differs' };
    await answering({ 'GET /api/v1/audit/verify': { verdict: 'broken', rows: 3, head: null, firstBad } });
    const ended = await connected('audit', 'verify');
    expect([ended.code, ended.stdout]).toEqual([1, expect.stringMatching(/n 4, log sequence 9[\s\S]*hash differs/)]);
    expect(jsonOf(await connected('--json', 'audit', 'verify'))).toMatchObject({ firstBad });
  });
});

describe('what-if', () => {
  const counts = { identical: 1, same_end: 1, other_end: 1, other_calls: 0, unanswered: 0, unreadable: 0 };
  const finding = (executionId: string, verdict: string) => ({
    executionId,
    version: 1,
    verdict,
    open: false,
    first: {
      commit: 2,
      event: 1,
      step: { state: 'Pay', frame: '0', visit: 1 },
      pointer: '/output/paid',
      expected: 3,
      actual: 4,
      reason: 'another StateExited',
    },
    recorded: { status: 'succeeded', output: 3 },
    candidate: { status: 'succeeded', output: 4 },
    missing: [],
    notCalled: [],
  });
  const report = (divergent: readonly object[]) => ({
    workflow: 'orders',
    candidate: { hash: 'a'.repeat(64), states: 1, version: null },
    executions: 3,
    open: 0,
    commits: 9,
    counts: { ...counts, other_end: divergent.length },
    divergent,
    otherPaths: [finding('e2', 'same_end')],
    truncated: false,
  });
  const candidate = () =>
    writeFileSync(join(folder, 'orders.asl.json'), '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}');

  it.each([
    ['', 1, 0],
    ['divergence', 0, 0],
    ['divergence', 1, 1],
    ['other-path', 0, 1],
  ])('failing on "%s", with %i divergent, ends with %i', async (failOn, count, code) => {
    candidate();
    const divergent = count === 0 ? [] : [finding('e1', 'other_end')];
    const flags = failOn === '' ? [] : ['--fail-on', failOn];
    await answering({ 'POST /api/v1/workflows/:name/what-if': report(divergent) });
    const ended = await connected('what-if', 'orders.asl.json', '--last', '3', ...flags);
    expect([ended.code, ended.stderr]).toEqual([code, '']);
    expect(heard[0]).toMatchObject({
      url: '/api/v1/workflows/orders/what-if',
      body: { last: 3, definition: { StartAt: 'A' } },
    });
    if (divergent.length > 0) expect(ended.stdout).toMatch(/e1 {2}comes to another end[\s\S]*\/output\/paid/);
  });

  it('takes another workflow than the file says, and no file that is none', async () => {
    candidate();
    await answering({ 'POST /api/v1/workflows/:name/what-if': report([]) });
    expect((await connected('what-if', 'orders.asl.json', '--workflow', 'other')).code).toBe(0);
    expect(heard[0]?.url).toBe('/api/v1/workflows/other/what-if');
    expect((await connected('what-if', 'none.json')).code).toBe(2);
    expect((await connected('what-if', 'orders.asl.json', '--fail-on', 'rain')).code).toBe(2);
  });
});

describe('relatives', () => {
  const node = (id: string, parentExecutionId: string | null) => ({
    id,
    workflow: 'orders',
    trigger: parentExecutionId === null ? 'manual' : 'child',
    parentExecutionId,
    status: 'succeeded',
    startedAt: '2026-01-31T12:00:00.000Z',
    endedAt: '2026-01-31T12:00:01.000Z',
    traceId: null,
  });

  it('stand below each other from the first execution down, though all started in one moment', async () => {
    await answering({
      'GET /api/v1/executions/:id/lineage': {
        execution: node('e3', 'e2'),
        root: 'e1',
        ancestors: [
          { ...node('e2', 'e1'), depth: 1 },
          { ...node('e1', null), depth: 2 },
        ],
        descendants: [{ ...node('e4', 'e3'), depth: 1 }],
        siblings: [],
      },
    });
    const { stdout } = await connected('lineage', 'e3');
    expect(stdout.match(/e\d(?= {2}orders)/g)).toEqual(['e1', 'e2', 'e3', 'e4']);
  });

  it('of one correlation id are a chain with its root and count', async () => {
    const chain = { correlationId: 'c1', root: 'e1', count: 2, executions: [node('e1', null), node('e2', 'e1')] };
    await answering({ 'GET /api/v1/executions/correlation/:id': chain });
    const { stdout } = await connected('chain', 'c1');
    expect(stdout).toContain('2 executions, root e1');
    expect(jsonOf(await connected('chain', 'c1', '--json'))).toEqual(chain);
  });
});

describe('tasks', () => {
  const reported = { executionId: 'e1', duplicate: false };

  it('are ended by their token, with an output or an error', async () => {
    await answering({
      'POST /api/v1/task-tokens/success': reported,
      'POST /api/v1/task-tokens/failure': reported,
      'POST /api/v1/task-tokens/heartbeat': { ...reported, duplicate: true },
    });
    expect((await connected('task', 'succeed', 'tt1.a.b', '--output', '{"ok":true}')).stdout).toBe('succeeded: e1\n');
    expect((await connected('task', 'fail', 'tt1.a.b', '--error', 'Refused')).stdout).toBe('failed: e1\n');
    expect(jsonOf(await connected('task', 'heartbeat', 'tt1.a.b', '--json'))).toEqual({ ...reported, duplicate: true });
    expect(heard.map(({ body }) => body)).toEqual([
      { taskToken: 'tt1.a.b', output: { ok: true } },
      { taskToken: 'tt1.a.b', error: 'Refused' },
      { taskToken: 'tt1.a.b' },
    ]);
  });

  it('of an activity are polled; without one the command ends with 1', async () => {
    await answering({ 'POST /api/v1/activities/:name/poll': { task: null } });
    const ended = await connected('activity', 'poll', 'sign', '--wait', '0', '--worker', 'ann');
    expect([ended.code, ended.stdout]).toEqual([1, 'no task\n']);
    expect(heard[0]?.body).toEqual({ waitMs: 0, worker: 'ann' });
  });
});

describe('schedules', () => {
  const at = '2026-01-31T12:00:00.000Z';
  const nightly = {
    id: 'nightly',
    status: 'active',
    workflow: { name: 'orders', version: null },
    labels: {},
    description: null,
    timing: { kind: 'cron', expression: '30 2 * * *', timeZone: 'Europe/Berlin' },
    overlap: 'queue_one',
    catchUpSeconds: 3600,
    next: [at],
    running: [],
    queued: null,
    last: [
      {
        executionId: 'e1',
        instant: at,
        cause: 'due',
        outcome: 'skipped',
        why: 'overlap',
        code: null,
        message: null,
        at,
      },
    ],
    counts: { requested: 1, skipped: 1, missed: 0 },
    createdAt: at,
    putAt: at,
    putBy: { kind: 'user', id: 'ann' },
    version: 3,
  };

  it('are put by cron or by interval, listed, shown and triggered', async () => {
    await answering({
      'PUT /api/v1/schedules/:id': nightly,
      'GET /api/v1/schedules': { items: [nightly], nextCursor: null },
      'GET /api/v1/schedules/:id': nightly,
      'POST /api/v1/schedules/:id/trigger': { executionId: 'e2', queued: true },
      'DELETE /api/v1/schedules/:id': { ...nightly, status: 'deleted' },
    });
    const cron = ['--cron', '30 2 * * *', '--time-zone', 'Europe/Berlin', '--overlap', 'queue-one', '--label', 'a=b'];
    const put = await connected('schedule', 'put', 'nightly', '--workflow', 'orders', ...cron);
    expect(put.stdout).toContain('30 2 * * * (Europe/Berlin)');
    await connected('schedule', 'put', 'nightly', '--workflow', 'orders', '--every', '90s', '--input', '{"n":1}');
    expect(heard.map(({ body }) => body)).toEqual([
      { workflow: 'orders', timing: nightly.timing, labels: { a: 'b' }, overlap: 'queue_one' },
      { workflow: 'orders', timing: { kind: 'interval', everySeconds: 90 }, input: { n: 1 } },
    ]);
    expect((await connected('schedule', 'ls')).stdout).toContain(`skipped ${at} (overlap)`);
    expect((await connected('schedule', 'get', 'nightly')).stdout).toMatch(/due +skipped +e1 +overlap/);
    expect((await connected('schedule', 'trigger', 'nightly')).stdout).toBe('queued: e2\n');
    expect((await connected('schedule', 'rm', 'nightly')).code).toBe(0);
  });

  it('without a timing, or with one that is none, are wrong usage', async () => {
    const put = (...more: string[]) => connected('schedule', 'put', 'nightly', '--workflow', 'orders', ...more);
    expect((await put()).code).toBe(2);
    expect((await put('--cron', '* * * * *', '--every', '5m')).code).toBe(2);
    expect((await put('--every', 'often')).code).toBe(2);
    expect((await put('--every', '5m', '--overlap', 'never')).code).toBe(2);
  });
});

describe('address and key', () => {
  const executions = { 'GET /api/v1/executions': { items: [], nextCursor: null } };
  const keyFile = (home: string, content: object) => {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'local-key.json'), JSON.stringify(content));
  };

  it('come from the key file of a folder above', async () => {
    await answering(executions);
    keyFile(join(folder, '.throughline'), { url, key: KEY });
    const root = folder;
    folder = join(root, 'deep', 'down');
    mkdirSync(folder, { recursive: true });
    const ended = await throughline(['ls']);
    folder = root;
    expect([ended.code, heard[0]?.key]).toEqual([0, `Bearer ${KEY}`]);
  });

  it('come from THROUGHLINE_HOME, and the environment goes before it', async () => {
    await answering(executions);
    keyFile(join(folder, 'home'), { url, key: 'wrong' });
    const home = { THROUGHLINE_HOME: join(folder, 'home') };
    expect((await throughline(['ls'], home)).code).toBe(3);
    expect((await throughline(['ls'], { ...home, THROUGHLINE_API_KEY: KEY })).code).toBe(0);
    expect((await throughline(['ls', '--api-key', KEY], { ...home, THROUGHLINE_API_KEY: 'x' })).code).toBe(0);
  });

  it('do not mix: the key of one address is not sent to another', async () => {
    await answering(executions);
    keyFile(join(folder, '.throughline'), { url: 'http://127.0.0.1:1', key: KEY });
    const ended = await throughline(['ls', '--url', url]);
    expect([ended.code, heard[0]?.key]).toEqual([3, undefined]);
    expect(ended.stderr).toContain('TL0002');
  });

  it('that nobody listens at end with 3 and say so, in JSON too', async () => {
    await listen();
    await server.close();
    const ended = await connected('get', 'e1');
    expect([ended.code, ended.stderr]).toEqual([3, expect.stringContaining(`Is Throughline running at ${url}?`)]);
    expect(jsonOf(await connected('get', 'e1', '--json'))).toMatchObject({ error: { code: 'TL0008', status: 0 } });
  });
});

describe('the doctor', () => {
  const healthy = Object.fromEntries(SERVICES.map((service) => [service, ready()]));
  const stats = { executionsByStatus: { succeeded: 4 }, workflows: 2, projectedSeq: 9 };
  const log = { bytes: 10, bytesMax: 100, acceptsStarts: true };
  const answers = {
    'GET /health/ready': { status: 'ok', services: healthy },
    'GET /api/v1/stats': stats,
    'GET /api/v1/executions/health': { status: 'ok', open: 1, stalled: 0, projectionLag: 0, log },
  };

  it('finds a healthy system well without changing anything', async () => {
    await answering(answers);
    const ended = await connected('doctor');
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining('The system works.')]);
    expect(ended.stdout).toContain('telemetry-ingestor: ready (nats, postgres, projection), 3 log records behind');
    expect(heard.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
  });

  it('names what fails in which service and what to do', async () => {
    const services = {
      ...healthy,
      'audit-service': ready('connection refused'),
      'step-worker': { status: 'unreachable', detail: 'connect ECONNREFUSED' },
    };
    await answering({ ...answers, 'GET /health/ready': { status: 'error', services } });
    const ended = await connected('doctor', '--json');
    expect([ended.code, jsonOf(ended)]).toMatchObject([1, { ok: false }]);
    const { checks } = jsonOf(ended) as { checks: { name: string; status: string; detail: string; advice?: string }[] };
    expect(checks.filter(({ status }) => status === 'bad')).toEqual([
      expect.objectContaining({ name: 'step-worker', advice: expect.stringContaining('STEP_WORKER_URL') as unknown }),
      expect.objectContaining({ name: 'audit-service', detail: 'postgres fails: connection refused' }),
    ]);
  });

  it('tells a wrong key from a system that is not there', async () => {
    await answering(answers);
    const wrongKey = await throughline(['doctor', '--url', url, '--api-key', 'nope']);
    expect([wrongKey.code, wrongKey.stdout]).toEqual([3, expect.stringContaining('key: refused (from --api-key)')]);
    await server.close();
    const gone = await connected('doctor');
    expect([gone.code, gone.stdout]).toEqual([3, expect.stringContaining(`nothing answers at ${url}`)]);
  });

  it('with --run follows a tiny workflow to replay and audit', async () => {
    const row = { n: 1, seq: 1, aggregate: 'execution', aggregateId: 'e1', version: 1, at: '2026-01-31T12:00:00.000Z' };
    const ledgerRow = {
      ...row,
      actors: [],
      commands: [],
      events: [],
      correlationId: 'e1',
      commitHash: 'a',
      previousHash: 'b',
      hash: 'c',
    };
    server.get('/api/v1/executions/:id/stream', (_, reply) =>
      reply.type('text/event-stream').send(`data: ${JSON.stringify(event(1, 'ExecutionSucceeded', 'succeeded'))}\n\n`),
    );
    await answering({
      ...answers,
      'POST /api/v1/workflows': { name: 'w', version: 1, hash: 'h', states: 1, registeredAt: row.at },
      'POST /api/v1/workflows/:name/executions': execution('e1', 'running'),
      'GET /api/v1/executions/:id': execution('e1'),
      'POST /api/v1/executions/:id/replay': session('divergent'),
      'GET /api/v1/executions/:id/audit': { items: [ledgerRow, ledgerRow, ledgerRow], nextCursor: null },
      'GET /api/v1/audit/verify': { verdict: 'intact', rows: 3, head: 'c' },
    });
    const ended = await connected('doctor', '--run');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/ok {4}run: e1[\s\S]*bad {3}replay: divergent[\s\S]*ok {4}audit: 3 of 3/);
  });
});
