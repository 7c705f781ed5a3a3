import {
  isDivergent,
  type Json,
  WHAT_IF_VERDICTS,
  type WhatIfCall,
  type WhatIfDifference,
  type WhatIfEnd,
  type WhatIfFinding,
  type WhatIfReport,
  type WhatIfVerdict,
} from '@throughline/contracts';

const OTHER_PATHS_MAX = 10;
const CALLS_MAX = 20;
/** Of a value's JSON text: a report may hold a thousand findings. */
const VALUE_CHARS_MAX = 2_000;

/** Takes findings in order and keeps of them what a reader can take in. */
export class ReportUnderWay {
  private readonly counts: Record<WhatIfVerdict, number>;
  private readonly divergent: WhatIfFinding[] = [];
  private readonly otherPaths: WhatIfFinding[] = [];
  private executions = 0;
  private open = 0;
  private commits = 0;
  private truncated = false;

  constructor() {
    // The cast says what the list gives: one entry for each verdict.
    this.counts = Object.fromEntries(WHAT_IF_VERDICTS.map((verdict) => [verdict, 0])) as Record<WhatIfVerdict, number>;
  }

  add(finding: WhatIfFinding, commits: number): void {
    this.executions += 1;
    this.commits += commits;
    this.counts[finding.verdict] += 1;
    if (finding.open) this.open += 1;
    if (isDivergent(finding.verdict)) this.divergent.push(this.cut(finding));
    else if (finding.verdict === 'same_end') {
      if (this.otherPaths.length < OTHER_PATHS_MAX) this.otherPaths.push(this.cut(finding));
      else this.truncated = true;
    }
  }

  report(of: Pick<WhatIfReport, 'workflow' | 'candidate'>): WhatIfReport {
    const { executions, open, commits, counts, divergent, otherPaths, truncated } = this;
    return { ...of, executions, open, commits, counts, divergent, otherPaths, truncated };
  }

  private cut({ first, recorded, candidate, ...finding }: WhatIfFinding): WhatIfFinding {
    return {
      ...finding,
      ...(first && { first: this.cutDifference(first) }),
      ...(recorded && { recorded: this.cutEnd(recorded) }),
      ...(candidate && { candidate: this.cutEnd(candidate) }),
      missing: this.cutCalls(finding.missing),
      notCalled: this.cutCalls(finding.notCalled),
    };
  }

  private cutDifference(first: WhatIfDifference): WhatIfDifference {
    return { ...first, expected: this.cutValue(first.expected), actual: this.cutValue(first.actual) };
  }

  private cutEnd(end: WhatIfEnd): WhatIfEnd {
    return { ...end, ...(end.output === undefined ? {} : { output: this.cutValue(end.output) }) };
  }

  private cutCalls(calls: readonly WhatIfCall[]): WhatIfCall[] {
    if (calls.length > CALLS_MAX) this.truncated = true;
    return calls.slice(0, CALLS_MAX).map((call) => ({ ...call, request: this.cutValue(call.request) }));
  }

  private cutValue(value: Json): Json {
    const text = JSON.stringify(value);
    if (text.length <= VALUE_CHARS_MAX) return value;
    this.truncated = true;
    return `${text.slice(0, VALUE_CHARS_MAX)}…`;
  }
}
