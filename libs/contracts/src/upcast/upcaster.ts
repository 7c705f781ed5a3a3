/**
 * From one version of a commit to the next. Pure, and total: what it cannot read as its version is malformed. It keeps the
 * order of keys that the next version is written in, because deciding again is compared byte for byte.
 */
export type Upcaster = (
  stored: object,
) => { readonly kind: 'json'; readonly json: object } | { readonly kind: 'malformed'; readonly problem: string };
