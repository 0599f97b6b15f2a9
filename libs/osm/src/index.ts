export { parseTimeZone } from './create-time.js';
export { HttpOrigin, type HttpLimits, type ProxySettings } from './http-origin.js';
export type { CredentialsOutcome, OnCredentials } from './identity/guarded-attempts.js';
export { isMadeWith, isSigned, readSignature, type ReceivedRequest } from './identity/received-signature.js';
export { parseJson } from './lossless.js';
export type { OsmClient } from './osm.client.js';
export { createOsmClient, type OsmParts, type OsmSettings } from './osm.factory.js';
export { RightsProbe, type ProbeAnswer, type ProbeRequest, type ProbeSettings } from './rights-probe.js';
