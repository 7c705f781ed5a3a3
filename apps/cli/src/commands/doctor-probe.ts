import { ThroughlineError, type ThroughlineClient } from '@throughline/client';
import type { Finding } from './doctor-finding.ts';

const PROBE_WORKFLOW = 'throughline-doctor';
const PROBE_DEFINITION = {
  Comment: 'Registered by `throughline doctor --run`',
  StartAt: 'Done',
  States: { Done: { Type: 'Pass', Result: { well: true }, End: true } },
};
const END_TIMEOUT_MS = 20_000;
/** Ledger and tables follow the log by a projection. */
const LEDGER_LOOKS_MAX = 50;
const LEDGER_PAUSE_MS = 200;

/** One tiny execution through every part that a real one passes. */
export async function* runProbe(client: ThroughlineClient): AsyncGenerator<Finding, void, undefined> {
  try {
    yield* followProbe(client);
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    const advice =
      error.code === 'TL0003' ? 'a key for --run needs to write workflows, start, replay and audit' : undefined;
    yield {
      name: 'run',
      status: 'bad',
      detail: `${error.code} ${error.message}`,
      ...(advice === undefined ? {} : { advice }),
    };
  }
}

async function* followProbe(client: ThroughlineClient): AsyncGenerator<Finding, void, undefined> {
  await client.registerWorkflow({ name: PROBE_WORKFLOW, definition: PROBE_DEFINITION });
  const started = await client.start(PROBE_WORKFLOW, { input: {}, labels: { by: 'doctor' } });
  const ended = await client.wait(started.id, { timeoutMs: END_TIMEOUT_MS });
  if (ended.status !== 'succeeded') {
    const advice = 'the orchestrator decides it alone, without a worker: read its log';
    yield { name: 'run', status: 'bad', detail: `${ended.id} is ${ended.status} after ${END_TIMEOUT_MS} ms`, advice };
    return;
  }
  yield { name: 'run', status: 'ok', detail: `${ended.id} succeeded in ${ended.version} commits` };
  let events = 0;
  for await (const event of client.watch(ended.id)) events += event.execution_id === ended.id ? 1 : 0;
  yield { name: 'stream', status: 'ok', detail: `${events} events` };
  const { result } = await client.replay(ended.id);
  yield {
    name: 'replay',
    status: result.verdict === 'identical' ? 'ok' : 'bad',
    detail: `${result.verdict}, ${result.matchPercent}% of ${result.events} events`,
  };
  yield await ledgerOf(client, ended.id, ended.version);
  const audit = await client.verifyAudit();
  yield {
    name: 'audit chain',
    status: audit.verdict === 'intact' ? 'ok' : 'bad',
    detail: `${audit.verdict}, ${audit.rows} rows${audit.firstBad ? `; row ${audit.firstBad.n}: ${audit.firstBad.problem}` : ''}`,
    ...(audit.verdict === 'intact' ? {} : { advice: 'docs/operations.md, "A broken ledger"' }),
  };
}

const ledgerOf = async (client: ThroughlineClient, id: string, commits: number): Promise<Finding> => {
  let rows = 0;
  for (let look = 0; look < LEDGER_LOOKS_MAX; look += 1) {
    rows = (await client.audit(id)).items.length;
    if (rows >= commits) return { name: 'audit', status: 'ok', detail: `${rows} of ${commits} commits in the ledger` };
    await new Promise((resolve) => setTimeout(resolve, LEDGER_PAUSE_MS));
  }
  const advice = 'the projection of audit-service does not follow: see its line above and its log';
  return { name: 'audit', status: 'bad', detail: `${rows} of ${commits} commits in the ledger`, advice };
};
