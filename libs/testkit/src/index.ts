export { tempDir, type TempDir } from './temp-dir.ts';
export { useServers, type TestServers, type WantedServers } from './servers.ts';
export { type KnownOfSystem, startTestSystem, type TestSystem } from './test-system.ts';
export { eventually, type Patience } from './eventually.ts';
export { freePort, startNats, startPostgres, startSystem, migrate, schemaOf } from '@throughline/local-system';
export { LogAuthor, type StartOptions } from './log-author.ts';
