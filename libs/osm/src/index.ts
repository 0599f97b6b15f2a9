export type { Authenticator, AuthHeaders, RequestLine } from './authenticator.js';
export { OsmClient, type OsmOptions } from './osm.client.js';
export { createOsmClient, type OsmSettings } from './osm.factory.js';
export { RequestSigner } from './request-signer.js';
export { RenewedToken, StaticToken, type IssuedToken } from './token-source.js';
