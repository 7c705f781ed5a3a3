#!/usr/bin/env node
// npm start | test | run bench | run verify. Only old syntax and no imports but the version check here, so that a Node
// that is too old gets a sentence and not a syntax error.
import { nodeVersionProblem } from './node-version.mjs';

const problem = nodeVersionProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exitCode = 1;
} else {
  import('./commands.mjs').then(function (commands) {
    return commands.main(process.argv.slice(2));
  });
}
