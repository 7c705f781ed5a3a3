import type { Json } from '@throughline/contracts';
import { z } from 'zod';
import type { Chance } from '../chance.ts';

/** What a JSON Schema says, as far as samples are drawn from it. */
interface Shape {
  readonly type?: string | readonly string[];
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly allOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape | boolean;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly $ref?: string;
}

/** Texts that some pattern or other takes, ids of what the system holds among them: samples that reach deep. */
export interface Known {
  readonly texts: readonly [string, ...string[]];
}

const DEPTH_MAX = 8;
const OPTIONAL_ONE_IN = 3;

/** Draws JSON that a schema takes, mostly: what it refuses is an input like any other. */
export class Sampler {
  readonly #known: Known;
  readonly #shapes = new Map<z.ZodType, Shape>();
  /** By pattern: the known texts that it takes. */
  readonly #fitting = new Map<string, readonly string[]>();

  constructor(known: Known) {
    this.#known = known;
  }

  sample(schema: z.ZodType, chance: Chance): Json {
    return this.#draw(this.#shapeOf(schema), chance, 0);
  }

  #shapeOf(schema: z.ZodType): Shape {
    const known = this.#shapes.get(schema);
    if (known) return known;
    // The cast names the part of JSON Schema that is read.
    const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as unknown as Shape;
    this.#shapes.set(schema, shape);
    return shape;
  }

  #draw(shape: Shape | boolean, chance: Chance, depth: number): Json {
    if (typeof shape === 'boolean' || depth > DEPTH_MAX || shape.$ref !== undefined) return anything(chance);
    if (shape.const !== undefined) return shape.const;
    if (shape.enum) return shape.enum[chance.below(shape.enum.length)] ?? null;
    const choices = shape.anyOf ?? shape.oneOf;
    if (choices) return this.#draw(choices[chance.below(choices.length)] ?? true, chance, depth + 1);
    if (shape.allOf) return this.#draw(shape.allOf[0] ?? true, chance, depth + 1);
    const type = typeof shape.type === 'string' ? shape.type : shape.type?.[chance.below(shape.type.length)];
    switch (type) {
      case 'object':
        return this.#object(shape, chance, depth);
      case 'array':
        return this.#array(shape, chance, depth);
      case 'string':
        return this.#text(shape, chance);
      case 'integer':
      case 'number':
        return number(shape, chance);
      case 'boolean':
        return chance.oneIn(2);
      case 'null':
        return null;
      default:
        return anything(chance);
    }
  }

  #object({ properties = {}, required = [], additionalProperties }: Shape, chance: Chance, depth: number): Json {
    const fields = Object.entries(properties)
      .filter(([name]) => required.includes(name) || chance.oneIn(OPTIONAL_ONE_IN))
      .map(([name, shape]): [string, Json] => [name, this.#draw(shape, chance, depth + 1)]);
    if (additionalProperties !== undefined && additionalProperties !== false) {
      fields.push([this.#text({}, chance), this.#draw(additionalProperties, chance, depth + 1)]);
    }
    return Object.fromEntries(fields);
  }

  #array({ items = true, minItems = 0, maxItems = 4 }: Shape, chance: Chance, depth: number): Json {
    const length = Math.min(Math.max(minItems, chance.below(4)), Math.max(minItems, maxItems));
    return Array.from({ length }, () => this.#draw(items, chance, depth + 1));
  }

  #text({ pattern, maxLength = 10_000 }: Shape, chance: Chance): string {
    const fitting = pattern === undefined ? this.#known.texts : this.#textsFor(pattern);
    const text = fitting[chance.below(fitting.length)] ?? chance.pick(this.#known.texts);
    return text.slice(0, maxLength);
  }

  #textsFor(pattern: string): readonly string[] {
    const known = this.#fitting.get(pattern);
    if (known) return known;
    const fitting = this.#known.texts.filter((text) => fits(pattern, text));
    this.#fitting.set(pattern, fitting);
    return fitting;
  }
}

const fits = (pattern: string, text: string): boolean => {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return false;
  }
};

const EDGES: readonly [number, ...number[]] = [0, 1, 2, 3, 10, 100, 1_000, 86_400, 2 ** 31, 2 ** 53 - 1];

const number = ({ type, minimum = 0, maximum = 2 ** 53 - 1 }: Shape, chance: Chance): number => {
  const drawn = chance.oneIn(4) ? chance.pick(EDGES) : chance.below(50);
  const bounded = Math.min(maximum, Math.max(minimum, drawn));
  return type === 'integer' ? Math.round(bounded) : bounded;
};

const ANYTHING: readonly [Json, ...Json[]] = [
  null,
  true,
  'text',
  7,
  {},
  [],
  { a: { b: [1, 2, { c: null }] } },
  { order: 7, items: [1, 2, 3] },
];
const anything = (chance: Chance): Json => chance.pick(ANYTHING);
