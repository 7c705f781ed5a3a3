import { checkServerVersion } from './server-check.ts';

describe('the server version', () => {
  it.each(['2.15.1', '2.15.2', '2.16.0', '3.0.0', '2.15.1-RC.1'])('%s fits', (version) => {
    expect(checkServerVersion(version)).toEqual({ kind: 'fits', version });
  });

  it.each(['2.15.0', '2.9.10', '2.12.4', '1.99.99', 'unknown', ''])('%s is refused with TL0205', (version) => {
    expect(checkServerVersion(version)).toMatchObject({ kind: 'unfit', code: 'TL0205' });
  });
});
