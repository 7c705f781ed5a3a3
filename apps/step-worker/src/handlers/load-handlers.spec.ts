import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadHandlers } from './load-handlers.ts';

describe('handlers from modules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-handlers-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const moduleFile = (name: string, text: string): string => {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, text);
    return file;
  };
  const handler = `{ queue: 'q', name: 'n', effectClass: 'pure', inputSchema: {}, outputSchema: {}, invoke() {} }`;

  it('come from `handlers` or from the default export, of paths and URLs alike', async () => {
    const named = moduleFile('named', `export const handlers = [${handler}];`);
    const byDefault = moduleFile('default', `export default [${handler}, ${handler}];`);
    expect(await loadHandlers([named, new URL(`file://${byDefault}`).href])).toHaveLength(3);
  });

  it('a module that exports something else, or is not there, is named in the error', async () => {
    const wrong = moduleFile('wrong', `export const handlers = [{ name: 'n' }];`);
    await expect(loadHandlers([wrong])).rejects.toThrow(/wrong\.mjs must export a list/);
    await expect(loadHandlers([join(folder, 'nowhere.mjs')])).rejects.toThrow(/nowhere\.mjs cannot be loaded/);
  });
});
