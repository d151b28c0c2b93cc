// The library's configuration: the clients, introspection of their tokens, and a login without a page.

import { generateKeyPairSync } from 'node:crypto';
import { interactionPolicy } from 'oidc-provider';

// The resource server under test. Both halves need the encoding of RFC 6749 §2.3.1:
// form-encode each first, then join them with a colon.
export const api = { client_id: 'api+1 50%:a/b', client_secret: 's%2Be+c r:e=t&~' };
export const reader = { client_id: 'reader', client_secret: 'reader-secret' };
export const withoutRole = { client_id: 'no-role', client_secret: 'no-role-secret' };

/** As a native application of ZITADEL: a public client whose loopback redirect URIs may have any port. */
export const native = {
  client_id: 'native',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
};

/** The scopes that ZITADEL's discovery names: the audience of a project is not among them. */
export const ADVERTISED_SCOPES = ['openid', 'profile', 'email', 'phone', 'address', 'offline_access'];

// The library asks for a signing key. Our access tokens are opaque, so it signs only ID tokens.
const { privateKey: signingKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Returns the scope that brings the API's project into a token's audience. */
const audienceScope = (projectId) => `urn:zitadel:iam:org:project:id:${projectId}:aud`;

/** The API is in the audience of a person's token only with that scope; of a service's token always. */
function isForApi(token, projectId) {
  return token.kind === 'ClientCredentials' || token.scopes.has(audienceScope(projectId));
}

/** A value of `prompt` that is accepted and shows no page, even if a client requests it. */
function silentPrompt(name) {
  const prompt = new interactionPolicy.Prompt({ name, requestable: true });
  prompt.checks.clear();
  return prompt;
}

/** Grants all scopes that are asked for. */
async function grantEverything(ctx) {
  const { client, account, provider, params } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope(params.scope ?? 'openid');
  await grant.save();
  return grant;
}

export function configurationFor({ adapter, projectId }) {
  return {
    adapter,
    clients: [
      api,
      { ...reader, grant_types: ['client_credentials'] },
      { ...withoutRole, grant_types: ['client_credentials'] },
      native,
    ],
    clientDefaults: { grant_types: [], response_types: [], redirect_uris: [], id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...signingKey.export({ format: 'jwk' }), kid: 'tests' }] },
    scopes: [
      ...ADVERTISED_SCOPES, 'messages', 'urn:zitadel:iam:user:resourceowner', audienceScope(projectId),
    ],
    ttl: { ClientCredentials: 600, AccessToken: 600, RefreshToken: 600, Grant: 600, Session: 600, IdToken: 600 },
    clientBasedCORS: () => true,
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { policy: ['login', 'consent'].map(silentPrompt) },
    loadExistingGrant: grantEverything,
    pkce: { required: (_ctx, client) => client.grantTypeAllowed('authorization_code') },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientId === api.client_id && isForApi(token, projectId),
      },
      registration: { enabled: true },
      // ZITADEL ignores `resource`.
      resourceIndicators: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId },
    },
  };
}
