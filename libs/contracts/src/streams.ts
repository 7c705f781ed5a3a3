/** The JetStream streams. What each one holds and promises: docs/architecture.md. */
export const STREAMS = {
  log: 'TL_LOG',
  commands: 'TL_COMMANDS',
  tasks: 'TL_TASKS',
  timers: 'TL_TIMERS',
  telemetry: 'TL_TELEMETRY',
  dead: 'TL_DEAD',
  leases: 'TL_LEASES',
} as const;
export type StreamName = (typeof STREAMS)[keyof typeof STREAMS];

/** One commit, task or command as bytes on the wire. The server's `max_payload` is 4 MB. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** State data and payloads, as AWS Step Functions has it. */
export const STATE_DATA_BYTES_MAX = 256 * 1024;
/** A workflow definition. */
export const DEFINITION_BYTES_MAX = 1024 * 1024;
/** A command's body: a commit that holds it, and the events that it leads to, still has to be one message. */
export const COMMAND_BODY_BYTES_MAX = 1.25 * 1024 * 1024;
/** Objects and arrays within each other in state data. Every reader of the log walks them, and none may run out of stack. */
export const DATA_DEPTH_MAX = 256;
/** A decision round stops here and goes on by a `ContinueExecution` command. */
export const ROUND_EVENTS_MAX = 1_000;
export const ROUND_BYTES_MAX = 1024 * 1024;

/** Commands and due timers are dealt out to so many partitions where nobody says another number. */
export const PARTITIONS_DEFAULT = 8;
export const PARTITIONS_MAX = 64;
