/** Place of an event in an execution's history: `<commit version>.<event index>`, its `event_id`. */
export interface EventPosition {
  readonly version: number;
  readonly index: number;
}

export const START_OF_HISTORY: EventPosition = { version: 0, index: 0 };

const EVENT_ID = /^(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,4})$/;

export const parsePosition = (text: string): EventPosition | undefined => {
  const match = EVENT_ID.exec(text);
  return match ? { version: Number(match[1]), index: Number(match[2]) } : undefined;
};

export const isAfter = (a: EventPosition, b: EventPosition): boolean =>
  a.version > b.version || (a.version === b.version && a.index > b.index);
