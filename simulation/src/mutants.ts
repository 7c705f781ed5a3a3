/** A fault planted into the code under test while it is loaded. */
export interface Mutant {
  readonly name: string;
  /** Of the built code, from the checkout's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What no longer holds with it. */
  readonly breaks: string;
}

const LOOP = 'libs/engine/dist/commands/command-loop.js';
const SERVED = 'libs/event-log/dist/served-event-log.js';
const GROUPS = 'libs/event-log/dist/group-appender.js';
const RECONCILER = 'libs/engine/dist/reconcile/reconciler.js';
const FOLDS = 'libs/projections/dist/aggregate-folds.js';
const CHECKPOINT = 'libs/projections/dist/checkpoint.js';
const BATCH = 'libs/projections/dist/projected-batch.js';
const ROUND = 'libs/execution/dist/round.js';
const DECIDE = 'libs/execution/dist/decide';
const LOCK = 'libs/execution/dist/lock/decide-lock.js';
const CHILDREN = 'libs/execution/dist/child-effects.js';
const ROWS = 'apps/orchestrator/dist/read-model';
const AUDIT = 'apps/audit-service/dist/read-model/audit-projection.js';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'refusal-from-stale-state',
    file: LOOP,
    find: 'round.draft !== undefined || !loaded.cached || (await this.parts.states.isCurrent(loaded.state))',
    replace: 'true',
    breaks: 'a result is refused because another process has scheduled its attempt',
  },
  {
    name: 'conflict-is-accepted',
    file: LOOP,
    find: "return outcome.kind === 'conflict' ? undefined : settled(",
    replace: "return outcome.kind === 'conflict' ? settled({ kind: 'done' }) : settled(",
    breaks: 'a command whose fence was lost is acknowledged without a decision',
  },
  {
    name: 'state-kept-after-conflict',
    file: LOOP,
    find: "if (outcome.kind !== 'appended') {\n            this.parts.states.drop(round.state.ref);",
    replace: "if (outcome.kind !== 'appended') {",
    breaks: 'a process that has fallen behind stays behind',
  },
  {
    name: 'answer-before-append',
    file: LOOP,
    find: 'const [outcome] = await this.parts.log.append([round.draft]);',
    replace:
      'this.answer(batch, spans, round, round.state);\n        const [outcome] = await this.parts.log.append([round.draft]);',
    breaks: 'what was acknowledged is lost when the append is not stored',
  },
  {
    name: 'deferred-are-forgotten',
    file: LOOP,
    find: 'lane.waiting.unshift(...batch.filter((_waiting, index) => deferred.has(index)));',
    replace: '',
    breaks: 'commands that a round leaves for the next one are never decided',
  },
  {
    name: 'state-put-without-its-place',
    file: LOOP,
    find: 'const state = storedAt(round.state, outcome.seq);',
    replace: 'const state = storedAt(round.state, outcome.seq - 1);',
    breaks: 'the next fence is one that no commit has',
  },
  {
    name: 'new-even-where-known',
    file: LOOP,
    find: 'if (!stored) {\n            states.wasNotNew();',
    replace: "if (!stored) {\n            return settled({ kind: 'done' });",
    breaks: 'a repeated start is never answered',
  },
  {
    name: 'foreign-commit-is-ours',
    file: SERVED,
    find: 'read.commit.id === draft.id',
    replace: 'true',
    breaks: "another writer's commit is taken for the own one, and a command is acknowledged that nobody decided",
  },
  {
    name: 'no-ack-is-stored',
    file: SERVED,
    find: "return { kind: 'unknown', problem: wrongSequence ? error.message : `no ack: ${error.message}` };",
    replace: "return { kind: 'appended', seq: draft.prevSeq + 1, commit };",
    breaks: 'an append that never arrived is acknowledged',
  },
  {
    name: 'replica-is-believed',
    file: SERVED,
    find: 'while (reader.wants(tail)) {',
    replace: 'for (const once of [reader.wants(tail)].filter(Boolean)) {',
    breaks: 'a replica that is behind hides commits',
  },
  {
    name: 'group-counts-from-its-end',
    file: GROUPS,
    find: 'seq: lastSeq - group.length + 1 + index',
    replace: 'seq: lastSeq',
    breaks: 'members of a group are told the sequence of the last one',
  },
  {
    name: 'group-of-two-of-one-aggregate',
    file: GROUPS,
    find: 'item.alone || !fits || subjects.has(item.subject)',
    replace: '!fits || subjects.has(item.subject)',
    breaks: 'a refused group is tried again as a group, for ever',
  },
  {
    name: 'timers-are-not-looked-for',
    file: RECONCILER,
    find: 'return !(await this.queues.timerIsThere(effect.ref, effect.timer));',
    replace: 'return false;',
    breaks: 'a lost timer is never armed again',
  },
  {
    name: 'tasks-are-not-looked-for',
    file: RECONCILER,
    find: 'return this.sent.maySend(id, TASK_AGAIN_MS.idle);',
    replace: 'return false;',
    breaks: 'a lost task is never published again',
  },
  {
    name: 'lost-commands-are-not-sent-again',
    file: RECONCILER,
    find: 'return this.isCommandMissing(effect);',
    replace: 'return false;',
    breaks: 'the start of a child, its report, or what is asked of a lock is lost for good',
  },
  {
    name: 'what-is-asked-is-not-asked-again',
    file: RECONCILER,
    find: 'return this.sent.maySend(id, START_AGAIN_MS);',
    replace: 'return false;',
    breaks: 'the start of a child, or what is asked of a lock, is lost for good',
  },
  {
    name: 'relatives-are-not-asked',
    file: RECONCILER,
    find: 'return this.sent.maySend(id, RELATIVES_AGAIN_MS);',
    replace: 'return false;',
    breaks: 'the report of a child is lost for good',
  },
  {
    name: 'lock-timers-are-not-looked-for',
    file: 'libs/engine/dist/reconcile/lock-reconciler.js',
    find: "effect.kind === 'arm-timer' && ",
    replace: 'false && ',
    breaks: 'a lock whose holder is gone is held for ever',
  },
  {
    name: 'fold-of-another-version',
    file: FOLDS,
    find: 'kept?.beforeBatch?.version === version ?',
    replace: 'kept?.beforeBatch ?',
    breaks: 'a batch that is applied again is folded onto what it has led to',
  },
  {
    name: 'checkpoint-without-comparison',
    file: CHECKPOINT,
    find: 'if (rowCount !== 1)',
    replace: 'if (rowCount > 1)',
    breaks: 'two runners of one projection write over each other',
  },
  {
    name: 'checkpoint-too-far',
    file: BATCH,
    find: '{ ...checkpoint, seq: batch.lastSeq }',
    replace: '{ ...checkpoint, seq: batch.lastSeq + 1 }',
    breaks: 'a commit is left out of the rows',
  },
  {
    name: 'older-rows-win',
    file: `${ROWS}/upserts.js`,
    find: 'run_state = excluded.run_state\n     WHERE held.version < excluded.version',
    replace: 'run_state = excluded.run_state\n     WHERE held.version > excluded.version',
    breaks: 'rows of executions stay at their first commit',
  },
  {
    name: 'tags-of-two-commits-add-up',
    file: `${ROWS}/control-rows.js`,
    find: 'await deleteTags(sql, changed);',
    replace: '',
    breaks: 'tags that an execution no longer has stay in the rows',
  },
  {
    name: 'chain-from-its-start',
    file: AUDIT,
    find: 'ends.get(tenant) ?? CHAIN_START',
    replace: 'CHAIN_START',
    breaks: 'the ledger is no chain',
  },
  {
    name: 'end-in-a-batch-is-any',
    file: AUDIT,
    find: "if (change.kind === 'ended')\n            last.set(`${change.tenant}.${change.id}`, change);",
    replace:
      "if (change.kind === 'ended' && !last.has(`${change.tenant}.${change.id}`))\n            last.set(`${change.tenant}.${change.id}`, change);",
    breaks: 'the graph shows the first end of an execution that was reopened, and not its last',
  },
  {
    name: 'time-goes-back',
    file: ROUND,
    find: 'lastAt !== null && lastAt > at ? lastAt : at',
    replace: 'at',
    breaks: 'a clock that was set back is on the log',
  },
  {
    name: 'fence-of-the-version',
    file: ROUND,
    find: 'prevSeq: state.seq,',
    replace: 'prevSeq: state.version === 0 ? 0 : state.seq,\n        ...(version > 3 ? { version: version + 1 } : {}),',
    breaks: 'versions have gaps',
  },
  {
    name: 'repeat-is-decided-again',
    file: ROUND,
    find: 'current = withCommand(decision.after, command);',
    replace: 'current = decision.after;',
    breaks: 'a command that comes twice is decided twice',
  },
  {
    name: 'pauses-take-time-from-timers',
    file: 'libs/execution/dist/evolve-control.js',
    find: 'timers: state.timers.map((timer) => ({ ...timer, dueAt: later(timer.dueAt) })),',
    replace: 'timers: state.timers,',
    breaks: 'a timer fires although less of its time has passed outside of pauses',
  },
  {
    name: 'timers-fire-while-paused',
    file: `${DECIDE}/fire-timer.js`,
    find: 'if (state.pausedAt !== null)',
    replace: 'if (false)',
    breaks: 'something happens in an execution that is paused',
  },
  {
    name: 'heartbeat-is-not-looked-at',
    file: `${DECIDE}/fire-timer.js`,
    find: 'if (dueMs <= run.nowMs())',
    replace: 'if (true)',
    breaks: 'an attempt that gave a sign of life is ended',
  },
  {
    name: 'timers-of-a-closed-attempt-stay',
    file: `${DECIDE}/complete-step.js`,
    find: 'cancelTimersOf(run, attempt);',
    replace: '',
    breaks: 'the timeout of a step that has its result stays armed',
  },
  {
    name: 'workers-have-the-last-word',
    file: `${DECIDE}/awaited-attempt.js`,
    find: 'child === undefined && !submitted)',
    replace: 'child === undefined)',
    breaks: 'a task that was handed on is handed on again',
  },
  {
    name: 'lock-is-granted-twice',
    file: LOCK,
    find: 'const next = this.state.holder ? undefined : this.state.queue.first();',
    replace: 'const next = this.state.queue.first();',
    breaks: 'two hold one asset',
  },
  {
    name: 'token-of-the-version',
    file: LOCK,
    find: 'Math.max(this.state.version, this.state.lastToken) + 1',
    replace: 'this.state.version + 1',
    breaks: 'two grants in one commit have the same fencing token',
  },
  {
    name: 'lock-asked-for-twice',
    file: LOCK,
    find: 'if (holds(state, command.body) || queue.has(claimKey(command.body)))',
    replace: 'if (queue.has(claimKey(command.body)))',
    breaks: 'a request that comes twice waits for itself',
  },
  {
    name: 'children-are-not-stopped',
    file: CHILDREN,
    find: '.takeWhile((child) => child.version === version)',
    replace: '.takeWhile((child) => child.version < version)',
    breaks: 'children of a cut attempt run on',
  },
  {
    name: 'refused-children-say-nothing',
    file: CHILDREN,
    find: 'if (!parentAttempt || !parentExecutionId)',
    replace: 'if (true)',
    breaks: 'a parent waits for ever for a child that was refused',
  },
];
