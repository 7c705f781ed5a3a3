import { ASSET_NAME_CHARS_MAX, isAssetName, isJsonObject, type Json, MUTEX_ASSETS_MAX } from '@throughline/contracts';
import type { Mutex } from '../extension.ts';
import { SECONDS_MAX } from '../seconds.ts';
import { looksLikeJsonata } from './expressions.ts';
import { Fields, pointerTo } from './fields.ts';
import { checkTemplateFields } from './template.ts';

export const MUTEX_FIELDS = { plain: 'Mutex', path: 'Mutex.$' } as const;

const ASSETS = { plain: 'Assets', path: 'Assets.$' } as const;

/**
 * `"Mutex": "pump-1"`, a list of such, `"Mutex.$": "$.asset"`, or an object `{ "Assets": …, "WaitSeconds": 60 }`. An entry of
 * a list is a name or `{ "Asset.$": "$.asset" }`; in JSONata every text may be an expression.
 */
export const readMutex = (extension: Fields | undefined): { readonly mutex?: Mutex } => {
  if (!extension) return {};
  const { plain, path } = MUTEX_FIELDS;
  if (extension.has(path)) {
    checkTemplateFields(new Fields(picked(extension, [plain, path]), extension.pointer, extension.reading));
    return { mutex: { assets: { [ASSETS.path]: extension.value(path) ?? null } } };
  }
  const given = extension.value(plain);
  if (given === undefined) return {};
  if (isJsonObject(given))
    return { mutex: readObject(extension, new Fields(given, pointerTo(extension.pointer, plain), extension.reading)) };
  checkAssets(extension, plain, given);
  return { mutex: { assets: assetsAs(extension, given) } };
};

const picked = (fields: Fields, names: readonly string[]) =>
  Object.fromEntries(names.flatMap((name) => (fields.has(name) ? [[name, fields.value(name) ?? null]] : [])));

const readObject = (extension: Fields, fields: Fields): Mutex => {
  const { plain, path } = ASSETS;
  fields.allow({ both: [plain, 'WaitSeconds'], JSONPath: [path] });
  const waitSeconds = fields.integer('WaitSeconds', 1, SECONDS_MAX);
  const wait = waitSeconds === undefined ? {} : { waitMs: waitSeconds * 1_000 };
  if (fields.has(path)) {
    checkTemplateFields(new Fields(picked(fields, [plain, path]), fields.pointer, fields.reading));
    return { assets: { [path]: fields.value(path) ?? null }, ...wait };
  }
  const assets = fields.value(plain);
  if (assets === undefined)
    extension.fault(MUTEX_FIELDS.plain, 'MISSING_FIELD', '"Mutex" names the assets to lock: "Assets".');
  else checkAssets(fields, plain, assets);
  return { assets: assetsAs(fields, assets ?? []), ...wait };
};

/** As `mutexAssets` fills them. */
const assetsAs = ({ reading }: Fields, assets: Json): Json =>
  reading.queryLanguage === 'JSONPath' ? { [ASSETS.plain]: assets } : assets;

const checkAssets = (fields: Fields, name: string, assets: Json): void => {
  checkTemplateFields(new Fields({ [name]: assets }, fields.pointer, fields.reading));
  if (!Array.isArray(assets)) return checkAsset(fields, name, assets);
  const list = assets as readonly Json[]; // isArray does not narrow to a readonly array
  if (list.length === 0) fields.fault(name, 'BAD_MUTEX', 'A mutex has to name an asset.');
  const literals = new Set(list.filter((item) => typeof item === 'string'));
  if (literals.size > MUTEX_ASSETS_MAX || list.length > 4 * MUTEX_ASSETS_MAX) {
    fields.fault(name, 'BAD_MUTEX', `A step can lock ${MUTEX_ASSETS_MAX} assets.`);
  }
  const entries = new Fields({}, pointerTo(fields.pointer, name), fields.reading);
  list.forEach((item, i) => (isJsonObject(item) ? checkEntry(entries, i, item) : checkAsset(entries, i, item)));
};

/** An object stands for one name. */
const checkEntry = (list: Fields, index: number, entry: Readonly<Record<string, Json>>): void => {
  const fields = new Fields(entry, pointerTo(list.pointer, index), list.reading);
  fields.allow({ both: ['Asset'], JSONPath: ['Asset.$'] });
  if (fields.has('Asset')) checkAsset(fields, 'Asset', entry.Asset ?? null);
  else if (!fields.has('Asset.$')) list.fault(index, 'BAD_MUTEX', 'This has to name an asset: "Asset" or "Asset.$".');
};

const checkAsset = (fields: Fields, name: string | number, asset: Json): void => {
  if (typeof asset !== 'string') return fields.fault(name, 'WRONG_TYPE', 'The name of an asset has to be a string.');
  // Which names an expression gives is not known before it is evaluated.
  if (fields.reading.queryLanguage === 'JSONata' && looksLikeJsonata(asset)) return;
  if (isAssetName(asset)) return;
  const message = `The name of an asset has 1 to ${ASSET_NAME_CHARS_MAX} characters, and no control characters.`;
  fields.fault(name, 'BAD_MUTEX', message);
};
