#!/usr/bin/env node
// Prisma's schema engine for machines that cannot download the native one: takes the native engine's arguments and speaks
// its protocol (JSON-RPC, one message a line on stdin and stdout), served by the WebAssembly build of the same engine,
// which npm delivers. prisma.config.ts chooses it only where there is no native engine.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

const UNKNOWN_ERROR = 4466; // the code of every error answer; what happened stands in its data
const PG_CHAR_OID = 18;
const PG_TEXT_OID = 25;
const PRISMA_CODES = { '3D000': 'P1003', '28P01': 'P1000', 28000: 'P1000', ENOTFOUND: 'P1001', ETIMEDOUT: 'P1002' };

const call = parseArguments(process.argv.slice(2));
function parseArguments(args) {
  const parsed = { datamodels: [], datasource: {}, command: undefined, version: false };
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i];
    if (arg === '--version' || arg === '-V') parsed.version = true;
    else if (arg === '--datamodels') parsed.datamodels.push(args[(i += 1)]);
    else if (arg === '--datasource') parsed.datasource = JSON.parse(args[(i += 1)]);
    else if (arg === 'cli') parsed.command = args[(i += 1)];
    else if (arg === '--enabled-preview-features' || arg === '--extension-types') i += 1;
  }
  return parsed;
}

