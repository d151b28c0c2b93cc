// Behaviour of this server that the tests with MCP clients rely on, shown by requests as a client makes them.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { formEncoded, start } from './started.mjs';

const REDIRECT_URL = 'http://127.0.0.1:49152/callback';

const server = await start();
const { ready } = server;
const audience = `urn:zitadel:iam:org:project:id:${ready.project_id}:aud`;
const metadata = await (await fetch(`${ready.issuer}/.well-known/oauth-authorization-server`)).json();

const post = (url, form) => fetch(url, { method: 'POST', body: new URLSearchParams(form) });

async function authorize(clientId, parameters) {
  const url = new URL(metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: clientId, response_type: 'code', redirect_uri: REDIRECT_URL, ...parameters,
  });
  const response = await fetch(url, { redirect: 'manual' });
  return new URL(response.headers.get('location')).searchParams;
}

async function login(scope, { clientId = ready.native, ...parameters } = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const answer = await authorize(clientId, {
    scope, code_challenge: challenge, code_challenge_method: 'S256', ...parameters,
  });
  const code = answer.get('code');
  const form = { grant_type: 'authorization_code', client_id: clientId, code, redirect_uri: REDIRECT_URL };
  return (await post(metadata.token_endpoint, { ...form, code_verifier: verifier })).json();
}

async function introspect(token) {
  const credentials = btoa(`${formEncoded(ready.client_id)}:${formEncoded(ready.client_secret)}`);
  const headers = { authorization: `Basic ${credentials}` };
  const body = new URLSearchParams({ token });
  return (await fetch(metadata.introspection_endpoint, { method: 'POST', headers, body })).json();
}

test('a person logs in without a page, and the token shows the roles of this moment', async () => {
  await server.command({ grant: 'anna', roles: ['read:messages'] });
  await server.command({ sign_in: 'anna' });
  const { access_token: token } = await login(`openid ${audience}`, { resource: 'http://127.0.0.1:1/mcp' });
  const body = await introspect(token);
  assert.equal(body.active, true);
  assert.equal(body.sub, 'anna');
  assert.equal(body.aud, ready.client_id);
  assert.ok('read:messages' in body[`urn:zitadel:iam:org:project:${ready.project_id}:roles`]);
  await server.command({ ungrant: 'anna' });
  assert.ok(!('urn:zitadel:iam:org:project:roles' in await introspect(token)));
});

test('a token without the scope for the audience is inactive to the API', async () => {
  const { access_token: token } = await login('openid');
  assert.deepEqual(await introspect(token), { active: false });
});

test('PKCE is required', async () => {
  assert.equal((await authorize(ready.native, { scope: 'openid' })).get('error'), 'invalid_request');
});

test('a refresh kills the access token that it replaces, and a line revokes them all', async () => {
  await server.command({ sign_in: 'bert' });
  const first = await login(`openid offline_access ${audience}`, { prompt: 'consent' });
  const refresh = (token) => post(metadata.token_endpoint, {
    grant_type: 'refresh_token', client_id: ready.native, refresh_token: token,
  });
  const second = await (await refresh(first.refresh_token)).json();
  assert.deepEqual(await introspect(first.access_token), { active: false });
  assert.equal((await introspect(second.access_token)).active, true);

  await server.command({ revoke: 'bert', only_access_tokens: true });
  assert.deepEqual(await introspect(second.access_token), { active: false });
  const third = await (await refresh(second.refresh_token)).json();
  await server.command({ revoke: 'bert' });
  assert.deepEqual(await introspect(third.access_token), { active: false });
  assert.equal((await refresh(third.refresh_token)).status, 400);
});

test('a client that registers may log in, and requests are counted', async () => {
  const { counts: before } = await server.command({ count: true });
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({
    redirect_uris: [REDIRECT_URL], token_endpoint_auth_method: 'none', grant_types: ['authorization_code'],
    response_types: ['code'], scope: `openid ${audience}`,
  });
  const registered = await (await fetch(metadata.registration_endpoint, { method: 'POST', headers, body })).json();
  const { access_token: token } = await login(`openid ${audience}`, { clientId: registered.client_id });
  assert.equal((await introspect(token)).active, true);
  const { counts: after } = await server.command({ count: true });
  for (const endpoint of ['authorization', 'token', 'registration']) {
    assert.equal(after[endpoint], before[endpoint] + 1, endpoint);
  }
});

test('discovery names the scopes that ZITADEL names', () => {
  assert.deepEqual(metadata.scopes_supported, ['openid', 'profile', 'email', 'phone', 'address', 'offline_access']);
});

test('a preflight for the protocol version is allowed nothing', async () => {
  const headers = { origin: 'http://127.0.0.1:1', 'access-control-request-method': 'GET' };
  const url = `${ready.issuer}/.well-known/openid-configuration`;
  const allowed = async (more) => {
    const response = await fetch(url, { method: 'OPTIONS', headers: { ...headers, ...more } });
    return response.headers.get('access-control-allow-origin');
  };
  assert.equal(await allowed({ 'access-control-request-headers': 'mcp-protocol-version' }), null);
  assert.equal(await allowed({}), headers.origin);
});

test("RFC 8414's path is there, or not", async () => {
  const without = await start('--without-rfc8414');
  assert.equal((await fetch(`${without.ready.issuer}/.well-known/oauth-authorization-server`)).status, 404);
  assert.equal((await fetch(`${without.ready.issuer}/.well-known/openid-configuration`)).status, 200);
});
