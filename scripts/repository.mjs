import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The only folder in which scripts leave files, so that one deletion removes all of them. */
export const cache = (...parts) => join(root, '.cache', ...parts);

/** The program of a development dependency, to be run by node: some file systems have no `.bin` links. */
export const tool = (path) => join(root, 'node_modules', path);
