import type { Json, PreflightFinding } from '@throughline/contracts';
import { canonicalHash } from '@throughline/execution';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { error, ok } from './findings.ts';

const SCHEMAS_MAX = 200;
const FAULTS_SHOWN = 10;

type Compiled =
  | { readonly kind: 'schema'; readonly validate: ValidateFunction }
  | { readonly kind: 'broken'; readonly problem: string };

/** The input schemas of workflows, compiled once each and the oldest forgotten. */
export class InputSchemas {
  private readonly compiled = new Map<string, Compiled>();

  check(schema: Json | undefined, input: Json): readonly PreflightFinding[] {
    if (schema === undefined) return [ok('input', 'The workflow names no schema for its input, so any will do.')];
    const compiled = this.compile(schema);
    if (compiled.kind === 'broken') {
      const what = `The InputSchema of the workflow cannot be used: ${compiled.problem}`;
      return [error('definition', what, 'Correct the schema and register the workflow again.')];
    }
    if (compiled.validate(input)) return [ok('input', 'The input matches the schema of the workflow.')];
    const faults = compiled.validate.errors ?? [];
    return faults.slice(0, FAULTS_SHOWN).map((fault) => error('input', sentenceOf(fault), 'Correct the input.'));
  }

  private compile(schema: Json): Compiled {
    const key = canonicalHash(schema);
    const known = this.compiled.get(key);
    if (known) return known;
    const compiled = compiledOf(schema);
    if (this.compiled.size >= SCHEMAS_MAX) {
      const oldest = this.compiled.keys().next();
      if (!oldest.done) this.compiled.delete(oldest.value);
    }
    this.compiled.set(key, compiled);
    return compiled;
  }
}

const compiledOf = (schema: Json): Compiled => {
  try {
    // An instance each: schemas of different tenants may use one `$id`. Formats are annotations, as the standard has it.
    const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, logger: false });
    // The cast states what a JSON Schema is: the definition's reader lets objects and booleans through.
    return { kind: 'schema', validate: ajv.compile(schema as Record<string, unknown> | boolean) };
  } catch (thrown) {
    return { kind: 'broken', problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
};

const sentenceOf = ({ instancePath, message, params, keyword }: ErrorObject): string => {
  const place = instancePath === '' ? 'The input' : `The input at ${instancePath}`;
  const extra = keyword === 'additionalProperties' ? `: ${String(params.additionalProperty)}` : '';
  const allowed = keyword === 'enum' ? `: ${JSON.stringify(params.allowedValues)}` : '';
  return `${place} ${message ?? 'does not match the schema'}${extra}${allowed}.`;
};
