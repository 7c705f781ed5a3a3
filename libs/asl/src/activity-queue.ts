import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Queue, SUBJECT_TOKEN } from '@throughline/contracts';

/** The queue whose tasks the polls of an activity take. A name that no subject can hold becomes its hash. */
export const activityQueue = (name: string): Queue => {
  const token = `activity-${name}`;
  // Both forms are subject tokens.
  return (
    SUBJECT_TOKEN.test(token) ? token : `activity-${bytesToHex(sha256(utf8ToBytes(name))).slice(0, 32)}`
  ) as Queue;
};
