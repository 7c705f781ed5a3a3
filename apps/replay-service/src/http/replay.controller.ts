import { Controller, Inject } from '@nestjs/common';
import { type Json, type ReplaySessionView, routes, type Tenant } from '@throughline/contracts';
import type { EventLog, LoggedCommit } from '@throughline/event-log';
import type { ExecutionState } from '@throughline/execution';
import { stateAt, stateHash } from '@throughline/history';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  EVENT_LOG,
  Handle,
  Params,
  type ParamsOf,
  Query,
  type QueryOf,
  refuse,
  type ResponseOf,
} from '@throughline/service-host';
import { SessionReads } from '../read-model/session-reads.ts';
import { readHistory, readPinnedMachine } from '../replay/execution-history.ts';
import { ReplayRecorder } from '../replay/replay-recorder.ts';
import { verifyExecution } from '../replay/verify-execution.ts';

/** Histories in memory at once. */
const REPLAYS_MAX = 4;

@Controller()
export class ReplayController {
  private replaying = 0;

  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(ReplayRecorder) private readonly recorder: ReplayRecorder,
    @Inject(SessionReads) private readonly sessions: SessionReads,
  ) {}

  @Handle(routes.replayExecution)
  async replay(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.replayExecution>,
    @Body() { mode }: BodyOf<typeof routes.replayExecution>,
  ): Promise<ReplaySessionView> {
    if (this.replaying >= REPLAYS_MAX) return refuse('TL0010', `${REPLAYS_MAX} replays are running: try again later`);
    this.replaying += 1;
    try {
      const commits = await this.historyOf(caller.tenant, id);
      const verdict = await verifyExecution(commits, await readPinnedMachine(this.log, caller.tenant, commits));
      const sessionId = await this.recorder.record(caller, { executionId: id, mode, result: verdict });
      return (
        (await this.sessions.fromLog(caller.tenant, sessionId)) ?? refuse('TL0007', `session ${sessionId} is not there`)
      );
    } finally {
      this.replaying -= 1;
    }
  }

  @Handle(routes.getReplaySession)
  async session(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.getReplaySession>,
  ): Promise<ReplaySessionView> {
    return (await this.sessions.get(tenant, id)) ?? refuse('TL0004', `no replay session ${id}`);
  }

  @Handle(routes.getState)
  async state(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.getState>,
    @Query() { at }: QueryOf<typeof routes.getState>,
  ): Promise<ResponseOf<typeof routes.getState>> {
    const commits = await this.historyOf(tenant, id);
    const of = commits.length;
    const state = stateAt<ExecutionState>(commits, at ?? of);
    if (!state) return refuse('TL0401', `commit ${at} is not in the history: it has ${of}`);
    // A state holds JSON values only; the cast says what its interfaces cannot.
    return { executionId: id, at: state.version, of, stateHash: stateHash(state), state: state as unknown as Json };
  }

  private async historyOf(tenant: Tenant, id: string): Promise<readonly LoggedCommit[]> {
    const read = await readHistory(this.log, tenant, id);
    return read.kind === 'commits' ? read.commits : refuse(read.code, read.message);
  }
}
