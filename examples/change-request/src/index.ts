export { type Change, type ExampleChange, exampleChanges } from './changes.ts';
export { handlers } from './handlers.ts';
export type { ChangeFindings } from './inspect-change.ts';
export { assetBackup, BACKUP_WORKFLOW, changeRequest, type ServiceUrls, WORKFLOW } from './machine.ts';
export type { Approver } from './approve-change.ts';
export { type ChangesOutcome, runChanges, type RunChangesOptions } from './run-changes.ts';
export { assetService } from './services/asset-service.ts';
export { resultReceiver } from './services/result-receiver.ts';
