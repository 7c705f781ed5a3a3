import {
  type Actor,
  type AggregateRef,
  type Command,
  type CommandAnswer,
  commandIdSchema,
  type Origin,
  type SentCommand,
} from '@throughline/contracts';
import type { Acknowledged } from '@throughline/testkit/checker';
import type { Chance } from './chance.ts';
import { type Network, Process } from './network.ts';
import type { SimulatedQueues } from './simulated-queues.ts';

const ANSWER_MS = 4_000;
const CLIENT: Actor = { kind: 'user', id: 'client' };

export interface Sending {
  readonly origin?: Origin;
  readonly actor?: Actor;
  readonly id?: string;
  /** Whose patience it is; absent: the clients', who never crash. */
  readonly process?: Process;
}

export interface Accepted {
  readonly ref: AggregateRef;
  readonly sent: SentCommand;
  readonly answer: Extract<CommandAnswer, { outcome: 'accepted' }>;
}

/** Senders of commands: they repeat by id until they are answered, and remember what they were told. */
export class Clients {
  readonly acknowledged: Acknowledged[] = [];
  /** Every acceptance, with whom it was asked of. */
  readonly accepted: Accepted[] = [];
  unanswered = 0;
  private readonly process: Process;
  private readonly inboxes = new Map<string, (answer: CommandAnswer) => void>();
  private readonly network: Network;
  private readonly chance: Chance;
  private readonly queues: SimulatedQueues;

  constructor(network: Network, chance: Chance, queues: SimulatedQueues) {
    this.network = network;
    this.chance = chance;
    this.queues = queues;
    this.process = new Process('clients', network);
  }

  /** Answers travel by core NATS: one that gets lost is lost. */
  readonly reply = (replyTo: string, answer: CommandAnswer): void => {
    if (this.chance.happens(this.network.weather.loseReply)) return;
    this.network.time.after(this.network.latencyMs(), () => this.inboxes.get(replyTo)?.(answer));
  };

  send(ref: AggregateRef, command: Command, sending: Sending = {}): Promise<CommandAnswer> {
    const { origin = 'client', actor = CLIENT, id = this.chance.name(), process = this.process } = sending;
    const replyTo = `_INBOX.sim.${this.chance.name()}`;
    // The cast joins envelope and body, whose pairing `Command` has checked.
    const sent = { v: 1, id: commandIdSchema.parse(id), actor, replyTo, ...command } as SentCommand;
    const isClients = process === this.process;
    if (isClients) this.unanswered += 1;
    return new Promise((resolve) => {
      this.inboxes.set(replyTo, (answer) => {
        if (!this.inboxes.delete(replyTo)) return;
        if (isClients) this.unanswered -= 1;
        if (answer.outcome === 'accepted') {
          this.acknowledged.push(acknowledgedOf(ref, sent));
          this.accepted.push({ ref, sent, answer });
        }
        if (process.alive) resolve(answer);
      });
      const attempt = (): void => {
        if (!this.inboxes.has(replyTo)) return;
        process.call(() => this.queues.send(origin, ref, sent)).catch(() => undefined);
        process.after(ANSWER_MS, attempt);
      };
      attempt();
    });
  }
}

/** A start that was there already, under another command's id, is one start all the same. */
const acknowledgedOf = (ref: AggregateRef, { type, id }: SentCommand): Acknowledged =>
  type === 'StartExecution'
    ? { kind: 'start', tenant: ref.tenant, executionId: ref.aggregateId }
    : { kind: 'command', ...ref, id };
