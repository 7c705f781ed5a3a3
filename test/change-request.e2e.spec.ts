import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { type ChangeFindings, type ChangesOutcome, runChanges } from '@throughline/change-request';
import { replayLock } from '@throughline/local-system';
import { startTestSystem, type TestSystem } from '@throughline/testkit';

jest.setTimeout(180_000);

const HANDLERS = fileURLToPath(new URL('../examples/change-request/dist/handlers.js', import.meta.url));
const APPROVER = { roles: ['change-approver'], permissions: ['executions:read', 'approvals:decide'] } as const;

describe('change requests, as npm start -- --example change-request runs them', () => {
  let system: TestSystem;
  let outcome: ChangesOutcome;
  const lines: string[] = [];

  beforeAll(async () => {
    system = await startTestSystem({
      example: 'change-request',
      handlers: [HANDLERS],
      people: [
        { name: 'ada', ...APPROVER },
        { name: 'grace', ...APPROVER },
      ],
      secrets: ['change-receiver'],
    });
    const { frontUrl, natsUrl, apiKey, people, exampleUrls } = system;
    const { assets: assetsUrl, receiver: receiverUrl } = exampleUrls;
    outcome = await runChanges(
      {
        frontUrl,
        apiKey,
        approvers: people,
        assetsUrl,
        receiverUrl,
        replayLock: (asset) => replayLock(natsUrl, asset),
      },
      (line) => lines.push(line),
    );
  });
  afterAll(() => system?.remove());

  const change = (index: number): ChangeFindings => {
    const found = outcome.changes[index];
    if (!found) throw new Error(`there is no change ${index}`);
    return found;
  };

  it('everything about both is as it should be', () => {
    expect(outcome).toMatchObject({ ok: true, reasons: [] });
    expect(lines.filter((line) => line.includes('NOT AS EXPECTED'))).toEqual([]);
  });

  it('the first is agreed to by two who sign, backed up by a child, written under its lock, and told at the second attempt', () => {
    const { execution, preflight, passed, approval, signatures, chain, session, asset, delivery } = change(0);
    expect(preflight.findings.filter(({ outcome: how }) => how === 'error')).toEqual([]);
    expect(passed?.checks).toBeGreaterThan(0);
    expect(execution.output).toMatchObject({ firmware: '2.4.1', before: '1.0.0', approvedBy: ['ada', 'grace'] });
    expect(approval).toMatchObject({ status: 'approved', required: 2, signature: 'required' });
    expect(signatures).toEqual(['ada', 'grace'].map((by) => ({ by, genuine: true })));
    expect(chain.executions.map(({ trigger, status }) => `${trigger} ${status}`)).toEqual([
      'manual succeeded',
      'child succeeded',
    ]);
    expect(session).toMatchObject({ outcome: 'committed', blocksWritten: 12 });
    expect(asset).toMatchObject({ overlaps: 0, refused: 0 });
    expect(delivery).toMatchObject({ state: 'delivered', deliveries: [{ attempts: 2 }] });
  });

  it('the second is cancelled midway: its handler puts back what was there, the lock is given back, the receiver is told', () => {
    const [done, cancelled] = [change(0), change(1)];
    expect(cancelled.execution).toMatchObject({ status: 'cancelled' });
    expect(cancelled.session).toMatchObject({ outcome: 'put back' });
    expect(cancelled.session?.blocksWritten).toBeGreaterThanOrEqual(5);
    expect(cancelled.asset?.firmware).toBe('2.4.1');
    expect(cancelled.session?.fencingToken).toBeGreaterThan(done.session?.fencingToken ?? Infinity);
    expect(cancelled.received).toEqual(expect.objectContaining({ status: 'cancelled', requests: 2 }));
    expect(cancelled.steps.find(({ state }) => state === 'WriteFirmware')?.status).toBe('cancelled');
  });

  it('the private keys of the approvers are nowhere but with them', () => {
    const stored = readFileSync(system.apiKeysFile, 'utf8');
    for (const { key, signingKey } of system.people) {
      expect(stored).toContain(signingKey.x);
      expect(stored).not.toContain(signingKey.d);
      expect(stored).not.toContain(key);
    }
  });

  it('the receiver refuses what nobody signed with its secret, or signed with another', async () => {
    const results = `${system.exampleUrls.receiver}/results`;
    const secret = readFileSync(join(system.home, 'secrets', 'change-receiver'), 'utf8');
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    const headers = { 'content-type': 'application/json', 'throughline-signature': `t=1,v1=${'0'.repeat(64)}` };
    const response = await fetch(results, { method: 'POST', headers, body: '{}' });
    expect(response.status).toBe(403);
  });
});
