export { LogVerification, type LogVerificationOptions, replayLine } from './log-verification.ts';
export { MachinesOfLog, readVersion, workflowsOf } from './machines-of-log.ts';
export { verifyLog, type VerifyLogOptions } from './verify-log.ts';
