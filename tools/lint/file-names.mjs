import { relative } from 'node:path';

const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** ESLint rule: files and folders are named, in kebab-case, for what they hold. */
export const fileNames = {
  meta: {
    type: 'problem',
    schema: [{ type: 'object', properties: { banned: { type: 'array', items: { type: 'string' } } } }],
    messages: {
      banned: '"{{name}}" says nothing about what is inside: name it for what it holds.',
      style: '"{{name}}" is not kebab-case.',
    },
  },
  create(context) {
    const { banned } = context.options[0];
    return {
      Program(node) {
        for (const name of relative(context.cwd, context.filename).split(/[/\\]/)) {
          const stem = name.replace(/^\./, '').split('.')[0];
          const isBanned = banned.some((word) => stem === word || stem.endsWith(`-${word}`));
          if (isBanned) context.report({ node, messageId: 'banned', data: { name } });
          else if (!KEBAB_CASE.test(name.replace(/^\./, '')))
            context.report({ node, messageId: 'style', data: { name } });
        }
      },
    };
  },
};
