import { type ThroughlineClient, verifySignature } from '@throughline/client';
import { caughtUp } from '@throughline/example-kit';
import { z } from 'zod';
import type { Approval, Approver } from './approve-change.ts';
import { type AssetSession, type AssetState, assetState, receivedResults } from './asset-state.ts';
import type { ExampleChange } from './changes.ts';
import type { Preflight } from './preflight-change.ts';
import type { RunChangesOptions } from './run-changes.ts';

type Result<M extends keyof ThroughlineClient> = ThroughlineClient[M] extends (...args: never[]) => Promise<infer R>
  ? R
  : never;

export interface CheckedSignature {
  readonly by: string;
  /** Checked here with the approver's own public key and the content hash: no server is asked. */
  readonly genuine: boolean;
}

/** What deciding a history again came to. */
export interface Verdict {
  readonly verdict: string;
  readonly matchPercent: number;
  readonly commits: number;
}

export interface LockVerdict extends Verdict {
  /** The execution that has the lock. */
  readonly holder: string | null;
  /** Fencing tokens by execution. */
  readonly tokens: ReadonlyMap<string, number>;
}

export interface Replayed extends Verdict {
  readonly what: string;
}

/** Everything that the system, the asset and the receiver say about a change after its end, and what of it is not as it must be. */
export interface ChangeFindings {
  readonly example: ExampleChange;
  /** Before its start. */
  readonly preflight: Preflight;
  readonly execution: Result<'get'>;
  readonly approval: Approval;
  /** As its start recorded it. */
  readonly passed: Awaited<ReturnType<ThroughlineClient['preflightOf']>>['recorded'];
  readonly signatures: readonly CheckedSignature[];
  readonly steps: Result<'steps'>['items'];
  readonly attempts: Result<'attempts'>['items'];
  readonly chain: Result<'correlation'>;
  readonly delivery: Awaited<ReturnType<ThroughlineClient['delivery']['get']>>;
  readonly asset: AssetState | undefined;
  /** Of this change. */
  readonly session: AssetSession | undefined;
  readonly received: { readonly requests: number; readonly status: string } | undefined;
  /** The last token that its step had, and whether it has the lock still. */
  readonly lock: { readonly fencingToken: number | undefined; readonly isHeld: boolean };
  /** What its classes chose. */
  readonly policy: Policy | undefined;
  readonly replays: readonly Replayed[];
  readonly auditRows: number;
  readonly reasons: readonly string[];
}

const policySchema = z.object({
  policy: z.object({ executionMs: z.int(), stepMs: z.int(), queueWaitMs: z.int() }),
});
export type Policy = z.infer<typeof policySchema>['policy'];

export interface EndedChange {
  readonly example: ExampleChange;
  readonly preflight: Preflight;
  readonly execution: Result<'get'>;
  readonly approval: Approval;
  /** What was wrong with its live stream. */
  readonly streamed: string | undefined;
}

const ENDED = new Set(['succeeded', 'failed', 'cancelled', 'timed_out']);

export const inspectChange = async (
  client: ThroughlineClient,
  ended: EndedChange,
  options: RunChangesOptions,
): Promise<ChangeFindings> => {
  const { id, correlationId } = ended.execution;
  const delivery = await caughtUp(
    () => client.delivery.get(id),
    ({ state }) => state === 'delivered' || state === 'failed',
  );
  // The delivery is decided on the execution's log, after its end.
  const execution = await caughtUp(
    () => client.get(id),
    ({ runState }) => runState.deliveryState === delivery.state,
  );
  const [approval, steps, attempts, chain, audit] = await Promise.all([
    client.approvals.get(id, ended.approval.id),
    caughtUp(
      () => client.steps(id),
      ({ items }) => items.length > 0 && items.every((step) => step.exitedAt !== null),
    ),
    caughtUp(
      () => client.attempts(id),
      ({ items }) => items.length > 0 && items.every((attempt) => ENDED.has(attempt.status)),
    ),
    caughtUp(
      () => client.correlation(correlationId),
      ({ executions }) => executions.length === 2 && executions.every(({ status }) => ENDED.has(status)),
    ),
    caughtUp(
      () => client.audit(id),
      ({ items }) => items.length >= execution.version,
    ),
  ]);
  const lock = await caughtUp(
    () => options.replayLock(ended.example.change.asset),
    ({ holder }) => holder !== id,
  );
  const asset = await assetState(options.assetsUrl, ended.example.change.asset);
  const { results, forged } = await receivedResults(options.receiverUrl);
  const found = {
    example: ended.example,
    preflight: ended.preflight,
    passed: (await client.preflightOf(id)).recorded,
    execution,
    approval,
    signatures: await checkedSignatures(approval, options.approvers),
    steps: steps.items,
    attempts: attempts.items,
    chain,
    delivery,
    asset,
    session: asset?.sessions.find(({ by }) => by === id),
    received: results.find(({ executionId }) => executionId === id),
    replays: [
      ...(await Promise.all(chain.executions.map((node) => replayed(client, node.id)))),
      lockReplayed(ended.example.change.asset, lock),
    ],
    lock: { fencingToken: lock.tokens.get(id), isHeld: lock.holder === id },
    policy: await policyOf(client, id),
    auditRows: audit.items.length,
  };
  const reasons = [...(ended.streamed === undefined ? [] : [ended.streamed]), ...reasonsOf(found, forged)];
  return { ...found, reasons: reasons.map((reason) => `${id}: ${reason}`) };
};

