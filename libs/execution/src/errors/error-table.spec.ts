import { readFileSync } from 'node:fs';
import { ACTION_TEXTS } from '@throughline/contracts';
import { KNOWN_ERRORS, knownError } from './error-table.ts';

const page = readFileSync(new URL('../../../../docs/errors-and-actions.md', import.meta.url), 'utf8');
const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const rows = page.split('\n').filter((line) => line.startsWith('| `'));

describe('the table of errors', () => {
  it('is on its page, row by row', () => {
    const shown = rows.filter((line) => cellsOf(line).length === 5).map(cellsOf);
    const known = KNOWN_ERRORS.map(({ error, category, severity, retryable, actions }) => [
      `\`${error}\``,
      category,
      severity,
      retryable ? 'yes' : 'no',
      actions.join(', '),
    ]);
    expect(shown).toEqual(known);
  });

  it('has every action on its page, in its words', () => {
    const shown = rows.filter((line) => cellsOf(line).length === 2).map(cellsOf);
    expect(shown).toEqual(Object.entries(ACTION_TEXTS).map(([action, text]) => [`\`${action}\``, text]));
  });

  it('knows every error, one by its own row before that of many', () => {
    expect(knownError('States.Http.StatusCode.404')).toMatchObject({ category: 'input' });
    expect(knownError('States.Http.StatusCode.403')).toMatchObject({ category: 'permission' });
    expect(knownError('States.Http.StatusCode.502')).toMatchObject({ category: 'dependency' });
    expect(knownError('Whatever')).toMatchObject({ error: '*' });
  });

  it('has no row that another one hides', () => {
    for (const { error } of KNOWN_ERRORS) expect(knownError(error.replace(/\*$/, '~')).error).toBe(error);
  });
});
