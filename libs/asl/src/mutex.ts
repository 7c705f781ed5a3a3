import { isAssetName, isJsonObject, type Json, MUTEX_ASSETS_MAX } from '@throughline/contracts';
import { selectedInput } from './data-flow.ts';
import type { Evaluated } from './evaluated.ts';
import type { Mutex } from './extension.ts';
import { jsonataValue } from './jsonata-fields.ts';
import type { TaskState } from './machine.ts';
import type { Scope } from './scope.ts';
import { fillTemplate } from './template.ts';

/** The assets that a step locks, each once, in the one order in which every execution takes locks. */
export type MutexAssets =
  { readonly ok: true; readonly names: readonly string[] } | { readonly ok: false; readonly problem: string };

export const mutexAssets = (mutex: Mutex, state: TaskState, rawInput: Json, scope: Scope): MutexAssets => {
  const filled = filledMutex(mutex, state, rawInput, scope);
  return filled.ok ? assetsOf(filled.value) : { ok: false, problem: filled.cause };
};

const filledMutex = ({ assets }: Mutex, state: TaskState, rawInput: Json, scope: Scope): Evaluated => {
  if (state.queryLanguage === 'JSONata') return jsonataValue(assets, 'Throughline/Mutex', { input: rawInput }, scope);
  const data = selectedInput(state, rawInput, scope);
  return data.ok ? fillTemplate(assets, data.value, scope) : data;
};

const assetsOf = (filled: Json): MutexAssets => {
  const value = assetIn(filled, 'Assets');
  const list: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value]; // isArray does not narrow to a readonly array
  if (list.length === 0) return { ok: false, problem: 'the mutex names no asset' };
  const names = new Set<string>();
  for (const item of list) {
    const name = assetIn(item, 'Asset');
    if (typeof name !== 'string' || !isAssetName(name)) {
      return { ok: false, problem: `no asset can have the name ${(JSON.stringify(name) ?? '').slice(0, QUOTED_MAX)}` };
    }
    names.add(name);
  }
  if (names.size > MUTEX_ASSETS_MAX) {
    return { ok: false, problem: `${names.size} assets are named; a step can lock ${MUTEX_ASSETS_MAX}` };
  }
  return { ok: true, names: [...names].sort(inOrder) };
};

const QUOTED_MAX = 300;

const assetIn = (value: Json, field: 'Assets' | 'Asset'): Json =>
  isJsonObject(value) && Object.keys(value).length === 1 ? (value[field] ?? value) : value;

/** By code units: alike in every process, whatever its locale. */
const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);
