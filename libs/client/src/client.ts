import {
  type ActivityTask,
  type AwsHistoryEventView,
  type CompletedReplayView,
  type DriftReport,
  type ExecutionView,
  type ForkRequest,
  type HistoryEventView,
  isTerminal,
  type Json,
  POLL_WAIT_MS_MAX,
  type ProgressEvent,
  type ReadModelDigest,
  readModelRoutesByService,
  type RebuildReport,
  type Route,
  routes,
  type ServiceName,
  WAIT_MS_MAX,
} from '@throughline/contracts';
import { DeadLetters } from './dead-letters.ts';
import { Approvals } from './approvals.ts';
import { Deliveries } from './delivery.ts';
import type { Page } from './pages.ts';
import { repeating, type RepeatLimits, repeatLimitsOf, sleep } from './repeat.ts';
import { Locks } from './locks.ts';
import { type ReplayRequestBody, Replays, type WaitForReplay } from './replays.ts';
import { Schedules } from './schedules.ts';
import { Settings } from './settings.ts';
import { Snapshots } from './snapshots.ts';
import {
  type CallArguments,
  type CallResult,
  type ClientOptions,
  type RequestOptions,
  Transport,
} from './transport.ts';
import { watchExecution, type WatchOptions } from './watch.ts';

type Routes = typeof routes;
type Query<R extends Route> = CallArguments<R> extends { readonly query?: infer Q } ? NonNullable<Q> : never;
/** The body of a start, as the route's schema has it. */
export type StartRequest = NonNullable<CallArguments<Routes['startExecution']>['body']>;
export type DriftQuery = Query<(typeof readModelRoutesByService)['orchestrator']['drift']>;
type Answer<N extends keyof Routes> = Promise<CallResult<Routes[N]>>;

/** Rebuilds and walks of a whole log take as long as the log is. */
const LONG_TIMEOUT_MS = 30 * 60_000;
const WAIT_PAUSE_MS = 50;
/** What a poll may take on top of its wait. */
const POLL_ANSWER_MS = 15_000;

type ReasonOptions = RequestOptions & { readonly reason?: string };
const reasoned = (id: string, { reason, ...request }: ReasonOptions) => ({
  ...request,
  params: { id },
  body: reason === undefined ? {} : { reason },
});

export const createClient = (options: ClientOptions): ThroughlineClient => new ThroughlineClient(options);

