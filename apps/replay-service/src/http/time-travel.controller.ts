import { Controller, Inject } from '@nestjs/common';
import {
  type Json,
  type KeptState,
  readBack,
  routes,
  type SnapshotList,
  type SnapshotView,
  type StateDiffView,
  type StateView,
  type Tenant,
} from '@throughline/contracts';
import type { ExecutionState } from '@throughline/execution';
import { diffJson, type Position, positionOf, stateHash } from '@throughline/history';
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
import { SnapshotDesk } from '../replay/snapshot-desk.ts';
import { type NotRead, StateReader, type StateRead } from '../replay/state-reader.ts';

/** Histories that are folded at once. */
const READINGS_MAX = 8;

@Controller()
export class TimeTravelController {
  private reading = 0;

  constructor(
    @Inject(StateReader) private readonly states: StateReader,
    @Inject(SnapshotDesk) private readonly snapshots: SnapshotDesk,
  ) {}

  @Handle(routes.getState)
  state(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.getState>,
    @Query() { at }: QueryOf<typeof routes.getState>,
  ): Promise<StateView> {
    return this.inTurn(async () => {
      const { state, of, foldedFrom, replaced } = await this.stateAt(tenant, id, at);
      const shown = { at: state.version, of, stateHash: stateHash(state), state: jsonOf(state) };
      return { executionId: id, ...shown, foldedFrom, replaced: [...replaced] };
    });
  }

  @Handle(routes.diffStates)
  diff(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.diffStates>,
    @Query() { from, to }: QueryOf<typeof routes.diffStates>,
  ): Promise<StateDiffView> {
    return this.inTurn(async () => {
      const before = await this.stateAt(tenant, id, from);
      const after = await this.stateAt(tenant, id, to);
      // As text once: the maps of a state become plain objects.
      const patch = diffJson(readBack(jsonOf(before.state)), readBack(jsonOf(after.state)));
      const replaced = [...before.replaced, ...after.replaced];
      return { executionId: id, from: endOf(before), to: endOf(after), of: after.of, patch, replaced };
    });
  }

  @Handle(routes.listSnapshots)
  list(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.listSnapshots>,
    @Query() { type }: QueryOf<typeof routes.listSnapshots>,
  ): Promise<SnapshotList> {
    return this.inTurn(async () => valueOf(await this.snapshots.list(tenant, id, type)));
  }

  @Handle(routes.takeSnapshot)
  take(
    @CallerOf() { tenant }: Caller,
    @Params() { id }: ParamsOf<typeof routes.takeSnapshot>,
    @Body() asked: BodyOf<typeof routes.takeSnapshot>,
  ): Promise<SnapshotView> {
    return this.inTurn(async () => valueOf(await this.snapshots.take(tenant, id, asked)));
  }

  @Handle(routes.getSnapshot)
  get(
    @CallerOf() { tenant }: Caller,
    @Params() { id, snapshot }: ParamsOf<typeof routes.getSnapshot>,
  ): Promise<KeptState> {
    return this.inTurn(async () => valueOf(await this.snapshots.get(tenant, id, snapshot)));
  }

  private async stateAt(
    tenant: Tenant,
    id: string,
    at: string | undefined,
  ): Promise<Extract<StateRead, { kind: 'state' }>> {
    const read = await this.states.at(tenant, id, at === undefined ? undefined : positionAsked(at));
    return read.kind === 'state' ? read : refuse(read.code, read.message);
  }

  private async inTurn<T>(action: () => Promise<T>): Promise<T> {
    if (this.reading >= READINGS_MAX)
      return refuse('TL0010', `${READINGS_MAX} histories are being read: try again later`);
    this.reading += 1;
    try {
      return await action();
    } finally {
      this.reading -= 1;
    }
  }
}

const positionAsked = (text: string): Position =>
  positionOf(text) ?? refuse('TL0001', `${text} is not a time that there is`);

const valueOf = <T>(answer: { readonly kind: 'found'; readonly value: T } | NotRead): T =>
  answer.kind === 'found' ? answer.value : refuse(answer.code, answer.message);

// A state holds JSON values only; the cast says what its interfaces cannot.
const jsonOf = (state: ExecutionState): Json => state as unknown as Json;

const endOf = ({ state }: { readonly state: ExecutionState }) => ({ at: state.version, stateHash: stateHash(state) });
