/** What the server says about a delivery in its ack subject, so that nothing has to be asked. */
export interface DeliveryFacts {
  readonly deliveries: number;
  readonly seq: number;
  readonly consumerSeq: number;
  readonly storedAtMs: number;
  readonly pending: number;
  /** Stream sequence and nanosecond: a message's name even when its stream is deleted and made again. */
  readonly key: string;
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<seq>.<consumer seq>.<ns>.<pending>`; with a domain, two more tokens in front. */
export const deliveryFacts = (ackSubject: string): DeliveryFacts => {
  const tokens = ackSubject.split('.');
  const at = tokens.length >= 11 ? 6 : 4;
  const nanos = tokens[at + 3] ?? '0';
  return {
    deliveries: Number(tokens[at]),
    seq: Number(tokens[at + 1]),
    consumerSeq: Number(tokens[at + 2]),
    storedAtMs: Number(nanos.slice(0, -6)),
    pending: Number(tokens[at + 4]),
    key: `${tokens[at + 1]}.${nanos}`,
  };
};