export class ThroughlineClient {
  readonly #transport: Transport;
  readonly #limits: RepeatLimits;
  readonly approvals: Approvals;
  readonly delivery: Deliveries;
  readonly schedules: Schedules;
  readonly settings: Settings;
  readonly deadLetters: DeadLetters;
  readonly locks: Locks;
  readonly snapshots: Snapshots;
  readonly replays: Replays;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.#limits = repeatLimitsOf(options.repeat);
    this.approvals = new Approvals(this.#transport);
    this.delivery = new Deliveries(this.#transport);
    this.deadLetters = new DeadLetters(this.#transport);
    this.schedules = new Schedules(this.#transport, this.#limits);
    this.settings = new Settings(this.#transport);
    this.locks = new Locks(this.#transport);
    this.snapshots = new Snapshots(this.#transport);
    this.replays = new Replays(this.#transport, this.#limits);
  }

  /** Any route of the contracts, typed by its schemas; never repeated by itself. */
  call<const R extends Route>(route: R, given: CallArguments<R>): Promise<CallResult<R>> {
    return this.#transport.call(route, given);
  }

  registerWorkflow(
    body: CallArguments<Routes['registerWorkflow']>['body'],
    options?: RequestOptions,
  ): Answer<'registerWorkflow'> {
    return this.call(routes.registerWorkflow, { ...options, body });
  }

  /** Everything that is wrong with a definition, or with its text, JSON or YAML; nothing is registered. */
  validateWorkflow(definition: Json, options?: RequestOptions): Answer<'validateWorkflow'> {
    return this.call(routes.validateWorkflow, { ...options, body: { definition } });
  }

  listWorkflows(query: Query<Routes['listWorkflows']> = {}, options?: RequestOptions): Answer<'listWorkflows'> {
    return this.call(routes.listWorkflows, { ...options, query });
  }

  /** The latest version, or the one asked for. */
  getWorkflow(name: string, options: RequestOptions & { version?: number } = {}): Answer<'getWorkflow'> {
    const { version, ...request } = options;
    return version === undefined
      ? this.call(routes.getWorkflow, { ...request, params: { name } })
      : this.call(routes.getWorkflowVersion, { ...request, params: { name, version } });
  }

  /**
   * Safe to repeat: where neither an id nor an idempotency key is given, an id is chosen here, and faults that leave
   * the outcome open are answered by sending the same start again, a bounded number of times.
   */
  start(workflow: string, request: StartRequest = {}, options?: RequestOptions): Promise<ExecutionView> {
    const key = request.idempotencyKey ?? options?.idempotencyKey;
    const named = request.executionId !== undefined || key !== undefined;
    const body = named ? request : { ...request, executionId: crypto.randomUUID() };
    return repeating(this.#limits, options?.signal, () =>
      this.call(routes.startExecution, { ...options, params: { name: workflow }, body }),
    );
  }

  /** What a start with this input would meet: nothing is started. */
  preflight(
    workflow: string,
    request: CallArguments<Routes['preflightWorkflow']>['body'] = {},
    options?: RequestOptions,
  ): Answer<'preflightWorkflow'> {
    return this.call(routes.preflightWorkflow, { ...options, params: { name: workflow }, body: request });
  }

  /** What an execution would meet if it were started now. */
  preflightOf(id: string, options?: RequestOptions): Answer<'preflightExecution'> {
    return this.call(routes.preflightExecution, { ...options, params: { id } });
  }

  /** `asOf`: as it was at a time, or when the log ended at a sequence. */
  get(id: string, options: RequestOptions & { waitMs?: number; asOf?: string } = {}): Promise<ExecutionView> {
    const { waitMs, asOf, ...request } = options;
    return this.call(routes.getExecution, { ...request, params: { id }, query: { waitMs, as_of: asOf } });
  }

  list(query: Query<Routes['listExecutions']> = {}, options?: RequestOptions): Answer<'listExecutions'> {
    return this.call(routes.listExecutions, { ...options, query });
  }

  /** What would happen, with given or recorded answers: nothing is called, nothing is written. */
  dryRun(
    workflow: string,
    body: CallArguments<Routes['dryRun']>['body'] = {},
    options?: RequestOptions,
  ): Answer<'dryRun'> {
    return this.call(routes.dryRun, { ...options, params: { name: workflow }, body });
  }

  /** What another definition would have made of the last executions of a workflow: nothing is called. */
  whatIf(workflow: string, body: CallArguments<Routes['whatIf']>['body'], options?: RequestOptions): Answer<'whatIf'> {
    return this.call(routes.whatIf, { timeoutMs: LONG_TIMEOUT_MS, ...options, params: { name: workflow }, body });
  }

  /** Moves a running execution to another version of its workflow, where that would have decided the same so far. */
  migrate(
    id: string,
    version: number,
    { reason, ...request }: RequestOptions & { readonly reason?: string } = {},
  ): Answer<'migrateExecution'> {
    const body = { version, ...(reason === undefined ? {} : { reason }) };
    return this.call(routes.migrateExecution, { timeoutMs: LONG_TIMEOUT_MS, ...request, params: { id }, body });
  }

  /** What went wrong, what to do, and what became of it. */
  errors(id: string, options?: RequestOptions): Answer<'listErrors'> {
    return this.call(routes.listErrors, { ...options, params: { id } });
  }

  steps(id: string, query: Query<Routes['listSteps']> = {}, options?: RequestOptions): Answer<'listSteps'> {
    return this.call(routes.listSteps, { ...options, params: { id }, query });
  }

  attempts(id: string, query: Query<Routes['listAttempts']> = {}, options?: RequestOptions): Answer<'listAttempts'> {
    return this.call(routes.listAttempts, { ...options, params: { id }, query });
  }

  /** Resolves at the end of the execution, or with the view as it is when `timeoutMs` has passed. */
  async wait(id: string, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<ExecutionView> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options;
    const until = performance.now() + timeoutMs;
    for (;;) {
      const leftMs = until - performance.now();
      const waitMs = Math.max(0, Math.min(WAIT_MS_MAX, Math.ceil(leftMs)));
      const view = await repeating(this.#limits, signal, () => this.get(id, { waitMs, ...(signal ? { signal } : {}) }));
      if (isTerminal(view.status) || leftMs <= waitMs) return view;
      // A server that answers before the time asked for must not be asked in a hot loop.
      await sleep(WAIT_PAUSE_MS, signal);
    }
  }

  /** What running steps are given to end by themselves: `graceMs`, 10 s where it is absent. */
  cancel(
    id: string,
    { reason, graceMs, ...request }: RequestOptions & { reason?: string; graceMs?: number } = {},
  ): Answer<'cancelExecution'> {
    const body = { ...(reason === undefined ? {} : { reason }), ...(graceMs === undefined ? {} : { graceMs }) };
    return this.call(routes.cancelExecution, { ...request, params: { id }, body });
  }

  /** Running steps finish and are recorded, nothing new starts, timers stand still. */
  pause(id: string, options: ReasonOptions = {}): Answer<'pauseExecution'> {
    return this.call(routes.pauseExecution, reasoned(id, options));
  }

  /** After a pause or a review, or from where a failed execution stood; answers with what it goes on with. */
  resume(
    id: string,
    { skipFailed, afterReview, ...options }: ReasonOptions & { skipFailed?: boolean; afterReview?: boolean } = {},
  ): Answer<'resumeExecution'> {
    const { body, ...call } = reasoned(id, options);
    const how = { ...(skipFailed && { skipFailed }), ...(afterReview && { afterReview }) };
    return this.call(routes.resumeExecution, { ...call, body: { ...body, ...how } });
  }

  /** The failed step again, under the same idempotency key. */
  retry(id: string, options: ReasonOptions = {}): Answer<'retryExecution'> {
    return this.call(routes.retryExecution, reasoned(id, options));
  }

  redrive(id: string, options: ReasonOptions = {}): Answer<'redriveExecution'> {
    return this.call(routes.redriveExecution, reasoned(id, options));
  }

  /** Ends it at once; nothing is waited for. */
  terminate(id: string, options: ReasonOptions = {}): Answer<'terminateExecution'> {
    return this.call(routes.terminateExecution, reasoned(id, options));
  }

  signal(id: string, name: string, payload: Json = null, options?: RequestOptions): Answer<'signalExecution'> {
    return this.call(routes.signalExecution, { ...options, params: { id }, body: { name, payload } });
  }

  annotate(
    id: string,
    body: CallArguments<Routes['annotateExecution']>['body'],
    options?: RequestOptions,
  ): Answer<'annotateExecution'> {
    return this.call(routes.annotateExecution, { ...options, params: { id }, body });
  }

  /** Ends the attempt that the token is for. Repeating it with the same output is safe. */
  sendTaskSuccess(taskToken: string, output: Json, options?: RequestOptions): Answer<'sendTaskSuccess'> {
    return repeating(this.#limits, options?.signal, () =>
      this.call(routes.sendTaskSuccess, { ...options, body: { taskToken, output } }),
    );
  }

  /** Ends the attempt that the token is for with an error, which the state's Retry and Catch see. */
  sendTaskFailure(
    taskToken: string,
    failure: { readonly error?: string; readonly cause?: string } = {},
    options?: RequestOptions,
  ): Answer<'sendTaskFailure'> {
    return repeating(this.#limits, options?.signal, () =>
      this.call(routes.sendTaskFailure, { ...options, body: { taskToken, ...failure } }),
    );
  }

  sendTaskHeartbeat(taskToken: string, options?: RequestOptions): Answer<'sendTaskHeartbeat'> {
    return this.call(routes.sendTaskHeartbeat, { ...options, body: { taskToken } });
  }

  /** The next task of an activity, to be ended by its token; null where none came within `waitMs`. */
  async pollActivity(
    name: string,
    options: RequestOptions & { waitMs?: number; worker?: string } = {},
  ): Promise<ActivityTask | null> {
    const { waitMs = POLL_WAIT_MS_MAX, worker, ...request } = options;
    const body = { waitMs, ...(worker === undefined ? {} : { worker }) };
    const given = { timeoutMs: waitMs + POLL_ANSWER_MS, ...request, params: { name }, body };
    return (await this.call(routes.pollActivity, given)).task;
  }

  /** Live progress to the end of the execution; lost connections are resumed after the last event seen. */
  watch(id: string, options: WatchOptions = {}): AsyncGenerator<ProgressEvent, void, undefined> {
    return watchExecution(this.#transport, id, this.#limits, options);
  }

  events(id: string, query: Query<Routes['listEvents']> = {}, options?: RequestOptions): Answer<'listEvents'> {
    return this.call(routes.listEvents, { ...options, params: { id }, query });
  }

  logs(id: string, query: Query<Routes['listLogs']> = {}, options?: RequestOptions): Answer<'listLogs'> {
    return this.call(routes.listLogs, { ...options, params: { id }, query });
  }

  /** Replays the execution and waits for the result: decides it again from its log, unless asked otherwise. */
  async replay(id: string, options: WaitForReplay & ReplayRequestBody = {}): Promise<CompletedReplayView> {
    const { mode, kind, fromStep, live, allowExternal, onProgress, ...request } = options;
    const body: ReplayRequestBody = {
      ...(mode === undefined ? {} : { mode }),
      ...(kind === undefined ? {} : { kind }),
      ...(fromStep === undefined ? {} : { fromStep }),
      ...(live === undefined ? {} : { live }),
      ...(allowExternal === undefined ? {} : { allowExternal }),
    };
    return this.replays.wait(await this.replays.begin(id, body, request), { ...request, onProgress });
  }

  /**
   * Starts an execution that goes on from a commit of this one. Named here where it is not named by the caller: a repeat
   * after a lost answer must not be a second fork.
   */
  fork(id: string, body: ForkRequest, options?: RequestOptions): Answer<'forkExecution'> {
    const named = { executionId: crypto.randomUUID(), ...body };
    return this.call(routes.forkExecution, { ...options, params: { id }, body: named });
  }

  /** After commit `at`, as it was at a time, or the latest. */
  state(id: string, options: RequestOptions & { at?: number | string } = {}): Answer<'getState'> {
    const { at, ...request } = options;
    return this.call(routes.getState, {
      ...request,
      params: { id },
      query: at === undefined ? {} : { at: String(at) },
    });
  }

  /** What changed in the state between two commits or times, as JSON Patch; `to`: the latest without it. */
  diff(
    id: string,
    { from, to, ...request }: RequestOptions & { from: number | string; to?: number | string },
  ): Answer<'diffStates'> {
    const query = { from: String(from), ...(to === undefined ? {} : { to: String(to) }) };
    return this.call(routes.diffStates, { ...request, params: { id }, query });
  }

  lineage(id: string, options: RequestOptions & { depth?: number } = {}): Answer<'getLineage'> {
    const { depth, ...request } = options;
    return this.call(routes.getLineage, { ...request, params: { id }, query: { depth } });
  }

  correlation(id: string, options: RequestOptions & { limit?: number } = {}): Answer<'getCorrelationChain'> {
    const { limit, ...request } = options;
    return this.call(routes.getCorrelationChain, { ...request, params: { id }, query: { limit } });
  }

  /** Every event with its data, as the log has it. */
  async history(
    id: string,
    query: Omit<Query<Routes['getHistory']>, 'format'> = {},
    options?: RequestOptions,
  ): Promise<Page<HistoryEventView>> {
    // The format asked for decides which of the two kinds of pages the answer is.
    return (await this.call(routes.getHistory, { ...options, params: { id }, query })) as Page<HistoryEventView>;
  }

  /** The same as AWS's GetExecutionHistory shows it. */
  async awsHistory(
    id: string,
    query: Omit<Query<Routes['getHistory']>, 'format'> = {},
    options?: RequestOptions,
  ): Promise<Page<AwsHistoryEventView>> {
    const asked = { ...query, format: 'aws' } as const;
    // As above.
    return (await this.call(routes.getHistory, {
      ...options,
      params: { id },
      query: asked,
    })) as Page<AwsHistoryEventView>;
  }

  audit(id: string, query: Query<Routes['listAudit']> = {}, options?: RequestOptions): Answer<'listAudit'> {
    return this.call(routes.listAudit, { ...options, params: { id }, query });
  }

  verifyAudit(options?: RequestOptions): Answer<'verifyAudit'> {
    return this.call(routes.verifyAudit, { timeoutMs: LONG_TIMEOUT_MS, ...options });
  }

  health(options?: RequestOptions): Answer<'executionsHealth'> {
    return this.call(routes.executionsHealth, { ...options });
  }

  stats(options?: RequestOptions): Answer<'stats'> {
    return this.call(routes.stats, { ...options });
  }

  rebuild(service: ServiceName, options: RequestOptions & { batchSize?: number } = {}): Promise<RebuildReport> {
    const { batchSize, ...request } = options;
    const body = batchSize === undefined ? {} : { batchSize };
    return this.call(readModelRoutesByService[service].rebuild, { timeoutMs: LONG_TIMEOUT_MS, ...request, body });
  }

  digest(service: ServiceName, options?: RequestOptions): Promise<ReadModelDigest> {
    return this.call(readModelRoutesByService[service].digest, { timeoutMs: LONG_TIMEOUT_MS, ...options });
  }

  /** Within its budget; a report with `nextCursor` can be gone on with. */
  drift(service: ServiceName, query: DriftQuery = {}, options?: RequestOptions): Promise<DriftReport> {
    return this.call(readModelRoutesByService[service].drift, { timeoutMs: LONG_TIMEOUT_MS, ...options, query });
  }
}
