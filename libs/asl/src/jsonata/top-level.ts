import type { Node } from './nodes.ts';

/**
 * Names that an expression reads from a context it has not got: Step Functions evaluates with `$states` and variables
 * alone. Such an expression returns nothing for sure, and AWS refuses the definition.
 */

export interface TopLevelName {
  readonly name: string;
  readonly position: number;
}

const firstOf = (nodes: readonly (Node | undefined)[]): TopLevelName | undefined => {
  for (const node of nodes) {
    const found = node && topLevelName(node);
    if (found) return found;
  }
  return undefined;
};

export const topLevelName = (node: Node): TopLevelName | undefined => {
  switch (node.type) {
    case 'name':
      return { name: node.value, position: node.position ?? 0 };
    case 'path':
      // Every other step reads from the one before it.
      return firstOf(node.steps.slice(0, 1));
    case 'binary':
    case 'apply':
      return firstOf([node.lhs, node.rhs]);
    case 'unary':
      if (node.value === '-') return topLevelName(node.expression);
      return node.value === '[' ? firstOf(node.expressions) : firstOf(node.lhs.flat());
    case 'condition':
      return firstOf([node.condition, node.then, node.else]);
    case 'block':
      return firstOf(node.expressions);
    case 'bind':
      return topLevelName(node.rhs);
    case 'lambda':
      return topLevelName(node.body);
    case 'function':
    case 'partial':
      // What is called by a bare name has a message of its own.
      return firstOf([node.procedure.type === 'path' ? undefined : node.procedure, ...node.arguments]);
    default:
      return undefined;
  }
};
