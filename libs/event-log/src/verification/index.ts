export { LogVerification, type LogVerificationOptions, replayLine, type SeenCommit } from './log-verification.ts';
export { MachinesOfLog, readVersion, workflowsOf } from './machines-of-log.ts';
export { verifyLog, type VerifyLogOptions } from './verify-log.ts';
