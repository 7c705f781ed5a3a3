import { createClient, type ThroughlineClient } from '@throughline/client';
import { watchProgress } from '@throughline/example-kit';
import { inspectOrder, type OrderFindings } from './inspect-order.ts';
import { orderFulfilment, type ServiceUrls, WORKFLOW } from './machine.ts';
import { type ExampleOrder, exampleOrders } from './orders.ts';
import { reportLines } from './order-report.ts';
import { doubleEffects } from './double-effects.ts';

export interface RunOrdersOptions extends ServiceUrls {
  readonly frontUrl: string;
  readonly apiKey: string;
  /** Longest time for one order; default 2 minutes. */
  readonly timeoutMs?: number;
}

export interface OrdersOutcome {
  readonly ok: boolean;
  /** Why not, one sentence each. */
  readonly reasons: readonly string[];
  readonly orders: readonly OrderFindings[];
}

const TIMEOUT_MS = 120_000;

/** Registers the machine, runs the three orders side by side with live progress, and checks everything about them. */
export const runOrders = async (options: RunOrdersOptions, out: (line: string) => void): Promise<OrdersOutcome> => {
  const client = createClient({ url: options.frontUrl, apiKey: options.apiKey });
  const workflow = await client.registerWorkflow({ name: WORKFLOW, definition: asJson(orderFulfilment(options)) });
  out(`workflow ${workflow.name}, version ${workflow.version}, ${workflow.states} states`);
  const run = `order-${Date.now().toString(36)}`;
  const examples = exampleOrders(run);
  const orders = await Promise.all(examples.map((example) => runOrder(client, example, options, out)));
  for (const findings of orders) for (const line of reportLines(findings)) out(line);
  const audit = await client.verifyAudit();
  out('');
  out(`audit ledger: ${audit.verdict}, ${audit.rows} rows`);
  const reasons = [
    ...orders.flatMap((findings) => findings.reasons),
    ...(audit.verdict === 'intact' ? [] : [`the audit ledger is broken: ${audit.firstBad?.problem ?? 'no row named'}`]),
    ...(await doubleEffects(
      options,
      examples.map(({ order }) => order.orderId),
    )),
  ];
  return { ok: reasons.length === 0, reasons, orders };
};

type Definition = Parameters<ThroughlineClient['registerWorkflow']>[0]['definition'];
/** The file was read by JSON.parse, so it holds nothing but JSON. */
const asJson = (definition: Record<string, unknown>): Definition => definition as Definition;

const runOrder = async (
  client: ThroughlineClient,
  example: ExampleOrder,
  options: RunOrdersOptions,
  out: (line: string) => void,
): Promise<OrderFindings> => {
  const id = example.order.orderId;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  await client.start(WORKFLOW, { executionId: id, input: asJson({ ...example.order }), labels: { example: 'orders' } });
  out(`${id}  started: ${example.title}`);
  const ended = client.wait(id, { timeoutMs });
  const streamed = await watchProgress(client, id, ended, out);
  const execution = await ended;
  return inspectOrder(client, example, execution, streamed);
};
