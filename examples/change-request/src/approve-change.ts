import { createClient, signContentHash, ThroughlineError, type ThroughlineClient } from '@throughline/client';
import { caughtUp } from '@throughline/example-kit';

/** One of the people who agree to changes. */
export interface Approver {
  readonly name: string;
  /** What they call with. */
  readonly key: string;
  /** What they sign with: an Ed25519 key as a JWK, its private half too. */
  readonly signingKey: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string; readonly d: string };
}

type Result<A extends keyof ThroughlineClient['approvals']> = Awaited<ReturnType<ThroughlineClient['approvals'][A]>>;
export type Approval = Result<'get'>;

/** Refused to the one who asked for the change; undefined where it was, otherwise what is wrong. */
export const ownApproval = async (requester: ThroughlineClient, approval: Approval): Promise<string | undefined> => {
  const { executionId, id, contentHash } = approval;
  try {
    await requester.approvals.decide(executionId, id, { decision: 'approve', contentHash });
    return 'the requester could approve the change that it had asked for';
  } catch (error) {
    if (error instanceof ThroughlineError && error.code === 'TL0124') return undefined;
    throw error;
  }
};

/** The approval that an execution waits for, as soon as it is in somebody's list. */
export const awaitedApproval = async (client: ThroughlineClient, executionId: string): Promise<Approval> => {
  const find = async (): Promise<Approval | undefined> => {
    const { items } = await client.approvals.list({ mine: true, status: 'pending' });
    return items.find((approval) => approval.executionId === executionId);
  };
  const found = await caughtUp(find, (approval) => approval !== undefined);
  if (!found) throw new Error(`nobody is asked to approve ${executionId}`);
  return found;
};

/** Finds it in the own list, looks at it, signs its content hash and agrees. */
export const approveAs = async (frontUrl: string, approver: Approver, executionId: string): Promise<Approval> => {
  const client = createClient({ url: frontUrl, apiKey: approver.key });
  const { id } = await awaitedApproval(client, executionId);
  const { contentHash } = await client.approvals.get(executionId, id);
  const signature = await signContentHash(contentHash, approver.signingKey);
  return client.approvals.decide(executionId, id, {
    decision: 'approve',
    comment: `${approver.name} has read the plan`,
    contentHash,
    signature,
  });
};
