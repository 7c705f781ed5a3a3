import type { LoggedCommit } from '@throughline/event-log';

/** In fair weather a stop takes two commands. */
const STOPPED_WITHIN_MS = 10_000;
const STOPS: ReadonlySet<string> = new Set([
  'CancellationRequested',
  'ExecutionCancelled',
  'ExecutionSucceeded',
  'ExecutionFailed',
  'ExecutionTimedOut',
]);

interface Child {
  readonly id: string;
  readonly startedAtMs: number;
  stoppedAtMs: number;
}

/**
 * A child that its parent waits for is stopped with the parent's attempt. Only what is cut short after `quietSinceMs`, by the log's
 * own clock: before that a stop may get lost, and is said again some minutes later.
 */
export const childrenThatRanOn = (commits: readonly LoggedCommit[], quietSinceMs: number): readonly string[] => {
  const children = childrenByAttempt(commits);
  return commits.flatMap(({ commit }) => {
    if (commit.aggregate !== 'execution') return [];
    return commit.events.flatMap((event) => {
      const cutAtMs = Date.parse(commit.commands[0]?.at ?? '');
      if (event.type !== 'StepCancelled' || cutAtMs < quietSinceMs) return [];
      const child = children.get(`${commit.aggregateId} ${event.token}`);
      if (!child || child.startedAtMs > cutAtMs || child.stoppedAtMs <= cutAtMs + STOPPED_WITHIN_MS) return [];
      return [`child ${child.id} runs on, though attempt ${event.token} of ${commit.aggregateId} was cut short`];
    });
  });
};

const childrenByAttempt = (commits: readonly LoggedCommit[]): ReadonlyMap<string, Child> => {
  const byAttempt = new Map<string, Child>();
  const byId = new Map<string, Child>();
  for (const { commit } of commits) {
    if (commit.aggregate !== 'execution') continue;
    for (const command of commit.commands) {
      if (command.type !== 'StartExecution' || byId.has(commit.aggregateId)) continue;
      const { parentExecutionId, parentAttempt } = command.body;
      if (!parentExecutionId || !parentAttempt || parentAttempt.awaits === 'start') continue;
      const child = {
        id: commit.aggregateId,
        startedAtMs: Date.parse(command.at),
        stoppedAtMs: Number.POSITIVE_INFINITY,
      };
      byId.set(child.id, child);
      byAttempt.set(`${parentExecutionId} ${parentAttempt.token}`, child);
    }
    const child = byId.get(commit.aggregateId);
    if (child && commit.events.some(({ type }) => STOPS.has(type))) {
      child.stoppedAtMs = Math.min(child.stoppedAtMs, Date.parse(commit.commands[0]?.at ?? ''));
    }
  }
  return byAttempt;
};
