/** The syntax tree that the library's parser makes, as far as evaluating reads it. */

interface Placed {
  readonly position?: number;
  /** `[…]` behind what is no path. */
  readonly predicate?: readonly Stage[];
  /** `{…}` behind it. */
  readonly group?: Group;
  /** `[]` behind it: a single result stays an array. */
  readonly keepArray?: boolean;
  /** `[…]` and `#$i` behind a step of a path. */
  readonly stages?: readonly Stage[];
  /** `@$v` behind a step. */
  readonly focus?: string;
  /** `#$i` behind a step. */
  readonly index?: string;
  /** `%` further on looks for what this step starts from. */
  readonly ancestor?: { readonly label: string };
  /** Whether the step has to hand on bindings. */
  readonly tuple?: boolean;
  /** An array constructor that starts or ends a path: it is not flattened. */
  readonly consarray?: boolean;
}
export type Stage =
  { readonly type: 'filter'; readonly expr: Node } | { readonly type: 'index'; readonly value: string };
export interface Group {
  readonly lhs: readonly (readonly [key: Node, value: Node])[];
}
/** The library's check of a function's arguments. It throws what `failureOf` reads. */
export interface Signature {
  readonly definition: string;
  validate(args: readonly unknown[], context: unknown): unknown[];
}

export interface PathNode extends Placed {
  readonly type: 'path';
  readonly steps: readonly Node[];
  readonly keepSingletonArray?: boolean;
}
export interface CallNode extends Placed {
  readonly type: 'function' | 'partial';
  readonly procedure: Node;
  readonly arguments: readonly Node[];
}
export interface LambdaNode extends Placed {
  readonly type: 'lambda';
  readonly arguments: readonly { readonly value: string }[];
  readonly signature?: Signature;
  readonly body: Node;
  /** A call in tail position: carried out by the caller, so that it needs no depth. */
  readonly thunk?: boolean;
}
export interface SortNode extends Placed {
  readonly type: 'sort';
  readonly terms: readonly { readonly descending: boolean; readonly expression: Node }[];
}
export interface TransformNode extends Placed {
  readonly type: 'transform';
  readonly pattern: Node;
  readonly update: Node;
  readonly delete?: Node;
}
export interface BinaryNode extends Placed {
  readonly type: 'binary';
  readonly value: BinaryOperator;
  readonly lhs: Node;
  readonly rhs: Node;
}
export type BinaryOperator =
  '+' | '-' | '*' | '/' | '%' | '=' | '!=' | '<' | '<=' | '>' | '>=' | '&' | '..' | 'in' | 'and' | 'or';
export type UnaryNode = Placed & { readonly type: 'unary' } & (
    | { readonly value: '-'; readonly expression: Node }
    | { readonly value: '['; readonly expressions: readonly Node[] }
    | ({ readonly value: '{' } & Group)
  );
export interface RegexNode extends Placed {
  readonly type: 'regex';
  /** Compiled by the library's parser, never run: see `regular-expression.ts`. */
  readonly value: RegExp;
}
export type Node =
  | PathNode
  | CallNode
  | LambdaNode
  | SortNode
  | TransformNode
  | BinaryNode
  | UnaryNode
  | RegexNode
  | (Placed & { readonly type: 'name' | 'variable'; readonly value: string })
  | (Placed & { readonly type: 'string' | 'number' | 'value'; readonly value: string | number | boolean | null })
  | (Placed & { readonly type: 'wildcard' | 'descendant' })
  | (Placed & { readonly type: 'parent'; readonly slot: { readonly label: string } })
  | (Placed & { readonly type: 'condition'; readonly condition: Node; readonly then: Node; readonly else?: Node })
  | (Placed & { readonly type: 'block'; readonly expressions: readonly Node[] })
  | (Placed & { readonly type: 'bind'; readonly lhs: { readonly value: string }; readonly rhs: Node })
  | (Placed & { readonly type: 'apply'; readonly lhs: Node; readonly rhs: Node })
  /** The `?` of a partial application. */
  | (Placed & { readonly type: 'operator'; readonly value: string });
