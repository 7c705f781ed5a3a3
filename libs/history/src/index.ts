export { fold, stateAt } from './fold.ts';
export { firstDifference, type JsonDifference } from './json-difference.ts';
export { commitDigest, stateHash } from './state-hash.ts';
export { type ResolveMachine, verify, verifyInSteps } from './verify.ts';
