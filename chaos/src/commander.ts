import { randomUUID } from 'node:crypto';
import { ThroughlineError } from '@throughline/client';
import {
  type AggregateRef,
  commandIdSchema,
  ERROR_CODES,
  type ErrorCode,
  type ExecutionId,
  executionRef,
  type Json,
  type Tenant,
  tenantSchema,
} from '@throughline/contracts';
import type { CommandSender, UnaddressedCommand } from '@throughline/event-log/jetstream';
import { type AcknowledgedRecord, idOfKeyed } from '@throughline/testkit/checker';
import type { Chance } from './chance.ts';
import type { Tally } from './tally.ts';

export const TENANT: Tenant = tenantSchema.parse('default');
const ACTOR = { kind: 'service', id: 'chaos' } as const;
const SEND = { timeoutMs: 8_000, resendMs: 2_000 } as const;
const PAUSE_MAX_MS = 2_000;
/** So many commands are sent by two senders at once, as a client does that has lost track. */
const TWICE = 0.05;

export type Settled = 'accepted' | 'refused' | 'unanswered';

/** A command of HTTP, and how the log knows it again. */
export interface HttpCommand {
  readonly call: () => Promise<unknown>;
  readonly remember: () => void;
}

/** What the log has to know a command of HTTP by that was sent under an idempotency key. */
export interface Keyed {
  readonly executionId: ExecutionId;
  readonly key: string;
  readonly type: string;
  /** As the service makes it of the request. */
  readonly body: Json;
}

/** A good client: repeats by id until it is answered, and keeps a record of what was accepted. */
export class Commander {
  readonly #senders: readonly CommandSender[];
  readonly #record: AcknowledgedRecord;
  readonly #tally: Tally;
  readonly #chance: Chance;
  #giveUp = false;

  constructor(senders: readonly CommandSender[], record: AcknowledgedRecord, tally: Tally, chance: Chance) {
    this.#senders = senders;
    this.#record = record;
    this.#tally = tally;
    this.#chance = chance;
  }

  /** Whoever still waits for an answer stops waiting. */
  giveUp(): void {
    this.#giveUp = true;
  }

  async start(executionId: ExecutionId, workflow: string, input: Json): Promise<Settled> {
    const body = { workflow, input, trigger: 'manual' as const };
    const settled = await this.#overNats(executionRef(TENANT, executionId), { type: 'StartExecution', body });
    if (settled === 'accepted') this.#record.add({ kind: 'start', tenant: TENANT, executionId });
    return settled;
  }

  annotate(executionId: ExecutionId, note: string): Promise<Settled> {
    const body = { labels: { note } };
    return this.#overNats(executionRef(TENANT, executionId), { type: 'AnnotateExecution', body });
  }

  signal(executionId: ExecutionId, name: string, payload: Json): Promise<Settled> {
    return this.#overNats(executionRef(TENANT, executionId), { type: 'SignalExecution', body: { name, payload } });
  }

  pause(executionId: ExecutionId): Promise<Settled> {
    return this.#overNats(executionRef(TENANT, executionId), { type: 'PauseExecution', body: {} });
  }

  resume(executionId: ExecutionId): Promise<Settled> {
    return this.#overNats(executionRef(TENANT, executionId), { type: 'ResumeExecution', body: {} });
  }

  cancel(executionId: ExecutionId): Promise<Settled> {
    return this.#overNats(executionRef(TENANT, executionId), { type: 'CancelExecution', body: {} });
  }

  /** Repeats the request until it is answered. */
  overHttp({ call, remember }: HttpCommand): Promise<Settled> {
    return this.#untilAnswered(async () => {
      try {
        await call();
      } catch (error) {
        if (!(error instanceof ThroughlineError)) throw error;
        if (error.status !== 0 && error.status < 500 && error.status !== 429) return refused(error.code);
        this.#tally.notYet(error.status === 0 ? 'no connection' : `${error.status} ${error.code}`);
        return { kind: 'not-yet' };
      }
      remember();
      return { kind: 'accepted' };
    });
  }

  rememberKeyed({ executionId, key, type, body }: Keyed): void {
    const id = idOfKeyed(TENANT, key, type, body);
    this.#record.add({ kind: 'command', tenant: TENANT, aggregate: 'execution', aggregateId: executionId, id });
  }

  async #overNats(ref: AggregateRef, command: Pick<UnaddressedCommand, 'type' | 'body'>): Promise<Settled> {
    const id = commandIdSchema.parse(randomUUID());
    // The cast states what `type` and `body` of one command are together, which Pick over a union forgets.
    const sent = { v: 1, id, actor: ACTOR, ...command } as UnaddressedCommand;
    const twice = this.#chance.isTrue(TWICE);
    const settled = await this.#untilAnswered(async () => {
      const senders = twice ? this.#senders : this.#senders.slice(0, 1);
      const answers = await Promise.all(senders.map((sender) => sender.send('client', ref, sent, SEND)));
      const accepted = answers.flatMap((answer) => (answer.outcome === 'accepted' ? [answer.version] : []));
      if (new Set(accepted).size > 1) this.#tally.doubled(`${ref.aggregateId} ${id}: versions ${accepted.join(', ')}`);
      if (accepted.length > 0) return { kind: 'accepted' };
      const [refusal] = answers.flatMap((answer) => (answer.outcome === 'refused' ? [answer.refusal] : []));
      if (refusal && !isPassing(refusal.code)) return refused(refusal.code);
      this.#tally.notYet(refusal === undefined ? 'no answer' : `NATS ${refusal.code}`);
      return { kind: 'not-yet' };
    });
    if (settled === 'accepted') {
      const { aggregate, aggregateId } = ref;
      this.#record.add({ kind: 'command', tenant: TENANT, aggregate, aggregateId, id });
    }
    return settled;
  }

  async #untilAnswered(attempt: () => Promise<Outcome>): Promise<Settled> {
    const flight = this.#tally.sent();
    for (let pauseMs = 100; !this.#giveUp; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)) {
      const outcome = await attempt();
      if (outcome.kind === 'accepted') return flight.accepted();
      if (outcome.kind === 'refused') return flight.refused(outcome.code);
      await new Promise((resolve) => setTimeout(resolve, pauseMs * this.#chance.next()));
    }
    return flight.unanswered();
  }
}

type Outcome = { readonly kind: 'accepted' | 'not-yet' } | { readonly kind: 'refused'; readonly code: string };

const refused = (code: string): Outcome => ({ kind: 'refused', code });

const PASSING = new Set([429, 502, 503, 504]);
/** The cast asks the table about any text; what it does not have is no passing refusal. */
const isPassing = (code: string): boolean => PASSING.has(ERROR_CODES[code as ErrorCode]?.status ?? 0);
