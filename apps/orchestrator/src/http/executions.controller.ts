import { randomUUID } from 'node:crypto';
import { Controller, Inject } from '@nestjs/common';
import {
  type ExecutionId,
  executionIdSchema,
  executionRef,
  type ExecutionView,
  routes,
  type StepView,
  TAG_FILTERS,
} from '@throughline/contracts';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  Handle,
  Moments,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
} from '@throughline/service-host';
import { executionIdOfKey } from '@throughline/execution';
import { Engine } from '../engine.ts';
import { missingRoles } from '../preflight/caller-findings.ts';
import { ExecutionReads, type Page } from '../read-model/execution-reads.ts';
import { PastExecutions } from '../read-model/past-executions.ts';
import { awaitEnd } from './await-end.ts';
import { answerWaitMs } from './answer-wait.ts';
import { CommandGateway } from './command-gateway.ts';
import { startBody } from './start-body.ts';

/** The filters that have no column of their own. */
const tagsAskedFor = (query: QueryOf<typeof routes.listExecutions>): readonly (readonly [string, string])[] => {
  const { label = [] } = query;
  const labels = (typeof label === 'string' ? [label] : label).map((pair) => {
    const at = pair.indexOf('=');
    return [`label:${pair.slice(0, at)}`, pair.slice(at + 1)] as const;
  });
  return [
    ...TAG_FILTERS.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]] as const])),
    ...labels,
  ];
};

@Controller()
export class ExecutionsController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(ExecutionReads) private readonly executions: ExecutionReads,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(PastExecutions) private readonly past: PastExecutions,
    @Inject(Moments) private readonly moments: Moments,
  ) {}

  @Handle(routes.startExecution)
  async start(
    @CallerOf() caller: Caller,
    @Params() { name }: ParamsOf<typeof routes.startExecution>,
    @Body() body: BodyOf<typeof routes.startExecution>,
  ): Promise<ExecutionView> {
    const input = body.input ?? body.trigger_data ?? {};
    await this.mayStart(caller, name, body.version);
    const { executionId, idempotencyKey } = whichExecution(caller, body);
    const parent = body.parentExecutionId && (await this.known(caller, body.parentExecutionId));
    const command = startBody(name, input, { ...body, idempotencyKey }, parent, caller.trace?.correlationId);
    await this.commands.send(caller, executionRef(caller.tenant, executionId), {
      type: 'StartExecution',
      body: command,
    });
    const waitMs = body.waitMs ?? (await answerWaitMs(this.engine, caller.tenant, name, command));
    if (waitMs) return awaitEnd(this.executions, caller.tenant, executionId, waitMs);
    return this.fromLog(caller, executionId);
  }

  @Handle(routes.listExecutions)
  async list(
    @CallerOf() caller: Caller,
    @Query() query: QueryOf<typeof routes.listExecutions>,
  ): Promise<Page<ExecutionView>> {
    const filters = { ...query, tags: tagsAskedFor(query) };
    if (query.as_of === undefined) return this.executions.list(caller.tenant, filters);
    return this.past.list(caller.tenant, await this.moments.askedOfRows(query.as_of), filters);
  }

  @Handle(routes.getExecution)
  async get(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.getExecution>,
    @Query() { waitMs, as_of }: QueryOf<typeof routes.getExecution>,
  ): Promise<ExecutionView> {
    if (as_of !== undefined) {
      const then = await this.executions.fromLog(caller.tenant, id, await this.moments.asked(as_of));
      return then ?? refuse('TL0105', `no execution ${id} then`);
    }
    return waitMs ? awaitEnd(this.executions, caller.tenant, id, waitMs) : this.known(caller, id);
  }

  @Handle(routes.listSteps)
  async steps(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.listSteps>,
    @Query() { as_of, ...page }: QueryOf<typeof routes.listSteps>,
  ): Promise<Page<StepView>> {
    const asOf = as_of === undefined ? {} : { asOf: await this.moments.asked(as_of) };
    const steps = await this.executions.steps(caller.tenant, id, { ...page, ...asOf });
    return steps ?? refuse('TL0105', `no execution ${id}${as_of === undefined ? '' : ' then'}`);
  }

  private async mayStart(caller: Caller, name: string, version: number | undefined): Promise<void> {
    const resolved = await this.engine.catalog.resolve(caller.tenant, name, version);
    const missing = resolved ? missingRoles(resolved, caller) : [];
    if (missing.length > 0)
      return refuse('TL0003', `${name} requires the role(s) ${missing.join(', ')}`, { roles: missing });
  }

  private async known(caller: Caller, id: string): Promise<ExecutionView> {
    return (await this.executions.get(caller.tenant, id)) ?? refuse('TL0105', `no execution ${id}`);
  }

  private async fromLog(caller: Caller, id: string): Promise<ExecutionView> {
    return (await this.executions.fromLog(caller.tenant, id)) ?? refuse('TL0105', `no execution ${id}`);
  }
}

/** A key comes in the body or as the header `Idempotency-Key`; it and an id would be two answers to one question. */
const whichExecution = (
  { tenant, idempotencyKey: header }: Caller,
  { executionId, idempotencyKey: inBody }: BodyOf<typeof routes.startExecution>,
): { readonly executionId: ExecutionId; readonly idempotencyKey?: string } => {
  if (header !== undefined && (executionId ?? inBody ?? header) !== header) {
    return refuse('TL0001', 'the body names another id or key than the header Idempotency-Key: give one of them');
  }
  const idempotencyKey = inBody ?? header;
  if (executionId !== undefined) return { executionId };
  return idempotencyKey === undefined
    ? { executionId: executionIdSchema.parse(randomUUID()) }
    : { executionId: executionIdOfKey(tenant, idempotencyKey), idempotencyKey };
};
