import { mayActOutside } from '../derived.ts';
import { rootFrame } from '../frames.ts';
import { advance } from './advance.ts';
import { endExecution } from './close.ts';
import { requestApproval } from './request-approval.ts';
import type { Run } from './run.ts';

/** What comes before the first state: the agreement that the machine asks for. */
export const begin = (run: Run): void => {
  const rule = run.machine.machine.extension?.approval;
  if (rule && mayActOutside(run.state) && !isAgreed(run)) requestApproval(run, rule);
  goOn(run);
};

const isAgreed = ({ state }: Run): boolean =>
  state.approvals.some(({ token, status }) => token === null && status === 'approved');

/** Takes up whatever can move. A last state that was left during a pause ends the execution only now. */
export const goOn = (run: Run): void => {
  if (run.hasEnded()) return;
  if (rootFrame(run.state.frames)?.phase.kind === 'ended' && run.mayStartWork()) {
    return endExecution(run, { type: 'ExecutionSucceeded' });
  }
  advance(run);
};
