import {
  FINDINGS_MAX,
  PREFLIGHT_OUTCOMES,
  type PreflightCheck,
  type PreflightFinding,
  type PreflightOutcome,
  SENTENCE_CHARS_MAX,
} from '@throughline/contracts';

/** On one line, however long what it quotes is. */
const lineOf = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= SENTENCE_CHARS_MAX ? line : `${line.slice(0, SENTENCE_CHARS_MAX - 1)}…`;
};

const finding =
  (outcome: PreflightOutcome) =>
  (check: PreflightCheck, sentence: string, ...recommendedActions: readonly string[]): PreflightFinding => ({
    check,
    outcome,
    sentence: lineOf(sentence),
    recommendedActions: recommendedActions.map(lineOf),
  });

export const ok = finding('ok');
export const warn = finding('warn');
export const error = finding('error');

const gravity = ({ outcome }: PreflightFinding): number => PREFLIGHT_OUTCOMES.indexOf(outcome);

/** The gravest first, and bounded. */
export const inOrder = (findings: readonly PreflightFinding[]): readonly PreflightFinding[] =>
  [...findings].sort((a, b) => gravity(b) - gravity(a)).slice(0, FINDINGS_MAX);

export const worstOf = (findings: readonly PreflightFinding[]): PreflightOutcome =>
  PREFLIGHT_OUTCOMES[Math.max(0, ...findings.map(gravity))] ?? 'ok';
