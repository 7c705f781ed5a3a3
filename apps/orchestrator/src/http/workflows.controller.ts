import { Controller, Inject } from '@nestjs/common';
import { parseMachine, type ReadDefinition, readDefinitionText } from '@throughline/asl';
import { type Json, routes, type WorkflowValidation, type WorkflowView } from '@throughline/contracts';
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

/** A string is the text of a definition. */
const readDefinition = (given: Json): ReadDefinition =>
  typeof given === 'string' ? readDefinitionText(given) : { ok: true, definition: given };

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
    const { name } = body;
    const read = readDefinition(body.definition);
    if (!read.ok) return refuse('TL0103', `the definition has ${read.faults.length} fault(s)`, { faults: read.faults });
    const { definition } = read;
    await this.commands.send(caller, workflowRef(caller.tenant, name), {
      type: 'RegisterWorkflow',
      body: { name, definition },
    });
    return this.find(caller, name);
  }

  @Handle(routes.validateWorkflow)
  validate(@Body() body: BodyOf<typeof routes.validateWorkflow>): WorkflowValidation {
    // An ASL definition has no field of this name, so what has one is the envelope.
    const read = readDefinition((Object.hasOwn(body, 'definition') ? body.definition : body) as Json); // checked to be JSON by the route's schema
    const parsed = read.ok ? parseMachine(read.definition) : read;
    return parsed.ok ? { valid: true, faults: [] } : { valid: false, faults: [...parsed.faults] };
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
