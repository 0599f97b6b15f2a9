/** What the gateway says of itself in the page. */
const { auth, casesClaim, demo, docs } = document.documentElement.dataset;

/** `none`: everybody may read everything, and no token is asked for. */
export const authMode = auth ?? 'jwt';
/** Name of the claim with the ticket ids. */
export const casesClaimName = casesClaim ?? 'cases';
/** Whether messages can be posted and faults be caused: `npm start`, and nothing else. */
export const hasDemo = demo === 'on';
/** Whether the interfaces are described at `/docs`. */
export const hasDocs = docs === 'on';
