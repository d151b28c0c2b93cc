// A real OAuth authorization server for black-box tests: `oidc-provider` from the npm registry, configured to
// show a resource server what ZITADEL shows (RFC 7662 introspection plus the project role claim).
//
// It deliberately does not imitate ZITADEL's statuses, bodies or faults: that is the double's work.
// README.md has the protocol on stdin and stdout, and what is evaluated when.

import { Console } from 'node:console';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

// stdout carries our protocol and nothing else; whatever the library has to say goes to stderr.
globalThis.console = new Console(process.stderr);

// Node 18, which Debian 12 ships, lacks this one function that the library calls.
URL.parse ??= (...args) => { try { return new URL(...args); } catch { return null; } };

const ROLES_CLAIM = 'urn:zitadel:iam:org:project:roles';
const ORGANIZATION = { '340000000000000200': 'acme.auth.example.com' };

// The resource server under test. Both halves need the encoding of RFC 6749 §2.3.1:
// form-encode each first, then join them with a colon.
const api = { client_id: 'api+1 50%:a/b', client_secret: 's%2Be+c r:e=t&~' };
const reader = { client_id: 'reader', client_secret: 'reader-secret' };
const withoutRole = { client_id: 'no-role', client_secret: 'no-role-secret' };

/** Who has which roles now: client id to role keys. */
const rolesOf = new Map([[reader.client_id, ['read:messages']]]);

/** The claim as ZITADEL shapes it, role to granting organizations; without a role there is no claim. */
function roleClaim(clientId) {
  const roles = rolesOf.get(clientId);
  return roles && { [ROLES_CLAIM]: Object.fromEntries(roles.map((role) => [role, ORGANIZATION])) };
}

/** The library's `adapter` hook: one store per kind of record. Only what client credentials need. */
class Store {
  #records = new Map();

  async upsert(id, record) { this.#records.set(id, record); }

  async destroy(id) { this.#records.delete(id); }

  /** A record's `extra` is merged into the introspection response; read here, it shows the roles of this moment. */
  async find(id) {
    const record = this.#records.get(id);
    return record && { ...record, extra: roleClaim(record.clientId) };
  }
}

// The library asks for a signing key. Our access tokens are opaque, so it signs nothing.
const { privateKey: signingKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const configuration = {
  adapter: Store,
  clients: [
    api,
    { ...reader, grant_types: ['client_credentials'] },
    { ...withoutRole, grant_types: ['client_credentials'] },
  ],
  clientDefaults: { grant_types: [], response_types: [], redirect_uris: [], id_token_signed_response_alg: 'ES256' },
  jwks: { keys: [{ ...signingKey.export({ format: 'jwk' }), kid: 'tests' }] },
  ttl: { ClientCredentials: 600 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: (_ctx, client) => client.clientId === api.client_id },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId },
    resourceIndicators: { // gives every token the API as its audience
      defaultResource: () => 'urn:tests:api',
      getResourceServerInfo: () => ({ audience: api.client_id, scope: 'messages', accessTokenFormat: 'opaque' }),
    },
  },
};

/** Carries out one line from stdin and says what was done. */
function command(line) {
  const { ungrant } = JSON.parse(line);
  if (!rolesOf.delete(ungrant)) throw new Error('expected {"ungrant": <id of a client that has a role>}');
  return { ungranted: ungrant };
}

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const stop = () => process.exit(0);

process.on('SIGTERM', stop);
createInterface({ input: process.stdin }).on('close', stop).on('line', (line) => {
  try { say(command(line)); } catch (error) { say({ error: error.message }); }
});

// The issuer contains the port, so the socket comes first.
const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  server.on('request', provider.callback());
  say({
    issuer,
    ...api,
    token_endpoint: provider.urlFor('token'),
    revocation_endpoint: provider.urlFor('revocation'),
    reader,
    no_role: withoutRole,
  });
});
