export type { Authenticator, AuthHeaders, RequestLine } from './identity/authenticator.js';
export { OsmClient, type OsmOptions } from './osm.client.js';
export { createOsmClient, type OsmSettings } from './osm.factory.js';
export { RequestSigner } from './identity/request-signer.js';
export { RenewedToken, StaticToken, type IssuedToken } from './identity/token-provider.js';
