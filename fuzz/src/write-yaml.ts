import { isJsonObject, type Json } from '@throughline/contracts';

/** A value as YAML in blocks, which mutation of the text can then spoil in YAML's own ways. */
export const asYaml = (value: Json, indent = ''): string => {
  if (Array.isArray(value) && value.length > 0) {
    return (value as Json[]).map((part) => `\n${indent}- ${asYaml(part, `${indent}  `)}`).join(''); // isArray does not narrow to a readonly array
  }
  if (isJsonObject(value) && Object.keys(value).length > 0) {
    return Object.entries(value)
      .map(([key, part]) => `\n${indent}${JSON.stringify(key)}: ${asYaml(part, `${indent}  `)}`)
      .join('');
  }
  return JSON.stringify(value);
};
