import { CALM } from './network.ts';
import { NO_TROUBLE } from './simulated-queues.ts';
import type { World } from './world.ts';

const FAULTS_MAX = 6;
const CALLS_MAX = 60;
const CLOCK_STEP_MS = 20_000;

/** Lets things go wrong for a while: what, how often and when is the seed's to say. False: this seed has fair weather. */
export const beginFaults = (world: World, untilMs: number): boolean => {
  const { chance, time, network, queues, log } = world;
  if (chance.oneIn(6)) {
    network.weather = { ...CALM, latencyMaxMs: chance.pick([2, 20, 200]) };
    return false;
  }
  const sometimes = (most: number): number => (chance.oneIn(2) ? 0 : chance.next() * most);
  network.weather = {
    loseRequest: sometimes(0.05),
    loseReply: sometimes(0.1),
    late: sometimes(0.03),
    latencyMaxMs: chance.pick([2, 20, 200]),
  };
  const trouble = { loseAck: sometimes(0.1), deliverTwice: sometimes(0.5), duplicate: sometimes(0.1) };
  for (const queue of [queues.commands, queues.tasks, queues.due]) queue.trouble = trouble;
  log.groupUnderWay = sometimes(0.1);
  log.stale = sometimes(0.5);
  const lengthMs = untilMs - time.nowMs;
  for (let count = chance.below(FAULTS_MAX + 1); count > 0; count -= 1) {
    const fault = chance.pick(FAULTS);
    time.after(chance.below(lengthMs), () => fault(world));
  }
  return true;
};

const crashSoon = ({ chance, programs }: World): void => {
  chance.oneOf(programs)?.process?.crashAfterCalls(chance.below(CALLS_MAX));
};

const crashNow = ({ chance, programs }: World): void => chance.oneOf(programs)?.process?.crash();

const stepClock = ({ chance, brokerClock, programs }: World): void => {
  const stepMs = chance.between(-CLOCK_STEP_MS, CLOCK_STEP_MS);
  const process = chance.oneIn(2) ? chance.oneOf(programs)?.process : undefined;
  if (process) process.clockOffMs += stepMs;
  else brokerClock.offMs += stepMs;
};

/** The node that held the tasks is gone, and the workers that were connected to it. */
const loseTasksAndWorkers = ({ queues, programs }: World): void => {
  queues.tasks.lose();
  for (const { name, process } of programs) if (name.startsWith('worker-')) process?.crash();
};

const STORM_EVERY_MS = 700;

/** A stream that loses all it has again and again: what follows from what is lost gets lost, too. */
const storm = ({ chance, time, queues }: World): void => {
  const lose = chance.pick([() => queues.commands.lose(), () => queues.tasks.lose(), () => queues.loseTimers()]);
  for (let count = chance.between(3, 20); count > 0; count -= 1) time.after(count * STORM_EVERY_MS, lose);
};

/** The node that holds the commands is gone just when one execution or lock has asked something of another, and timers may go with it. */
const loseWhatIsAsked = ({ chance, queues }: World): void => {
  let times = chance.between(1, 8);
  const timersToo = chance.oneIn(3);
  queues.commands.loseWhen = (subject) => {
    if (times === 0 || !subject.startsWith('tl.cmd.0.system.')) return false;
    times -= 1;
    if (timersToo) queues.loseTimers();
    return true;
  };
};

const FAULTS: readonly [(world: World) => void, ...((world: World) => void)[]] = [
  crashSoon,
  crashSoon,
  crashSoon,
  crashNow,
  stepClock,
  ({ queues }) => queues.commands.lose(),
  ({ queues }) => queues.tasks.lose(),
  loseTasksAndWorkers,
  loseWhatIsAsked,
  loseWhatIsAsked,
  storm,
  storm,
  ({ queues }) => queues.loseTimers(),
];

/** From here on everything works: what was lost stays lost. */
export const heal = ({ network, queues, log }: World): void => {
  network.weather = CALM;
  for (const queue of [queues.commands, queues.tasks, queues.due]) queue.trouble = NO_TROUBLE;
  queues.commands.loseWhen = undefined;
  log.groupUnderWay = 0;
  log.stale = 0;
};
