import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimPostgresHome } from './postgres-home.ts';

describe("a Postgres folder apart from its system's home", () => {
  let dir: string;
  const home = () => join(dir, 'home');
  const apart = () => join(dir, 'apart');
  const table = () => join(apart(), 'postgres', 'table');
  const storeTable = (): void => {
    mkdirSync(join(apart(), 'postgres'), { recursive: true });
    writeFileSync(table(), 'rows');
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'throughline-home-'));
    mkdirSync(home());
    claimPostgresHome(home(), apart());
    storeTable();
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  test('keeps its data from start to start', () => {
    claimPostgresHome(home(), apart());
    expect(existsSync(table())).toBe(true);
  });

  test('is emptied for a new home at the place of the old one', () => {
    rmSync(home(), { recursive: true });
    mkdirSync(home());
    claimPostgresHome(home(), apart());
    expect(existsSync(table())).toBe(false);
    storeTable();
    claimPostgresHome(home(), apart());
    expect(existsSync(table())).toBe(true);
  });

  test('is not touched where it is the home itself', () => {
    mkdirSync(join(home(), 'postgres'));
    claimPostgresHome(home(), home());
    expect(existsSync(join(home(), 'postgres'))).toBe(true);
  });
});
