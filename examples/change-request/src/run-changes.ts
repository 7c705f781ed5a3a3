import { createClient, type ThroughlineClient } from '@throughline/client';
import { caughtUp, watchProgress } from '@throughline/example-kit';
import { approveAs, type Approval, type Approver, awaitedApproval, ownApproval } from './approve-change.ts';
import { assetState } from './asset-state.ts';
import { changeLines } from './change-report.ts';
import { type ExampleChange, exampleChanges } from './changes.ts';
import { type ChangeFindings, inspectChange, type LockVerdict } from './inspect-change.ts';
import { incompleteChange, preflightChange, preflightLines } from './preflight-change.ts';
import { assetBackup, BACKUP_WORKFLOW, changeRequest, type ServiceUrls, WORKFLOW } from './machine.ts';

export interface RunChangesOptions extends ServiceUrls {
  readonly frontUrl: string;
  /** Of the one who asks for the changes. */
  readonly apiKey: string;
  readonly approvers: readonly Approver[];
  /** Decides the history of an asset's lock again, which is no execution. */
  readonly replayLock: (asset: string) => Promise<LockVerdict>;
  /** Longest time for one change; default 2 minutes. */
  readonly timeoutMs?: number;
}

export interface ChangesOutcome {
  readonly ok: boolean;
  /** Why not, one sentence each. */
  readonly reasons: readonly string[];
  readonly changes: readonly ChangeFindings[];
}

type Out = (line: string) => void;
const TIMEOUT_MS = 120_000;

/** Registers both machines, runs one change to its end and cancels another midway, and checks everything about them. */
export const runChanges = async (options: RunChangesOptions, out: Out): Promise<ChangesOutcome> => {
  const client = createClient({ url: options.frontUrl, apiKey: options.apiKey });
  for (const [name, definition] of [
    [BACKUP_WORKFLOW, assetBackup(options)],
    [WORKFLOW, changeRequest(options)],
  ] as const) {
    const workflow = await client.registerWorkflow({ name, definition: asJson(definition) });
    out(`workflow ${workflow.name}, version ${workflow.version}, ${workflow.states} states`);
  }
  const changes: ChangeFindings[] = [];
  for (const example of exampleChanges(`change-${Date.now().toString(36)}`)) {
    const findings = await runChange(client, example, options, out);
    for (const line of changeLines(findings)) out(line);
    changes.push(findings);
  }
  const audit = await client.verifyAudit();
  out('');
  out(`audit ledger: ${audit.verdict}, ${audit.rows} rows`);
  const reasons = [
    ...changes.flatMap((findings) => findings.reasons),
    ...(audit.verdict === 'intact' ? [] : [`the audit ledger is broken: ${audit.firstBad?.problem ?? 'no row named'}`]),
  ];
  return { ok: reasons.length === 0, reasons, changes };
};

type Definition = Parameters<ThroughlineClient['registerWorkflow']>[0]['definition'];
/** The file was read by JSON.parse, so it holds nothing but JSON. */
const asJson = (definition: Record<string, unknown>): Definition => definition as Definition;

const runChange = async (
  client: ThroughlineClient,
  example: ExampleChange,
  options: RunChangesOptions,
  out: Out,
): Promise<ChangeFindings> => {
  const { change, title } = example;
  const id = change.changeId;
  out('');
  const preflight = await preflightChange(client, change);
  for (const line of preflightLines(preflight)) out(`${id}  ${line}`);
  const slipped = await incompleteChange(client, change);
  out(`${id}  ${slipped ?? 'the same without a firmware would not be started'}`);
  await client.start(WORKFLOW, { executionId: id, input: asJson({ ...change }), labels: { example: 'changes' } });
  out(`${id}  started: ${title}`);
  const ended = client.wait(id, { timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
  const watched = watchProgress(client, id, ended, out);
  const steered = steer(client, example, options, (line) => out(`${id}  ${line}`));
  // Whichever fails first is what there is to say; the other is over with it.
  const [execution, streamed, approval] = await Promise.all([ended, watched, steered]);
  const found = await inspectChange(client, { example, preflight, execution, approval, streamed }, options);
  return slipped === undefined ? found : { ...found, reasons: [slipped, ...found.reasons] };
};

/** What people do meanwhile: two agree, and one may think better of it. */
const steer = async (
  client: ThroughlineClient,
  example: ExampleChange,
  options: RunChangesOptions,
  out: Out,
): Promise<Approval> => {
  const { changeId, asset } = example.change;
  const { approvers, frontUrl, assetsUrl } = options;
  const [first] = approvers;
  if (!first) throw new Error('nobody is there to approve changes');
  const asked = await awaitedApproval(createClient({ url: frontUrl, apiKey: first.key }), changeId);
  out(`approval ${asked.id}: ${asked.required} of ${asked.roles.join(', ')}, signed; content ${asked.contentHash}`);
  const mistake = await ownApproval(client, asked);
  if (mistake !== undefined) throw new Error(mistake);
  out('the requester may not approve it: four eyes');
  let approval = asked;
  for (const approver of approvers) {
    approval = await approveAs(frontUrl, approver, changeId);
    out(`${approver.name} has approved and signed: ${approval.decisions.length} of ${approval.required}`);
  }
  if (example.cancelAfterBlocks === undefined) return approval;
  const blocks = await blocksWritten(assetsUrl, example, example.cancelAfterBlocks);
  const { holder } = await client.locks.get(asset);
  out(`${blocks} blocks are written to ${asset}, whose lock ${holder?.executionId} holds: somebody cancels the change`);
  await client.cancel(changeId, { reason: 'the night shift needs the valve' });
  return approval;
};

const blocksWritten = async (assetsUrl: string, { change }: ExampleChange, wanted: number): Promise<number> => {
  const read = async (): Promise<number> => {
    const asset = await assetState(assetsUrl, change.asset);
    return asset?.sessions.find(({ by }) => by === change.changeId)?.blocksWritten ?? 0;
  };
  const blocks = await caughtUp(read, (written) => written >= wanted);
  if (blocks < wanted) throw new Error(`${change.changeId}: ${blocks} blocks were written in time, not ${wanted}`);
  return blocks;
};
