import { accessSync, constants } from 'node:fs';

/** Why a program cannot be measured that a variable of the environment names; null if it can. */
export function absentBinary(variable: string, path: string | undefined): string | null {
  if (path === undefined || path === '') {
    return `${variable} names no binary`;
  }
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch {
    return `${variable}=${path} is no program`;
  }
}
