import type { Machine } from '@throughline/asl';
import type { PreflightResult, Refusal, StartExecution } from '@throughline/contracts';

/** Whether a start has to be found in order before it is one. */
export const requiresPreflight = (
  machine: Machine,
  { preflight, origin }: Pick<StartExecution, 'preflight' | 'origin'>,
): boolean =>
  // What is only done again to compare was found in order, or did not ask for it.
  origin?.unanswered !== 'fail' && (preflight === 'required' || machine.extension?.preflight === 'required');

/** Why a start that requires a preflight is none; undefined where it may begin. What was found is recorded input. */
export const preflightRefusal = (workflow: string, result: PreflightResult | undefined): Refusal | undefined => {
  if (!result) return { code: 'TL0173', message: `the start of ${workflow} requires a preflight, and has had none` };
  const errors = result.findings.filter(({ outcome }) => outcome === 'error');
  const [first] = errors;
  if (!first) return undefined;
  const message = `the preflight of ${workflow} found ${errors.length} error(s): ${first.sentence}`;
  return { code: 'TL0173', message, details: { findings: result.findings } };
};
