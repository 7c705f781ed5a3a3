import { parseMachine } from '@throughline/asl';
import type { Json } from '@throughline/contracts';
import { handlers } from './handlers.ts';
import { assetBackup, BACKUP_WORKFLOW, changeRequest } from './machine.ts';

const urls = { assetsUrl: 'http://127.0.0.1:7451/', receiverUrl: 'http://127.0.0.1:7452' };

describe.each([
  ['change-request', changeRequest(urls)],
  ['asset-backup', assetBackup(urls)],
])('the machine %s', (_name, definition) => {
  it('validates without a fault', () => {
    // The cast states what the file holds.
    const parsed = parseMachine(definition as Json);
    expect(parsed.ok ? [] : parsed.faults).toEqual([]);
  });

  it('has the service addresses filled in and no placeholder left', () => {
    const text = JSON.stringify(definition);
    expect(text).not.toContain('${');
    expect(text).toContain('"http://127.0.0.1:7451/backups"'.slice(0, 22));
  });
});

it('the change names only handlers and the child that the example has', () => {
  const text = JSON.stringify(changeRequest(urls));
  const named = [...text.matchAll(/tl:task:([^"]+)/g)].map(([, name]) => name);
  expect(named).toEqual(handlers.map(({ queue, name }) => `${queue}:${name}`));
  expect(text).toContain(`"StateMachineArn":"${BACKUP_WORKFLOW}"`);
});
