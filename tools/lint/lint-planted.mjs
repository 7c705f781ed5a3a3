// Lints texts as if they stood at the given paths. Reads [{ path, text }] from stdin, writes the rule ids per text.
import { text as readAll } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const eslint = new ESLint({
  // A planted file belongs to no TypeScript project.
  overrideConfig: [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked }],
});
const planted = JSON.parse(await readAll(process.stdin));
const results = [];
for (const { path, text } of planted) {
  const [result] = await eslint.lintText(text, { filePath: path });
  results.push(result.messages.map(({ ruleId, message }) => ruleId ?? message));
}
console.log(JSON.stringify(results));
