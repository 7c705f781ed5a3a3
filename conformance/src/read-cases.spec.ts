import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCases } from './read-cases.ts';
import { EXAMPLE_CASES } from './spec/example-cases.ts';

const [first, second, third] = EXAMPLE_CASES;

describe('cases', () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-cases-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };

  it('are read from a file: a list of them, or one', () => {
    expect(readCases(written('list.json', JSON.stringify([first, second])))).toEqual([first, second]);
    expect(readCases(written('one.json', JSON.stringify(third)))).toEqual([third]);
  });

  it('are read from a folder and what is below it, and nothing but JSON is', () => {
    mkdirSync(join(folder, 'all', 'below'), { recursive: true });
    written('all/README.md', 'no case');
    written('all/a.json', JSON.stringify([first]));
    written('all/below/b.json', JSON.stringify([second]));
    expect(readCases(join(folder, 'all'))).toEqual([first, second]);
  });

  it('may have fields that this reader does not know', () => {
    const more = { ...first, recordedBy: 'somebody' };
    expect(readCases(written('more.json', JSON.stringify([more])))).toEqual([more]);
  });

  it.each([
    ['is not there', () => join(folder, 'absent.json'), /absent\.json does not exist/],
    ['is no JSON', () => written('text.json', '{'), /text\.json is not JSON/],
    ['holds something else', () => written('else.json', '[{"id": 7}]'), /else\.json does not hold cases:[^]*\[0\]\.id/],
    ['is a folder without cases', () => mkdtempSync(join(folder, 'empty-')), /holds no JSON file/],
  ])('cannot be read from what %s', (_what, path, message) => {
    expect(() => readCases(path())).toThrow(message);
  });
});
