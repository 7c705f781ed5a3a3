/** `HandlerSet`: what this process runs */
export const HANDLERS = Symbol('HandlerSet');
/** `HttpSteps` */
export const HTTP_STEPS = Symbol('HttpSteps');
/** `TargetsOfWorker` */
export const TARGETS = Symbol('TargetsOfWorker');
/** `StepWorkerConfig` */
export const STEP_WORKER_CONFIG = Symbol('StepWorkerConfig');
