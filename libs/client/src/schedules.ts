import { type CommandId, routes, type ScheduleTriggered, type ScheduleView } from '@throughline/contracts';
import type { Page } from './pages.ts';
import { repeating, type RepeatLimits } from './repeat.ts';
import type { CallArguments, RequestOptions, Transport } from './transport.ts';

/** What is put, as the route's schema has it. */
export type ScheduleRequest = CallArguments<typeof routes.putSchedule>['body'];
type ListQuery = NonNullable<CallArguments<typeof routes.listSchedules>['query']>;
// The schema brands ids; callers write text.
type Id = CallArguments<typeof routes.getSchedule>['params']['id'];

export class Schedules {
  readonly #transport: Transport;
  readonly #limits: RepeatLimits;

  constructor(transport: Transport, limits: RepeatLimits) {
    this.#transport = transport;
    this.#limits = limits;
  }

  list(query: ListQuery = {}, options?: RequestOptions): Promise<Page<ScheduleView>> {
    return this.#transport.call(routes.listSchedules, { ...options, query });
  }

  get(id: Id, options?: RequestOptions): Promise<ScheduleView> {
    return this.#transport.call(routes.getSchedule, { ...options, params: { id } });
  }

  /** Creates or replaces. Safe to repeat: what is there already is left alone. */
  put(id: Id, schedule: ScheduleRequest, options?: RequestOptions): Promise<ScheduleView> {
    return this.#repeating(options, () =>
      this.#transport.call(routes.putSchedule, { ...options, params: { id }, body: schedule }),
    );
  }

  delete(id: Id, options?: RequestOptions): Promise<ScheduleView> {
    return this.#transport.call(routes.deleteSchedule, { ...options, params: { id } });
  }

  pause(id: Id, options: RequestOptions & { reason?: string } = {}): Promise<ScheduleView> {
    const { reason, ...request } = options;
    return this.#repeating(request, () =>
      this.#transport.call(routes.pauseSchedule, { ...request, params: { id }, body: reasonOf(reason) }),
    );
  }

  resume(id: Id, options: RequestOptions & { reason?: string } = {}): Promise<ScheduleView> {
    const { reason, ...request } = options;
    return this.#repeating(request, () =>
      this.#transport.call(routes.resumeSchedule, { ...request, params: { id }, body: reasonOf(reason) }),
    );
  }

  /** Starts an execution now. Repeated by itself under one request id, so it starts one. */
  trigger(id: Id, options: RequestOptions & { reason?: string; requestId?: string } = {}): Promise<ScheduleTriggered> {
    const { reason, requestId = crypto.randomUUID(), ...request } = options;
    // The schema checks that it is one.
    const body = { ...reasonOf(reason), requestId: requestId as CommandId };
    return this.#repeating(request, () =>
      this.#transport.call(routes.triggerSchedule, { ...request, params: { id }, body }),
    );
  }

  #repeating<T>(options: RequestOptions | undefined, call: () => Promise<T>): Promise<T> {
    return repeating(this.#limits, options?.signal, call);
  }
}

const reasonOf = (reason: string | undefined): { reason?: string } => (reason === undefined ? {} : { reason });
