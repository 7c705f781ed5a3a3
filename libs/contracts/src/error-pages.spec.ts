import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES, type ErrorCode, errorHelp } from './error-codes.ts';

const checkout = new URL('../../../', import.meta.url);
const codes = Object.keys(ERROR_CODES) as ErrorCode[];
const pageOf = (code: ErrorCode): string => readFileSync(fileURLToPath(new URL(errorHelp(code), checkout)), 'utf8');

describe('the pages about error codes', () => {
  it('are one per code, and none for a code that does not exist', () => {
    const pages = readdirSync(fileURLToPath(new URL('docs/errors/', checkout))).filter((name) =>
      /^TL\d{4}\.md$/.test(name),
    );
    expect(pages.sort()).toEqual(codes.map((code) => `${code}.md`).sort());
  });

  it.each(codes)('%s has the title and status of its code, an example and what to do', (code) => {
    const page = pageOf(code);
    const { status, title } = ERROR_CODES[code];
    expect(page.split('\n')[0]).toBe(`# ${code}: ${title}`);
    expect(page).toContain(`HTTP status ${status}`);
    for (const heading of ['## What it means', '## Why it happens', '## What to do', '## Example']) {
      expect(page).toContain(`\n${heading}\n`);
    }
  });

  it.each(codes)('%s shows a body as the code is answered', (code) => {
    const json: unknown = JSON.parse(/```json\n([\s\S]*?)\n```/.exec(pageOf(code))?.[1] ?? 'null');
    const { title } = ERROR_CODES[code];
    expect(json).toMatchObject({ code, title, help: errorHelp(code), message: expect.any(String) as unknown });
  });
});

it('a code is an HTTP error with a title that no other code has', () => {
  for (const code of codes) expect(ERROR_CODES[code].status).toBeGreaterThanOrEqual(400);
  const titles = codes.map((code) => ERROR_CODES[code].title);
  expect(new Set(titles).size).toBe(titles.length);
});
