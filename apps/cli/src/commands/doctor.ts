import { ThroughlineError } from '@throughline/client';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { plainText } from '../terminal.ts';
import { statusWord } from '../wording.ts';
import type { Finding } from './doctor-finding.ts';
import { checkLog, checkServices, readSystemHealth } from './doctor-health.ts';
import { runProbe } from './doctor-probe.ts';

/** Goes from the outside in, and stops where the next check could not mean anything. Changes nothing without --run. */
export const diagnose = async (cli: Invocation, options: { run?: boolean }): Promise<ExitCode> => {
  const findings: Finding[] = [];
  const exitCode = await examine(cli, options.run ?? false, (finding) => {
    findings.push(finding);
    if (!cli.terminal.json) printFinding(cli, finding);
  });
  if (cli.terminal.json) cli.terminal.document({ ok: exitCode === EXIT.ok, url: cli.connection.url, checks: findings });
  else cli.terminal.line(exitCode === EXIT.ok ? 'The system works.' : 'Something is wrong: see above.');
  return exitCode;
};

const printFinding = ({ terminal }: Invocation, { name, status, detail, advice }: Finding): void => {
  terminal.line(
    `${statusWord(terminal, status.padEnd(4).trimEnd())}${' '.repeat(6 - status.length)}${name}: ${plainText(detail)}`,
  );
  if (advice !== undefined) terminal.line(`      → ${plainText(advice)}`);
};

const examine = async (cli: Invocation, run: boolean, report: (finding: Finding) => void): Promise<ExitCode> => {
  let bad = false;
  const note = (finding: Finding): void => {
    bad ||= finding.status === 'bad';
    report(finding);
  };
  const health = await readSystemHealth(cli.connection.url);
  note(health.finding);
  if (health.services === undefined) return EXIT.unreachable;
  for (const finding of checkServices(health.services)) note(finding);
  const key = await checkKey(cli);
  note(key);
  if (key.status === 'bad') return EXIT.unreachable;
  for (const finding of await checkLog(cli.client)) note(finding);
  if (run) for await (const finding of runProbe(cli.client)) note(finding);
  return bad ? EXIT.bad : EXIT.ok;
};

const checkKey = async ({ client, connection }: Invocation): Promise<Finding> => {
  const name = 'key';
  const { keyFrom } = connection;
  try {
    const stats = await client.stats();
    const count = Object.values(stats.executionsByStatus).reduce((sum, n) => sum + n, 0);
    const detail = `accepted (from ${keyFrom}); ${stats.workflows} workflows, ${count} executions`;
    return { name, status: 'ok', detail };
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    switch (error.code) {
      case 'TL0002':
        return {
          name,
          status: 'bad',
          detail: `refused (from ${keyFrom})`,
          advice:
            'give a key of this system: --api-key, THROUGHLINE_API_KEY, or run in the checkout where npm start runs',
        };
      case 'TL0003':
        return { name, status: 'warn', detail: `valid, but may not read executions: ${error.message}` };
      default:
        return {
          name,
          status: 'bad',
          detail: `could not be tried: ${error.code} ${error.message}`,
          advice: 'the orchestrator must be ready first: see its line above',
        };
    }
  }
};
