export { HttpOrigin, type HttpLimits, type ProxySettings } from './http-origin.js';
export type { CredentialsOutcome, OnCredentials } from './identity/guarded-attempts.js';
export type { OsmClient } from './osm.client.js';
export { createOsmClient, type OsmParts, type OsmSettings } from './osm.factory.js';
export { RightsProbe, type ProbeAnswer, type ProbeRequest, type ProbeSettings } from './rights-probe.js';
