import { Controller, Inject } from '@nestjs/common';
import { routes, type WorkflowView } from '@throughline/contracts';
import { workflowRef } from '@throughline/execution';
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
import { WorkflowReads } from '../read-model/workflow-reads.ts';
import { CommandGateway } from './command-gateway.ts';

@Controller()
export class WorkflowsController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(WorkflowReads) private readonly workflows: WorkflowReads,
  ) {}

  @Handle(routes.registerWorkflow)
  async register(
    @CallerOf() caller: Caller,
    @Body() body: BodyOf<typeof routes.registerWorkflow>,
  ): Promise<WorkflowView> {
    await this.commands.send(caller, workflowRef(caller.tenant, body.name), { type: 'RegisterWorkflow', body });
    return this.find(caller, body.name);
  }

  @Handle(routes.listWorkflows)
  list(@CallerOf() caller: Caller, @Query() query: QueryOf<typeof routes.listWorkflows>): Promise<Page<WorkflowView>> {
    return this.workflows.list(caller.tenant, query);
  }

  @Handle(routes.getWorkflow)
  get(@CallerOf() caller: Caller, @Params() { name }: ParamsOf<typeof routes.getWorkflow>): Promise<WorkflowView> {
    return this.find(caller, name);
  }

  @Handle(routes.listWorkflowVersions)
  async versions(
    @CallerOf() caller: Caller,
    @Params() { name }: ParamsOf<typeof routes.listWorkflowVersions>,
    @Query() query: QueryOf<typeof routes.listWorkflowVersions>,
  ): Promise<Page<WorkflowView>> {
    await this.find(caller, name);
    return this.workflows.versions(caller.tenant, name, query);
  }

  @Handle(routes.getWorkflowVersion)
  getVersion(
    @CallerOf() caller: Caller,
    @Params() { name, version }: ParamsOf<typeof routes.getWorkflowVersion>,
  ): Promise<WorkflowView> {
    return this.find(caller, name, version);
  }

  private async find(caller: Caller, name: string, version?: number): Promise<WorkflowView> {
    const found = await this.workflows.get(caller.tenant, name, version);
    if (found) return found;
    return version === undefined
      ? refuse('TL0101', `no workflow ${name}: register it first`)
      : refuse('TL0102', `workflow ${name} has no version ${version}`);
  }
}
