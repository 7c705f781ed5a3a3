import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tenant } from '@throughline/contracts';

const NAME = /^secret:\/\/([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/;

export interface SecretPlaces {
  /** Where files are mounted, one a secret, as Kubernetes does it. */
  readonly directory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Variables have no tenant: they are those of this one. */
const TENANT_OF_VARIABLES = 'default';

/** `secret://db-password`: the file `<tenant>/db-password`, or the variable `THROUGHLINE_SECRET_DB_PASSWORD`. */
export const variableOf = (name: string): string => `THROUGHLINE_SECRET_${name.toUpperCase().replaceAll(/[.-]/g, '_')}`;

/** Only whether it is there: its content is nobody's business before a handler needs it. */
export const secretExists = async (
  { directory, environment }: SecretPlaces,
  tenant: Tenant,
  reference: string,
): Promise<boolean> => {
  const name = NAME.exec(reference)?.[1];
  if (name === undefined) return false;
  if ((tenant as string) === TENANT_OF_VARIABLES && environment[variableOf(name)] !== undefined) return true;
  if (directory === undefined) return false;
  return access(join(directory, tenant, name), constants.R_OK).then(
    () => true,
    () => false,
  );
};