function log(level, fields) {
  const line = { timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

// ---- one-shot commands: `schema-engine cli <command>` ----

async function runCommand(command) {
  log('INFO', { message: 'Starting schema engine CLI' }); // Prisma skips the first line
  try {
    if (command === 'can-connect-to-database') await withClient(connectionOf(call.datasource.url), () => undefined);
    else if (command === 'create-database') await createDatabase();
    else if (command === 'drop-database') await dropDatabase();
    else throw new Error(`unknown command ${command}`);
    log('INFO', { message: 'Done.' });
    return 0;
  } catch (error) {
    const code = PRISMA_CODES[error.code] ?? 'P1001';
    log('ERROR', { message: error.message || String(error.code), error_code: code, is_panic: false, meta: null });
    return 1;
  }
}

async function withClient(connectionString, use) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Without Prisma's own query parameters; `database` replaces the one in the address. */
function connectionOf(address, database) {
  const url = new URL(address);
  const schema = url.searchParams.get('schema');
  url.search = '';
  if (schema !== null && database === undefined) url.searchParams.set('options', `-c search_path="${schema}"`);
  if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

const databaseName = () => decodeURIComponent(new URL(call.datasource.url).pathname.slice(1)) || 'postgres';
const asAdmin = (use) => withClient(connectionOf(call.datasource.url, 'postgres'), use);

async function createDatabase() {
  const database = databaseName();
  await asAdmin((client) => client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`));
  return { databaseName: database };
}

async function dropDatabase() {
  await asAdmin((client) =>
    client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(databaseName())} WITH (FORCE)`),
  );
}

// ---- the database as the engine sees it ----

class PostgresFactory {
  provider = 'postgres';
  adapterName = '@prisma/adapter-pg';

  constructor(address) {
    this.address = address;
    this.schema = new URL(address).searchParams.get('schema') ?? undefined;
  }

  async connect() {
    const pool = poolOn(connectionOf(this.address));
    if (this.schema !== undefined) await pool.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(this.schema)}`);
    return this.adapterOn(pool);
  }

  /** The adapter's own shadow database would be the main one: its address wins over the database that it names. */
  async connectToShadowDb() {
    if (call.datasource.shadowDatabaseUrl !== undefined) {
      return this.adapterOn(poolOn(connectionOf(call.datasource.shadowDatabaseUrl)));
    }
    const shadow = `prisma_migrate_shadow_db_${randomUUID()}`;
    const name = pg.escapeIdentifier(shadow);
    await asAdmin((client) => client.query(`CREATE DATABASE ${name}`));
    const drop = () => asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    return this.adapterOn(poolOn(connectionOf(this.address, shadow)), drop);
  }

  async adapterOn(pool, afterDispose = () => undefined) {
    const adapter = await new PrismaPg(pool, { schema: this.schema, disposeExternalPool: true }).connect();
    const { startTransaction, dispose } = adapter;
    readCharAsText(adapter);
    adapter.startTransaction = async (...args) => readCharAsText(await startTransaction.apply(adapter, args));
    // The adapter splits scripts at every semicolon, which breaks function bodies; the native engine sends them whole.
    adapter.executeScript = async (script) => {
      try {
        await pool.query(script);
      } catch (error) {
        adapter.onError(error);
      }
    };
    adapter.dispose = async () => {
      await dispose.call(adapter);
      await afterDispose();
    };
    return adapter;
  }
}

const poolOn = (connectionString) => new pg.Pool({ connectionString, max: 1, idleTimeoutMillis: 0 });

/** The catalogue's columns of type "char" are unknown to the adapter: it reads them as text, the engine as a character. */
function readCharAsText(queryable) {
  const { performIO, queryRaw } = queryable;
  let charColumns = [];
  queryable.performIO = async (query) => {
    const result = await performIO.call(queryable, query);
    charColumns = [];
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== PG_CHAR_OID) continue;
      field.dataTypeID = PG_TEXT_OID;
      charColumns.push(index);
    }
    return result;
  };
  queryable.queryRaw = async (query) => {
    const result = await queryRaw.call(queryable, query);
    for (const index of charColumns) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  return queryable;
}

// ---- JSON-RPC over stdin and stdout ----

async function serve() {
  const panic = { message: undefined };
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => (panic.message = message) };
  await loadEngine();
  const client = rpcClient();
  let engine;
  let handling;
  process.on('uncaughtException', (error) => {
    if (handling !== undefined) client.send({ id: handling, error: errorAnswer(error, panic.message) });
    process.stdout.write('', () => process.exit(101));
  });
  const answer = async (message) => {
    handling = message.id;
    try {
      engine ??= await createEngine();
      client.send({ id: message.id, result: (await handle(engine, message, client)) ?? null });
    } catch (error) {
      client.send({ id: message.id, error: errorAnswer(error, panic.message) });
    }
  };
  // One request after the other, as the native engine does; answers to our own prints come in between.
  let last = Promise.resolve();
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  lines.on('line', (line) => {
    const message = JSON.parse(line);
    if (message.method === undefined) client.answered(message);
    else last = last.then(() => answer(message));
  });
  lines.on('close', () => last.then(() => process.exit(0)));
}

async function loadEngine() {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const wasm = await readFile(join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

async function createEngine() {
  const address = call.datasource.url ?? 'postgresql://127.0.0.1:1/none'; // some requests need no database
  const factory = bindMigrationAwareSqlAdapterFactory(new PostgresFactory(address));
  const datamodels = await Promise.all(call.datamodels.map(async (path) => [path, await readFile(path, 'utf8')]));
  const options = { datamodels: datamodels.length === 0 ? undefined : datamodels };
  return bindings.SchemaEngine.new(options, () => undefined, factory);
}

async function handle(engine, { method, params = {} }, client) {
  if (method === 'createDatabase') return createDatabase();
  if (method === 'getDatabaseVersion') return engine.version(params);
  if (method !== 'diff') return engine[method](params);
  // The native engine prints a difference through its client before it answers.
  const result = await engine.diff(params);
  if (result.stdout) await client.print(result.stdout.replace(/\n$/, ''));
  return { exitCode: result.exitCode, stdout: null };
}

function rpcClient() {
  const printing = new Map();
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  return {
    send,
    print: (content) =>
      new Promise((resolve) => {
        const id = `print-${randomUUID()}`;
        printing.set(id, resolve);
        send({ id, method: 'print', params: { content } });
      }),
    answered: (message) => {
      printing.get(message.id)?.();
      printing.delete(message.id);
    },
  };
}

function errorAnswer(error, panicMessage) {
  const said = parsedMessage(error);
  const data = {
    is_panic: panicMessage !== undefined,
    message: panicMessage ?? said.message ?? error?.message ?? String(error),
    meta: said.meta ?? error?.meta ?? null,
    error_code: said.error_code ?? error?.code ?? null,
  };
  return { code: UNKNOWN_ERROR, message: 'An error happened. Check the data field for details.', data };
}

/** The engine's own errors are JSON inside the message. */
function parsedMessage(error) {
  try {
    return JSON.parse(error.message) ?? {};
  } catch {
    return {};
  }
}

// Last, because the class above does not exist before.
if (call.version) console.log('schema-engine-cli wasm');
else if (call.command !== undefined) process.exitCode = await runCommand(call.command);
else await serve();
