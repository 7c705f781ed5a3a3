import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tenant } from '@throughline/contracts';

const NAME = /^secret:\/\/([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/;

export interface SecretPlaces {
  /** Where files are mounted, one a secret, as Kubernetes does it. */
  readonly directory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Variables, and files in no tenant's folder, are this one's. */
const DEFAULT_TENANT = 'default';

/** `secret://db-password`: the file `<tenant>/db-password`, of the default tenant also `db-password`, or the variable `THROUGHLINE_SECRET_DB_PASSWORD`. */
export const variableOf = (name: string): string => `THROUGHLINE_SECRET_${name.toUpperCase().replaceAll(/[.-]/g, '_')}`;

/** Only whether it is there: its content is nobody's business before a handler needs it. */
export const secretExists = async (
  { directory, environment }: SecretPlaces,
  tenant: Tenant,
  reference: string,
): Promise<boolean> => {
  const name = NAME.exec(reference)?.[1];
  if (name === undefined) return false;
  const isDefault = (tenant as string) === DEFAULT_TENANT;
  if (isDefault && environment[variableOf(name)] !== undefined) return true;
  if (directory === undefined) return false;
  // Where a worker looks, and in its order.
  const files = [join(directory, tenant, name), ...(isDefault ? [join(directory, name)] : [])];
  for (const file of files) if (await isReadable(file)) return true;
  return false;
};

const isReadable = (file: string): Promise<boolean> =>
  access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
