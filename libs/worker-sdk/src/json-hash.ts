import { hash } from 'node:crypto';
import type { Json } from '@throughline/contracts';
import canonicalize from 'canonicalize';

/** sha256 of the RFC 8785 form: equal for equal JSON, whatever the order of its keys. */
export const jsonHash = (value: Json): string => hash('sha256', canonicalize(value) ?? 'null', 'hex');
