import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** What scripts leave behind goes here and nowhere else, so that deleting one folder forgets all of it. */
export const cache = (...parts) => join(root, '.cache', ...parts);

/** A development dependency's program, called through node: `.bin` links are missing on some file systems. */
export const tool = (path) => join(root, 'node_modules', path);
