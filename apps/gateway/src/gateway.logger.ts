/** The program's logger. */
export const LOGGER = Symbol('logger');
