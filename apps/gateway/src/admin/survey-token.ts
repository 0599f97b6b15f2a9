/** The survey of all gateways and workers, as this gateway takes part in it. */
export const SURVEY = Symbol('survey');
