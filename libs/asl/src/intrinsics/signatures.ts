/** The intrinsic functions of Amazon States Language and how many arguments each takes. */
const SIGNATURES = {
  'States.Array': { least: 0, most: Infinity },
  'States.ArrayContains': { least: 2, most: 2 },
  'States.ArrayGetItem': { least: 2, most: 2 },
  'States.ArrayLength': { least: 1, most: 1 },
  'States.ArrayPartition': { least: 2, most: 2 },
  'States.ArrayRange': { least: 3, most: 3 },
  'States.ArrayUnique': { least: 1, most: 1 },
  'States.Base64Decode': { least: 1, most: 1 },
  'States.Base64Encode': { least: 1, most: 1 },
  'States.Format': { least: 1, most: Infinity },
  'States.Hash': { least: 2, most: 2 },
  'States.JsonMerge': { least: 3, most: 3 },
  'States.JsonToString': { least: 1, most: 1 },
  'States.MathAdd': { least: 2, most: 2 },
  'States.MathRandom': { least: 2, most: 3 },
  'States.StringSplit': { least: 2, most: 2 },
  'States.StringToJson': { least: 1, most: 1 },
  'States.UUID': { least: 0, most: 0 },
} as const;

export type IntrinsicName = keyof typeof SIGNATURES;
export const isIntrinsicName = (name: string): name is IntrinsicName => Object.hasOwn(SIGNATURES, name);
export const signatureOf = (name: IntrinsicName): { readonly least: number; readonly most: number } => SIGNATURES[name];
