import { Controller, Inject } from '@nestjs/common';
import { type ApprovalView, executionRef, routes, type Signature } from '@throughline/contracts';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
} from '@throughline/service-host';
import { signingKeyOf } from '../approvals/check-signature.ts';
import { ApprovalReads } from '../read-model/approval-reads.ts';
import type { Page } from '../read-model/execution-reads.ts';
import { CommandGateway } from './command-gateway.ts';

@Controller()
export class ApprovalsController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(ApprovalReads) private readonly approvals: ApprovalReads,
  ) {}

  @Handle(routes.listApprovals)
  list(
    @CallerOf() caller: Caller,
    @Query() { mine, ...query }: QueryOf<typeof routes.listApprovals>,
  ): Promise<Page<ApprovalView>> {
    const decidableBy = { id: caller.actor.id, roles: caller.roles };
    return this.approvals.list(caller.tenant, { ...query, ...(mine === 'true' ? { decidableBy } : {}) });
  }

  @Handle(routes.getApproval)
  async get(
    @CallerOf() caller: Caller,
    @Params() { id, approval }: ParamsOf<typeof routes.getApproval>,
  ): Promise<ApprovalView> {
    return (
      (await this.approvals.get(caller.tenant, id, approval)) ?? refuse('TL0122', `no approval ${approval} of ${id}`)
    );
  }

  @Handle(routes.decideApproval)
  async decide(
    @CallerOf() caller: Caller,
    @Params() params: ParamsOf<typeof routes.decideApproval>,
    @Body() { signature: jws, ...body }: BodyOf<typeof routes.decideApproval>,
  ): Promise<ApprovalView> {
    const { id, approval } = params;
    const asked = await this.get(caller, params);
    const signature = jws === undefined ? undefined : await checked(caller, jws, asked);
    const roles = [...caller.roles];
    await this.commands.send(
      caller,
      executionRef(caller.tenant, id),
      { type: 'DecideApproval', body: { approval, ...body, roles, ...(signature && { signature }) } },
      // Only a service that has checked the credential may say which roles it has.
      { origin: 'system' },
    );
    return this.get(caller, params);
  }
}

/** By one of the caller's own keys, over the hash that the log has. */
const checked = async (caller: Caller, jws: string, { contentHash, id }: ApprovalView): Promise<Signature> => {
  const publicKey = await signingKeyOf(jws, contentHash, caller.signingKeys);
  return publicKey
    ? { jws, publicKey }
    : refuse('TL0126', `the signature of approval ${id} is not one of its content hash by a key of ${caller.actor.id}`);
};