const checkedSignatures = (
  { contentHash, decisions }: Approval,
  approvers: readonly Approver[],
): Promise<CheckedSignature[]> =>
  Promise.all(
    decisions.map(async ({ by, signature }) => {
      const signingKey = approvers.find(({ name }) => name === by)?.signingKey;
      if (!signature || !signingKey) return { by, genuine: false };
      const { kty, crv, x } = signingKey;
      return { by, genuine: await verifySignature({ contentHash, jws: signature.jws, publicKey: { kty, crv, x } }) };
    }),
  );

const replayed = async (client: ThroughlineClient, id: string): Promise<Replayed> => {
  const { verdict, matchPercent, commits } = (await client.replay(id)).result;
  return { what: id, verdict, matchPercent, commits };
};

const lockReplayed = (asset: string, { verdict, matchPercent, commits }: LockVerdict): Replayed => ({
  what: `the lock of ${asset}`,
  verdict,
  matchPercent,
  commits,
});

/** The log has it from the start on. */
const policyOf = async (client: ThroughlineClient, id: string): Promise<Policy | undefined> => {
  const { items } = await client.history(id, { limit: 20 });
  const classified = items.find(({ type }) => type === 'ExecutionClassified');
  return classified && policySchema.parse(classified.event).policy;
};

type Found = Omit<ChangeFindings, 'reasons'>;

const reasonsOf = (found: Found, forged: number): readonly string[] => [
  ...reasonsOfEnd(found),
  ...reasonsOfApproval(found),
  ...reasonsOfAsset(found),
  ...reasonsOfDelivery(found, forged),
  ...reasonsOfRecords(found),
];

const reasonsOfEnd = ({ example: { expected }, execution, chain, policy, preflight, passed }: Found): string[] => {
  const reasons: string[] = [];
  const { actionClass } = execution.runState;
  if (preflight.outcome === 'error') reasons.push('its preflight found errors');
  if (!passed) reasons.push('nothing says that its start passed a preflight');
  if (actionClass !== 'destructive' || !policy) reasons.push(`its action class is ${actionClass}, not destructive`);
  if (execution.status !== expected.status) {
    const was = [execution.status, execution.error, execution.cause].filter(Boolean).join(' ');
    reasons.push(`ended ${was}, not ${expected.status}`);
  }
  const child = chain.executions.find(({ trigger }) => trigger === 'child');
  if (child?.status !== 'succeeded') reasons.push(`its backup has ${child?.status ?? 'not been there'}`);
  return reasons;
};

const reasonsOfApproval = ({ approval, signatures, execution }: Found): string[] => {
  const reasons = signatures.filter(({ genuine }) => !genuine).map(({ by }) => `the signature of ${by} is not genuine`);
  if (approval.status !== 'approved') reasons.push(`its approval is ${approval.status}`);
  if (signatures.length !== approval.required)
    reasons.push(`${signatures.length} have decided, not ${approval.required}`);
  const { signatureState } = execution.runState;
  if (signatureState !== 'signed') reasons.push(`its signature state is ${signatureState}`);
  return reasons;
};

const reasonsOfAsset = ({ example: { change, expected }, asset, session, lock }: Found): string[] => {
  if (!asset || !session) return [`nothing was ever written to ${change.asset}`];
  const reasons: string[] = [];
  if (asset.overlaps > 0) reasons.push(`${asset.overlaps} times somebody wrote to ${asset.name} while another did`);
  if (asset.refused > 0) reasons.push(`${asset.refused} requests had a stale fencing token`);
  if (lock.isHeld) reasons.push(`it still holds the lock of ${asset.name}`);
  if (session.fencingToken !== lock.fencingToken) {
    reasons.push(`the asset has seen the token ${session.fencingToken}, the lock granted ${lock.fencingToken}`);
  }
  if (session.outcome !== expected.session) reasons.push(`the write is ${session.outcome}, not ${expected.session}`);
  const runsIt = asset.firmware === change.firmware;
  if (runsIt !== (expected.session === 'committed')) reasons.push(`${asset.name} runs ${asset.firmware}`);
  return reasons;
};

const reasonsOfDelivery = ({ delivery, received, execution }: Found, forged: number): string[] => {
  const reasons: string[] = [];
  const [only] = delivery.deliveries;
  if (delivery.state !== 'delivered')
    reasons.push(`its result is ${delivery.state ?? 'not delivered'}: ${only?.cause}`);
  // The receiver refuses the first request of each result.
  if (only?.attempts !== 2) reasons.push(`its result was delivered in ${only?.attempts ?? 0} attempts, not 2`);
  if (received?.status !== execution.status) reasons.push(`the receiver was told: ${received?.status ?? 'nothing'}`);
  if (forged > 0) reasons.push(`${forged} requests to the receiver were not signed with the secret`);
  return reasons;
};

const reasonsOfRecords = ({ replays, auditRows, execution }: Found): string[] => {
  const reasons = replays
    .filter(({ verdict, matchPercent }) => verdict !== 'identical' || matchPercent !== 100)
    .map(({ what, verdict, matchPercent }) => `the replay of ${what} is ${verdict} (${matchPercent} %)`);
  if (auditRows !== execution.version) {
    reasons.push(`the audit ledger has ${auditRows} of its ${execution.version} commits`);
  }
  return reasons;
};
