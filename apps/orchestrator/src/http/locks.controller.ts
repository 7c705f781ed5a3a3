import { Controller, Inject } from '@nestjs/common';
import { type LockDetail, type LockView, routes } from '@throughline/contracts';
import { lockRef } from '@throughline/execution';
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
import type { Page } from '../read-model/execution-reads.ts';
import { LockReads } from '../read-model/lock-reads.ts';
import { CommandGateway } from './command-gateway.ts';

@Controller()
export class LocksController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(LockReads) private readonly locks: LockReads,
  ) {}

  @Handle(routes.listLocks)
  list(@CallerOf() caller: Caller, @Query() query: QueryOf<typeof routes.listLocks>): Promise<Page<LockView>> {
    return this.locks.list(caller.tenant, query);
  }

  @Handle(routes.getLock)
  async get(@CallerOf() caller: Caller, @Params() { asset }: ParamsOf<typeof routes.getLock>): Promise<LockDetail> {
    return (await this.locks.get(caller.tenant, asset)) ?? refuse('TL0145', `nothing has ever locked '${asset}'`);
  }

  @Handle(routes.releaseLock)
  async release(
    @CallerOf() caller: Caller,
    @Params() params: ParamsOf<typeof routes.releaseLock>,
    @Body() body: BodyOf<typeof routes.releaseLock>,
  ): Promise<LockDetail> {
    await this.commands.send(caller, lockRef(caller.tenant, params.asset), { type: 'ForceReleaseLock', body });
    return this.get(caller, params);
  }
}
