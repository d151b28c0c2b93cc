// A real OAuth authorization server for black-box tests: `oidc-provider` from the npm registry, configured to
// show a resource server and its clients what ZITADEL shows (RFC 7662 introspection plus the project role claim,
// audience by scope).
//
// It deliberately does not imitate ZITADEL's statuses, bodies or faults, as the double does.
// README.md has the options, the protocol on stdin and stdout, and the time of each evaluation.

import { Console } from 'node:console';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Provider } from 'oidc-provider';
import { ADVERTISED_SCOPES, api, configurationFor, native, reader, withoutRole } from './configuration.mjs';
import { createStore } from './store.mjs';

// stdout carries our protocol and nothing else; the library's messages go to stderr.
globalThis.console = new Console(process.stderr);

// Node 18, which Debian 12 ships, lacks this one function that the library calls.
URL.parse ??= (...args) => { try { return new URL(...args); } catch { return null; } };

const { values: options } = parseArgs({ options: { 'without-rfc8414': { type: 'boolean', default: false } } });

const PROJECT_ID = '340000000000000001';
const store = createStore({
  audience: api.client_id,
  roleClaims: ['urn:zitadel:iam:org:project:roles', `urn:zitadel:iam:org:project:${PROJECT_ID}:roles`],
});
store.grant(reader.client_id, ['read:messages']);

/** Requests so far, by endpoint. */
const counts = { authorization: 0, token: 0, registration: 0 };

/** The person at the browser. */
let person = 'somebody';

/** Commands of a line on stdin, by key. */
const commands = {
  ungrant(id) {
    if (!store.ungrant(id)) throw new Error('expected {"ungrant": <id of a client or person that has a role>}');
    return { ungranted: id };
  },
  grant(id, { roles }) {
    store.grant(id, roles);
    return { granted: id };
  },
  sign_in(id) {
    person = id;
    return { signed_in: id };
  },
  revoke(id, { only_access_tokens: onlyAccess = false }) {
    store.revoke(id, onlyAccess ? ['AccessToken'] : ['AccessToken', 'RefreshToken']);
    return { revoked: id };
  },
  count: () => ({ counts }),
};

/** Carries out one line from stdin and returns the answer. */
function command(line) {
  const request = JSON.parse(line);
  const name = Object.keys(request).find((key) => Object.hasOwn(commands, key));
  if (!name) throw new Error(`expected one of ${Object.keys(commands).join(', ')}`);
  return commands[name](request[name], request);
}

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const stop = () => process.exit(0);

process.on('SIGTERM', stop);
createInterface({ input: process.stdin }).on('close', stop).on('line', (line) => {
  try { say(command(line)); } catch (error) { say({ error: error.message }); }
});

/** Makes the session of a browser whose user is signed in, and returns its cookie. */
async function sessionCookie(provider) {
  const session = new provider.Session();
  session.loginAccount({ accountId: person });
  await session.save(600);
  return `${provider.cookieName('session')}=${session.id}`;
}

/** Makes discovery name ZITADEL's scopes. The library names all that it knows. */
async function advertise(ctx, next) {
  await next();
  if (ctx.path.startsWith('/.well-known/') && ctx.body?.scopes_supported) {
    ctx.body.scopes_supported = ADVERTISED_SCOPES;
  }
}

/** Answers requests that ZITADEL answers differently than the library, and returns true for them. */
function answerAsZitadel(request, response, path) {
  const requested = request.headers['access-control-request-headers'] ?? '';
  const isPreflight = request.method === 'OPTIONS' && requested.toLowerCase().includes('mcp-protocol-version');
  const isMissing = options['without-rfc8414'] && path === '/.well-known/oauth-authorization-server';
  if (!isPreflight && !isMissing) return false;
  response.writeHead(isPreflight ? 204 : 404, { 'content-type': 'application/json' });
  response.end(isPreflight ? undefined : '{}');
  return true;
}

// The issuer contains the port, so the socket comes first.
const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configurationFor({ adapter: store.adapter, projectId: PROJECT_ID }));
  provider.use(advertise);
  const endpoints = Object.keys(counts).map((name) => [new URL(provider.urlFor(name)).pathname, name]);
  const endpointAt = new Map(endpoints);
  const answer = provider.callback();

  server.on('request', async (request, response) => {
    const path = request.url.split('?')[0];
    if (answerAsZitadel(request, response, path)) return;
    const endpoint = endpointAt.get(path);
    if (endpoint && request.method !== 'OPTIONS') counts[endpoint] += 1;
    if (endpoint === 'authorization') request.headers.cookie = await sessionCookie(provider);
    answer(request, response);
  });
  say({
    issuer,
    ...api,
    project_id: PROJECT_ID,
    token_endpoint: provider.urlFor('token'),
    revocation_endpoint: provider.urlFor('revocation'),
    reader,
    no_role: withoutRole,
    native: native.client_id,
  });
});
